"""Attempts are counted in windows."""

from __future__ import annotations

import pytest

from yadokari.auth import attempts
from yadokari.auth.attempts import Attempts
from yadokari.testing.fake_clock import FakeClock


def test_a_window_begins_with_its_first_attempt_and_ends_in_time() -> None:
    """T1: whoever waits is heard again."""
    clock = FakeClock()
    tries = Attempts(clock=clock, attempts_max=2, window_ms=1_000)

    first = [tries.allows("a") for _ in range(3)]
    other = tries.allows("b")
    clock.advance(999)
    early = tries.allows("a")
    clock.advance(1)

    assert (first, other, early) == ([True, True, False], True, False)
    assert tries.allows("a")


def test_what_is_forgotten_never_was() -> None:
    """T1: a mail that failed may be asked for again."""
    tries = Attempts(clock=FakeClock(), attempts_max=1, window_ms=1_000)
    assert tries.allows("a")

    tries.forget("a")
    tries.forget("unknown")

    assert tries.allows("a")


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """T2: the oldest go first."""
    monkeypatch.setattr(attempts, "WINDOWS_MAX", 3)
    tries = Attempts(clock=FakeClock(), attempts_max=1, window_ms=1_000)

    for key in "abcd":
        assert tries.allows(key)

    assert not tries.allows("d")
    assert tries.allows("a"), "forgotten when the fourth came"
