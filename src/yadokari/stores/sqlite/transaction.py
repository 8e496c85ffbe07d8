"""One unit of work on the writer's connection.

U1  A unit's first write opens its savepoint, unless nothing else was written in the group yet.
U2  Every write of a user's collection adds one entry; reserved collections add none.
U3  A read that takes long stops here and goes on in a thread, with the unit alone (writer.py, W6).
    Writes are short, and stopping one would undo the whole transaction.
U4  Reads see the unit's own writes, and those of earlier units of the group.

Not here: grouping and committing (stores/sqlite/writer.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

import apsw
from typing_extensions import override

from yadokari.base.errors import BadRequest, Stale
from yadokari.ports.sql_console import SqlOutcome
from yadokari.ports.store import ABSENT, Change, Row, Savepoint, ViewColumn
from yadokari.schema.collection import Collection, Schema
from yadokari.schema.fields import Value
from yadokari.schema.steps import SchemaStep
from yadokari.stores.sqlite.by_hand import ByHand
from yadokari.stores.sqlite.errors import conflict_of, translated
from yadokari.stores.sqlite.log import Entry, Op
from yadokari.stores.sqlite.names import RESERVED_PREFIX
from yadokari.stores.sqlite.reads import Bindings, PlanReads
from yadokari.stores.sqlite.steps import apply_steps
from yadokari.stores.sqlite.table import Query, Raw, Table
from yadokari.stores.sqlite.tables import Tables
from yadokari.stores.sqlite.views import describe_view, sample_view

T = TypeVar("T")

STAMP_TRIES = 3  # Plain SQL may have taken the next stamps; they soon lie behind us.


class Execute(Protocol):
    """How a statement is run."""

    def __call__(self, statement: str, bindings: Bindings = ..., /) -> apsw.Cursor:
        """See apsw.Cursor.execute."""
        ...


class Group(Protocol):
    """What a unit needs of the writer."""

    connection: apsw.Connection
    execute: Execute
    """Runs a statement on the writer's one cursor; read it to its end before the next."""
    tables: Tables
    reserved: dict[str, Collection]
    """System collections by id."""
    dirty: bool
    """Whether an earlier unit of the group wrote."""

    def tick(self) -> int:
        """The next version or stamp."""
        ...

    slices_left: int | None
    """Slices of steps that the running statement may still take; None = any number."""
    brief_slices: int
    """What a statement may take on the loop."""

    async def away(self, action: Callable[[], T], *, is_view: bool = False) -> T:
        """Run statements in a thread. Raises TimeoutError when a view's takes too long."""
        ...


