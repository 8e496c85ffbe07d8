"""Rate limits: how often a client may ask, in fixed windows.

L1  One rule at most applies to a request: labels in their order, for each an exact rule before
    prefixes, rules as configured.
L2  A window starts at the first request after the last one ended and lasts whole seconds.
L3  Counters are per rule and address; those of tags also per collection and route.
L4  Memory is bounded: windows that are over are dropped when there are too many.

Not here: who is exempt as superuser, when settings change (the owner makes a new object).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from yadokari.api.client_ip import parse_networks, within

if TYPE_CHECKING:
    from yadokari.ports.clock import Clock

WINDOWS_MAX = 100_000
"""Windows kept at once, about 20 MB."""
SIGN_IN_ACTIONS = frozenset(("authWithPassword", "authWithOAuth2", "authWithOTP"))
"""Actions that the label ``auth`` covers."""


class RateLimitRule(msgspec.Struct, frozen=True, kw_only=True):
    """One configured limit."""

    label: str
    """``collection:action``, ``*:action``, ``METHOD /path`` or ``/path``; a last ``/`` makes a
    path a prefix."""
    audience: str
    """"" for all, ``@guest`` or ``@auth``."""
    duration_s: int
    requests_max: int


def labels_of(
    *, method: str, path: str, collection: str | None = None, action: str | None = None
) -> list[str]:
    """The labels of a request in the order in which rules are looked up (L1)."""
    labels: list[str] = []
    if action is not None:
        actions = (action, "auth") if action in SIGN_IN_ACTIONS else (action,)
        if collection is not None:
            labels.extend(f"{collection}:{name}" for name in actions)
        labels.extend(f"*:{name}" for name in actions)
    labels.append(f"{method} {path}")
    labels.append(path)
    return labels


class RateLimits:
    """The limits in force with their counters."""

    __slots__ = ("_clock", "_excluded", "_rules", "_windows")

    def __init__(
        self,
        rules: Sequence[RateLimitRule],
        *,
        clock: Clock,
        excluded_ips: Sequence[str] = (),
    ) -> None:
        """Start with empty counters.

        Raises:
            ValueError: an excluded address is none.
        """
        self._rules = tuple(rules)
        self._clock = clock
        self._excluded = parse_networks(excluded_ips)
        self._windows: dict[tuple[str, str, str, str], tuple[int, int]] = {}

    @property
    def active(self) -> bool:
        """Whether there is anything to check."""
        return bool(self._rules)

    def allows(
        self, labels: Sequence[str], *, client_ip: str, signed_in: bool, counter: str = ""
    ) -> bool:
        """Count a request; False when it is one too many.

        Args:
            labels: From ``labels_of``.
            client_ip: Real address of the client.
            signed_in: Whether the caller is an auth record.
            counter: Collection and route, which keep counters of tags apart (L3).
        """
        rule = self.rule_for(labels, signed_in=signed_in)
        if rule is None or within(client_ip, self._excluded):
            return True
        tag = counter if ":" in rule.label else ""
        key = (rule.label, rule.audience, client_ip, tag)
        now_ms = self._clock.monotonic_ms()
        window = self._windows.get(key)
        if window is None or now_ms >= window[0]:
            if len(self._windows) >= WINDOWS_MAX:
                self._forget(now_ms)
            self._windows[key] = (now_ms + rule.duration_s * 1_000, 1)
            return rule.requests_max >= 1
        self._windows[key] = (window[0], window[1] + 1)
        return window[1] < rule.requests_max

    def rule_for(self, labels: Sequence[str], *, signed_in: bool) -> RateLimitRule | None:
        """The only rule that applies (L1)."""
        audience = "@auth" if signed_in else "@guest"
        rules = [rule for rule in self._rules if rule.audience in ("", audience)]
        for label in labels:
            for rule in rules:
                if rule.label == label:
                    return rule
            for rule in rules:
                if rule.label.endswith("/") and label.startswith(rule.label):
                    return rule
        return None

    def _forget(self, now_ms: int) -> None:
        """Drop windows that are over, and all of them when that does not help (L4)."""
        self._windows = {key: window for key, window in self._windows.items() if window[0] > now_ms}
        if len(self._windows) >= WINDOWS_MAX:
            self._windows.clear()
