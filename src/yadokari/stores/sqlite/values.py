"""Single values out of SQLite, made canonical whatever their storage class.

V1  A view's expression may give any storage class for a field; it is converted, never refused.
V2  Text in a json column that is no JSON is a JSON string; text that looks like JSON is JSON.

Not here: which column gets which reader (stores/sqlite/table.py).
"""

from __future__ import annotations

import math

import msgspec

from yadokari.base.json_text import decode, encode, number_text, real_text
from yadokari.schema.fields import GEO_ZERO, JSON_NULL

INTEGER_MAX = 2**53

_LIST = msgspec.json.Decoder(tuple[str, ...])
_ENCODER = msgspec.json.Encoder()
_JSON_WORDS = frozenset(("true", "false", "null"))
_JSON_STARTS = frozenset('0123456789-"[{')
_TRUE_TEXTS = frozenset(("1", "t", "T", "true", "TRUE", "True"))


def list_text(value: tuple[str, ...]) -> str:
    """A list as compact JSON text."""
    return _ENCODER.encode(value).decode() if value else "[]"


def read_list(value: object) -> tuple[str, ...]:
    """A list's JSON text, or one bare value, as its items."""
    if value == "[]":
        return ()
    if type(value) is not str:
        text = read_text(value)
        return (text,) if text else ()
    try:
        return _LIST.decode(value)
    except msgspec.MsgspecError:
        return _read_loose_list(value)


def read_number(value: object) -> int | float:
    """A number: an int when that is exact up to 2**53, else a double; what is no number is 0."""
    if type(value) is int:
        return value if -INTEGER_MAX <= value <= INTEGER_MAX else float(value)
    if type(value) is str:
        try:
            value = float(value)
        except ValueError:
            return 0
    if type(value) is not float or not math.isfinite(value):
        return 0
    return int(value) if value.is_integer() and abs(value) <= INTEGER_MAX else value


def read_flag(value: object) -> bool:
    """A truth value from a number or one of the usual words."""
    if type(value) is str:
        return value in _TRUE_TEXTS
    return type(value) in (int, float) and value != 0


def read_text(value: object) -> str:
    """The text of any storage class; NULL is empty."""
    if type(value) is str:
        return value
    if type(value) is bytes:
        return value.decode("utf-8", errors="replace")
    if isinstance(value, int | float) and math.isfinite(value):
        return number_text(value)
    return ""


def read_json(value: object) -> str:
    """Compact JSON text of any storage class (V2)."""
    if value is None:
        return JSON_NULL
    if type(value) is float:
        return real_text(value) if math.isfinite(value) else JSON_NULL
    if isinstance(value, int):
        return str(value)
    text = read_text(value)
    if text in _JSON_WORDS:
        return text
    if text and text[0] in _JSON_STARTS:
        try:
            value = decode(text.encode(), trailing_allowed=False)
            # A number stays as it is written: views may give texts such as 5.0.
            return text if isinstance(value, int | float) else encode(value).decode()
        except ValueError:
            pass
    return _ENCODER.encode(text).decode()


def read_geo(value: object) -> str:
    """A point's JSON text; what is no object is the zero point."""
    return value if type(value) is str and value.startswith("{") else GEO_ZERO


def _read_loose_list(text: str) -> tuple[str, ...]:
    try:
        items = msgspec.json.decode(text)
    except msgspec.MsgspecError:
        return (text,) if text else ()
    if isinstance(items, list):
        return tuple(item if isinstance(item, str) else read_text(item) for item in items)
    return (items,) if isinstance(items, str) and items else ()
