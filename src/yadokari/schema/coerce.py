"""Submitted values to canonical ones, for every type of field.

K1  Coercion never fails: what cannot be read becomes the field's zero value.
K2  A canonical value coerces to itself.
K3  Numbers come as int or float, JSON as decoded values, new files as UploadedFile.

Not here: what is wrong with a value (schema/value_check.py), modifiers (schema/modifiers.py).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeAlias, assert_never

from yadokari.schema.field_bool import bool_of
from yadokari.schema.field_date import date_of
from yadokari.schema.field_geo_point import geo_point_of
from yadokari.schema.field_json import json_of
from yadokari.schema.field_list import list_value_of
from yadokari.schema.field_number import number_of
from yadokari.schema.field_text import text_of
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
    Value,
)

Reader: TypeAlias = Callable[[object], Value]
"""Makes the canonical value of a submitted one (K1)."""


def reader(field: Field) -> Reader:
    """What reads the values that are submitted for a field.

    A password stays plain text (it is hashed later); an autodate is read as a date, although
    submitted ones are to be ignored.
    """
    match field:
        case TextField() | EditorField() | EmailField() | UrlField() | PasswordField():
            return text_of
        case NumberField():
            return number_of
        case BoolField():
            return bool_of
        case DateField() | AutodateField():
            return date_of
        case SelectField() | RelationField() | FileField():
            return partial(list_value_of, field)
        case JsonField():
            return json_of
        case GeoPointField():
            return geo_point_of
        case _:
            assert_never(field)


def coerce(field: Field, submitted: object) -> Value:
    """The canonical value of what was submitted; see ``reader``."""
    return reader(field)(submitted)
