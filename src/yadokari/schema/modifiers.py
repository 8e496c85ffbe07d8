"""Submitted keys to new values: plain keys, and those that add, remove or generate.

M1  Plain keys come before modified ones; those are taken in order of their code points.
M2  Unknown keys, autodates, and modifiers that a type does not have are ignored.
M3  "Last item wins" holds for single fields after every modifier.

Not here: dropping the keys that a caller may not write (records).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

from yadokari.schema.autogenerate import generate
from yadokari.schema.collection import Collection
from yadokari.schema.field_list import items_of, packed, unpacked
from yadokari.schema.field_number import number_of
from yadokari.schema.field_text import text_of
from yadokari.schema.fields import (
    AutodateField,
    Field,
    FileField,
    ListField,
    NumberField,
    RelationField,
    SelectField,
    TextField,
    Value,
    zero,
)
from yadokari.schema.ids import Draw
from yadokari.schema.number_text import as_double, canonical_number

Modifier: TypeAlias = Literal["", "+", "prepend", "-", "autogenerate"]

AUTOGENERATE_SUFFIX = ":autogenerate"


def apply_submitted(
    collection: Collection,
    current: Mapping[str, Value],
    submitted: Mapping[str, object],
    *,
    draw: Draw,
) -> dict[str, Value]:
    """New values of the fields that the submitted keys name, in the collection's spelling.

    Args:
        collection: Whose fields the keys name.
        current: The record's values before; a missing one counts as zero.
        submitted: Decoded JSON or form values by key; new files are UploadedFile.
        draw: For ``:autogenerate``.

    Raises:
        UnsupportedPattern: a saved pattern took too many steps to make a text.
    """
    readers = collection.recipe.readers
    changed: dict[str, Value] = {}
    modified: list[str] = []
    for key, value in submitted.items():
        read = readers.get(key)
        if read is None:
            modified.append(key)
        else:
            changed[key] = read(value)
    for key in sorted(modified):
        found = find_key(collection, key)
        if found is None:
            continue
        field, modifier = found
        before = changed.get(field.name)
        if before is None:
            before = current.get(field.name, zero(field))
        changed[field.name] = _modified(field, modifier, before, submitted[key], draw=draw)
    return changed


def find_key(collection: Collection, key: str) -> tuple[Field, Modifier] | None:
    """The field and modifier that a submitted key names, or None when it names nothing."""
    fields = collection.by_name
    field = fields.get(key)
    if field is not None:
        return None if isinstance(field, AutodateField) else (field, "")
    if key.endswith(AUTOGENERATE_SUFFIX):
        field = fields.get(key.removesuffix(AUTOGENERATE_SUFFIX))
        return (field, "autogenerate") if isinstance(field, TextField) else None
    if key.endswith(("+", "-")):
        field, last = fields.get(key[:-1]), key[-1]
        if isinstance(field, NumberField | SelectField | RelationField | FileField):
            return (field, "+") if last == "+" else (field, "-")
    if key.startswith("+"):
        field = fields.get(key[1:])
        if isinstance(field, SelectField | RelationField | FileField):
            return field, "prepend"
    return None


def _modified(
    field: Field, modifier: Modifier, before: Value, submitted: object, *, draw: Draw
) -> Value:
    match field:
        case NumberField():
            change = as_double(number_of(submitted))
            start = as_double(number_of(before))
            return canonical_number(start + change if modifier == "+" else start - change)
        case SelectField() | RelationField() | FileField():
            return _modified_list(field, modifier, unpacked(before), items_of(submitted))
        case _:
            assert isinstance(field, TextField), "find_key gives other types no modifier"
            return text_of(submitted) + generate(field.autogenerate_pattern, draw)


def _modified_list(
    field: ListField, modifier: Modifier, before: tuple[str, ...], items: tuple[str, ...]
) -> Value:
    if modifier == "-":
        return packed(field, tuple(item for item in before if item not in items))
    joined = items + before if modifier == "prepend" else before + items
    return packed(field, tuple(dict.fromkeys(joined)))
