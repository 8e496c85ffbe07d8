"""The tables a connection knows: built on first use, forgotten when the schema changes.

Not here: what a table knows (stores/sqlite/table.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, TypeAlias

import apsw

from yadokari.rules.bind import Binding
from yadokari.rules.plan import Plan
from yadokari.schema.collection import Collection
from yadokari.stores.sql.compile import Shape, compile_plan
from yadokari.stores.sql.fragment import Statement
from yadokari.stores.sqlite.dialect import SqliteDialect
from yadokari.stores.sqlite.names import quoted
from yadokari.stores.sqlite.table import Query, Table

_Kind: TypeAlias = Literal["id", "page", "counted", "count"]


class PlanQuery(Query):
    """A compiled plan."""

    __slots__ = ("bind", "finds_few")

    def __init__(self, statement: Statement) -> None:
        super().__init__(statement.sql)
        self.bind = statement.bind
        self.finds_few = False
        """Of a count: whether it was low the last time."""


class Tables:
    """Tables by collection, as one connection sees the file."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._by_id: dict[str, Table] = {}
        self._dialect = SqliteDialect()

    def of(self, collection: Collection) -> Table:
        """The table of this collection, in this very shape."""
        found = self._by_id.get(collection.id)
        if found is not None and found.collection is collection:
            return found
        columns = view_columns(self._connection, collection.name) if collection.is_view else None
        made = Table(collection, columns=columns)
        self._by_id[collection.id] = made
        return made

    def forget(self) -> None:
        """The file's shape changed: build everything anew."""
        self._by_id.clear()

    def rows_query(self, plan: Plan, table: Table, binding: Binding, *, by_id: bool) -> PlanQuery:
        """The statement that finds a plan's rows: one by its id, or a page."""
        if by_id:
            return self._cached(plan, "id", table, binding.classes)
        return self._cached(plan, "page", table, binding.classes)

    def count_query(self, plan: Plan, table: Table, binding: Binding) -> PlanQuery:
        """The statement that counts a plan's rows."""
        return self._cached(plan, "count", table, binding.classes)

    def counted_query(self, plan: Plan, table: Table, binding: Binding) -> PlanQuery:
        """The statement that finds a page of a plan's rows, with the count of all in each of them.

        The table must have a creation column.
        """
        return self._cached(plan, "counted", table, binding.classes)

    def _cached(self, plan: Plan, kind: _Kind, table: Table, classes: str) -> PlanQuery:
        key = (self, kind, classes)
        found = plan.cache.get(key)
        if type(found) is tuple and found[0] is table:
            return found[1]
        shape = _SHAPES[kind](table)
        statement = compile_plan(plan, classes, dialect=self._dialect, shape=shape)
        query = PlanQuery(statement)
        plan.cache[key] = (table, query)
        return query


def _one_row(table: Table) -> Shape:
    return Shape(projection=table.projection, by_id=True, ordered=False, stamp=table.stamp)


def _a_page(table: Table) -> Shape:
    return Shape(projection=table.projection, paged=True, stamp=table.stamp)


def _a_counted_page(table: Table) -> Shape:
    return Shape(projection=table.projection, paged=True, counted=True, stamp=table.stamp)


def _a_count(_table: Table) -> Shape:
    return Shape(projection="count(*)", ordered=False)


_SHAPES: Mapping[_Kind, Callable[[Table], Shape]] = {
    "id": _one_row,
    "page": _a_page,
    "counted": _a_counted_page,
    "count": _a_count,
}


def view_columns(connection: apsw.Connection, view: str) -> tuple[str, ...]:
    """Lower-case names of the columns a view has now; none when it cannot be prepared."""
    try:
        rows = connection.execute(f"PRAGMA table_info({quoted(view)})").fetchall()
    except apsw.SQLError:
        return ()
    return tuple(str(row[1]).lower() for row in rows)
