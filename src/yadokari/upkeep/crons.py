"""Jobs at set times: which there are, and running them.

J1  A job never runs twice at once: while it runs, another start does nothing.
J2  A job that fails is logged, and harms neither the others nor its own next time.
J3  Minutes that were slept through (a suspended machine, a clock set forward) count up to a day
    back; a job that was due in them runs once. A clock set back begins anew: no job waits for the
    time that comes again, and none runs for it twice within the same minute.

Not here: what the jobs do (their features; app/jobs.py puts them together).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import msgspec

from yadokari.base.errors import NotFound
from yadokari.base.log import Log
from yadokari.contract import messages
from yadokari.ports.clock import Clock
from yadokari.upkeep.cron_expression import Schedule, parse_cron

CATCH_UP_MINUTES_MAX = 24 * 60  # A daily job of a laptop that sleeps at night still runs.
MINUTE_MS = 60_000
Pause = Callable[[float], Awaitable[None]]


class CronJob(msgspec.Struct, frozen=True):
    """A job as it is listed."""

    id: str
    expression: str


class _Kept(msgspec.Struct, frozen=True):
    job: CronJob
    schedule: Schedule
    run: Callable[[], Awaitable[None]]


class Crons:
    """Runs jobs when they are due, or when told to."""

    def __init__(self, *, clock: Clock, log: Log, pause: Pause = asyncio.sleep) -> None:
        """``pause`` waits for so many seconds."""
        self._clock, self._log, self._pause = clock, log, pause
        self._kept: dict[str, _Kept] = {}
        self._running: set[str] = set()
        self._tasks: asyncio.TaskGroup | None = None
        self._seen = self._now()
        """The last minute that was looked at."""

    @property
    def jobs(self) -> list[CronJob]:
        """All jobs in the order in which they were added."""
        return [kept.job for kept in self._kept.values()]

    def add(self, id: str, expression: str, run: Callable[[], Awaitable[None]]) -> None:
        """Have a job; one with the same id gets this time and work, at its place."""
        schedule = parse_cron(expression)
        assert schedule is not None, f"{expression!r} was to be checked before"
        self._kept[id] = _Kept(CronJob(id, expression), schedule, run)

    def remove(self, id: str) -> None:
        """Have it no more; a run that is under way ends by itself."""
        self._kept.pop(id, None)

    def start(self, id: str) -> None:
        """Begin a job now, in the background.

        Raises:
            NotFound: there is no such job.
        """
        kept = self._kept.get(id)
        if kept is None:
            raise NotFound(messages.CRON_MISSING)
        self._begin(kept)

    async def run(self) -> None:
        """Run jobs when they are due, until cancelled."""
        async with asyncio.TaskGroup() as self._tasks:
            while True:
                left_ms = MINUTE_MS - self._clock.unix_ms() % MINUTE_MS
                await self._pause(left_ms / 1_000)
                self.look()

    def look(self) -> None:
        """Begin what was due since the last look."""
        now, seen = self._now(), self._seen
        self._seen = now
        first = max(seen + 1, now - CATCH_UP_MINUTES_MAX + 1)
        for kept in tuple(self._kept.values()):
            if any(kept.schedule.is_due(minute) for minute in range(first, now + 1)):
                self._begin(kept)

    def _begin(self, kept: _Kept) -> None:
        id = kept.job.id
        if id in self._running:
            self._log.warning("cron_still_running", job=id)
            return
        if self._tasks is None:
            self._log.warning("cron_not_run", job=id, reason="nobody runs jobs yet")
            return
        self._running.add(id)
        self._tasks.create_task(self._whole(kept))

    async def _whole(self, kept: _Kept) -> None:
        id = kept.job.id
        began_ms = self._clock.monotonic_ms()
        try:
            await kept.run()
        except Exception as exc:  # noqa: BLE001 - J2
            self._log.error("cron_failed", error=exc, job=id)
        else:
            self._log.debug("cron_run", job=id, took_ms=self._clock.monotonic_ms() - began_ms)
        finally:
            self._running.discard(id)

    def _now(self) -> int:
        return self._clock.unix_ms() // MINUTE_MS
