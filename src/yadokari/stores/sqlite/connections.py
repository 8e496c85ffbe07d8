"""Opening connections: the same safety everywhere, one writer, readers that cannot write.

K1  Nobody but the writer's own checkpointer moves pages out of the WAL.
K2  A reader's connection refuses to write.
"""

from __future__ import annotations

from pathlib import Path

import apsw

from yadokari.stores.sqlite.settings import SqliteSettings


def open_writer(path: Path, settings: SqliteSettings, *, vfs: str | None = None) -> apsw.Connection:
    """The one connection that writes; makes the file when it is missing."""
    flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
    connection = _open(path, settings, flags, cache_kib=settings.cache_kib, vfs=vfs)
    connection.execute("PRAGMA journal_mode = WAL").fetchall()
    return connection


def open_reader(
    path: Path, settings: SqliteSettings, *, cache_kib: int, vfs: str | None = None
) -> apsw.Connection:
    """A connection for reads of committed data."""
    return _open(path, settings, apsw.SQLITE_OPEN_READONLY, cache_kib=cache_kib, vfs=vfs)


def open_checkpointer(
    path: Path, settings: SqliteSettings, *, vfs: str | None = None
) -> apsw.Connection:
    """A connection that only takes pages home; nearly no cache."""
    return _open(path, settings, apsw.SQLITE_OPEN_READWRITE, cache_kib=64, vfs=vfs)


def _open(
    path: Path, settings: SqliteSettings, flags: int, *, cache_kib: int, vfs: str | None
) -> apsw.Connection:
    connection = apsw.Connection(
        str(path), flags=flags, vfs=vfs, statementcachesize=settings.statements_max
    )
    connection.set_busy_timeout(settings.busy_ms)
    connection.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 1)
    connection.config(apsw.SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0)
    connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
    # Else a statement with LIMIT ? or LIKE ? is planned anew whenever it is bound.
    connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
    for pragma in (
        f"synchronous = {settings.synchronous}",
        "wal_autocheckpoint = 0",
        f"cache_size = -{cache_kib}",
        "temp_store = FILE",  # Sorts beyond the cache spill: in memory one query took 2 GiB.
        "foreign_keys = OFF",
    ):
        connection.execute(f"PRAGMA {pragma}").fetchall()
    return connection
