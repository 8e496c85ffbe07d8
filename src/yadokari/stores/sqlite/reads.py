"""What can be asked of the store and of a transaction alike: one definition for both.

A read is tried at once with ``_quick``; only when that gives None (the statement is known to take
long) does it wait in ``_long``.

Not here: which connection answers (stores/sqlite/reader.py, transaction.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from yadokari.ports.store import Counted, Page, Row, Rows
from yadokari.rules.bind import Binding, Scalar
from yadokari.rules.plan import Plan
from yadokari.schema.collection import Collection
from yadokari.stores.sqlite.table import Query, Raw
from yadokari.stores.sqlite.tables import Tables
from yadokari.stores.sqlite.values import list_text

NO_LIMIT = -1
FEW_MAX = 1_000
"""Rows whose keys are sorted and counted together sooner than a long count is done again."""
Bindings: TypeAlias = tuple[Scalar, ...]


class PlanReads:
    """Reads over one connection's tables."""

    _tables: Tables

    def _quick(self, query: Query, bindings: Bindings) -> list[Raw] | None:
        """All rows at once, or None when the statement takes too long for that."""
        raise NotImplementedError

    async def _long(self, query: Query, bindings: Bindings) -> list[Raw]:
        """All rows, without blocking the loop."""
        raise NotImplementedError

    async def get(self, collection: Collection, ids: Sequence[str]) -> dict[str, Row]:
        """See ports.store.Reads.get."""
        table = self._tables.of(collection)
        if len(ids) == 1:  # The hottest line of all: nothing is built that is not needed.
            found = self._quick(table.by_id, (ids[0],))
            if found is None:
                found = await self._long(table.by_id, (ids[0],))
            return {ids[0]: table.row(found[0])} if found else {}
        if not ids:
            return {}
        found = await self._all(table.by_ids, (list_text(tuple(ids)),))
        return {row.id: row for row in table.rows(found)}

    async def first(
        self,
        plan: Plan,
        binding: Binding,
        *,
        id: str | None = None,
    ) -> Row | None:
        """See ports.store.Reads.first."""
        table = self._tables.of(plan.collection)
        query = self._tables.rows_query(plan, table, binding, by_id=id is not None)
        bindings = query.bind(binding, id=id, limit=1, offset=0)
        found = self._quick(query, bindings)
        if found is None:
            found = await self._long(query, bindings)
        return table.row(found[0]) if found else None

    async def select(self, plan: Plan, binding: Binding, *, page: Page) -> Rows:
        """See ports.store.Reads.select."""
        table = self._tables.of(plan.collection)
        query = self._tables.rows_query(plan, table, binding, by_id=False)
        return table.rows(
            await self._all(query, query.bind(binding, limit=page.limit, offset=page.offset))
        )

    async def select_counted(self, plan: Plan, binding: Binding, *, page: Page) -> Counted:
        """See ports.store.Reads.select_counted.

        Two statements: most pages are found long before all rows are counted. One (``both``) for a
        count that takes long to find few: most of its work is the page's work, too.
        """
        table = self._tables.of(plan.collection)
        count = self._tables.count_query(plan, table, binding)
        if count.long and count.finds_few:
            both = self._tables.counted_query(plan, table, binding)
            bindings = both.bind(binding, limit=page.limit, offset=page.offset)
            if raws := await self._all(both, bindings):
                total = _whole(raws[0][-1])
                count.finds_few = total <= FEW_MAX
                return Counted(table.rows([raw[:-1] for raw in raws]), total)
        rows = await self.select(plan, binding, page=page)
        if 0 < len(rows) < page.limit:
            return Counted(rows, page.offset + len(rows))
        [[found]] = await self._all(count, count.bind(binding))
        total = _whole(found)
        count.finds_few = total <= FEW_MAX and table.stamp is not None
        return Counted(rows, total)

    async def by_unique(
        self, collection: Collection, field: str, value: str, *, any_case: bool
    ) -> Row | None:
        """See ports.store.Reads.by_unique."""
        table = self._tables.of(collection)
        found = await self._all(table.unique(field, any_case=any_case), (value,))
        return table.row(found[0]) if found else None

    async def pointing_at(
        self, collection: Collection, field: str, ids: Sequence[str], *, rows_max: int | None = None
    ) -> list[Row]:
        """See ports.store.Reads.pointing_at."""
        if not ids:
            return []
        table = self._tables.of(collection)
        limit = NO_LIMIT if rows_max is None else rows_max
        found = await self._all(table.pointing(field), (list_text(tuple(ids)), limit))
        return list(table.rows(found))

    async def all_of(self, collection: Collection, *, rows_max: int | None = None) -> list[Row]:
        """See ports.store.Reads.all_of."""
        table = self._tables.of(collection)
        limit = NO_LIMIT if rows_max is None else rows_max
        return list(table.rows(await self._all(table.all, (limit,))))

    async def _all(self, query: Query, bindings: Bindings) -> list[Raw]:
        found = self._quick(query, bindings)
        return await self._long(query, bindings) if found is None else found


def _whole(value: Scalar) -> int:
    assert type(value) is int, "a count"
    return value
