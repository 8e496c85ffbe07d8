"""A SQLite file of another program, only read: not a byte, lock or side file of it is touched.

FF1  Nothing is written beside the file: without a WAL it is opened as immutable; with one, file and
     WAL are copied first, and the copy is opened.
FF2  A program that has the file open is found by the locks it holds, without taking any.
FF3  Text that is no UTF-8 comes as bytes, and never stops a read.

Not here: what the tables mean (importing).
"""

from __future__ import annotations

import fcntl
import shutil
import struct
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias
from urllib.parse import quote

import apsw

from yadokari.base.errors import YadokariError
from yadokari.stores.sqlite.names import quoted

Stored: TypeAlias = str | int | float | bytes | None
"""What a column can hold."""

_SIDE_FILES = ("-wal", "-journal")
# Bytes that SQLite locks: of the file while a transaction or a WAL connection is open (from
# PENDING_BYTE on), of the shared memory while any connection is open (from lock 120 on).
_FILE_LOCKS = (0x40000000, 512)
_SHARED_MEMORY_LOCKS = (120, 9)


class ForeignFileError(YadokariError):
    """The file cannot be read; the text says why."""


class ForeignFile:
    """An open file of another program. Reads block: only commands use it."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    def objects(self) -> list[tuple[str, str, str]]:
        """Kind (table, view, index, trigger), name and table of everything in it, in order."""
        return [
            (str(kind), str(name), str(table))
            for kind, name, table in self._all("SELECT type, name, tbl_name FROM sqlite_schema")
        ]

    def columns(self, table: str) -> tuple[str, ...]:
        """Names of a table's columns; none when there is no such table."""
        return tuple(str(row[1]) for row in self._all(f"PRAGMA table_xinfo({quoted(table)})"))

    def count(self, table: str) -> int:
        """How many rows a table or view has. Raises ForeignFileError."""
        [[rows]] = self._all(f"SELECT count(*) FROM {quoted(table)}")
        assert isinstance(rows, int)
        return rows

    def rows(
        self, table: str, columns: Sequence[str], *, after: int, rows_max: int
    ) -> list[tuple[Stored, ...]]:
        """Rows in the order in which they were made, each with its rowid first.

        Args:
            table: One that has rowids.
            columns: Which of its columns, in which order.
            after: A rowid; rows come after it.
            rows_max: At most this many.
        """
        listed = ["rowid", *map(quoted, columns)]
        tail = f"FROM {quoted(table)} WHERE rowid > ? ORDER BY rowid LIMIT ?"
        try:
            return self._all(f"SELECT {', '.join(listed)} {tail}", (after, rows_max))
        except UnicodeDecodeError:
            pass
        bytewise = [
            f"CASE typeof({name}) WHEN 'text' THEN CAST({name} AS BLOB) ELSE {name} END"
            for name in listed
        ]
        rows = self._all(f"SELECT {', '.join(bytewise)} {tail}", (after, rows_max))
        return [tuple(map(_text_if_it_is, row)) for row in rows]

    def close(self) -> None:
        """Let go of it."""
        self._connection.close()

    def _all(self, statement: str, bindings: tuple[Stored, ...] = ()) -> list[tuple[Stored, ...]]:
        try:
            return self._connection.execute(statement, bindings).fetchall()
        except apsw.Error as exc:
            raise ForeignFileError(f"The file cannot be read: {exc}.") from exc


def open_foreign(path: Path, *, scratch: Path) -> ForeignFile:
    """Open a file for reading (FF1).

    Args:
        path: The file.
        scratch: A folder that is the caller's, for the copy that a WAL makes necessary.

    Raises:
        ForeignFileError: it is not there, or no SQLite file.
    """
    flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
    try:
        if any(_is_filled(path.with_name(path.name + suffix)) for suffix in _SIDE_FILES):
            copied = scratch / path.name
            for suffix in ("", *_SIDE_FILES):
                side = path.with_name(path.name + suffix)
                if side.exists():
                    shutil.copyfile(side, scratch / side.name)
            name, flags = str(copied), apsw.SQLITE_OPEN_READWRITE
        else:
            name = f"file:{quote(str(path))}?mode=ro&immutable=1"
        connection = apsw.Connection(name, flags=flags)
        connection.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 1)
        connection.config(apsw.SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0)
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchall()
    except OSError as exc:
        raise ForeignFileError(f"{path} cannot be read: {exc.strerror}.") from exc
    except apsw.Error as exc:
        raise ForeignFileError(f"{path} cannot be opened: {exc}.") from exc
    return ForeignFile(connection)


def user_of(path: Path) -> int | None:
    """The process that has a database file open right now, or None (FF2)."""
    for name, span in (
        (path, _FILE_LOCKS),
        (path.with_name(path.name + "-shm"), _SHARED_MEMORY_LOCKS),
    ):
        try:
            with name.open("rb") as file:
                holder = _lock_holder(file.fileno(), *span)
        except OSError:
            continue
        if holder is not None:
            return holder
    return None


def _lock_holder(descriptor: int, start: int, length: int) -> int | None:
    """Who keeps us from locking these bytes; asks, but locks nothing."""
    if sys.platform == "darwin":
        form = "qqihh"
        asked = struct.pack(form, start, length, 0, fcntl.F_WRLCK, 0)
        told = fcntl.fcntl(descriptor, fcntl.F_GETLK, asked)
        _, _, process, kind, _ = struct.unpack(form, told)
    else:
        form = "hhqqi4x"
        asked = struct.pack(form, fcntl.F_WRLCK, 0, start, length, 0)
        told = fcntl.fcntl(descriptor, fcntl.F_GETLK, asked)
        kind, _, _, _, process = struct.unpack(form, told)
    return None if kind == fcntl.F_UNLCK else int(process)


def _is_filled(path: Path) -> bool:
    return path.exists() and path.stat().st_size > 0


def _text_if_it_is(value: Stored) -> Stored:
    if not isinstance(value, bytes):
        return value
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value
