"""Collections and rows from plain JSON, in a SQLite database of the store's own shape.

Not here: the store itself; statements run on the connection directly, so a failure points at the
compiler and at nothing else.
"""

import re
from collections.abc import Iterable, Sequence

import apsw
import msgspec

from tests.oracle.client import Json
from yadokari.ports.store import Row
from yadokari.rules.bind import Binding, Scalar
from yadokari.rules.plan import Plan
from yadokari.schema import fields as kinds
from yadokari.schema.coerce import coerce
from yadokari.schema.collection import SUPERUSERS_ID, SUPERUSERS_NAME, Collection, Schema
from yadokari.schema.fields import Field, Value, is_list, zero
from yadokari.stores.sql.compile import Shape, compile_plan
from yadokari.stores.sql.fragment import Statement, quoted
from yadokari.stores.sqlite.dialect import SqliteDialect
from yadokari.stores.sqlite.names import side_table

_FIELDS: dict[str, type[Field]] = {
    "text": kinds.TextField,
    "editor": kinds.EditorField,
    "number": kinds.NumberField,
    "bool": kinds.BoolField,
    "email": kinds.EmailField,
    "url": kinds.UrlField,
    "date": kinds.DateField,
    "autodate": kinds.AutodateField,
    "select": kinds.SelectField,
    "file": kinds.FileField,
    "relation": kinds.RelationField,
    "json": kinds.JsonField,
    "password": kinds.PasswordField,
    "geoPoint": kinds.GeoPointField,
}
_AUTH_FIELDS: tuple[dict[str, Json], ...] = (
    {"name": "password", "type": "password", "hidden": True},
    {"name": "tokenKey", "type": "text", "hidden": True},
    {"name": "email", "type": "email"},
    {"name": "emailVisibility", "type": "bool"},
    {"name": "verified", "type": "bool"},
)
_CAPITAL = re.compile("[A-Z]")


def _snake(name: str) -> str:
    return _CAPITAL.sub(lambda found: "_" + found.group().lower(), name)


def field_from(value: Json) -> Field:
    """A field of the API's JSON form; its id is its name unless given."""
    assert isinstance(value, dict)
    options = {
        _snake(key): tuple(one) if isinstance(one, list) else one
        for key, one in value.items()
        if key != "type"
    }
    options.setdefault("id", f"f_{value['name']}")
    return _FIELDS[str(value["type"])](**options)  # type: ignore[arg-type]


def collection_from(value: dict[str, Json]) -> Collection:
    """A collection of the API's JSON form, with the fields every collection has."""
    listed = value.get("fields", [])
    assert isinstance(listed, list)
    given = [field_from(one) for one in listed]
    own = {one.name for one in given}
    system: list[dict[str, Json]] = [{"name": "id", "type": "text"}]
    if value.get("type") == "auth":
        system += _AUTH_FIELDS
    fields = [field_from(dict(one)) for one in system if one["name"] not in own] + given
    rules = {
        _snake(key): one for key, one in value.items() if key.endswith("Rule") and key != "authRule"
    }
    indexes = value.get("indexes", [])
    assert isinstance(indexes, list)
    return Collection(
        id=str(value["id"]),
        name=str(value["name"]),
        type=value.get("type", "base"),  # type: ignore[arg-type]
        fields=tuple(fields),
        indexes=tuple(str(one) for one in indexes),
        **rules,  # type: ignore[arg-type]
    )


SUPERUSERS = collection_from(
    {"id": SUPERUSERS_ID, "name": SUPERUSERS_NAME, "type": "auth", "fields": []}
)


def column_type(field: Field) -> str:
    """Type of a field's column; affinities decide how values compare."""
    if field.name == "id":
        return "TEXT NOT NULL UNIQUE"
    if is_list(field):
        return "JSON NOT NULL"
    match field:
        case kinds.NumberField():
            return "NUMERIC NOT NULL"
        case kinds.BoolField():
            return "BOOLEAN NOT NULL"
        case kinds.JsonField():
            return "JSON"
        case kinds.GeoPointField():
            return "JSON NOT NULL"
        case _:
            return "TEXT NOT NULL"


