"""Submitted values to canonical ones, for every type of field.

K1  Coercion never fails: what cannot be read becomes the field's zero value.
K2  A canonical value coerces to itself.
K3  Numbers come as int or float, JSON as decoded values, new files as UploadedFile.

Not here: what is wrong with a value (schema/value_check.py), modifiers (schema/modifiers.py).
"""

from __future__ import annotations

from typing import assert_never

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


def coerce(field: Field, submitted: object) -> Value:
    """The canonical value of what was submitted.

    A password stays plain text (it is hashed later); an autodate is read as a date, although
    submitted ones are to be ignored.
    """
    match field:
        case TextField() | EditorField() | EmailField() | UrlField() | PasswordField():
            return text_of(submitted)
        case NumberField():
            return number_of(submitted)
        case BoolField():
            return bool_of(submitted)
        case DateField() | AutodateField():
            return date_of(submitted)
        case SelectField() | RelationField() | FileField():
            return list_value_of(field, submitted)
        case JsonField():
            return json_of(submitted)
        case GeoPointField():
            return geo_point_of(submitted)
        case _:
            assert_never(field)
