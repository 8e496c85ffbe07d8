"""How often something may be tried: counts in fixed windows, in memory.

T1  A window begins with its first attempt and lasts a fixed time; a restart begins anew.
T2  Memory is bounded: windows that are over are dropped, and the oldest when that is not enough.
"""

from __future__ import annotations

from yadokari.ports.clock import Clock

WINDOWS_MAX = 20_000  # About 4 MB; more at once are an attack, and the oldest are nearly over.


class Attempts:
    """Counts attempts by key."""

    def __init__(self, *, clock: Clock, attempts_max: int, window_ms: int) -> None:
        self._clock = clock
        self._attempts_max, self._window_ms = attempts_max, window_ms
        self._windows: dict[str, tuple[int, int]] = {}
        """End on the monotonic clock, and attempts so far; in the order of their beginning."""

    def allows(self, key: str) -> bool:
        """Count an attempt; False when it is one too many."""
        now_ms = self._clock.monotonic_ms()
        end_ms, count = self._windows.get(key, (0, 0))
        if now_ms >= end_ms:
            self._windows.pop(key, None)
            self._make_room(now_ms)
            end_ms, count = now_ms + self._window_ms, 0
        self._windows[key] = (end_ms, count + 1)
        return count < self._attempts_max

    def forget(self, key: str) -> None:
        """As if nothing had been tried."""
        self._windows.pop(key, None)

    def _make_room(self, now_ms: int) -> None:
        while self._windows:
            oldest = next(iter(self._windows))
            if self._windows[oldest][0] > now_ms and len(self._windows) < WINDOWS_MAX:
                return
            del self._windows[oldest]
