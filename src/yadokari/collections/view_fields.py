"""Fields of a view, from what the store says about the columns of its SELECT.

VF1  ``id`` is always the primary key, whatever column it comes from.
VF2  A plain column is a copy of the field behind it, under a drawn id: two views over one field
     never share it.
VF3  The id of another collection's record is a relation to it.

Not here: reading SQL (stores).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from msgspec.structs import replace

from yadokari.ports.store import ViewColumn
from yadokari.schema.collection import Schema
from yadokari.schema.defaults import ID_FIELD
from yadokari.schema.fields import (
    BoolField,
    Field,
    JsonField,
    NumberField,
    RelationField,
    TextField,
)
from yadokari.schema.ids import Draw, field_id, random_text

CLONE_PREFIX = "_clone_"
CLONE_CHARS = 4
COMPUTED_JSON_BYTES_MAX = 1  # Nobody writes to a view; the contract shows this number.

VIEW_ID_FIELD = replace(ID_FIELD, min=0, max=0, autogenerate_pattern="")


def view_fields(columns: Iterable[ViewColumn], schema: Schema, *, draw: Draw) -> tuple[Field, ...]:
    """The fields of a view with these columns."""
    fields: list[Field] = []
    for column in columns:
        fields.append(_field(column, schema, draw, taken={field.id for field in fields}))
    return tuple(fields)


def same_fields(one: Iterable[Field], other: Iterable[Field]) -> bool:
    """Whether two lists of a view's fields differ in nothing but their ids."""
    return [replace(f, id="") for f in one] == [replace(f, id="") for f in other]


def _field(column: ViewColumn, schema: Schema, draw: Draw, *, taken: set[str]) -> Field:
    if column.name == "id":
        return VIEW_ID_FIELD
    if column.source is None:
        return _computed(column, taken=taken)
    holder = schema.find(column.collection) if column.collection is not None else None
    if column.source.name == "id" and holder is not None:
        return RelationField(
            id=field_id(type="relation", name=column.name, taken=taken),
            name=column.name,
            collection_id=holder.id,
            max_select=1,
        )
    copy = CLONE_PREFIX + random_text(draw, length=CLONE_CHARS)
    return replace(column.source, id=copy, name=column.name)


def _computed(column: ViewColumn, *, taken: set[str]) -> Field:
    name = column.name
    match column.kind:
        case "text":
            return TextField(id=field_id(type="text", name=name, taken=taken), name=name)
        case "number" | "integer":
            return NumberField(
                id=field_id(type="number", name=name, taken=taken),
                name=name,
                only_int=column.kind == "integer",
            )
        case "bool":
            return BoolField(id=field_id(type="bool", name=name, taken=taken), name=name)
        case "json":
            return JsonField(
                id=field_id(type="json", name=name, taken=taken),
                name=name,
                max_size=COMPUTED_JSON_BYTES_MAX,
            )
        case _:
            assert_never(column.kind)
