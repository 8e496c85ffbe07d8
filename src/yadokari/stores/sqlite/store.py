"""The SQLite store: one file, one process.

S1  One connection writes, on the loop or in its one thread; others only read what is committed.
S2  The file says what it is (application id) and which format it has; a newer format is refused.

Begin here, then writer.py (units of work, commits), reader.py (reads), table.py (rows).
Not here: the schema's JSON (collections keep it in reserved tables and hand it to ``adopt``).
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import apsw
from typing_extensions import override

from yadokari.ports.clock import Clock
from yadokari.ports.entropy import Entropy
from yadokari.ports.sql_console import SqlConsole, SqlOutcome
from yadokari.ports.store import (
    Capabilities,
    Change,
    Changes,
    Committed,
    Cursor,
    Fence,
    Store,
    Transaction,
    ViewColumn,
)
from yadokari.schema.collection import Collection, Schema
from yadokari.stores.sqlite.checkpoints import Checkpoints
from yadokari.stores.sqlite.connections import open_checkpointer, open_reader, open_writer
from yadokari.stores.sqlite.console import Writes, read
from yadokari.stores.sqlite.ddl import create_table
from yadokari.stores.sqlite.errors import translated
from yadokari.stores.sqlite.format import prepare_file, read_meta
from yadokari.stores.sqlite.log import Log, changes_query, read_changes
from yadokari.stores.sqlite.names import quoted
from yadokari.stores.sqlite.reader import Reader
from yadokari.stores.sqlite.reads import Bindings, PlanReads
from yadokari.stores.sqlite.settings import SqliteSettings
from yadokari.stores.sqlite.table import Query, Raw
from yadokari.stores.sqlite.tables import Tables
from yadokari.stores.sqlite.transaction import SqliteTransaction
from yadokari.stores.sqlite.views import read_columns
from yadokari.stores.sqlite.writer import Writer

if TYPE_CHECKING:
    from yadokari.ports.erasable import Erasable, Traces

T = TypeVar("T")

_CAPABILITIES = Capabilities(
    atomic_batch_max=None, view_queries=True, schema_in_transaction=True, raw_sql=True
)
CONSOLE_CACHE_KIB = 2_048  # One person looks at something now and then.
_CHANGES = Query(changes_query())


async def open_sqlite(
    path: Path,
    *,
    clock: Clock,
    entropy: Entropy,
    settings: SqliteSettings | None = None,
    vfs: str | None = None,
) -> SqliteStore:
    """Open the database file, or make it.

    Args:
        path: The file; its folder exists.
        vfs: Name of a registered VFS for all connections; None = the system's.

    Raises:
        WrongData: the file is newer than this program, or not one of ours.
        Unavailable: the disk does not allow it.
    """
    settings = settings or SqliteSettings()
    try:
        connection = open_writer(path, settings, vfs=vfs)
        prepare_file(connection, entropy=entropy, clock=clock)
        return SqliteStore(connection, path=path, clock=clock, settings=settings, vfs=vfs)
    except apsw.Error as exc:
        raise translated(exc) from exc


class SqliteStore(PlanReads):
    """See ports.store.Store. Made by ``open_sqlite``; lives on one event loop."""

    def __init__(
        self,
        connection: apsw.Connection,
        *,
        path: Path,
        clock: Clock,
        settings: SqliteSettings,
        vfs: str | None,
    ) -> None:
        self._connection = connection
        self._clock, self._settings = clock, settings
        self._open_console = lambda: open_reader(
            path, settings, cache_kib=CONSOLE_CACHE_KIB, vfs=vfs
        )
        self._open_other = lambda: open_checkpointer(path, settings, vfs=vfs)
        meta = read_meta(connection)
        self._fence = Fence(epoch=meta.epoch, state="open")
        self._stored_version = meta.schema_version
        self._log = Log(connection, epoch=meta.epoch, entries_max=settings.log_entries_max)
        self._reader = Reader(
            lambda cache_kib: open_reader(path, settings, cache_kib=cache_kib, vfs=vfs),
            settings,
            clock,
        )
        self._tables = Tables(self._reader.connection)
        self._schema = Schema()
        self._writer = Writer(
            connection,
            log=self._log,
            clock=clock,
            settings=settings,
            on_schema=self._reshaped,
            on_commit=self._committed,
        )
        self._checkpoints = Checkpoints(
            connection,
            open_one=self._open_other,
            settings=settings,
            pause_writers=self._writer.pause_for,
        )
        self._closed = False

    @property
    def capabilities(self) -> Capabilities:
        """See ports.store.Store.capabilities."""
        return _CAPABILITIES

    @property
    def schema(self) -> Schema:
        """See ports.store.Store.schema."""
        return self._schema

    @property
    def stored_schema_version(self) -> int:
        """Version of the schema that the file's tables have; 0 for a new file."""
        return self._stored_version

    async def ensure(self, collections: Sequence[Collection]) -> None:
        """Make the tables of reserved collections that are missing; once, after opening."""
        there = {
            str(row[0])
            for row in self._connection.execute("SELECT name FROM sqlite_schema").fetchall()
        }
        self._writer.reserved = {collection.id: collection for collection in collections}
        missing = [collection for collection in collections if collection.name not in there]
        try:
            with self._connection:
                for collection in missing:
                    for statement in create_table(collection):
                        self._connection.execute(statement)
        except apsw.Error as exc:
            raise translated(exc) from exc
        self._writer.adopt(self._schema, last_tick=self._last_stamp(collections))

    def adopt(self, schema: Schema) -> None:
        """This is the schema in force; once, after opening, before anything else is asked."""
        tables = [c for c in schema.collections if not c.is_view]
        self._writer.adopt(schema, last_tick=self._last_stamp(tables))
        self._reshaped(schema)

    def transact(
        self, work: Callable[[Transaction], Awaitable[T]]
    ) -> Coroutine[object, object, Committed[T]]:
        """See ports.store.Store.transact."""
        return self._writer.transact(work)

    async def changes(self, after: Cursor, *, entries_max: int) -> Changes:
        """See ports.store.Store.changes."""
        rows = await self._all(_CHANGES, (after.position, entries_max))
        return read_changes(rows, after, log=self._log, schema=self._schema)

    def watch(self, listener: Callable[[tuple[Change, ...]], None]) -> Callable[[], None]:
        """See ports.store.Store.watch."""
        return self._writer.watch(listener)

    def view_columns(self, sql: str) -> tuple[ViewColumn, ...]:
        """See ports.store.Store.view_columns."""
        return read_columns(sql, schema=self._schema)

    async def head(self) -> Cursor:
        """See ports.store.Store.head."""
        return self._log.cursor

    async def fence(self) -> Fence:
        """See ports.store.Store.fence."""
        return self._fence

    async def forget_images(self, traces: Traces, *, dry_run: bool) -> int:
        """Empty the images in the change log that hold traces; how many (erasing.py)."""
        from yadokari.stores.sqlite.erasing import forget_images  # Seldom asked for.

        action = partial(forget_images, self._connection, traces, dry_run=dry_run)
        return await self._writer.run_alone(action)

    async def compact(self) -> None:
        """Leave nothing in the files that is not in the tables (erasing.py). Raises Unavailable."""
        from yadokari.stores.sqlite.erasing import compact

        await self._writer.run_alone(partial(compact, self._connection))

    async def run_sql(self, text: str) -> SqlOutcome:
        """See ports.sql_console.SqlConsole.run_sql."""
        given_up = threading.Event()
        until_ms = self._clock.monotonic_ms() + self._settings.query_timeout_ms

        def stop() -> bool:
            return given_up.is_set() or self._clock.monotonic_ms() > until_ms

        try:
            return await asyncio.to_thread(read, self._open_console, text, stop)
        except Writes:
            return await self._write_by_hand(text)
        finally:
            given_up.set()

    async def _write_by_hand(self, text: str) -> SqlOutcome:
        async def work(tx: Transaction) -> SqlOutcome:
            assert isinstance(tx, SqliteTransaction), "of this store"
            return await tx.run_by_hand(text)

        return await (await self.transact(work)).settled()

    async def optimize(self) -> None:
        """Let SQLite look anew at tables that changed much; a few milliseconds in a thread.

        Raises:
            Unavailable: others write all the time, or the disk is full.
        """
        try:
            await asyncio.to_thread(self._look_anew)
        except apsw.Error as exc:
            raise translated(exc) from exc

    def _look_anew(self) -> None:
        with closing(self._open_other()) as connection:
            connection.execute("PRAGMA analysis_limit = 400").fetchall()
            connection.execute("PRAGMA optimize").fetchall()

    async def close(self) -> None:
        """See ports.store.Store.close. The WAL is empty afterwards."""
        if self._closed:
            return
        self._closed = True
        await self._writer.close()
        await self._checkpoints.close()
        self._reader.close()
        with suppress(apsw.BusyError):
            self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        self._connection.close()

    @override
    def _quick(self, query: Query, bindings: Bindings) -> list[Raw] | None:
        return self._reader.quick(query, bindings)

    @override
    async def _long(self, query: Query, bindings: Bindings) -> list[Raw]:
        return await self._reader.long(query, bindings)

    def _committed(self) -> None:
        self._checkpoints.committed()

    def _reshaped(self, schema: Schema) -> None:
        self._schema = schema
        self._tables.forget()

    def _last_stamp(self, collections: Sequence[Collection]) -> int:
        stamps = [
            self._connection.execute(
                f'SELECT coalesce(max("$c"), 0) FROM {quoted(collection.name)}'
            ).fetchall()[0][0]
            for collection in collections
        ]
        return max((int(stamp) for stamp in stamps), default=0)


_: type[Store] = SqliteStore
__: type[Erasable] = SqliteStore
_console: type[SqlConsole] = SqliteStore
