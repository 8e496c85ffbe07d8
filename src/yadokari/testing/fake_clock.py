"""A clock that stands still until a test moves it."""

from __future__ import annotations

from yadokari.ports.clock import Clock

START_MS = 1_750_000_000_000  # 2025-06-15 15:06:40 UTC


class FakeClock:
    """See ports.clock.Clock; both readings move together."""

    def __init__(self, *, unix_ms: int = START_MS) -> None:
        self._unix_ms = unix_ms
        self._monotonic_ms = 0

    def unix_ms(self) -> int:
        """See ports.clock.Clock.unix_ms."""
        return self._unix_ms

    def monotonic_ms(self) -> int:
        """See ports.clock.Clock.monotonic_ms."""
        return self._monotonic_ms

    def advance(self, passed_ms: int) -> None:
        """Let time pass."""
        assert passed_ms >= 0
        self._unix_ms += passed_ms
        self._monotonic_ms += passed_ms

    def set_back(self, back_ms: int) -> None:
        """The machine's clock was corrected; the monotonic one goes on."""
        self._unix_ms -= back_ms


_: type[Clock] = FakeClock
