"""Reading with free SQL, and what free SQL may never do.

C1  Reads run on a connection of their own that cannot write, with a deadline, in a thread.
C2  Statements that write are not run there: the text is handed back, to be run as a unit of work
    (stores/sqlite/by_hand.py).
C3  The same authorizer guards both: no table of ours, no change of the schema, no transaction, no
    other file, no setting of the connection.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from decimal import Decimal

import apsw

from yadokari.base.errors import BadRequest, Unavailable
from yadokari.ports.sql_console import ROWS_MAX, SqlColumn, SqlOutcome
from yadokari.stores.sqlite.names import RESERVED_PREFIX

HIDDEN = frozenset(("$c", "$v", "$h"))
"""Columns of every table that no result shows."""

_READ_PRAGMAS = frozenset(
    (
        "table_info", "table_xinfo", "table_list", "index_list", "index_info", "index_xinfo",
        "foreign_key_list", "function_list", "collation_list", "compile_options", "database_list",
        "page_count", "page_size", "freelist_count", "journal_mode", "encoding", "user_version",
        "application_id", "integrity_check", "quick_check",
    )
)  # fmt: skip
_ALLOWED = frozenset((apsw.SQLITE_SELECT, apsw.SQLITE_FUNCTION, apsw.SQLITE_RECURSIVE))
_OF_TABLES = frozenset(
    (apsw.SQLITE_READ, apsw.SQLITE_INSERT, apsw.SQLITE_UPDATE, apsw.SQLITE_DELETE)
)
_E_FROM, _E_BELOW = 6, -4  # Exponents from which numbers are written with one, as Go does.


class Writes(Exception):
    """The text holds a statement that writes."""


def authorize(
    action: int, first: str | None, second: str | None, _db: str | None, inside: str | None
) -> int:
    """Whether SQLite may compile this (C3); apsw's authorizer."""
    if action in _ALLOWED:
        return apsw.SQLITE_OK
    if action == apsw.SQLITE_PRAGMA:
        may = (first or "").lower() in _READ_PRAGMAS and (
            second is None or (first or "").lower().endswith(("info", "list", "check"))
        )
        return apsw.SQLITE_OK if may else apsw.SQLITE_DENY
    if action not in _OF_TABLES:
        return apsw.SQLITE_DENY
    if (first or "").startswith(RESERVED_PREFIX) and inside is None:
        return apsw.SQLITE_DENY
    if action == apsw.SQLITE_UPDATE and (second or "").startswith(RESERVED_PREFIX):
        return apsw.SQLITE_DENY
    return apsw.SQLITE_OK


def read(
    open_one: Callable[[], apsw.Connection], text: str, stop: Callable[[], bool]
) -> SqlOutcome:
    """The result of the last statement; blocks.

    Args:
        open_one: Opens a connection that cannot write.
        text: Statements.
        stop: Asked now and then, whether to give up.

    Raises:
        Writes: one of them writes (C2).
        BadRequest: SQLite refuses.
    """
    with closing(open_one()) as connection:
        connection.authorizer = authorize
        connection.set_progress_handler(stop, 20_000)
        columns: tuple[SqlColumn, ...] = ()
        rows: list[tuple[object, ...]] = []

        def begins(cursor: apsw.Cursor, _sql: str, _bindings: object) -> bool:
            nonlocal columns
            if not cursor.is_readonly:
                raise Writes
            columns = tuple(
                SqlColumn(str(found[0]), str(found[1] or "")) for found in cursor.get_description()
            )
            rows.clear()
            return True

        cursor = connection.cursor()
        cursor.exec_trace = begins
        try:
            for row in cursor.execute(text):
                if len(rows) < ROWS_MAX:
                    rows.append(row)
                else:
                    break
        except apsw.Error as exc:
            raise refused(exc) from exc
        return _shown(columns, rows)


def refused(error: apsw.Error) -> Exception:
    """What a superuser is told of SQLite's error."""
    if isinstance(error, apsw.InterruptError):
        return BadRequest("the query takes too long")
    if isinstance(error, apsw.AuthError):
        return BadRequest(f"{error}: free SQL reads and writes records, nothing else")
    if isinstance(error, apsw.FullError | apsw.IOError | apsw.BusyError):
        return Unavailable("The database cannot be written now.")
    return BadRequest(str(error))


def _shown(columns: tuple[SqlColumn, ...], rows: list[tuple[object, ...]]) -> SqlOutcome:
    places = [place for place, column in enumerate(columns) if column.name not in HIDDEN]
    return SqlOutcome(
        columns=tuple(columns[place] for place in places),
        rows=tuple(tuple(cell_text(row[place]) for place in places) for row in rows),
    )


def cell_text(value: object) -> str | None:
    """A value as text; None stays None."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, float):
        return _float_text(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value)


def _float_text(value: float) -> str:
    """The shortest digits that give the number back, as Go's format g writes them."""
    found = Decimal(repr(value))
    if not found.is_finite():
        return {"Infinity": "+Inf", "-Infinity": "-Inf"}.get(str(found), "NaN")
    sign, digits, _ = found.normalize().as_tuple()
    exponent = found.adjusted() if found else 0
    text = "".join(map(str, digits))
    minus = "-" if sign else ""
    if _E_BELOW <= exponent < _E_FROM:
        return minus + format(abs(found.normalize()), "f")
    mantissa = text[0] + (f".{text[1:]}" if len(text) > 1 else "")
    return f"{minus}{mantissa}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"
