"""Writing with free SQL, inside a unit of work: what else belongs to a changed record follows.

H1  SQLite tells every row that is inserted, changed or deleted, with its former values
    (the pre-update hook, which also hears of rows that REPLACE or a DELETE of all rows removes).
H2  When the statements are done, each touched record is read again: its version grows, its list
    items are derived anew, and the change log gets an entry with the net effect.
H3  A record whose id was changed counts as removed and made.
H4  Nobody sets a creation stamp by hand, neither of a new row nor of an old one.

Not here: what is forbidden (stores/sqlite/console.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import apsw
import msgspec

from yadokari.base.errors import BadRequest
from yadokari.ports.sql_console import SqlOutcome
from yadokari.ports.store import Row
from yadokari.rules.bind import Scalar
from yadokari.schema.collection import Schema
from yadokari.stores.sqlite.console import authorize, refused
from yadokari.stores.sqlite.log import Op
from yadokari.stores.sqlite.names import CREATED, VERSION, quoted
from yadokari.stores.sqlite.table import Raw, Table
from yadokari.stores.sqlite.tables import Tables

TOUCHED_MAX = 100_000
"""Rows that one call may change: their former values are kept until it is done."""


class Effect(msgspec.Struct, frozen=True):
    """What became of one record."""

    op: Op
    table: Table
    before: Row | None
    after: Row | None
    version: int


class _Touched(msgspec.Struct):
    name: str
    table: Table
    former: tuple[object, ...] | None
    """Values in the table's own column order; None when the row was not there."""


class ByHand:
    """Runs statements on the writer's connection and makes good what they leave undone; blocks."""

    def __init__(
        self,
        connection: apsw.Connection,
        *,
        tables: Tables,
        schema: Schema,
        tick: Callable[[], int],
    ) -> None:
        self._connection, self._tick = connection, tick
        self._by_name: Mapping[str, Table] = {
            collection.name: tables.of(collection)
            for collection in schema.collections
            if not collection.is_view
        }
        self._orders: dict[str, tuple[int, ...]] = {}
        self._touched: dict[tuple[str, int], _Touched] = {}
        self._wrong = ""

    def run(self, text: str) -> tuple[SqlOutcome, list[Effect]]:
        """Run statements.

        Raises:
            BadRequest: SQLite refuses, or a limit is passed; the unit of work is to be undone.
        """
        affected = self._execute(text)
        if self._wrong:
            raise BadRequest(self._wrong)
        try:
            effects = [
                effect
                for (_, stamp), touched in self._touched.items()
                for effect in self._settle(stamp, touched)
            ]
        except apsw.Error as exc:
            raise refused(exc) from exc
        return SqlOutcome(affected=affected), effects

    def _execute(self, text: str) -> int:
        connection = self._connection
        affected = 0
        writes = False

        def begins(cursor: apsw.Cursor, _sql: str, _bindings: object) -> bool:
            nonlocal affected, writes
            if writes:
                affected = connection.changes()
            writes = not cursor.is_readonly
            return True

        cursor = connection.cursor()
        cursor.exec_trace = begins
        connection.authorizer = authorize
        connection.preupdate_hook(self._note, id=self)
        try:
            for _ in cursor.execute(text):
                pass  # Rows of RETURNING: the contract shows none.
            return connection.changes() if writes else affected
        except apsw.Error as exc:
            raise refused(exc) from exc
        finally:
            connection.preupdate_hook(None, id=self)
            connection.authorizer = None

    def _note(self, update: apsw.PreUpdate) -> None:
        """A row is about to change (H1); what is raised here SQLite would not undo."""
        name = update.table_name
        table = self._by_name.get(name)
        if table is None or self._wrong:
            return
        stamp = update.rowid
        if update.opcode == apsw.SQLITE_UPDATE and update.rowid_new != stamp:
            self._wrong = "the creation stamp of a record cannot change"
        elif update.opcode == apsw.SQLITE_INSERT and stamp > self._tick() + TOUCHED_MAX:
            self._wrong = "the creation stamp of a record cannot be given"
        elif (name, stamp) not in self._touched:
            if len(self._touched) >= TOUCHED_MAX:
                self._wrong = f"more than {TOUCHED_MAX} rows at once"
                return
            self._touched[name, stamp] = _Touched(name, table, update.old)

    def _row(self, touched: _Touched, values: tuple[object, ...]) -> Row:
        """A row of a table's own column order."""
        table, name = touched.table, touched.name
        order = self._orders.get(name)
        if order is None:
            found = self._connection.execute(f"PRAGMA main.table_info({quoted(name)})").fetchall()
            places = {str(row[1]): int(str(row[0])) for row in found}
            fields = [field.name for field in table.collection.fields]
            order = self._orders[name] = tuple(places[field] for field in (*fields, "$v", "$c"))
        raw: list[Scalar] = [values[place] for place in order]  # type: ignore[misc]  # SQLite's own
        return table.row(tuple(raw))

    def _settle(self, stamp: int, touched: _Touched) -> list[Effect]:
        """What follows for one record (H2)."""
        table = touched.table
        before = None if touched.former is None else self._row(touched, touched.former)
        execute = self._connection.execute
        found: list[Raw] = execute(
            f"SELECT {table.projection} FROM {table.name} t WHERE t.{CREATED} = ?", (stamp,)
        ).fetchall()
        for field in table.lists:
            if before is not None and before.values[field.name]:
                execute(table.side_statements(field)[1], (stamp,))
        if not found:
            return [] if before is None else [self._gone(table, before)]
        version = self._tick()
        if before is not None:
            version = max(before.version + 1, version)
        execute(
            f'UPDATE {table.name} SET {VERSION} = ?, "$h" = NULL WHERE {CREATED} = ?',
            (version, stamp),
        )
        now = table.row(found[0])
        after = Row(now.collection_id, now.values, version, stamp)
        for field in table.lists:
            items = after.values[field.name]
            assert isinstance(items, tuple)
            add = table.side_statements(field)[0]
            for pos, item in enumerate(items):
                execute(add, (stamp, pos, item))
        if before is None:
            return [Effect("create", table, None, after, version)]
        if before.id != after.id:  # H3
            gone = self._gone(table, before)
            return [gone, Effect("create", table, None, after, version)]
        return [Effect("update", table, before, after, version)]

    def _gone(self, table: Table, before: Row) -> Effect:
        return Effect("delete", table, before, None, max(before.version + 1, self._tick()))
