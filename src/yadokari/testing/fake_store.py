"""A store in memory: the model that every adapter is compared with.

M1  It is written for being obviously right, not for being fast: a unit of work runs on a copy.
M2  Units run one by one; nobody sees a unit's writes before it ended.

Not here: schema steps on rows (testing/fake_tables.py), conditions (rules/evaluate.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from msgspec.structs import replace

from yadokari.base.errors import BadRequest, Stale, Unavailable
from yadokari.ports.clock import Clock
from yadokari.ports.store import (
    ABSENT,
    Capabilities,
    Change,
    Changes,
    Committed,
    Counted,
    Cursor,
    Fence,
    Page,
    Row,
    Rows,
    Savepoint,
    Store,
    Transaction,
    ViewColumn,
)
from yadokari.rules.bind import Binding
from yadokari.rules.plan import Plan
from yadokari.schema.collection import Collection, Schema
from yadokari.schema.fields import PasswordField
from yadokari.schema.steps import SchemaStep
from yadokari.testing.fake_find import find_rows
from yadokari.testing.fake_tables import Tables, folded

T = TypeVar("T")

TICKS_PER_MS = 1024


class _Reads:
    """Reads over one state of the tables."""

    _tables: Tables

    async def get(self, collection: Collection, ids: Sequence[str]) -> dict[str, Row]:
        """See ports.store.Reads.get."""
        rows = self._tables.rows(collection.id)
        return {wanted: rows[wanted] for wanted in ids if wanted in rows}

    async def first(
        self,
        plan: Plan,
        binding: Binding,
        *,
        id: str | None = None,
    ) -> Row | None:
        """See ports.store.Reads.first."""
        found = find_rows(self._tables, plan, binding)
        return next((row for row in found if id is None or row.id == id), None)

    async def select(self, plan: Plan, binding: Binding, *, page: Page) -> Rows:
        """See ports.store.Reads.select."""
        return (await self.select_counted(plan, binding, page=page)).rows

    async def select_counted(self, plan: Plan, binding: Binding, *, page: Page) -> Counted:
        """See ports.store.Reads.select_counted."""
        found = find_rows(self._tables, plan, binding)
        return Counted(Rows(found[page.offset : page.offset + page.limit]), len(found))

    async def by_unique(
        self, collection: Collection, field: str, value: str, *, any_case: bool
    ) -> Row | None:
        """See ports.store.Reads.by_unique."""
        wanted = folded(value) if any_case else value
        for row in self._tables.in_order(collection.id):
            stored = str(row.values[field])
            if stored and wanted == (folded(stored) if any_case else stored):
                return row
        return None

    async def pointing_at(
        self, collection: Collection, field: str, ids: Sequence[str], *, rows_max: int | None = None
    ) -> list[Row]:
        """See ports.store.Reads.pointing_at."""
        return self._tables.pointing_at(collection.id, field, ids)[:rows_max]

    async def all_of(self, collection: Collection, *, rows_max: int | None = None) -> list[Row]:
        """See ports.store.Reads.all_of."""
        return self._tables.in_order(collection.id)[:rows_max]


class _Transaction(_Reads):
    """See ports.store.Transaction."""

    def __init__(self, tables: Tables, schema: Schema, tick: Callable[[], int]) -> None:
        self._tables, self._schema, self._tick = tables, schema, tick
        self.changes: list[Change] = []
        self.over = False

    @property
    def schema(self) -> Schema:
        """See ports.store.Transaction.schema."""
        return self._schema

    async def put(self, row: Row, *, expected: int) -> Row:
        """See ports.store.Transaction.put."""
        self._check_open()
        collection = self._schema.by_id.get(row.collection_id)
        if collection is None:
            raise Stale
        before = self._tables.rows(collection.id).get(row.id)
        if expected == ABSENT:
            before = None
        elif before is None or before.version != expected:
            raise Stale
        self._tables.check_unique(collection, row, new=before is None)
        version = self._tick()
        if before is not None:
            version = max(before.version + 1, version)
        stamp = version if before is None else before.stamp
        after = Row(row.collection_id, dict(row.values), version, stamp)
        self._tables.rows(collection.id)[row.id] = after
        self._note("create" if before is None else "update", before, after, version)
        return after

    async def remove(self, row: Row) -> None:
        """See ports.store.Transaction.remove."""
        self._check_open()
        rows = self._tables.rows(row.collection_id)
        before = rows.get(row.id)
        if before is None or before.version != row.version:
            raise Stale
        del rows[row.id]
        self._note("delete", before, None, max(before.version + 1, self._tick()))

    async def apply(self, steps: Sequence[SchemaStep], *, schema: Schema) -> None:
        """See ports.store.Transaction.apply."""
        self._check_open()
        for step in steps:
            self._tables.apply(step, schema)
        self._schema = schema

    async def describe_view(self, sql: str, *, runs: bool = True) -> tuple[ViewColumn, ...]:
        """It has none. Raises BadRequest."""
        text = f"{len(sql)} characters of SQL refused, run or not ({runs})."
        raise BadRequest(f"This store has no views: {text}")

    async def sample_view(self, sql: str, *, rows_max: int) -> list[dict[str, object]]:
        """It has none. Raises BadRequest."""
        raise BadRequest(f"This store has no views; {rows_max} rows of {len(sql)} characters.")

    def savepoint(self) -> Savepoint:
        """See ports.store.Transaction.savepoint."""
        return _Part(self)

    def state(self) -> tuple[Tables, Schema, list[Change]]:
        """A copy of everything a savepoint has to bring back."""
        return self._tables.copied(), self._schema, list(self.changes)

    def restore(self, state: tuple[Tables, Schema, list[Change]]) -> None:
        """Back to a copied state."""
        self._tables, self._schema, self.changes = state

    def result(self) -> tuple[Tables, Schema]:
        """What the unit made of it."""
        return self._tables, self._schema

    def _check_open(self) -> None:
        if self.over:
            raise RuntimeError("this unit of work is over")

    def _note(self, op: str, before: Row | None, after: Row | None, version: int) -> None:
        row = before if after is None else after
        assert row is not None
        assert op in ("create", "update", "delete")
        self.changes.append(
            Change(
                position=0,
                transaction=0,
                op=op,
                collection_id=row.collection_id,
                record_id=row.id,
                version=version,
                before=before,
                after=after,
            )
        )


class _Part:
    def __init__(self, unit: _Transaction) -> None:
        self._unit = unit

    async def __aenter__(self) -> None:
        self._state = self._unit.state()

    async def __aexit__(self, kind: object, error: object, trace: object) -> None:
        if error is not None:
            self._unit.restore(self._state)


class FakeStore(_Reads):
    """See ports.store.Store."""

    def __init__(self, *, clock: Clock, log_entries_max: int = 100_000) -> None:
        self._clock = clock
        self._tables = Tables()
        self._schema = Schema()
        self._log: list[Change] = []
        self._log_entries_max = log_entries_max
        self._position = 0
        self._last_tick = 0
        self._listeners: list[Callable[[tuple[Change, ...]], None]] = []
        self._turn = asyncio.Lock()
        self._closed = False

    @property
    def capabilities(self) -> Capabilities:
        """See ports.store.Store.capabilities."""
        return Capabilities(
            atomic_batch_max=None, view_queries=False, schema_in_transaction=True, raw_sql=False
        )

    @property
    def schema(self) -> Schema:
        """See ports.store.Store.schema."""
        return self._schema

    async def transact(self, work: Callable[[Transaction], Awaitable[T]]) -> Committed[T]:
        """See ports.store.Store.transact."""
        async with self._turn:
            if self._closed:
                raise Unavailable("The store is closed.")
            unit = _Transaction(self._tables.copied(), self._schema, self._tick)
            try:
                value = await work(unit)
            finally:
                unit.over = True
            self._tables, self._schema = unit.result()
            changes = self._numbered(unit.changes)
            self._log = [*self._log, *changes][-self._log_entries_max :]
        if changes:
            for listener in tuple(self._listeners):
                listener(changes)
        return Committed(value, changes, await self.head())

    async def changes(self, after: Cursor, *, entries_max: int) -> Changes:
        """See ports.store.Store.changes."""
        oldest = self._log[0].position if self._log else self._position + 1
        if after.epoch != 1 or after.position < oldest - 1:
            return Changes(entries=(), cursor=await self.head(), lost=True)
        later = [entry for entry in self._log if entry.position > after.position]
        entries = tuple(self._public(entry) for entry in later[:entries_max])
        position = entries[-1].position if entries else after.position
        return Changes(entries=entries, cursor=Cursor(epoch=1, position=position))

    def watch(self, listener: Callable[[tuple[Change, ...]], None]) -> Callable[[], None]:
        """See ports.store.Store.watch."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def view_columns(self, sql: str) -> tuple[ViewColumn, ...]:
        """It has none."""
        del sql
        return ()

    async def head(self) -> Cursor:
        """See ports.store.Store.head."""
        return Cursor(epoch=1, position=self._position)

    async def fence(self) -> Fence:
        """See ports.store.Store.fence."""
        return Fence(epoch=1, state="open")

    async def close(self) -> None:
        """See ports.store.Store.close."""
        self._closed = True

    def _tick(self) -> int:
        self._last_tick = max(self._last_tick + 1, self._clock.unix_ms() * TICKS_PER_MS)
        return self._last_tick

    def _numbered(self, changes: Sequence[Change]) -> tuple[Change, ...]:
        first = self._position + 1
        self._position += len(changes)
        return tuple(
            replace(change, position=first + offset, transaction=first)
            for offset, change in enumerate(changes)
        )

    def _public(self, entry: Change) -> Change:
        """The entry as a reader of the log sees it."""
        if entry.op != "delete" or entry.before is None:
            return replace(entry, before=None, after=None)
        collection = self._schema.by_id.get(entry.collection_id)
        if collection is None:
            return replace(entry, before=None)
        secrets = [f.name for f in collection.fields if isinstance(f, PasswordField)] + ["tokenKey"]
        values = {k: "" if k in secrets else v for k, v in entry.before.values.items()}
        return replace(entry, before=Row(entry.collection_id, values))


_: type[Store] = FakeStore
