"""Committed data: short reads on the loop, long ones in threads.

G1  A read on the loop is stopped after a number of SQLite's steps and run again in a thread; its
    statement then goes straight to a thread until it proves short again.
G2  Every read in a thread has a deadline, and stops when nobody waits for it any more.
G3  One statement sees one snapshot.

Not here: what is asked (stores/sqlite/reads.py).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import apsw

from yadokari.base.errors import Unavailable
from yadokari.ports.clock import Clock
from yadokari.rules.bind import Scalar
from yadokari.stores.sqlite.errors import translated
from yadokari.stores.sqlite.settings import SqliteSettings
from yadokari.stores.sqlite.table import Query, Raw


class _Watch:
    """Counts a statement's slices of steps, and says when to stop it.

    The first slice may be what earlier runs of the statement left over: one that has none is short,
    and one that has two is long.
    """

    __slots__ = ("clock", "deadline_ms", "job", "slices", "slices_max")

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.slices = 0
        self.slices_max: int | None = None
        self.deadline_ms: int | None = None
        self.job: _Job | None = None

    def __call__(self) -> bool:
        self.slices += 1
        if self.slices_max is not None and self.slices > self.slices_max:
            return True
        if self.job is not None and self.job.cancelled:
            return True
        return self.deadline_ms is not None and self.clock.monotonic_ms() > self.deadline_ms


class _ThreadReader:
    """One connection for one long read at a time."""

    def __init__(self, connection: apsw.Connection, settings: SqliteSettings, clock: Clock) -> None:
        self.connection = connection
        self.watch = _Watch(clock)
        self._timeout_ms = settings.query_timeout_ms
        self._clock = clock
        connection.set_progress_handler(self.watch, settings.long_read_steps)

    def run(self, job: _Job) -> list[Raw]:
        """All rows; on return ``query.long`` says whether it still is."""
        watch = self.watch
        watch.slices, watch.job = 0, job
        if job.cancelled:
            return []
        watch.deadline_ms = self._clock.monotonic_ms() + self._timeout_ms
        rows = self.connection.execute(job.query.sql, job.bindings).fetchall()
        job.query.long = watch.slices > 0
        return rows


class Reader:
    """Answers reads of committed data."""

    def __init__(
        self, open_one: Callable[[int], apsw.Connection], settings: SqliteSettings, clock: Clock
    ) -> None:
        """``open_one`` opens a connection with so many KiB of cache."""
        self._open_one, self._settings, self._clock = open_one, settings, clock
        self.connection = open_one(settings.cache_kib)
        self._watch = _Watch(clock)
        self._watch.slices_max = 1
        self.connection.set_progress_handler(self._watch, settings.long_read_steps)
        self._execute = self.connection.cursor().execute
        self._threads = ThreadPoolExecutor(settings.read_threads, "yadokari-read")
        self._idle: deque[_ThreadReader] = deque()
        self._waiting = 0
        self._closed = False

    def quick(self, query: Query, bindings: tuple[Scalar, ...]) -> list[Raw] | None:
        """All rows, or None when the statement is too long for the loop."""
        if query.long:
            return None
        self._watch.slices = 0
        try:
            return self._execute(query.sql, bindings).fetchall()
        except apsw.InterruptError:
            query.long = True
            return None
        except (apsw.Error, UnicodeEncodeError) as exc:
            raise translated(exc) from exc

    async def long(self, query: Query, bindings: tuple[Scalar, ...]) -> list[Raw]:
        """All rows, read in a thread.

        Raises:
            Unavailable: too many long reads wait, or this one passed its deadline.
        """
        if self._closed:
            raise Unavailable("The server is stopping.")
        if self._waiting >= self._settings.long_reads_max:
            raise Unavailable("Too many long queries are running.")
        job = _Job(query, bindings)
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, self._run, job)
        except (apsw.Error, UnicodeEncodeError) as exc:
            raise translated(exc) from exc
        finally:
            job.cancelled = True
            self._waiting -= 1

    def _run(self, job: _Job) -> list[Raw]:
        try:
            reader = self._idle.popleft()
        except IndexError:
            connection = self._open_one(self._settings.cache_kib // 2)
            reader = _ThreadReader(connection, self._settings, self._clock)
        try:
            return reader.run(job)
        finally:
            self._idle.append(reader)

    def close(self) -> None:
        """Wait for running reads and close every connection."""
        self._closed = True
        self._threads.shutdown(wait=True, cancel_futures=True)
        for reader in self._idle:
            reader.connection.close()
        self.connection.close()


class _Job:
    """A long read that can be given up from the loop."""

    __slots__ = ("bindings", "cancelled", "query")

    def __init__(self, query: Query, bindings: tuple[Scalar, ...]) -> None:
        self.query, self.bindings = query, bindings
        self.cancelled = False