class SqliteTransaction(PlanReads):
    """A unit of work; see ports.store.Transaction."""

    dirty = False
    """Whether it wrote."""
    guarded = False
    """Whether it has a savepoint of its own."""
    reshaped = False
    """Whether it changed the schema."""
    over = False
    """Set when it ended: whoever kept it can do nothing more with it."""
    done: asyncio.Future[None] | None = None
    """Ends with the COMMIT of its group; None for a unit that runs alone."""
    changes: tuple[Change, ...] = ()
    """Its entries as they stand in the log, once its group wrote them."""
    _depth = 0

    def __init__(self, group: Group, schema: Schema) -> None:
        self._group = group
        self._schema = schema
        self._tables = group.tables
        self._execute = group.execute
        self.entries: list[Entry] = []

    @property
    def schema(self) -> Schema:
        """See ports.store.Transaction.schema."""
        return self._schema

    async def put(self, row: Row, *, expected: int) -> Row:
        """See ports.store.Transaction.put."""
        collection = self._collection(row)
        table = self._tables.of(collection)
        self._begin_write()
        try:
            if expected == ABSENT:
                return self._insert(table, row)
            return self._update(table, row, expected)
        except apsw.ConstraintError as exc:
            raise conflict_of(exc, collection) or translated(exc) from exc
        except KeyError as exc:  # The collection got another field since the row was made.
            raise Stale from exc
        except (apsw.Error, UnicodeEncodeError) as exc:
            raise translated(exc) from exc

    async def remove(self, row: Row) -> None:
        """See ports.store.Transaction.remove."""
        table = self._tables.of(self._collection(row))
        self._begin_write()
        try:
            before = self._stored(table, row.id, row.version)
            self._execute(table.delete, (before.stamp,))
            for field in table.lists:
                if before.values[field.name]:
                    self._execute(table.side_statements(field)[1], (before.stamp,))
        except apsw.Error as exc:
            raise translated(exc) from exc
        self._note("delete", table, before, None, max(before.version + 1, self._group.tick()))

    async def apply(self, steps: Sequence[SchemaStep], *, schema: Schema) -> None:
        """See ports.store.Transaction.apply."""
        self._begin_write()
        self.reshaped = True
        try:
            apply_steps(self._group.connection, steps, schema=schema)
            self._execute(
                "INSERT INTO \"$meta\" VALUES ('schema_version', ?)"
                " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                (schema.version,),
            )
        except apsw.Error as exc:
            raise translated(exc) from exc
        finally:
            self._tables.forget()
        self._schema = schema

    async def describe_view(self, sql: str, *, runs: bool = True) -> tuple[ViewColumn, ...]:
        """See ports.store.Transaction.describe_view."""
        self._begin_write()
        connection, schema = self._group.connection, self._schema
        return await self._patiently(
            lambda: describe_view(connection, sql, schema=schema, runs=runs)
        )

    async def sample_view(self, sql: str, *, rows_max: int) -> list[dict[str, object]]:
        """See ports.store.Transaction.sample_view."""
        self._begin_write()
        connection = self._group.connection
        return await self._patiently(lambda: sample_view(connection, sql, rows_max=rows_max))

    async def run_by_hand(self, text: str) -> SqlOutcome:
        """Run free SQL that writes (stores/sqlite/by_hand.py). Raises BadRequest."""
        self._begin_write()
        group = self._group
        hand = ByHand(group.connection, tables=self._tables, schema=self._schema, tick=group.tick)
        try:
            outcome, effects = await group.away(lambda: hand.run(text), is_view=True)
        except TimeoutError as exc:
            raise BadRequest("the query takes too long") from exc
        for effect in effects:
            self._note(effect.op, effect.table, effect.before, effect.after, effect.version)
        return outcome

    def savepoint(self) -> Savepoint:
        """See ports.store.Transaction.savepoint."""
        return _Part(self)

    def open_part(self) -> tuple[int, Schema]:
        """Begin a savepoint; returns what ``close_part`` needs."""
        self._begin_write()
        self._depth += 1
        self._execute(f"SAVEPOINT part{self._depth}")
        return len(self.entries), self._schema

    def close_part(self, kept: tuple[int, Schema], *, undo: bool) -> None:
        """End the innermost savepoint, taking back what happened in it when ``undo``."""
        name = f"part{self._depth}"
        self._depth -= 1
        if not self._group.connection.in_transaction:
            return  # SQLite took everything back by itself; the writer will see it.
        if undo:
            self._execute(f"ROLLBACK TO {name}")
            entries, schema = kept
            del self.entries[entries:]
            if self._schema is not schema:
                self._schema = schema
                self._tables.forget()
        self._execute(f"RELEASE {name}")

    @override
    def _quick(self, query: Query, bindings: Bindings) -> list[Raw] | None:
        self._check_open()
        group = self._group
        group.slices_left = group.brief_slices
        try:
            return self._execute(query.sql, bindings).fetchall()
        except apsw.InterruptError:
            return None
        except (apsw.Error, UnicodeEncodeError) as exc:
            raise translated(exc) from exc
        finally:
            group.slices_left = None

    @override
    async def _long(self, query: Query, bindings: Bindings) -> list[Raw]:
        try:
            return await self._group.away(lambda: self._execute(query.sql, bindings).fetchall())
        except (apsw.Error, UnicodeEncodeError) as exc:
            raise translated(exc) from exc

    async def _patiently(self, action: Callable[[], T]) -> T:
        """Run a view's SELECT, in a thread when it takes long. Raises BadRequest."""
        group = self._group
        group.slices_left = group.brief_slices
        try:
            return action()
        except apsw.InterruptError:
            pass
        finally:
            group.slices_left = None
        try:
            return await group.away(action, is_view=True)
        except TimeoutError as exc:
            raise BadRequest("The query takes too long.") from exc

    def _collection(self, row: Row) -> Collection:
        found = self._group.reserved.get(row.collection_id)
        if found is None:
            found = self._schema.by_id.get(row.collection_id)
        if found is None:
            raise Stale
        return found

    def _check_open(self) -> None:
        if self.over:
            raise RuntimeError("this unit of work is over")

    def _begin_write(self) -> None:
        self._check_open()
        if self.dirty:
            return
        self.dirty = True
        if self._group.dirty:
            self.guarded = True
            self._execute("SAVEPOINT unit")

    def _insert(self, table: Table, row: Row) -> Row:
        stamp = version = self._group.tick()
        for tries_left in reversed(range(STAMP_TRIES)):
            bindings = table.insert_values(row.values, stamp=stamp, version=version)
            try:
                self._execute(table.insert, bindings)
                break
            except apsw.ConstraintError as exc:
                if tries_left == 0 or ".$c" not in str(exc):
                    raise
                stamp = version = self._group.tick()
        for field in table.lists:
            items = row.values[field.name]
            if items:
                self._add_items(table.side_statements(field)[0], stamp, items)
        after = Row(row.collection_id, row.values, version, stamp)
        self._note("create", table, None, after, version)
        return after

    def _update(self, table: Table, row: Row, expected: int) -> Row:
        before = self._stored(table, row.id, expected)
        changed = table.changed(before.values, row.values)
        version = max(before.version + 1, self._group.tick())
        values = [table.stored(name, row.values[name]) for name in changed]
        self._execute(table.update(changed), (*values, version, before.stamp))
        for field in table.lists:
            if field.name in changed:
                add, remove = table.side_statements(field)
                self._execute(remove, (before.stamp,))
                self._add_items(add, before.stamp, row.values[field.name])
        after = Row(row.collection_id, row.values, version, before.stamp)
        self._note("update", table, before, after, version)
        return after

    def _add_items(self, statement: str, stamp: int, items: Value) -> None:
        assert isinstance(items, tuple)
        for pos, item in enumerate(items):
            self._execute(statement, (stamp, pos, item))

    def _stored(self, table: Table, id: str, version: int) -> Row:
        found = self._execute(table.by_id.sql, (id,)).fetchall()
        if not found:
            raise Stale
        row = table.row(found[0])
        if row.version != version:
            raise Stale
        return row

    def _note(
        self, op: Op, table: Table, before: Row | None, after: Row | None, version: int
    ) -> None:
        if not table.collection.name.startswith(RESERVED_PREFIX):
            self.entries.append(Entry(op, table.collection, before, after, version))


class _Part:
    """A savepoint inside a unit."""

    __slots__ = ("_kept", "_unit")

    def __init__(self, unit: SqliteTransaction) -> None:
        self._unit = unit
        self._kept: tuple[int, Schema] | None = None

    async def __aenter__(self) -> None:
        self._kept = self._unit.open_part()

    async def __aexit__(self, kind: object, error: object, trace: object) -> None:
        assert self._kept is not None
        self._unit.close_part(self._kept, undo=error is not None)
