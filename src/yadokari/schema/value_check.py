"""What is wrong with a record's values, judged without the store.

Q1  Values are canonical (schema/coerce.py); every field gives at most one problem.
Q2  A password is judged as plain text by password_problem when it is set, and here only as a hash
    that has to be there.

Not here: uniqueness, taken ids and related records (records), which need the store.
"""

from __future__ import annotations

from typing import assert_never

from yadokari.base.problems import Problem, required
from yadokari.schema.field_address import email_problem, url_problem
from yadokari.schema.field_bool import bool_problem
from yadokari.schema.field_date import date_problem
from yadokari.schema.field_geo_point import geo_point_problem
from yadokari.schema.field_json import json_problem
from yadokari.schema.field_list import file_problem, relation_problem, select_problem
from yadokari.schema.field_number import number_problem
from yadokari.schema.field_text import editor_problem, text_problem
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


def value_problem(field: Field, value: Value, *, stored: Value | None = None) -> Problem | None:
    """What is wrong with one value, None when nothing is.

    Args:
        field: The field.
        value: The canonical value that is to be stored.
        stored: The value before the change; None on create.
    """
    match field:
        case TextField():
            return text_problem(field, _text(value), stored=_stored_text(stored))
        case EditorField():
            return editor_problem(field, _text(value))
        case EmailField():
            return email_problem(field, _text(value))
        case UrlField():
            return url_problem(field, _text(value))
        case NumberField():
            assert isinstance(value, int | float), "numbers are canonical"
            return number_problem(field, value)
        case BoolField():
            return bool_problem(field, value=value is True)
        case DateField():
            return date_problem(field, _text(value))
        case SelectField():
            return select_problem(field, value)
        case RelationField():
            return relation_problem(field, value)
        case FileField():
            return file_problem(field, value, stored=stored)
        case JsonField():
            return json_problem(field, _text(value))
        case GeoPointField():
            return geo_point_problem(field, _text(value))
        case PasswordField():
            return required() if field.required and not value else None
        case AutodateField():
            return None
        case _:
            assert_never(field)


def _text(value: Value) -> str:
    assert isinstance(value, str), "this type's values are text"
    return value


def _stored_text(stored: Value | None) -> str | None:
    return None if stored is None else _text(stored)
