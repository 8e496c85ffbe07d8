"""Snapshots of the database file with SQLite's backup.

P1  One read transaction lasts as long as the copy, so the copy is of one moment and never begins
    anew; writers go on, and the WAL grows meanwhile.
P2  Pages are copied in slices with a pause after each, and taken to the disk as they come: one
    flush of everything at the end would keep commits waiting.

Not here: when, and what becomes of the file (upkeep/backups.py).
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from threading import Event

import apsw

from yadokari.ports.snapshot import SideTable, Snapshots, Unfit
from yadokari.stores.sqlite.connections import open_reader
from yadokari.stores.sqlite.errors import translated
from yadokari.stores.sqlite.format import APPLICATION_ID, DATA_FORMAT
from yadokari.stores.sqlite.names import quoted
from yadokari.stores.sqlite.settings import SqliteSettings

SLICE_PAGES = 64  # 256 KiB: well under a millisecond without the disk.
PAUSE_S = 0.002  # With a slice of this size about 100 MB a second, and most of the time idle.
FLUSH_BYTES = 4 * 1024 * 1024  # What the disk is given at once.
CACHE_KIB = 512  # Every page is read once.
_PAGE_BYTES = 4_096


class SqliteSnapshots:
    """See ports.snapshot.Snapshots."""

    def __init__(self, path: Path, *, settings: SqliteSettings | None = None) -> None:
        """``path``: the store's file."""
        self._path, self._settings = path, settings or SqliteSettings()

    async def take(self, path: Path, *, tables: Sequence[SideTable] = ()) -> None:
        """See ports.snapshot.Snapshots.take."""
        stopping = Event()
        work = asyncio.create_task(  # noqa: TID251 - awaited below, whatever happens
            asyncio.to_thread(self._take, path, tables, stopping)
        )
        try:
            await asyncio.shield(work)
        except asyncio.CancelledError:
            stopping.set()
            await asyncio.wait((work,))
            raise
        except apsw.Error as exc:
            raise translated(exc) from exc

    async def counts(self, path: Path) -> Mapping[str, int]:
        """See ports.snapshot.Snapshots.counts."""
        return await asyncio.to_thread(_counts, path)

    async def examine(self, path: Path) -> None:
        """See ports.snapshot.Snapshots.examine."""
        await asyncio.to_thread(_examine, path)

    async def adopt(self, path: Path, *, tables: Sequence[str]) -> None:
        """See ports.snapshot.Snapshots.adopt."""
        await asyncio.to_thread(_adopted, path, tables)

    def _take(self, path: Path, tables: Sequence[SideTable], stopping: Event) -> None:
        with (
            closing(open_reader(self._path, self._settings, cache_kib=CACHE_KIB)) as source,
            closing(apsw.Connection(str(path))) as copy,
        ):
            copy.execute("PRAGMA journal_mode = OFF").fetchall()
            copy.execute("PRAGMA synchronous = OFF").fetchall()
            source.execute("BEGIN").fetchall()
            source.execute("SELECT count(*) FROM sqlite_schema").fetchall()
            descriptor = os.open(path, os.O_RDONLY)
            try:
                _copy(source, copy, descriptor=descriptor, stopping=stopping)
                _add(copy, tables)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def _copy(
    source: apsw.Connection, copy: apsw.Connection, *, descriptor: int, stopping: Event
) -> None:
    unflushed = 0
    backup = copy.backup("main", source, "main")
    try:
        while not backup.done and not stopping.wait(PAUSE_S):
            backup.step(SLICE_PAGES)
            unflushed += SLICE_PAGES * _PAGE_BYTES
            if unflushed >= FLUSH_BYTES:
                os.fdatasync(descriptor)
                unflushed = 0
    finally:
        backup.finish()


def _add(copy: apsw.Connection, tables: Sequence[SideTable]) -> None:
    """Add tables for other programs; the copy is no longer in WAL mode then."""
    there = {str(row[0]) for row in copy.execute("SELECT name FROM sqlite_schema").fetchall()}
    if any(table.name in there for table in tables):
        return
    with copy:
        for table in tables:
            for statement in table.statements:
                copy.execute(statement)
            names = ", ".join(quoted(name) for name in table.columns)
            marks = ", ".join("?" * len(table.columns))
            copy.executemany(
                f"INSERT INTO {quoted(table.name)} ({names}) VALUES ({marks})", table.rows
            )


def _opened(path: Path, *, writing: bool = False) -> apsw.Connection:
    flags = apsw.SQLITE_OPEN_READWRITE if writing else apsw.SQLITE_OPEN_READONLY
    connection = apsw.Connection(str(path), flags=flags)
    connection.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 1)
    connection.config(apsw.SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0)
    return connection


def _examine(path: Path) -> None:
    try:
        with closing(_opened(path)) as connection:
            [[application]] = connection.execute("PRAGMA application_id").fetchall()
            [[found]] = connection.execute("PRAGMA user_version").fetchall()
            if application != APPLICATION_ID:
                raise Unfit("The database in it was not made by this program.")
            if not isinstance(found, int) or found > DATA_FORMAT:
                raise Unfit(f"Its data has format {found}; a newer program made it.")
            if connection.execute("PRAGMA integrity_check(1)").fetchall() != [("ok",)]:
                raise Unfit("The database in it is damaged.")
    except apsw.Error as exc:
        raise Unfit("The database in it is damaged.") from exc


def _counts(path: Path) -> dict[str, int]:
    try:
        with closing(_opened(path)) as connection:
            tables = connection.execute(
                "SELECT name FROM sqlite_schema WHERE type = 'table'"
                " AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"
            ).fetchall()
            return {str(name): _count(connection, str(name)) for (name,) in tables}
    except apsw.Error as exc:
        raise Unfit("The database in it is damaged.") from exc


def _count(connection: apsw.Connection, table: str) -> int:
    [[count]] = connection.execute(f"SELECT count(*) FROM {quoted(table)}").fetchall()
    assert isinstance(count, int)
    return count


def _adopted(path: Path, tables: Iterable[str]) -> None:
    try:
        with closing(_opened(path, writing=True)) as connection, connection:
            for table in tables:
                connection.execute(f"DROP TABLE IF EXISTS {quoted(table)}")
    except apsw.Error as exc:
        raise Unfit("The database in it cannot be used.") from exc


_: type[Snapshots] = SqliteSnapshots
