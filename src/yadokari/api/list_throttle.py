"""Slowing down those who guess protected values through filters that find nothing.

T1  More than MISSES_FREE empty answers within WINDOW_MS delay each further one, by a random time.
T2  Superusers are never slowed down.
"""

from __future__ import annotations

import asyncio

from yadokari.ports.clock import Clock
from yadokari.ports.entropy import Entropy
from yadokari.records.caller import Caller

MISSES_FREE = 3
WINDOW_MS = 3_000
DELAY_MS_MAX = 500
CLIENTS_MAX = 10_000  # addresses remembered at once; the oldest are forgotten


class ListThrottle:
    """Counts empty answers by client."""

    def __init__(self, *, clock: Clock, entropy: Entropy) -> None:
        self._clock = clock
        self._entropy = entropy
        self._misses: dict[str, tuple[int, int]] = {}

    async def missed(self, caller: Caller, ip: str) -> None:
        """A filter of this client found nothing; waits when that happens too often (T1)."""
        if caller.is_superuser:
            return
        now = self._clock.monotonic_ms()
        began, count = self._misses.pop(ip, (now, 0))
        if now - began > WINDOW_MS:
            began, count = now, 0
        if len(self._misses) >= CLIENTS_MAX:
            del self._misses[next(iter(self._misses))]
        self._misses[ip] = (began, count + 1)
        if count >= MISSES_FREE:
            await asyncio.sleep(self._entropy.below(DELAY_MS_MAX) / 1_000)
