"""Fields as JSON objects, both ways.

FW1  Every option of a type is always written, keys in order of code points; but for those that
     PocketBase has not: they are written when they are set.
FW2  Reading takes known keys in their exact spelling and ignores others; a missing option has the
     zero value of its kind, which for autodate differs from a field made in code.

Not here: what options may be (schema/field_options_check.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import TypeAlias, cast

import msgspec
from msgspec.structs import fields

from yadokari.base.dates import parse_date
from yadokari.schema.fields import (
    AutodateField,
    BoolField,
    DateField,
    EditorField,
    EmailField,
    Field,
    FileField,
    GeoPointField,
    JsonField,
    NumberField,
    PasswordField,
    RelationField,
    SelectField,
    TextField,
    UrlField,
)
from yadokari.schema.number_text import canonical_number
from yadokari.schema.wire_values import (
    bad_formatting,
    read_flag,
    read_nullable_number,
    read_object,
    read_text,
    read_texts,
    read_whole,
    wire_name,
)

FIELD_CLASSES: Mapping[str, type[Field]] = {
    kind.type: kind
    for kind in (
        TextField,
        EditorField,
        NumberField,
        BoolField,
        EmailField,
        UrlField,
        DateField,
        AutodateField,
        SelectField,
        FileField,
        RelationField,
        JsonField,
        PasswordField,
        GeoPointField,
    )
}
"""Every type of field by its name on the wire."""

_OURS = frozenset(("shrinkSide", "shrinkQuality", "shrinkFormat"))
_Reader: TypeAlias = Callable[[object], object]


def _read_date(value: object) -> str:
    return parse_date(read_text(value))


_READERS: Mapping[object, _Reader] = {
    str: read_text,
    bool: read_flag,
    int: read_whole,
    float | None: read_nullable_number,
    tuple[str, ...]: read_texts,
}


class _Option(msgspec.Struct, frozen=True):
    attribute: str
    key: str
    read: _Reader


@cache  # A schema rarely has all types, and annotations are slow to evaluate.
def _options_of(kind: type[Field]) -> tuple[_Option, ...]:
    found: list[_Option] = []
    for item in fields(kind):
        is_date = kind is DateField and item.name in ("min", "max")
        read = _read_date if is_date else _READERS[cast(object, item.type)]
        found.append(_Option(item.name, wire_name(item.name), read))
    return tuple(sorted(found, key=lambda option: option.key))


def field_to_wire(field: Field) -> dict[str, object]:
    """The field as a JSON object with sorted keys."""
    written: dict[str, object] = {"type": field.type}
    for option in _options_of(type(field)):
        value = _written(getattr(field, option.attribute))
        if value or option.key not in _OURS:
            written[option.key] = value
    return dict(sorted(written.items()))


def field_from_wire(wire: object) -> Field:
    """The field that a JSON object describes; its id is "" when it names none.

    Raises:
        BadRequest: no object, an unknown type, or an option of the wrong JSON type.
    """
    if wire is None:
        raise bad_formatting()
    given = read_object(wire)
    kind = FIELD_CLASSES.get(read_text(given.get("type")))
    if kind is None:
        raise bad_formatting()
    values = {option.attribute: option.read(given.get(option.key)) for option in _options_of(kind)}
    make = cast("Callable[..., Field]", kind)
    return make(**values)


def option_values(field: Field) -> Mapping[str, object]:
    """Every option of a field by its key on the wire, as attributes hold them."""
    return {
        option.key: cast(object, getattr(field, option.attribute))
        for option in _options_of(type(field))
    }


def _written(value: object) -> object:
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, float):
        return canonical_number(value)
    return value
