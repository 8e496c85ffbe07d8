"""Views: what a SELECT's columns are, its first rows, and the SQL view made of it.

V1  The user's SELECT is kept verbatim; the view wraps it, and its id is always text.
V2  A SELECT is tried on a passing view that is gone before anything else happens.
V3  Whoever calls may have somebody's SELECT stopped (writer.py); it leaves everything as it was
    then.

Not here: reading the select list (stores/sqlite/view_select.py), fields from columns (collections).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import apsw

from yadokari.base.errors import BadRequest
from yadokari.base.problems import Problem
from yadokari.contract.codes import sentence_of
from yadokari.ports.store import ViewColumn, ViewColumnKind
from yadokari.schema.collection import Collection, Schema
from yadokari.schema.fields import Field
from yadokari.stores.sqlite.names import quoted
from yadokari.stores.sqlite.single import run_single
from yadokari.stores.sqlite.view_select import Named, SelectParts, read_select, unquoted

_PROBE = '"$probe"'
_BAD_QUERY = "validation_invalid_view_query"
# Begins with count(…): what follows changes nothing for PocketBase, while a cast must be all.
_COUNT = re.compile(r"count\(.*\)", re.IGNORECASE | re.DOTALL)
_TOTAL = re.compile(r"total\(.*\)", re.IGNORECASE | re.DOTALL)
_CAST = re.compile(r"cast\(.*\s+as\s+(\w+)\s*\)\Z", re.IGNORECASE | re.DOTALL)
_CAST_KINDS: dict[str, ViewColumnKind] = {
    "real": "number",
    "decimal": "number",
    "numeric": "number",
    "int": "integer",
    "integer": "integer",
    "text": "text",
    "bool": "bool",
    "boolean": "bool",
}


def describe_view(
    connection: apsw.Connection, sql: str, *, schema: Schema, runs: bool
) -> tuple[ViewColumn, ...]:
    """Output columns of a SELECT.

    Args:
        runs: Look at the ids of all its rows, too.

    Raises:
        BadRequest: with SQLite's reason, or what is missing.
        apsw.InterruptError: it was stopped (V3).
    """
    select = _cleaned(sql)
    parts = read_select(select)
    if any(column.text == "*" or column.text.endswith(".*") for column in parts.columns):
        raise BadRequest("Name every column: * is not allowed in a view.")
    with _refusals(), _probe(connection, select):
        names = [str(row[1]) for row in _columns_of(connection)]
        if "id" not in names:
            raise _without_id("The query needs an id; (ROW_NUMBER() OVER()) as id makes one.")
        if runs:
            _check_ids(connection)
    return _described(names, parts, schema)


def read_columns(sql: str, *, schema: Schema) -> tuple[ViewColumn, ...]:
    """Output columns of a SELECT as its text names them. Raises BadRequest."""
    parts = read_select(_cleaned(sql))
    return _described([column.name for column in parts.columns], parts, schema)


def sample_view(connection: apsw.Connection, sql: str, *, rows_max: int) -> list[dict[str, object]]:
    """The first rows of a SELECT, raw. Raises as ``describe_view``."""
    with _refusals(), _probe(connection, _cleaned(sql)):
        names = [str(row[1]) for row in _columns_of(connection)]
        rows = connection.execute(f"SELECT * FROM {_PROBE} LIMIT ?", (rows_max,)).fetchall()
    return [dict(zip(names, row, strict=True)) for row in rows]


def create_view(connection: apsw.Connection, collection: Collection) -> None:
    """Make or replace a collection's SQL view; runs none of it. Raises BadRequest."""
    select = _cleaned(collection.view_query)
    view = quoted(collection.name)
    try:
        with _refusals(), _probe(connection, select):
            columns = _columns_of(connection)
        if any(str(row[1]) == "id" and str(row[2]).upper() != "TEXT" for row in columns):
            listed = ", ".join(_with_text_id(str(row[1])) for row in columns)
            select = f"SELECT {listed} FROM ({select})"
        with _refusals():
            connection.execute(f"DROP VIEW IF EXISTS {view}").fetchall()
            run_single(connection, f"CREATE VIEW {view} AS SELECT * FROM ({select})")
    except BadRequest as exc:
        problem = Problem(_BAD_QUERY, f"{sentence_of(_BAD_QUERY)} {exc.message}")
        raise BadRequest(exc.message, problems={"viewQuery": problem}) from exc