class SmallDatabase:
    """A schema with its rows, in SQLite and in memory."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.connection = apsw.Connection(":memory:")
        self.rows: dict[str, dict[str, Row]] = {one.id: {} for one in schema.collections}
        self._stamp = 0
        for collection in schema.collections:
            columns = ", ".join(f"{quoted(f.name)} {column_type(f)}" for f in collection.fields)
            self.connection.execute(
                f'CREATE TABLE {quoted(collection.name)} ("$c" INTEGER PRIMARY KEY, {columns})'
            )
            for side in self._sides(collection):
                self.connection.execute(
                    f"CREATE TABLE {side} (record INTEGER, pos INTEGER, value TEXT NOT NULL,"
                    " PRIMARY KEY (record, pos)) WITHOUT ROWID"
                )

    def _sides(self, collection: Collection) -> list[str]:
        fields = [field for field in collection.fields if is_list(field)]
        return [quoted(side_table(collection.id, field.id)) for field in fields]

    def put(self, name: str, body: dict[str, Json]) -> None:
        """Add a record, or change the one with this id."""
        collection = self.schema.find(name)
        assert collection is not None
        rows = self.rows[collection.id]
        known = rows.get(str(body["id"]))
        values: dict[str, Value] = dict(known.values) if known is not None else {}
        for field in collection.fields:
            if field.name in body:
                values[field.name] = coerce(field, body[field.name])
            else:
                values.setdefault(field.name, zero(field))
        self._stamp += 1
        stamp = known.stamp if known is not None else self._stamp
        rows[str(body["id"])] = Row(collection.id, values, 1, stamp)
        table, marks = quoted(collection.name), ", ".join("?" * (len(collection.fields) + 1))
        self.connection.execute(f'DELETE FROM {table} WHERE "$c" = ?', (stamp,))
        columns = [stored(values[field.name], field) for field in collection.fields]
        self.connection.execute(f"INSERT INTO {table} VALUES ({marks})", (stamp, *columns))
        for field in filter(is_list, collection.fields):
            side = quoted(side_table(collection.id, field.id))
            items = values[field.name]
            assert isinstance(items, tuple)
            self.connection.execute(f"DELETE FROM {side} WHERE record = ?", (stamp,))
            rows_of_side = [(stamp, at, one) for at, one in enumerate(items)]
            self.connection.executemany(f"INSERT INTO {side} VALUES (?, ?, ?)", rows_of_side)

    def load(self, records: Iterable[tuple[str, dict[str, Json]]]) -> None:
        """Put many."""
        for name, body in records:
            self.put(name, body)

    def sql(self, plan: Plan, binding: Binding, *, by_id: bool = False) -> str:
        """The statement's text, for messages."""
        return self._statement(plan, binding, by_id=by_id).sql

    def scanned(self, plan: Plan, binding: Binding) -> list[str]:
        """Ids that the plan finds, in its order."""
        statement = self._statement(plan, binding, by_id=False)
        found = self.connection.execute(statement.sql, statement.bind(binding)).fetchall()
        return [str(one) for (one,) in found]

    def paged(self, plan: Plan, binding: Binding, *, size: int) -> list[str]:
        """Ids that the plan finds, read page by page."""
        shape = Shape(projection="t.id", paged=True, stamp='t."$c"')
        statement = compile_plan(plan, binding.classes, dialect=SqliteDialect(), shape=shape)
        found: list[str] = []
        for offset in range(0, len(self.rows[plan.collection.id]), size):
            bindings = statement.bind(binding, limit=size, offset=offset)
            found += [str(one) for (one,) in self.connection.execute(statement.sql, bindings)]
        return found

    def looked_up(self, plan: Plan, binding: Binding, ids: Sequence[str]) -> list[str]:
        """Those of ids that the plan finds one by one."""
        statement = self._statement(plan, binding, by_id=True)
        return [
            one
            for one in ids
            if self.connection.execute(statement.sql, statement.bind(binding, id=one)).fetchall()
        ]

    def _statement(self, plan: Plan, binding: Binding, *, by_id: bool) -> Statement:
        key = (by_id, binding.classes)
        found = plan.cache.get(key)
        if not isinstance(found, Statement):
            shape = Shape(projection="t.id", by_id=by_id, stamp='t."$c"')
            found = compile_plan(plan, binding.classes, dialect=SqliteDialect(), shape=shape)
            plan.cache[key] = found
        return found


def stored(value: Value, field: Field) -> Scalar:
    """What stands in a column for a canonical value."""
    if isinstance(value, tuple):
        return msgspec.json.encode(value).decode()
    return None if isinstance(field, kinds.JsonField) and value == "null" else value


def database_from(fixture: Json) -> SmallDatabase:
    """A database holding a golden file's fixture; its caller is a superuser."""
    assert isinstance(fixture, dict)
    collections, records = fixture["collections"], fixture["records"]
    assert isinstance(collections, list)
    assert isinstance(records, list)
    latest = {str(one["id"]): one for one in collections if isinstance(one, dict)}
    schema = Schema(collections=(SUPERUSERS, *map(collection_from, latest.values())))
    database = SmallDatabase(schema)
    for name, body in records:  # type: ignore[misc]
        database.put(str(name), body)  # type: ignore[arg-type]
    return database
