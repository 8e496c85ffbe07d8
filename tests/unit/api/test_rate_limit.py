"""Rate limits in fixed windows."""

from __future__ import annotations

import pytest

from yadokari.api import rate_limit
from yadokari.api.rate_limit import RateLimitRule, RateLimits, labels_of


class SetClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now_ms = 0

    def unix_ms(self) -> int:
        """Its time."""
        return self.now_ms

    def monotonic_ms(self) -> int:
        """Its time."""
        return self.now_ms


@pytest.fixture
def clock() -> SetClock:
    """Time under control."""
    return SetClock()


def rule(label: str, *, requests_max: int = 2, audience: str = "") -> RateLimitRule:
    """A rule over three seconds."""
    return RateLimitRule(label=label, audience=audience, duration_s=3, requests_max=requests_max)


def test_a_window_starts_anew_when_it_is_over(clock: SetClock) -> None:
    """L2: fixed, so waiting is predictable."""
    limits = RateLimits([rule("/api/")], clock=clock)
    labels = labels_of(method="GET", path="/api/x")

    first = [limits.allows(labels, client_ip="1.1.1.1", signed_in=False) for _ in range(3)]
    clock.now_ms = 2_999
    late = limits.allows(labels, client_ip="1.1.1.1", signed_in=False)
    clock.now_ms = 3_000
    anew = limits.allows(labels, client_ip="1.1.1.1", signed_in=False)

    assert (first, late, anew) == ([True, True, False], False, True)


def test_addresses_have_counters_of_their_own(clock: SetClock) -> None:
    """L3; excluded ones have none."""
    limits = RateLimits(
        [rule("/api/", requests_max=1)], clock=clock, excluded_ips=["10.0.0.0/8", "::1"]
    )
    labels = labels_of(method="GET", path="/api/x")

    asked = ["1.1.1.1", "2.2.2.2", "1.1.1.1", "10.1.2.3", "10.1.2.3", "0:0:0:0:0:0:0:1"]

    assert [limits.allows(labels, client_ip=ip, signed_in=False) for ip in asked] == [
        True,
        True,
        False,
        True,
        True,
        True,
    ]


@pytest.mark.parametrize(
    ("labels", "found"),
    [
        (
            labels_of(method="POST", path="/api/x", collection="a", action="authWithOTP"),
            "a:authWithOTP",
        ),
        (labels_of(method="POST", path="/api/x", collection="b", action="authWithOTP"), "b:auth"),
        (labels_of(method="POST", path="/api/x", collection="c", action="create"), "*:create"),
        (labels_of(method="GET", path="/api/x"), "GET /api/x"),
        (labels_of(method="HEAD", path="/api/x"), "/api/x"),
        (labels_of(method="GET", path="/api/x/y"), "/api/x/"),
        (labels_of(method="GET", path="/api/y/z"), "/api/"),
        (labels_of(method="GET", path="/api/z"), "/api/"),
        (labels_of(method="GET", path="/other"), None),
    ],
)
def test_one_rule_is_found_in_the_order_of_labels(labels: list[str], found: str | None) -> None:
    """L1: prefixes in configured order, observed on the reference."""
    names = [
        "/api/x/",
        "/api/",
        "/api/y/",
        "/api/x",
        "GET /api/x",
        "*:create",
        "b:auth",
        "a:authWithOTP",
        "*:auth",
    ]
    limits = RateLimits([rule(name) for name in names], clock=SetClock())

    hit = limits.rule_for(labels, signed_in=False)

    assert (hit.label if hit else None) == found


def test_audiences_have_rules_of_their_own(clock: SetClock) -> None:
    """One label may have a rule for guests and one for the signed-in."""
    limits = RateLimits(
        [rule("/x", requests_max=1, audience="@auth"), rule("/x", audience="@guest")], clock=clock
    )

    guest = limits.rule_for(["/x"], signed_in=False)
    signed_in = limits.rule_for(["/x"], signed_in=True)

    assert guest is not None
    assert signed_in is not None
    assert (guest.audience, signed_in.audience) == ("@guest", "@auth")


def test_tags_count_each_collection_and_route_apart(clock: SetClock) -> None:
    """L3."""
    limits = RateLimits([rule("*:create", requests_max=1)], clock=clock)

    asked = ["a", "b", "a"]
    allowed = [
        limits.allows(["*:create"], client_ip="1.1.1.1", signed_in=False, counter=counter)
        for counter in asked
    ]

    assert allowed == [True, True, False]


def test_memory_stays_bounded(clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """L4: a flood of addresses forgets old windows."""
    monkeypatch.setattr(rate_limit, "WINDOWS_MAX", 10)
    limits = RateLimits([rule("/x")], clock=clock)

    for number in range(100):
        limits.allows(["/x"], client_ip=f"10.0.0.{number}", signed_in=False)

    assert len(limits._windows) <= 10
