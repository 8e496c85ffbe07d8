"""What is wrong with a record's values, judged without the store.

Q1  Values are canonical (schema/coerce.py); every field gives at most one problem.
Q2  A password is judged as plain text by password_problem when it is set, and here only as a hash
    that has to be there.
Q3  Most values are judged by themselves, by the same check again and again; an id may not change,
    and a file has to be new or stored already.

Not here: uniqueness, taken ids and related records (records), which need the store.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeAlias, assert_never, cast

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

Check: TypeAlias = Callable[[Value], Problem | None]
"""Says what is wrong with a canonical value, None when nothing is."""
ChangeCheck: TypeAlias = Callable[[Value, Value | None], Problem | None]
"""The same, for a value and what was stored before it (None on create)."""


def value_check(field: Field) -> Check | None:
    """The check of a field whose values are judged by themselves; None when there is none (Q3)."""
    check: object = None
    match field:
        case TextField():
            check = None if field.primary_key else partial(text_problem, field, stored=None)
        case EditorField():
            check = partial(editor_problem, field)
        case EmailField():
            check = partial(email_problem, field)
        case UrlField():
            check = partial(url_problem, field)
        case NumberField():
            check = partial(number_problem, field)
        case BoolField():
            check = partial(bool_problem, field) if field.required else None
        case DateField():
            check = partial(date_problem, field)
        case SelectField():
            check = partial(select_problem, field)
        case RelationField():
            check = partial(relation_problem, field)
        case JsonField():
            check = partial(json_problem, field)
        case GeoPointField():
            check = partial(geo_point_problem, field)
        case PasswordField():
            check = partial(_hash_problem, field)
        case FileField() | AutodateField():
            check = None
        case _:
            assert_never(field)
    return cast(
        "Check | None", check
    )  # Q1: a canonical value has the type its field's check takes.


def change_check(field: Field) -> ChangeCheck | None:
    """The check of a field whose values depend on what was stored: ids and files; else None."""
    match field:
        case TextField() if field.primary_key:
            return lambda value, stored: text_problem(
                field, str(value), stored=None if stored is None else str(stored)
            )
        case FileField():
            return lambda value, stored: file_problem(field, value, stored=stored)
        case _:
            return None


def value_problem(field: Field, value: Value, *, stored: Value | None = None) -> Problem | None:
    """What is wrong with one value, None when nothing is.

    Args:
        field: The field.
        value: The canonical value that is to be stored.
        stored: The value before the change; None on create.
    """
    depending = change_check(field)
    if depending is not None:
        return depending(value, stored)
    check = value_check(field)
    return None if check is None else check(value)


def _hash_problem(field: PasswordField, value: str) -> Problem | None:
    return required() if field.required and not value else None
