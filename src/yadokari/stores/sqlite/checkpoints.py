"""Taking pages home: from the WAL to the database file, never in the way of a commit.

H1  Only this moves pages; connections do it neither by themselves nor on closing.
H2  A passive checkpoint runs in a thread on its own connection, while writers and readers go on.
H3  When the WAL grows past its limit all the same, writers wait once until it starts anew.

Not here: commits (stores/sqlite/writer.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import apsw

from yadokari.stores.sqlite.settings import SqliteSettings


class Checkpoints:
    """Decides when pages go home, and takes them."""

    def __init__(
        self,
        writing: apsw.Connection,
        *,
        open_one: Callable[[], apsw.Connection],
        settings: SqliteSettings,
        pause_writers: Callable[[Callable[[], None]], None],
    ) -> None:
        """``pause_writers`` runs something while nobody writes."""
        self._writing, self._open_one, self._settings = writing, open_one, settings
        self._pause_writers = pause_writers
        self._connection: apsw.Connection | None = None
        self._thread = ThreadPoolExecutor(1, "yadokari-checkpoint")
        self._running = False
        self._timer: asyncio.TimerHandle | None = None
        self._wal_pages = 0
        self._home_pages = 0
        self._closed = False
        writing.set_wal_hook(self._count)

    def committed(self) -> None:
        """After each COMMIT, on the loop."""
        new_pages = self._wal_pages - self._home_pages
        if self._running or self._closed or new_pages <= 0:
            return
        if new_pages >= self._settings.checkpoint_pages:
            self._start()
        elif self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self._settings.idle_ms / 1_000, self._quiet)

    async def close(self) -> None:
        """Let a running checkpoint finish."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._thread, self._close)
        self._thread.shutdown(wait=True)

    def _count(self, _connection: apsw.Connection, _name: str, pages: int) -> int:
        if pages < self._wal_pages:  # The WAL started anew.
            self._home_pages = 0
        self._wal_pages = pages
        return apsw.SQLITE_OK

    def _quiet(self) -> None:
        self._timer = None
        if not self._running and not self._closed:
            self._start()

    def _start(self) -> None:
        self._running = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        running = asyncio.get_running_loop().run_in_executor(self._thread, self._passive)
        running.add_done_callback(self._finished)

    def _passive(self) -> int:
        """Take home what can be; how many pages of the WAL are home now."""
        if self._connection is None:
            self._connection = self._open_one()
        with suppress(apsw.BusyError):
            return self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)[1]
        return 0

    def _finished(self, done: asyncio.Future[int]) -> None:
        self._running = False
        if done.cancelled() or done.exception() is not None:
            return  # The disk said no; the next commit asks again.
        self._home_pages = max(done.result(), 0)
        if self._wal_pages >= self._settings.wal_pages_max:
            self._pause_writers(self._restart)

    def _restart(self) -> None:
        """With writers waiting: take all home, so that the next write starts the WAL anew."""
        with suppress(apsw.BusyError):
            self._writing.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_RESTART)

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
