"""Faults at the edge: the outer gate, maintenance, static files, certificates."""

from tests.faults.fault import Fault

_GATE = "api/test_gate.py::"
_MAINTENANCE = "api/test_maintenance.py::"

EDGE_FAULTS = (
    Fault(
        id="any-credentials-open-the-gate",
        area="edge",
        file="api/gate.py",
        right="if not any(hmac.compare_digest(digest, known) for known in self._digests):",
        wrong="if not self._digests:",
        noticed_by=(_GATE + "test_credentials_are_asked_for",),
        why="Everybody who types something would be let in.",
    ),
    Fault(
        id="a-cookie-opens-for-ever",
        area="edge",
        file="api/gate.py",
        right="int(ends_s) * 1_000 > self._clock.unix_ms() and digest in self._digests",
        wrong="bool(ends_s) and digest in self._digests",
        noticed_by=(_GATE + "test_a_cookie_keeps_open_what_credentials_opened",),
        why="A stolen cookie would never end.",
    ),
    Fault(
        id="a-cookie-outlives-its-credentials",
        area="edge",
        file="api/gate.py",
        right="> self._clock.unix_ms() and digest in self._digests",
        wrong='> self._clock.unix_ms() and digest != ""',
        noticed_by=(_GATE + "test_a_cookie_ends_with_its_credentials",),
        why="A changed password would shut nobody out.",
    ),
    Fault(
        id="a-listed-address-needs-no-credentials",
        area="edge",
        file="api/gate.py",
        right="if is_listed and (locks.one_is_enough or not locks.credentials):",
        wrong="if is_listed:",
        noticed_by=(_GATE + "test_two_locks_are_both_or_either",),
        why="Two locks would be one.",
    ),
    Fault(
        id="guests-look-into-a-closed-site",
        area="edge",
        file="api/maintenance.py",
        right='self._state.mode == "read-only" or (await',
        wrong='self._state.mode != "off" or (await',
        noticed_by=(_MAINTENANCE + "test_a_mode_says_who_is_answered",),
        why="A site under repair would show half-mended data.",
    ),
    Fault(
        id="maintenance-ends-with-the-process",
        area="edge",
        file="upkeep/maintenance.py",
        right='self._enforce(mode_of(str(row.values["value"])))',
        wrong='assert str(row.values["value"])',
        noticed_by=(_MAINTENANCE + "test_it_holds_after_a_restart",),
        why="A crash in the middle of mending would open the doors.",
    ),
    Fault(
        id="a-superusers-key-is-a-superuser",
        area="edge",
        file="records/caller.py",
        right="return self.scope is None and self.is_of_superuser",
        wrong="return self.is_of_superuser",
        noticed_by=("api/test_keys.py::test_a_superusers_key_needs_no_rule_in_its_collections",),
        why="A key for one collection would read every other one through relations.",
    ),
    Fault(
        id="a-key-never-ends",
        area="edge",
        file="auth/api_keys.py",
        right="if facts.expires_ms and self._clock.unix_ms() >= facts.expires_ms:",
        wrong="if facts.expires_ms and self._clock.unix_ms() < 0:",
        noticed_by=("api/test_keys.py::test_a_key_ends",),
        why="Its date would be an ornament.",
    ),
    Fault(
        id="an-old-build-is-sent",
        area="edge",
        file="api/static.py",
        right="int(status.st_mtime) >= found.modified_s",
        wrong="int(status.st_mtime) >= 0",
        noticed_by=("unit/api/test_static.py::test_an_old_compressed_file_is_not_sent",),
        why="Most browsers would get the application of last week.",
    ),
    Fault(
        id="a-broken-certificate-is-taken-for-seen",
        area="edge",
        file="app/tls.py",
        right="            continue\n        seen = now",
        wrong="            return\n        seen = now",
        noticed_by=("unit/app/test_tls.py::test_a_renewed_certificate_is_taken_up",),
        why="One half-written file, and renewals would be missed until the restart.",
    ),
)
