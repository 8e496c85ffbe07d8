"""Work that is begun at once, and needs a timer or a task only when it has to wait.

Most bodies have arrived with their head, and a timer for each would be set in vain; most reads are
answered without waiting, and a task for each would be made in vain.

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
        return await going_on(work, waits_for)


async def going_on(work: Coroutine[object, None, T], waits_for: object) -> T:
    """The rest of a coroutine that was begun and waits already, for ``waits_for``."""
    return await _resumed(work, waits_for)


@coroutine
def _resumed(work: Coroutine[object, None, T], waits_for: object) -> Generator[object, None, T]:
    try:
        while True:
            try:
                yield waits_for
            except GeneratorExit:
                raise
            except BaseException as exc:  # noqa: BLE001 - cancelled, or what it waited for failed
                waits_for = work.throw(exc)
            else:
                waits_for = work.send(None)
    except StopIteration as done:
        return done.value
    finally:
        work.close()
