"""Jobs at set times: expressions, due minutes, clock jumps, one run at a time."""

from __future__ import annotations

import asyncio
import calendar
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yadokari.base.errors import NotFound
from yadokari.base.log import LogValue
from yadokari.testing.fake_clock import FakeClock
from yadokari.upkeep.cron_expression import is_cron, parse_cron
from yadokari.upkeep.crons import MINUTE_MS, Crons

MIDNIGHT = calendar.timegm((2026, 3, 1, 0, 0, 0)) * 1_000  # A Sunday.


class Heard:
    """A log that keeps events."""

    is_debug = False

    def __init__(self) -> None:
        self.events: list[str] = []

    def debug(self, event: str, **fields: LogValue) -> None:
        """Nobody asks."""

    def info(self, event: str, **fields: LogValue) -> None:
        self.events.append(event)

    def warning(self, event: str, **fields: LogValue) -> None:
        self.events.append(event)

    def error(self, event: str, *, error: BaseException | None = None, **fields: LogValue) -> None:
        self.events.append(event)


class World:
    """Jobs on a clock that tests move; the scheduler looks when told to."""

    def __init__(self) -> None:
        self.clock = FakeClock(unix_ms=MIDNIGHT)
        self.log = Heard()
        self.ran: list[str] = []
        self.crons = Crons(clock=self.clock, log=self.log, pause=self._never)

    async def _never(self, seconds: float) -> None:
        await asyncio.Event().wait()

    @asynccontextmanager
    async def going(self) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(self.crons.run())
            await asyncio.sleep(0)
            yield
            running.cancel()

    def add(self, id: str, expression: str) -> None:
        async def run() -> None:
            self.ran.append(id)

        self.crons.add(id, expression, run)

    async def look(self) -> list[str]:
        """What ran since the last look."""
        before = len(self.ran)
        self.crons.look()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return self.ran[before:]


@pytest.mark.parametrize(
    ("expression", "minutes"),
    [
        ("* * * * *", [0, 1, 59, 1440]),
        ("0 0 * * *", [0, 1440]),
        ("@hourly", [0, 60, 120]),
        ("*/20 1-3/2 * * *", [60, 80, 100, 180, 200]),
        ("0 0 * * 0", [0, 7 * 1440]),
        ("0 0 2 3 1", [1440]),
        ("0 0 2 3 0", []),
        ("5,7 0 * * *", [5, 7]),
    ],
)
def test_an_expression_is_due_when_all_five_fields_are(expression: str, minutes: list[int]):
    """X1: PocketBase joins day and weekday by "and"."""
    schedule = parse_cron(expression)
    first = MIDNIGHT // MINUTE_MS

    assert schedule is not None
    found = [m for m in range(8 * 1440) if schedule.is_due(first + m)]
    assert set(minutes) <= set(found)
    if not minutes:
        assert not found


@given(st.text(alphabet="0123456789*/,- @dailyhour", max_size=30))
def test_what_is_an_expression_has_a_schedule_and_the_reverse(text: str):
    """Settings are checked by one and run by the other."""
    assert is_cron(text) == (parse_cron(text) is not None)


async def test_a_job_runs_in_its_minute_and_once():
    """Two looks in one minute are no reason to run twice."""
    world = World()
    world.add("hourly", "0 * * * *")

    async with world.going():
        world.clock.advance(59 * MINUTE_MS)
        early = await world.look()
        world.clock.advance(MINUTE_MS + 10)
        due = await world.look()
        again = await world.look()

    assert (early, due, again) == ([], ["hourly"], [])


async def test_minutes_that_were_slept_through_run_a_job_once():
    """J3: a laptop that slept, or a clock set forward."""
    world = World()
    world.add("hourly", "0 * * * *")
    world.add("at-noon", "0 12 * * *")

    async with world.going():
        world.clock.advance((6 * 60 + 30) * MINUTE_MS)
        ran = await world.look()

    assert ran == ["hourly"]


async def test_a_clock_that_was_years_behind_runs_each_job_once_at_most():
    """J3: a machine without a battery starts in 1970; looking at every minute since takes long."""
    world = World()
    world.add("hourly", "0 * * * *")
    world.add("yearly", "@yearly")

    async with world.going():
        world.clock.advance(50 * 365 * 24 * 60 * MINUTE_MS)
        ran = await world.look()

    assert ran == ["hourly"]


async def test_a_clock_set_back_stops_no_job():
    """J3: the minutes that come again are minutes like others."""
    world = World()
    world.add("hourly", "0 * * * *")

    async with world.going():
        world.clock.advance(60 * MINUTE_MS)
        first = await world.look()
        world.clock.set_back(180 * MINUTE_MS)
        back = await world.look()
        world.clock.advance(60 * MINUTE_MS)
        later = await world.look()

    assert (first, back, later) == (["hourly"], [], ["hourly"])


async def test_a_job_never_runs_twice_at_once():
    """J1: a backup that takes longer than its interval, say."""
    world = World()
    gate = asyncio.Event()
    begun: list[int] = []

    async def slow() -> None:
        begun.append(1)
        await gate.wait()

    world.crons.add("slow", "* * * * *", slow)

    async with world.going():
        world.crons.start("slow")
        world.crons.start("slow")
        world.clock.advance(MINUTE_MS)
        await world.look()
        at_once = len(begun)
        gate.set()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        world.crons.start("slow")
        await asyncio.sleep(0)

    assert (at_once, len(begun)) == (1, 2)
    assert world.log.events == ["cron_still_running", "cron_still_running"]


async def test_a_job_that_fails_is_logged_and_runs_again():
    """J2."""
    world = World()

    async def fail() -> None:
        world.ran.append("failing")
        raise ValueError("broken")

    world.crons.add("failing", "* * * * *", fail)
    world.add("other", "* * * * *")

    async with world.going():
        world.clock.advance(MINUTE_MS)
        first = await world.look()
        world.clock.advance(MINUTE_MS)
        second = await world.look()

    assert (first, second) == (["failing", "other"], ["failing", "other"])
    assert world.log.events == ["cron_failed", "cron_failed"]


async def test_the_scheduler_wakes_at_the_next_minute():
    """A job at 12:00 begins then, not up to a minute later."""
    clock = FakeClock(unix_ms=MIDNIGHT + 59_000)
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) > 2:
            raise asyncio.CancelledError
        clock.advance(round(seconds * 1_000))

    crons = Crons(clock=clock, log=Heard(), pause=pause)

    with pytest.raises(asyncio.CancelledError):
        await crons.run()

    assert pauses == [1.0, 60.0, 60.0]


async def test_jobs_are_listed_in_order_and_can_change_their_time():
    """The automatic backup comes, moves and goes with the settings."""
    world = World()
    world.add("a", "0 0 * * *")
    world.add("b", "0 1 * * *")
    world.add("a", "0 2 * * *")

    listed = [(job.id, job.expression) for job in world.crons.jobs]
    world.crons.remove("b")

    assert listed == [("a", "0 2 * * *"), ("b", "0 1 * * *")]
    assert [job.id for job in world.crons.jobs] == ["a"]
    with pytest.raises(NotFound):
        world.crons.start("b")
