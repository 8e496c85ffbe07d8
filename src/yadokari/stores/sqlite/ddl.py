"""Tables as text: column types, defaults, side tables and hidden indexes.

D1  Column types are the contract's, for their affinities decide how values compare.
D2  Rows inserted with plain SQL work: every column has a default.
"""

from __future__ import annotations

from yadokari.schema.collection import Collection
from yadokari.schema.fields import (
    BoolField,
    Field,
    GeoPointField,
    JsonField,
    NumberField,
    RelationField,
    is_list,
)
from yadokari.stores.sqlite.names import (
    CREATED,
    DIGEST,
    VERSION,
    quoted,
    relation_index,
    side_index,
    side_table,
)

ID_COLUMN = "TEXT NOT NULL UNIQUE DEFAULT ('r'||lower(hex(randomblob(7))))"

SYSTEM_TABLES = (
    'CREATE TABLE "$meta" (key TEXT PRIMARY KEY, value ANY) STRICT, WITHOUT ROWID',
    """CREATE TABLE "$changes" (
  position INTEGER PRIMARY KEY AUTOINCREMENT,
  tx INTEGER NOT NULL,
  op TEXT NOT NULL,
  collection TEXT NOT NULL,
  record TEXT NOT NULL,
  version INTEGER NOT NULL,
  schema_version INTEGER NOT NULL,
  at INTEGER NOT NULL,
  before TEXT
) STRICT""",
)


def column_type(field: Field) -> str:
    """Type, default and constraints of a field's column."""
    if field.name == "id":
        return ID_COLUMN
    if is_list(field):
        return "JSON DEFAULT '[]' NOT NULL"
    match field:
        case NumberField():
            return "NUMERIC DEFAULT 0 NOT NULL"
        case BoolField():
            return "BOOLEAN DEFAULT FALSE NOT NULL"
        case JsonField():
            return "JSON DEFAULT NULL"
        case GeoPointField():
            return """JSON DEFAULT '{"lon":0,"lat":0}' NOT NULL"""
        case _:
            return "TEXT DEFAULT '' NOT NULL"


def create_table(collection: Collection) -> tuple[str, ...]:
    """Statements that make a base or auth collection's table with all it hides."""
    columns = [f"{CREATED} INTEGER PRIMARY KEY", f'"id" {ID_COLUMN}']
    columns += [
        f"{quoted(field.name)} {column_type(field)}"
        for field in collection.fields
        if field.name != "id"
    ]
    columns += [f"{VERSION} INTEGER NOT NULL DEFAULT 1", f"{DIGEST} BLOB"]
    table = f"CREATE TABLE {quoted(collection.name)} (" + ", ".join(columns) + ")"
    extras = [
        statement
        for field in collection.fields
        for statement in field_extras(collection.id, collection.name, field)
    ]
    return (table, *extras)


def field_extras(collection_id: str, table: str, field: Field) -> tuple[str, ...]:
    """Statements that make a field's side table or hidden index; mostly none."""
    if is_list(field):
        side = quoted(side_table(collection_id, field.id))
        index = quoted(side_index(collection_id, field.id))
        columns = "record INTEGER NOT NULL, pos INTEGER NOT NULL, value TEXT NOT NULL"
        return (
            f"CREATE TABLE {side} ({columns}, PRIMARY KEY (record, pos)) WITHOUT ROWID",
            f"CREATE INDEX {index} ON {side} (value, record)",
        )
    if isinstance(field, RelationField):
        index = quoted(relation_index(collection_id, field.id))
        return (f"CREATE INDEX {index} ON {quoted(table)} ({quoted(field.name)})",)
    return ()


def drop_extras(collection_id: str, field: Field) -> tuple[str, ...]:
    """Statements that remove a field's side table or hidden index."""
    if is_list(field):
        return (f"DROP TABLE IF EXISTS {quoted(side_table(collection_id, field.id))}",)
    if isinstance(field, RelationField):
        return (f"DROP INDEX IF EXISTS {quoted(relation_index(collection_id, field.id))}",)
    return ()
