"""Values of select, relation and file fields: one item, or a list without doubles and blanks.

L1  A single field given a list keeps the last item.
L2  The number of items is judged before the items.

Not here: whether related records exist (records), the bytes of files (files).
"""

from __future__ import annotations

from yadokari.base.json_text import MalformedJson, decode
from yadokari.base.problems import Problem, required
from yadokari.schema.field_text import text_of
from yadokari.schema.fields import FileField, ListField, RelationField, SelectField, Value, is_list
from yadokari.schema.uploaded_file import UploadedFile

FILE_BYTES_MAX = 5 * 1024 * 1024
"""Largest file of a field without a maximum of its own."""

SHOWN_CHARS_MAX = 250  # of a name that is told back; the contract's limit


def items_of(submitted: object) -> tuple[str, ...]:
    """The items of a submitted value: text without blanks and doubles; never fails."""
    if isinstance(submitted, UploadedFile):
        return (submitted,)
    if isinstance(submitted, str):
        return _unique(_items_of_text(submitted))
    if isinstance(submitted, (list, tuple)):
        if any(isinstance(item, (list, tuple, dict)) for item in submitted):
            return ()
        return _unique([item if isinstance(item, str) else text_of(item) for item in submitted])
    return _unique([text_of(submitted)])


def list_value_of(field: ListField, submitted: object) -> Value:
    """What a select, relation or file field makes of a submitted value."""
    return packed(field, items_of(submitted))


def packed(field: ListField, items: tuple[str, ...]) -> Value:
    """The canonical value that holds these items (L1)."""
    if is_list(field):
        return items
    return items[-1] if items else ""


def unpacked(value: Value) -> tuple[str, ...]:
    """The items of a canonical value."""
    if isinstance(value, tuple):
        return value
    return (value,) if isinstance(value, str) and value else ()


def select_problem(field: SelectField, value: Value) -> Problem | None:
    """What is wrong with selected values."""
    items = unpacked(value)
    if not items:
        return required() if field.required else None
    problem = _count_problem(len(items), items_max=max(1, field.max_select))
    if problem is not None:
        return problem
    for item in items:
        if item not in field.values:
            return Problem(
                "validation_invalid_value", f"{item!r} is not a choice.", {"value": item}
            )
    return None


def relation_problem(field: RelationField, value: Value) -> Problem | None:
    """What is wrong with the number of related records."""
    items = unpacked(value)
    if not items:
        return required() if field.required else None
    if len(items) < field.min_select:
        return Problem(
            "validation_not_enough_values",
            f"At least {field.min_select} values are needed.",
            {"minSelect": field.min_select},
        )
    return _count_problem(len(items), items_max=max(1, field.max_select))


def missing_records() -> Problem:
    """The problem of related records that do not exist."""
    return Problem("validation_missing_rel_records", "Some related records do not exist.")


def file_problem(field: FileField, value: Value, *, stored: Value | None) -> Problem | None:
    """What is wrong with files.

    Args:
        field: The field.
        value: The canonical value; new files are UploadedFile.
        stored: The record's value before the change, None on create.
    """
    items = unpacked(value)
    if not items:
        return required() if field.required else None
    known = unpacked(stored) if stored is not None else ()
    strange = [item for item in items if not isinstance(item, UploadedFile) and item not in known]
    if strange:
        shown = [str(item)[:SHOWN_CHARS_MAX] for item in strange]
        return Problem(
            "validation_invalid_file",
            f"Not among the record's files: {', '.join(shown)}.",
            {"invalidFiles": shown},
        )
    files_max = max(1, field.max_select)
    if len(items) > files_max:
        return Problem(
            "validation_too_many_files",
            f"At most {files_max} files are allowed.",
            {"maxSelect": files_max},
        )
    for item in items:
        if isinstance(item, UploadedFile):
            problem = _upload_problem(field, item)
            if problem is not None:
                return problem
    return None


def _upload_problem(field: FileField, upload: UploadedFile) -> Problem | None:
    bytes_max = field.max_size or FILE_BYTES_MAX
    if upload.size_bytes > bytes_max:
        return Problem(
            "validation_file_size_limit",
            f"{upload.original_name} has more than {bytes_max} bytes.",
            {"file": upload.original_name, "maxSize": bytes_max},
        )
    if field.mime_types and upload.mime_type not in field.mime_types:
        return Problem(
            "validation_invalid_mime_type",
            f"{upload.original_name} has none of the types {', '.join(field.mime_types)}.",
        )
    return None


def _count_problem(count: int, *, items_max: int) -> Problem | None:
    if count <= items_max:
        return None
    return Problem(
        "validation_too_many_values",
        f"At most {items_max} values are allowed.",
        {"maxSelect": items_max},
    )


def _items_of_text(text: str) -> list[str]:
    """A JSON array of strings counts as a list, any other text as one item."""
    if text.lstrip(" \t\n\r").startswith("["):
        try:
            value = decode(text.encode("utf-8", "surrogatepass"), trailing_allowed=False)
        except MalformedJson:
            return [text]
        assert isinstance(value, list), "JSON that begins with [ is a list"
        items = [item or "" for item in value if isinstance(item, str) or item is None]
        if len(items) == len(value):
            return items
    return [text]


def _unique(items: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item for item in items if item))
