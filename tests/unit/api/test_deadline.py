"""Deadlines set only for work that waits."""

import asyncio

import pytest

from yadokari.api.deadline import within


class Steps:
    """Work that waits for events, and remembers how it ended."""

    def __init__(self, *events: asyncio.Event) -> None:
        self.events = events
        self.ended = ""

    async def run(self) -> str:
        try:
            for event in self.events:
                await event.wait()
                await asyncio.sleep(0)
        except asyncio.CancelledError:
            self.ended = "cancelled"
            raise
        self.ended = "done"
        return "result"


async def test_work_that_never_waits_gives_its_result() -> None:
    """The usual case: not even a time of zero is too short for it."""
    assert await within(0, Steps().run()) == "result"


async def test_work_that_waits_goes_on_where_it_was() -> None:
    """The first step must not be taken twice."""
    first, second = asyncio.Event(), asyncio.Event()
    steps = Steps(first, second)
    loop = asyncio.get_running_loop()
    loop.call_soon(first.set)
    loop.call_later(0.001, second.set)

    assert await within(10, steps.run()) == "result"


async def test_late_work_is_cancelled() -> None:
    """B4 of bodies: nobody holds a connection by sending nothing."""
    steps = Steps(asyncio.Event())

    with pytest.raises(TimeoutError):
        await within(0.001, steps.run())

    assert steps.ended == "cancelled"


async def test_a_caller_that_is_cancelled_cancels_the_work() -> None:
    """Its clean-up runs as if it had been awaited plainly."""
    steps = Steps(asyncio.Event())
    task = asyncio.ensure_future(within(10, steps.run()))
    await asyncio.sleep(0)

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert steps.ended == "cancelled"


@pytest.mark.parametrize("waits", [False, True])
async def test_errors_of_the_work_come_through(*, waits: bool) -> None:
    """Before and after the first waiting alike, and errors of what it waits for."""
    failing = asyncio.get_running_loop().create_future()
    failing.set_exception(ValueError("x"))

    async def work() -> None:
        if waits:
            await asyncio.sleep(0)
        await failing

    with pytest.raises(ValueError, match="x"):
        await within(10, work())


async def test_work_may_catch_the_failure_of_what_it_waits_for() -> None:
    """A task throws that failure into the work: it must arrive where the work waits."""
    failing: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def work() -> str:
        try:
            await failing
        except LookupError:
            return "caught"
        return "missed"

    asyncio.get_running_loop().call_soon(failing.set_exception, LookupError())
    try:
        said = await within(1, work())
    except LookupError:
        said = "thrown past it"

    assert said == "caught"
