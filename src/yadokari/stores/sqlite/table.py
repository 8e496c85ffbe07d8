"""A collection's table as code: its statements, and rows to and from SQLite's tuples.

B1  What comes out is canonical (schema/fields.py), whatever plain SQL put in.
B2  ``$v`` and ``$c`` stand last in the projection, so a tuple zips with the names alone.
B3  A view's missing column reads as its zero value; its rows have no version and no stamp.

Not here: running statements (stores/sqlite/reads.py, transaction.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from yadokari.ports.store import Columns, Row, Rows
from yadokari.rules.bind import Scalar
from yadokari.schema.collection import Collection
from yadokari.schema.fields import (
    BoolField,
    Field,
    GeoPointField,
    JsonField,
    NumberField,
    Value,
    is_list,
    zero,
)
from yadokari.stores.sqlite.names import CREATED, VERSION, quoted, side_table
from yadokari.stores.sqlite.values import (
    INTEGER_MAX,
    list_text,
    read_flag,
    read_geo,
    read_json,
    read_list,
    read_number,
    read_text,
)

Raw: TypeAlias = tuple[Scalar, ...]

_ColumnReader: TypeAlias = Callable[[Sequence[object]], Sequence[object]]

_INTS = {int}
BY_COLUMNS_MIN = 4  # Fewer rows are made sooner one by one.
UPDATES_MAX = 64  # Kept UPDATE texts by changed columns; a client rarely sends more shapes.


class Query:
    """A statement's text, and whether it proved too long for the loop."""

    __slots__ = ("long", "sql")

    def __init__(self, sql: str) -> None:
        self.sql = sql
        self.long = False


