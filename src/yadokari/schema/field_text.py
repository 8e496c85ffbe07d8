"""Text-like values: text, id, editor and password.

V1  Lengths of text and passwords count code points, of editors bytes.
V2  An empty value that is not required passes every other check.

Not here: text made from a pattern (schema/autogenerate.py); whether an id is taken, which needs
the store (its problems are made by not_unique and id_taken).
"""

from __future__ import annotations

from yadokari.base.json_text import decimal_text
from yadokari.base.problems import Problem, required
from yadokari.schema.fields import EditorField, PasswordField, TextField
from yadokari.schema.number_text import as_double
from yadokari.schema.patterns import is_match

TEXT_CHARS_MAX = 5_000
"""Longest text of a field without a maximum of its own."""
EDITOR_BYTES_MAX = 5 * 1024 * 1024
PASSWORD_CHARS_MAX = 71
PASSWORD_BYTES_MAX = 72
"""bcrypt sees no more."""
PASSWORD_COST_DEFAULT = 10

DEFAULT_ID_PATTERN = "^[a-z0-9]+$"
"""Ids of this pattern need no check for case or reserved names."""

_FORBIDDEN_ID_CHARACTERS = "./\\|\"'`<>:?*%$\0\t\n\r "
_RESERVED_IDS = frozenset(
    ["CON", "PRN", "AUX", "NUL"]
    + [f"{name}{number}" for name in ("COM", "LPT") for number in range(1, 10)]
)


def text_of(submitted: object) -> str:
    """What a text-like field makes of a submitted value; never fails."""
    if isinstance(submitted, str):
        return submitted
    if isinstance(submitted, bool):
        return "true" if submitted else "false"
    if isinstance(submitted, int | float):
        return _number_text(submitted)
    return ""


def text_problem(field: TextField, value: str, *, stored: str | None) -> Problem | None:
    """What is wrong with a text value.

    Args:
        field: The field.
        value: The canonical value.
        stored: The record's value before the change, None on create; an id cannot change.
    """
    if field.primary_key and stored is not None:
        if stored != value:
            return Problem("validation_pk_change", "The record's id cannot be changed.")
        return None
    if not value:
        return required() if field.required else None
    problem = _length_problem(value, min_chars=field.min, max_chars=field.max or TEXT_CHARS_MAX)
    if problem is None and field.pattern and not is_match(field.pattern, value):
        problem = invalid_format()
    if problem is None and field.primary_key and field.pattern != DEFAULT_ID_PATTERN:
        problem = _id_problem(value)
    return problem


def editor_problem(field: EditorField, value: str) -> Problem | None:
    """What is wrong with rich text."""
    if not value:
        return required() if field.required else None
    bytes_max = field.max_size or EDITOR_BYTES_MAX
    if len(value) * 4 > bytes_max and len(value.encode("utf-8", "surrogatepass")) > bytes_max:
        return Problem(
            "validation_content_size_limit",
            f"The content may have at most {bytes_max} bytes.",
            {"maxSize": bytes_max},
        )
    return None


def password_problem(field: PasswordField, plain: str) -> Problem | None:
    """What is wrong with a new password, before it is hashed."""
    if not plain:
        return required() if field.required else None
    if len(plain.encode("utf-8", "surrogatepass")) > PASSWORD_BYTES_MAX:
        return Problem("validation_invalid_value", "The password is too long to be hashed.")
    if len(plain) < field.min:
        return Problem(
            "validation_min_text_constraint", f"Must have at least {field.min} characters."
        )
    chars_max = field.max or PASSWORD_CHARS_MAX
    if len(plain) > chars_max:
        return Problem("validation_max_text_constraint", f"At most {chars_max} characters.")
    if field.pattern and not is_match(field.pattern, plain):
        return invalid_format()
    return None


def password_cost(field: PasswordField) -> int:
    """The bcrypt cost of the field's hashes."""
    return field.cost or PASSWORD_COST_DEFAULT


def invalid_format() -> Problem:
    """The problem of a value that does not fit its pattern."""
    return Problem("validation_invalid_format", "The value has not the expected format.")


def not_unique() -> Problem:
    """The problem of a value that another record has; also of a default-pattern id."""
    return Problem("validation_not_unique", "The value must be unique.")


def id_taken(field: TextField) -> Problem:
    """The problem of an id that another record has, ignoring case for custom patterns."""
    if field.pattern == DEFAULT_ID_PATTERN:
        return not_unique()
    return Problem("validation_pk_invalid", "The id is taken or differs in case only.")


def ids_ignore_case(field: TextField) -> bool:
    """Whether two ids that differ in ASCII case only count as the same (custom patterns)."""
    return field.pattern != DEFAULT_ID_PATTERN


def _number_text(number: float) -> str:
    double = as_double(number)
    if double != double or double in (float("inf"), float("-inf")):
        return ""
    return decimal_text(number)


def _length_problem(value: str, *, min_chars: int, max_chars: int) -> Problem | None:
    if len(value) < min_chars:
        return Problem(
            "validation_min_text_constraint",
            f"Must have at least {min_chars} characters.",
            {"min": min_chars},
        )
    if len(value) > max_chars:
        return Problem(
            "validation_max_text_constraint",
            f"Must have at most {max_chars} characters.",
            {"max": max_chars},
        )
    return None


def _id_problem(value: str) -> Problem | None:
    """Ids become names of folders, on every system."""
    for character in value:
        if character in _FORBIDDEN_ID_CHARACTERS:
            return Problem(
                "validation_forbidden_pk_character",
                f"The id must not hold the character {character!r}.",
                {"ch": character},
            )
    if value.upper() in _RESERVED_IDS:
        return Problem(
            "validation_reserved_pk",
            f"The id {value.upper()} is reserved by an operating system.",
            {"reserved": value.upper()},
        )
    return None
