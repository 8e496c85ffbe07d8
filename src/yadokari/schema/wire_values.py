"""Strict readers of single JSON values: the right type, or null for its zero value.

W1  A wrong type is a BadRequest about the formatting, without data.
W2  Names on the wire are camelCase, attributes snake_case; a few keep an acronym in capitals.

Not here: which keys there are (schema/field_wire.py, schema/auth_wire.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar, cast

from msgspec.structs import replace

from yadokari.base.errors import BadRequest

INVALID_FORMATTING = "Failed to load the submitted data due to invalid formatting."
INVALID_TYPE_FORMATTING = "Failed to load the collection type data due to invalid formatting."

_T = TypeVar("_T")

_INTEGER_END = 2**63
_ACRONYMS = {
    "convert_urls": "convertURLs",
    "auth_url": "authURL",
    "token_url": "tokenURL",
    "user_info_url": "userInfoURL",
    "avatar_url": "avatarURL",
}


def wire_name(attribute: str) -> str:
    """The wire's key of an attribute."""
    first, *others = attribute.split("_")
    return _ACRONYMS.get(attribute) or first + "".join(word.capitalize() for word in others)


def with_changes(present: _T, changes: Mapping[str, object]) -> _T:
    """A copy of a value with some attributes changed; the readers have checked their types."""
    make = cast("Callable[..., _T]", replace)
    return make(present, **changes)


def bad_formatting() -> BadRequest:
    """The error of a value of the wrong type."""
    return BadRequest(INVALID_FORMATTING)


def read_text(value: object) -> str:
    """A string. Raises BadRequest."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise bad_formatting()
    return value


def read_nullable_text(value: object) -> str | None:
    """A string or null. Raises BadRequest."""
    return None if value is None else read_text(value)


def read_flag(value: object) -> bool:
    """True or false. Raises BadRequest."""
    if value is None:
        return False
    if not isinstance(value, bool):
        raise bad_formatting()
    return value


def read_nullable_flag(value: object) -> bool | None:
    """True, false or null. Raises BadRequest."""
    return None if value is None else read_flag(value)


def read_whole(value: object) -> int:
    """A whole number of 64 bits. Raises BadRequest."""
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise bad_formatting()
    if not -_INTEGER_END <= value < _INTEGER_END or value != int(value):
        raise bad_formatting()
    return int(value)


def read_nullable_number(value: object) -> float | None:
    """A number or null. Raises BadRequest."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise bad_formatting()
    return value


def read_texts(value: object) -> tuple[str, ...]:
    """A list of strings; null items are empty. Raises BadRequest."""
    return tuple(read_text(item) for item in read_list(value))


def read_list(value: object) -> list[object]:
    """A list. Raises BadRequest."""
    if value is None:
        return []
    if not isinstance(value, (list, tuple)):
        raise bad_formatting()
    return list(value)


def read_object(value: object) -> dict[str, object]:
    """An object; null is an empty one. Raises BadRequest."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise bad_formatting()
    return {str(key): item for key, item in value.items()}
