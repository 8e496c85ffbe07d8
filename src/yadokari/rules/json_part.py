"""Values inside JSON text, as SQLite's json_extract gives them.

X1  Objects and lists come as their text, true and false as 1 and 0, null and what is missing as
    NULL.
X2  A bare number was made a number by its numeric column before anything was extracted from it.

Not here: JSON of requests (rules/bind.py).
"""

from __future__ import annotations

import msgspec

from yadokari.rules.comparison import SqlValue
from yadokari.rules.real_text import INTEGER_MAX, as_stored

_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_LIST = msgspec.json.Decoder(list[msgspec.Raw])
_TEXT = msgspec.json.Decoder(str)
_NUMBER = msgspec.json.Decoder(int | float)
_WORDS: dict[str, SqlValue] = {"null": None, "true": 1, "false": 0}


def json_part(text: str, path: tuple[str | int, ...]) -> SqlValue:
    """The value at a path of JSON text; text that is no JSON counts as a JSON string."""
    try:
        raw = _raw_part(text, path)
        value = None if raw is None else _value(raw)
    except (msgspec.MsgspecError, UnicodeEncodeError):
        return None if path else text
    return as_stored(value) if isinstance(value, float) and not path else value


def json_items(text: str) -> list[SqlValue]:
    """The items of a JSON list; any other text is one item."""
    if text.startswith("["):
        try:
            return [_value(bytes(raw).decode()) for raw in _LIST.decode(text)]
        except (msgspec.MsgspecError, UnicodeEncodeError):
            return [text]
    return [text]


def _raw_part(text: str, path: tuple[str | int, ...]) -> str | None:
    for key in path:
        if isinstance(key, str):
            found = _OBJECT.decode(text).get(key) if text.startswith("{") else None
        else:
            items = _LIST.decode(text) if text.startswith("[") else []
            found = items[key] if key < len(items) else None
        if found is None:
            return None
        text = bytes(found).decode()
    return text


def _value(raw: str) -> SqlValue:
    first = raw[:1]
    if first in ("{", "["):
        msgspec.json.decode(raw)
        return raw
    if first == '"':
        return _TEXT.decode(raw)
    if raw in _WORDS:
        return _WORDS[raw]
    number = _NUMBER.decode(raw)
    if isinstance(number, int) and not -INTEGER_MAX - 1 <= number <= INTEGER_MAX:
        return float(number)
    return number