def _check_ids(connection: apsw.Connection) -> None:
    """Every row of the passing view needs an id of its own."""
    blank = f"SELECT 1 FROM {_PROBE} WHERE id IS NULL OR id = '' LIMIT 1"
    if connection.execute(blank).fetchall():
        reason = "The query gives records with empty ids."
        raise BadRequest(reason, problems={"viewQuery": Problem(_BAD_QUERY, reason)})
    double = f"SELECT 1 FROM {_PROBE} GROUP BY id HAVING count(*) > 1 LIMIT 1"
    if connection.execute(double).fetchall():
        reason = "The query gives several records with one id."
        raise BadRequest(reason, problems={"viewQuery": Problem(_BAD_QUERY, reason)})


def _without_id(reason: str) -> BadRequest:
    missing = Problem("validation_missing_primary_key", "The query gives no id.")
    return BadRequest(
        reason, problems={"fields": missing, "viewQuery": Problem(_BAD_QUERY, reason)}
    )


def _with_text_id(name: str) -> str:
    return 'CAST("id" AS TEXT) "id"' if name == "id" else quoted(name)


def _cleaned(sql: str) -> str:
    return sql.strip().rstrip(";").rstrip()


def _columns_of(connection: apsw.Connection) -> list[tuple[object, ...]]:
    return connection.execute(f"PRAGMA table_info({_PROBE})").fetchall()


@contextmanager
def _probe(connection: apsw.Connection, select: str) -> Iterator[None]:
    """A passing view of the SELECT; two statements in one cannot hide in it."""
    connection.execute("SAVEPOINT probe")
    try:
        run_single(connection, f"CREATE VIEW {_PROBE} AS SELECT * FROM ({select})")
        connection.execute(f"SELECT * FROM {_PROBE} LIMIT 0").fetchall()
        yield
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK TO probe")
            connection.execute("RELEASE probe")


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except apsw.InterruptError:
        raise
    except apsw.Error as exc:
        raise BadRequest(str(exc)) from exc


def _described(names: Iterable[str], parts: SelectParts, schema: Schema) -> tuple[ViewColumn, ...]:
    sources = {source.name: source for source in parts.sources}
    by_name = {column.name: column for column in parts.columns}
    return tuple(_describe(name, by_name.get(name), sources, schema) for name in names)


def _describe(
    name: str, column: Named | None, sources: dict[str, Named], schema: Schema
) -> ViewColumn:
    if column is None:
        return ViewColumn(name=name)
    text = column.text
    if _COUNT.match(text):
        return ViewColumn(name=name, kind="integer")
    if _TOTAL.match(text):
        return ViewColumn(name=name, kind="number")
    cast = _CAST.match(text)
    if cast is not None:
        return ViewColumn(name=name, kind=_CAST_KINDS.get(cast[1].lower(), "json"))
    table, _, plain = text.rpartition(".")
    holder = sources.get(unquoted(table)) if table else next(iter(sources.values()), None)
    if holder is not None:
        collection = schema.named(unquoted(holder.text))
        field = _field(collection, unquoted(plain))
        if collection is not None and field is not None:
            return ViewColumn(name=name, collection=collection.name, source=field)
    return ViewColumn(name=name)


def _field(collection: Collection | None, name: str) -> Field | None:
    if collection is None:
        return None
    for field in collection.fields:
        if field.name.lower() == name.lower():
            return field
    return None
