"""What writing a record takes, field by field, worked out once for each shape of a collection.

A write goes through it instead of asking every field for its type again.

Not here: writing (records/writing.py), what fields are (schema/fields.py).
"""

from __future__ import annotations

from collections.abc import Mapping

from yadokari.base.problems import Problem
from yadokari.schema.coerce import Reader, reader
from yadokari.schema.field_json import JSON_BYTES_MAX
from yadokari.schema.field_list import FILE_BYTES_MAX
from yadokari.schema.field_text import EDITOR_BYTES_MAX
from yadokari.schema.fields import (
    AutodateField,
    EditorField,
    Field,
    FileField,
    JsonField,
    PasswordField,
    RelationField,
    TextField,
    Value,
)
from yadokari.schema.value_check import ChangeCheck, Check, change_check, value_check


class Recipe:
    """The steps of a write, each with the fields that need it."""

    __slots__ = (
        "_change_checks",
        "_checks",
        "dated_on_create",
        "dated_on_update",
        "generated",
        "large_bytes_max",
        "passwords",
        "readers",
        "relations",
        "remembering",
    )

    def __init__(self, fields: tuple[Field, ...]) -> None:
        """``fields``: of one collection."""
        self.readers: Mapping[str, Reader] = {
            field.name: reader(field) for field in fields if not isinstance(field, AutodateField)
        }
        """What reads a submitted value, by the field's name; autodates are not for clients."""
        self._checks: tuple[tuple[str, Check], ...] = tuple(
            (field.name, check) for field in fields if (check := value_check(field)) is not None
        )
        """What judges a value by itself; passwords as hashes."""
        self._change_checks: tuple[tuple[str, ChangeCheck], ...] = tuple(
            (field.name, check) for field in fields if (check := change_check(field)) is not None
        )
        """What judges a value by what was stored before."""
        self.generated = tuple(
            (field.name, field.autogenerate_pattern)
            for field in fields
            if isinstance(field, TextField) and field.autogenerate_pattern
        )
        """Texts that are made by a pattern when nobody gave them, with their patterns."""
        self.remembering = tuple(
            field.name for field in fields if isinstance(field, FileField | JsonField)
        )
        """Whose submitted values know more than what is stored of them; the checks ask for it."""
        self.dated_on_create = tuple(date.name for date in _dates(fields) if date.on_create)
        self.dated_on_update = tuple(date.name for date in _dates(fields) if date.on_update)
        self.large_bytes_max = sum(map(_large_bytes_max, fields))
        """Size of all values together that may be large, each at its own limit."""
        self.passwords = tuple(field for field in fields if isinstance(field, PasswordField))
        self.relations = tuple(field for field in fields if isinstance(field, RelationField))

    def problems(
        self, values: Mapping[str, Value], stored: Mapping[str, Value] | None
    ) -> dict[str, Problem | None]:
        """What is wrong with a record's values, by the fields' names.

        Args:
            values: All values, canonical.
            stored: All values before the change; None on create.
        """
        found: dict[str, Problem | None] = {}
        for name, check in self._checks:
            problem = check(values[name])
            if problem is not None:
                found[name] = problem
        for name, check_change in self._change_checks:
            problem = check_change(values[name], None if stored is None else stored[name])
            if problem is not None:
                found[name] = problem
        return found


def _dates(fields: tuple[Field, ...]) -> list[AutodateField]:
    return [field for field in fields if isinstance(field, AutodateField)]


def _large_bytes_max(field: Field) -> int:
    match field:
        case FileField():
            return (field.max_size or FILE_BYTES_MAX) * max(field.max_select, 1)
        case EditorField():
            return field.max_size or EDITOR_BYTES_MAX
        case JsonField():
            return field.max_size or JSON_BYTES_MAX
        case _:
            return 0
