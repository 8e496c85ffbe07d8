"""A row of PocketBase's as canonical values, and what did not fit.

CN1  Every value is read as PocketBase reads it: what it shows over its API is what comes over.
CN2  A value that is stored in another form than it is read in is told, with its record.

Not here: reading tables (importing/source.py), what canonical values are (schema/fields.py).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from yadokari.base.json_text import MalformedJson, decode, number_text, real_text
from yadokari.importing.findings import Findings
from yadokari.importing.source import Stored
from yadokari.ports.store import Row
from yadokari.schema.coerce import coerce
from yadokari.schema.collection import Collection
from yadokari.schema.field_geo_point import coordinates
from yadokari.schema.field_list import unpacked
from yadokari.schema.fields import (
    JSON_NULL,
    AutodateField,
    BoolField,
    DateField,
    Field,
    FileField,
    GeoPointField,
    JsonField,
    NumberField,
    RelationField,
    SelectField,
    Value,
    is_list,
    zero,
)

NOT_AS_STORED = "Values stored in a form that the field does not have: carried over as it shows."
NOT_UTF8 = "Text that is no UTF-8: broken characters were replaced."


class RowReader:
    """Makes rows of one collection."""

    def __init__(self, collection: Collection, columns: Sequence[str]) -> None:
        """``columns``: names of the columns that the table really has."""
        there = {name.lower() for name in columns}
        self._collection = collection
        self._fields = [field for field in collection.fields if field.name.lower() in there]
        self._missing = {
            field.name: zero(field) for field in collection.fields if field not in self._fields
        }
        self.columns = tuple(field.name for field in self._fields)
        """Which columns ``row`` wants, in this order."""

    def row(self, raw: Sequence[Stored], findings: Findings | None = None) -> Row:
        """The row; what did not fit goes to ``findings``."""
        values: dict[str, Value] = {}
        odd: list[str] = []
        broken = False
        for field, stored in zip(self._fields, raw, strict=True):
            if isinstance(stored, bytes):
                broken = True
                stored = stored.decode(errors="replace")  # noqa: PLW2901 - the same value, readable
            value = canonical(field, stored)
            values[field.name] = value
            if findings is not None and not _is_kept(field, stored, value):
                odd.append(field.name)
        values |= self._missing
        if findings is not None and (odd or broken):
            place = f"{self._collection.name}/{values['id']}"
            for name in odd:
                findings.changed(NOT_AS_STORED, f"{place}: {name}")
            if broken:
                findings.changed(NOT_UTF8, place)
        return Row(self._collection.id, values)


def canonical(field: Field, stored: Stored) -> Value:
    """The canonical value of what stands in a column (CN1)."""
    match field:
        case JsonField():
            return _json(field, stored)
        case NumberField() | BoolField():
            return coerce(field, None if _is_endless(stored) else stored)
        case _:
            return coerce(field, "" if stored is None else _text(stored))


def _json(field: JsonField, stored: Stored) -> str:
    if stored is None:
        return JSON_NULL
    if isinstance(stored, float):
        return real_text(stored) if math.isfinite(stored) else JSON_NULL
    if isinstance(stored, int):
        return str(stored)
    return str.__str__(str(coerce(field, stored)))


def _is_kept(field: Field, stored: Stored, value: Value) -> bool:
    """Whether a value says what is stored (CN2); an unset one says nothing."""
    match field:
        case NumberField():
            return isinstance(stored, int | float) and stored == value
        case BoolField():
            return stored in (0, 1)
        case JsonField():
            return not isinstance(stored, str) or _is_json(stored)
        case GeoPointField():
            return isinstance(stored, str) and _is_point(stored, str(value))
        case DateField() | AutodateField():
            return stored == value
        case SelectField() | RelationField() | FileField() if is_list(field):
            return _items(stored) == list(unpacked(value))
        case _:
            return stored == value


def _items(stored: Stored) -> object:
    try:
        return decode(str(stored).encode())
    except MalformedJson:
        return None


def _is_json(stored: str) -> bool:
    try:
        decode(stored.encode("utf-8", "surrogatepass"), trailing_allowed=False)
    except MalformedJson:
        return False
    return True


def _is_point(stored: str, value: str) -> bool:
    try:
        point = decode(stored.encode())
    except MalformedJson:
        return False
    is_plain = isinstance(point, dict) and point.keys() == {"lon", "lat"}
    return is_plain and coordinates(stored) == coordinates(value)


def _text(stored: Stored) -> str:
    if _is_endless(stored):
        return ""
    return number_text(stored) if isinstance(stored, int | float) else str(stored)


def _is_endless(stored: Stored) -> bool:
    return isinstance(stored, float) and not math.isfinite(stored)
