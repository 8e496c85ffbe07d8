"""The log book as a SQLite file of its own: written in one thread, read like the store.

B1  Nothing is opened before it is needed: a start waits for no log.
B2  A file that is damaged is put aside as ``<name>.damaged`` and a new one begun: logs are worth
    less than a program that starts.
B3  Its commits do not wait for the disk; a power cut may take the last entries.

Not here: what is kept and when (upkeep/log_queue.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import apsw
from msgspec.structs import replace
from typing_extensions import override

from yadokari.base.errors import Unavailable
from yadokari.ports.clock import Clock
from yadokari.ports.log_book import HourCount, LogBook, LogEntry
from yadokari.ports.store import Counted, Page, Row, Rows
from yadokari.rules.bind import Binding
from yadokari.rules.plan import Plan
from yadokari.schema.collection import Collection
from yadokari.stores.sql.compile import Shape, compile_plan
from yadokari.stores.sqlite.connections import open_reader, open_writer
from yadokari.stores.sqlite.ddl import create_table
from yadokari.stores.sqlite.dialect import SqliteDialect
from yadokari.stores.sqlite.errors import translated
from yadokari.stores.sqlite.names import quoted
from yadokari.stores.sqlite.reader import Reader
from yadokari.stores.sqlite.reads import Bindings, PlanReads
from yadokari.stores.sqlite.settings import SqliteSettings
from yadokari.stores.sqlite.table import Query, Raw
from yadokari.stores.sqlite.tables import PlanQuery, Tables

T = TypeVar("T")

FORGET_ROWS = 10_000  # Removed in one statement: its journal stays small.
CHECKPOINT_PAGES = 1_000  # SQLite's own default; nobody waits for these commits.
CACHE_KIB = 1_024  # Logs are read now and then, by one person.


class _Reads(PlanReads):
    """Plans over the file."""

    def __init__(self, reader: Reader) -> None:
        self._reader, self._tables = reader, Tables(reader.connection)

    async def rows(self, query: Query, bindings: Bindings) -> list[Raw]:
        """What a statement gives."""
        return await self._all(query, bindings)

    def close(self) -> None:
        """Close every connection."""
        self._reader.close()

    @override
    def _quick(self, query: Query, bindings: Bindings) -> list[Raw] | None:
        return self._reader.quick(query, bindings)

    @override
    async def _long(self, query: Query, bindings: Bindings) -> list[Raw]:
        return await self._reader.long(query, bindings)


class SqliteLogBook:
    """See ports.log_book.LogBook."""

    def __init__(self, path: Path, *, collection: Collection, clock: Clock) -> None:
        """``collection``: its table, with the fields of ports.log_book.LogEntry."""
        self._path, self._collection, self._clock = path, collection, clock
        self._settings = SqliteSettings(synchronous="OFF", read_threads=1, cache_kib=CACHE_KIB)
        self._table = quoted(collection.name)
        self._writing: apsw.Connection | None = None
        self._reads: _Reads | None = None
        self._threads = ThreadPoolExecutor(1, "yadokari-log-book")
        self._closed = False

    async def add(self, entries: Sequence[LogEntry]) -> None:
        """See ports.log_book.LogBook.add."""
        rows = [(e.id, e.created, e.level, e.message, e.data) for e in entries]
        insert = (
            f"INSERT INTO {self._table} (id, created, level, message, data) VALUES (?, ?, ?, ?, ?)"
        )

        def write(connection: apsw.Connection) -> None:
            with connection:
                connection.executemany(insert, rows)

        await self._written(write)

    async def get(self, id: str) -> Row | None:
        """See ports.log_book.LogBook.get."""
        return (await (await self._opened()).get(self._collection, [id])).get(id)

    async def select(self, plan: Plan, binding: Binding, *, page: Page) -> Rows:
        """See ports.log_book.LogBook.select."""
        return await (await self._opened()).select(plan, binding, page=page)

    async def select_counted(self, plan: Plan, binding: Binding, *, page: Page) -> Counted:
        """See ports.log_book.LogBook.select_counted."""
        return await (await self._opened()).select_counted(plan, binding, page=page)

    async def per_hour(self, plan: Plan, binding: Binding) -> list[HourCount]:
        """See ports.log_book.LogBook.per_hour."""
        shape = Shape(
            projection="substr(t.created, 1, 13) || ':00:00.000Z' AS date, count(*)", ordered=False
        )
        found = compile_plan(plan, binding.classes, dialect=SqliteDialect(), shape=shape)
        query = PlanQuery(replace(found, sql=f"{found.sql} GROUP BY 1 ORDER BY 1"))
        rows = await (await self._opened()).rows(query, query.bind(binding))
        return [HourCount(str(date), int(total or 0)) for date, total in rows]

    async def forget(self, *, before: str | None) -> int:
        """See ports.log_book.LogBook.forget."""
        old = f'SELECT "$c" FROM {self._table} WHERE ?1 IS NULL OR created < ?1 LIMIT ?2'
        delete = f'DELETE FROM {self._table} WHERE "$c" IN ({old})'

        def remove(connection: apsw.Connection) -> int:
            gone = 0
            while True:
                connection.execute(delete, (before, FORGET_ROWS)).fetchall()
                changes = connection.changes()
                gone += changes
                if changes < FORGET_ROWS:
                    return gone

        return await self._written(remove)

    async def forget_texts(self, texts: Sequence[str], *, dry_run: bool) -> int:
        """See ports.log_book.LogBook.forget_texts."""
        holds = " OR ".join("instr(data, ?) OR instr(message, ?)" for _ in texts)
        bound = tuple(text for text in texts for _ in range(2))

        def remove(connection: apsw.Connection) -> int:
            [[count]] = connection.execute(
                f"SELECT count(*) FROM {self._table} WHERE {holds}", bound
            ).fetchall()
            if count and not dry_run:
                connection.execute(f"DELETE FROM {self._table} WHERE {holds}", bound).fetchall()
                connection.execute("VACUUM").fetchall()
                connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
            return int(count)

        return await self._written(remove) if texts else 0

    async def close(self) -> None:
        """See ports.log_book.LogBook.close."""
        self._closed = True
        await asyncio.get_running_loop().run_in_executor(self._threads, self._close)
        self._threads.shutdown(wait=True)

    async def _opened(self) -> _Reads:
        """What reads; the file is made when it is missing."""
        if self._reads is None:
            await self._written(lambda _: None)
            self._reads = _Reads(
                Reader(
                    lambda cache_kib: open_reader(self._path, self._settings, cache_kib=cache_kib),
                    self._settings,
                    self._clock,
                )
            )
        return self._reads

    async def _written(self, action: Callable[[apsw.Connection], T]) -> T:
        """Do something with the writing connection, in its thread."""
        if self._closed:
            raise Unavailable("The server is stopping.")
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._threads, lambda: action(self._connection()))
        except apsw.Error as exc:
            raise translated(exc) from exc

    def _connection(self) -> apsw.Connection:
        if self._writing is None:
            try:
                self._writing = self._open()
            except (apsw.NotADBError, apsw.CorruptError):  # B2
                self._path.replace(self._path.with_name(self._path.name + ".damaged"))
                for suffix in ("-wal", "-shm"):
                    self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
                self._writing = self._open()
        return self._writing

    def _open(self) -> apsw.Connection:
        connection = open_writer(self._path, self._settings)
        connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}").fetchall()
        connection.execute("PRAGMA busy_timeout = 5000").fetchall()
        there = connection.execute(
            "SELECT 1 FROM sqlite_schema WHERE name = ?", (self._collection.name,)
        ).fetchall()
        if not there:
            with connection:
                for statement in create_table(self._collection):
                    connection.execute(statement)
                connection.execute(f"CREATE INDEX log_created ON {self._table} (created)")
        return connection

    def _close(self) -> None:
        if self._reads is not None:
            self._reads.close()
        if self._writing is not None:
            with suppress(apsw.Error):  # A reader of somebody else: the WAL stays.
                self._writing.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
            self._writing.close()


_: type[LogBook] = SqliteLogBook
