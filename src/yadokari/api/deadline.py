"""A deadline that costs nothing when there is nothing to wait for.

Most bodies have arrived with their head, and a timer for each would be set in vain: the timer is
set when the work waits for the first time.

Not here: how long anything may take (api/body.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator
from types import coroutine
from typing import TypeVar

T = TypeVar("T")


async def within(seconds: float, work: Coroutine[object, None, T]) -> T:
    """What the work gives.

    Args:
        seconds: Longest time from its first waiting on.
        work: Runs in the caller's task.

    Raises:
        TimeoutError: it took longer; it was cancelled.
    """
    try:
        waits_for = work.send(None)
    except StopIteration as done:
        return done.value
    async with asyncio.timeout(seconds):
        return await _going_on(work, waits_for)


@coroutine
def _going_on(work: Coroutine[object, None, T], waits_for: object) -> Generator[object, None, T]:
    """The rest of a coroutine that waits already."""
    try:
        while True:
            try:
                yield waits_for
            except asyncio.CancelledError as exc:  # All that a task ever throws in.
                waits_for = work.throw(exc)
            else:
                waits_for = work.send(None)
    except StopIteration as done:
        return done.value
    finally:
        work.close()
