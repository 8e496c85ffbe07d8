"""Where the rows of a join come from: the tables to join and on what.

U1  A join to records ends with the alias of their table; a spread's alias has a ``value``.
U2  List fields are followed through their side table where there is one, else through their JSON.
"""

from __future__ import annotations

from typing import assert_never

from yadokari.rules.plan import (
    ROOT,
    Back,
    ByIds,
    Cross,
    Follow,
    Join,
    Named,
    Plan,
    Spread,
    SpreadSlot,
)
from yadokari.schema.collection import Collection
from yadokari.stores.sql.dialect import Dialect
from yadokari.stores.sql.fragment import Argument, Sql, quoted, sql

ALWAYS = Sql("1")


class Sources:
    """Tables behind the joins of one plan."""

    def __init__(self, plan: Plan, dialect: Dialect, classes: str) -> None:
        self._plan = plan
        self._dialect = dialect
        self._classes = classes

    def tables(self, join: Join, *, parent: str, alias: str) -> list[tuple[Sql, Sql]]:
        """Pairs of a table (with alias) and its condition, in the order to join them."""
        match join.step:
            case Follow():
                on = Sql(f"{alias}.id = {parent}.{quoted(join.step.field)}")
                return [(self._records(join, alias), on)]
            case Named():
                return [(self._records(join, alias), Sql(f"{alias}.id = {parent}.value"))]
            case Back():
                return self._back(join, join.step, parent, alias)
            case Spread():
                return [
                    self._items(self._parent(join), join.step.field, join.step.many, parent, alias)
                ]
            case SpreadSlot():
                items = self._dialect.json_items(self._slot(join.step.slot))
                return [(sql("{} " + alias, items), ALWAYS)]
            case Cross():
                return [(self._records(join, alias), ALWAYS)]
            case ByIds():
                return self._by_ids(join, join.step, alias)
            case _:
                assert_never(join.step)

    def _parent(self, join: Join) -> Collection:
        if join.parent == ROOT:
            return self._plan.collection
        collection = self._plan.join(join.parent).collection
        assert collection is not None, "only joins to records have children"
        return collection

    def _records(self, join: Join, alias: str) -> Sql:
        assert join.collection is not None, "a join to records knows their collection"
        return Sql(f"{self._dialect.table(join.collection)} {alias}")

    def _slot(self, slot: int) -> Sql:
        return Sql("NULL") if self._classes[slot] == "n" else Sql("?", (Argument("slot", slot),))

    def _items(
        self, collection: Collection, field: str, many: bool, parent: str, alias: str
    ) -> tuple[Sql, Sql]:
        side = self._dialect.side_table(collection, field) if many else None
        if side is not None:
            return Sql(f"{side} {alias}"), Sql(f'{alias}.record = {parent}."$c"')
        items = self._dialect.items(Sql(f"{parent}.{quoted(field)}"))
        return sql("{} " + alias, items), ALWAYS

    def _back(self, join: Join, step: Back, parent: str, alias: str) -> list[tuple[Sql, Sql]]:
        records = self._records(join, alias)
        if not step.field_many:
            return [(records, Sql(f"{alias}.{quoted(step.field)} = {parent}.id"))]
        assert join.collection is not None, "a back-relation leads to records"
        side = self._dialect.side_table(join.collection, step.field)
        if side is not None:
            items = (Sql(f"{side} {alias}i"), Sql(f"{alias}i.value = {parent}.id"))
            return [items, (records, Sql(f'{alias}."$c" = {alias}i.record'))]
        holds = sql(
            "EXISTS (SELECT 1 FROM {} " + f"{alias}i WHERE {alias}i.value = {parent}.id)",
            self._dialect.items(Sql(f"{alias}.{quoted(step.field)}")),
        )
        return [(records, holds)]

    def _by_ids(self, join: Join, step: ByIds, alias: str) -> list[tuple[Sql, Sql]]:
        records = self._records(join, alias)
        if not step.many:
            return [(records, sql(alias + ".id = {}", self._slot(step.slot)))]
        items = sql("{} " + f"{alias}i", self._dialect.json_items(self._slot(step.slot)))
        return [(items, ALWAYS), (records, Sql(f"{alias}.id = {alias}i.value"))]