class Table:
    """Statements and row codec of one collection as it is shaped now."""

    def __init__(self, collection: Collection, *, columns: Iterable[str] | None = None) -> None:
        """``columns``: lower-case names that a view really has; None for real tables."""
        self.collection = collection
        there = None if columns is None else frozenset(columns)
        fields = [f for f in collection.fields if there is None or f.name.lower() in there]
        self._missing = {f.name: zero(f) for f in collection.fields if f not in fields}
        self._id = collection.id
        self._names = tuple(f.name for f in fields)
        self._numbers = tuple(f.name for f in fields if isinstance(f, NumberField))
        self._flags = tuple(f.name for f in fields if isinstance(f, BoolField))
        self._reads = tuple(
            (f.name, read) for f in fields if (read := _reader(f, view=collection.is_view))
        )
        places = {name: place for place, name in enumerate(self._names)}
        self._column_readers: tuple[tuple[int, _ColumnReader], ...] = (
            *((places[name], _flags) for name in self._flags),
            *((places[name], _numbers) for name in self._numbers),
            *((places[name], _each(read)) for name, read in self._reads),
        )
        self._fields = collection.by_name
        self.lists = tuple(f for f in collection.fields if is_list(f))
        self._prepare(fields)

    def row(self, raw: Raw) -> Row:
        """The row of a tuple in the projection's order."""
        values: dict[str, Value] = dict(zip(self._names, raw, strict=False))  # type: ignore[arg-type]
        for name in self._flags:
            flag = values[name]
            values[name] = flag == 1 if type(flag) is int else read_flag(flag)
        for name in self._numbers:
            number = values[name]
            if type(number) is not int or not -INTEGER_MAX <= number <= INTEGER_MAX:
                values[name] = read_number(number)
        for name, read in self._reads:
            values[name] = read(values[name])
        if self._missing:
            values |= self._missing
        if self._is_view:
            return Row(self._id, values)
        return Row(self._id, values, raw[-2], raw[-1])  # type: ignore[arg-type]

    def rows(self, raws: Sequence[Raw]) -> Rows:
        """The rows of tuples in the projection's order: as ``row`` makes them, but by columns."""
        if self._is_view or len(raws) < BY_COLUMNS_MIN:
            return Rows([self.row(raw) for raw in raws])
        columns: list[Sequence[object]] = list(zip(*raws, strict=True))
        for place, read in self._column_readers:
            columns[place] = read(columns[place])
        stamps, versions = columns.pop(), columns.pop()
        values = dict(zip(self._names, columns, strict=True))
        return Rows.by_columns(Columns(self._id, values, versions, stamps))  # type: ignore[arg-type]

    def stored(self, name: str, value: Value) -> Scalar:
        """What stands in the column for a canonical value."""
        if type(value) is tuple:
            return list_text(value)
        if value == "null" and isinstance(self._fields[name], JsonField):
            return None
        return value  # type: ignore[return-value]

    def insert_values(self, values: dict[str, Value], *, stamp: int, version: int) -> Raw:
        """Bindings of ``insert``."""
        if self._plain:
            return (*[values[name] for name in self._names], version, stamp)  # type: ignore[return-value]
        stored = self.stored
        return (*[stored(name, values[name]) for name in self._names], version, stamp)

    def changed(self, old: dict[str, Value], new: dict[str, Value]) -> tuple[str, ...]:
        """Names of the fields whose values differ."""
        return tuple([name for name in self._names if old[name] != new[name]])

    def update(self, names: tuple[str, ...]) -> str:
        """The UPDATE of these columns; bindings: their values, version, stamp."""
        found = self._updates.get(names)
        if found is None:
            if len(self._updates) >= UPDATES_MAX:
                self._updates.clear()
            columns = "".join(f"{quoted(name)} = ?, " for name in names)
            found = (
                f'UPDATE {self.name} SET {columns}{VERSION} = ?, "$h" = NULL WHERE {CREATED} = ?'
            )
            self._updates[names] = found
        return found

    def _prepare(self, fields: list[Field]) -> None:
        collection = self.collection
        self._is_view = collection.is_view
        self._plain = all(not is_list(f) and not isinstance(f, JsonField) for f in fields)
        self._updates: dict[tuple[str, ...], str] = {}
        self.name = quoted(collection.name)
        columns = [f"t.{quoted(f.name)}" for f in fields]
        self.stamp: str | None = None
        if not self._is_view:
            self.stamp = f"t.{CREATED}"
            columns += [f"t.{VERSION}", self.stamp]
        self.projection = ", ".join(columns)
        order = f" ORDER BY {self.stamp}" if self.stamp else ""
        start = f"SELECT {self.projection} FROM {self.name} t"
        self.by_id = Query(f"{start} WHERE t.id = ?")
        self.by_ids = Query(f"{start} WHERE t.id IN (SELECT value FROM json_each(?))")
        self.all = Query(f"{start}{order} LIMIT ?")
        self._start, self._order = start, order
        self._pointing: dict[str, Query] = {}
        self._unique: dict[tuple[str, bool], Query] = {}
        marks = ", ".join("?" * (len(fields) + 2))
        names = ", ".join([*(quoted(f.name) for f in fields), VERSION, CREATED])
        self.insert = f"INSERT INTO {self.name} ({names}) VALUES ({marks})"
        self.delete = f"DELETE FROM {self.name} WHERE {CREATED} = ?"

    def unique(self, name: str, *, any_case: bool) -> Query:
        """The row with a unique value; binding: the value."""
        found = self._unique.get((name, any_case))
        if found is None:
            column = f"t.{quoted(name)}"
            collation = " COLLATE NOCASE" if any_case else ""
            # Said in the words of PocketBase's indexes: they leave '' out, and SQLite uses such an
            # index only when it sees that we do, too.
            where = f"{column} = ?{collation} AND {column} != ''"
            found = Query(f"{self._start} WHERE {where} LIMIT 1")
            self._unique[name, any_case] = found
        return found

    def pointing(self, name: str) -> Query:
        """Rows whose relation holds one of some ids; bindings: JSON array of ids, limit."""
        found = self._pointing.get(name)
        if found is None:
            field = self._fields[name]
            ids = "(SELECT value FROM json_each(?))"
            if is_list(field) and not self._is_view:
                side = quoted(side_table(self.collection.id, field.id))
                where = f"t.{CREATED} IN (SELECT record FROM {side} WHERE value IN {ids})"
            elif is_list(field):
                items = f"json_each(t.{quoted(name)})"
                where = f"EXISTS (SELECT 1 FROM {items} WHERE value IN {ids})"
            else:
                where = f"t.{quoted(name)} IN {ids}"
            found = Query(f"{self._start} WHERE {where}{self._order} LIMIT ?")
            self._pointing[name] = found
        return found

    def side_statements(self, field: Field) -> tuple[str, str]:
        """Add (record, pos, value) to a list's side table; remove a record's items from it."""
        side = quoted(side_table(self.collection.id, field.id))
        return f"INSERT INTO {side} VALUES (?, ?, ?)", f"DELETE FROM {side} WHERE record = ?"


def _reader(field: Field, *, view: bool) -> Callable[[object], Value] | None:
    if isinstance(field, NumberField | BoolField):
        return None
    if is_list(field):
        return read_list
    if isinstance(field, JsonField):
        return read_json if view else _read_stored_json
    if isinstance(field, GeoPointField):
        return read_geo if view else None
    return read_text if view else None


def _flags(column: Sequence[object]) -> Sequence[object]:
    return [flag == 1 if type(flag) is int else read_flag(flag) for flag in column]


def _numbers(column: Sequence[object]) -> Sequence[object]:
    if set(map(type, column)) == _INTS:
        low, high = min(column), max(column)  # type: ignore[type-var]
        if low >= -INTEGER_MAX and high <= INTEGER_MAX:  # type: ignore[operator]
            return column  # What numbers mostly are.
    return [read_number(number) for number in column]


def _each(read: Callable[[object], Value]) -> _ColumnReader:
    return lambda column: [read(value) for value in column]


def _read_stored_json(value: object) -> Value:
    if type(value) is str:
        return value
    return "null" if value is None else read_json(value)
