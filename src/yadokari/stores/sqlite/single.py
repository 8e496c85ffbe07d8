"""Running foreign SQL text that must be one statement.

A user's index or view text is SQLite's to judge, but a second statement behind a semicolon is not.
"""

from __future__ import annotations

import apsw

from yadokari.base.errors import BadRequest
from yadokari.rules.bind import Scalar


def run_single(
    connection: apsw.Connection, statement: str, bindings: tuple[Scalar, ...] = ()
) -> list[tuple[Scalar, ...]]:
    """Run exactly one statement; returns its rows.

    Raises:
        BadRequest: there is more than one.
        apsw.Error: SQLite refuses it.
    """
    started = 0

    def count(_cursor: apsw.Cursor, _sql: str, _bindings: object) -> bool:
        nonlocal started
        started += 1
        return started == 1

    cursor = connection.cursor()
    cursor.exec_trace = count
    try:
        return cursor.execute(statement, bindings).fetchall()
    except apsw.ExecTraceAbort as exc:
        raise BadRequest("Write one statement only.") from exc
