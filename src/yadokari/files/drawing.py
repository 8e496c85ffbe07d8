"""The threads in which pictures are unpacked and drawn; few, because each may need much memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

THREADS_MAX = 2  # A large picture takes 200 MB while it is unpacked.


class Drawing:
    """Runs work on pictures beside the event loop."""

    def __init__(self) -> None:
        self._pool: ThreadPoolExecutor | None = None

    async def run(self, work: Callable[[], T]) -> T:
        """What ``work`` gives; it waits for a free thread. Raises what it raises."""
        if self._pool is None:
            self._pool = ThreadPoolExecutor(THREADS_MAX, thread_name_prefix="pictures")
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    def close(self) -> None:
        """Let the threads go; waits for what is being drawn."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None
