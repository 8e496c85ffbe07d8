"""Form values become typed values.

F1  ``true`` and ``false`` are bools; a number counts only in its shortest form without an
    exponent; everything else is text.
F2  A key that appears several times is a list.
F3  Each ``@jsonPayload`` is an object laid over the plain keys: objects merge deeply, other
    values replace values of their own kind, and null meets everything.

Not here: splitting bytes into pairs (api/query_text.py), files (api/multipart.py).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

from yadokari.base.json_text import (
    JsonValue,
    MalformedJson,
    canonical_number,
    decimal_text,
    decode_object,
)

PAYLOAD_KEY = "@jsonPayload"
_PLAIN_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_NUMBER_LENGTH_MAX = 400  # The longest shortest form of a double has 327 characters.


def infer(text: str) -> JsonValue:
    """The typed value of one form value (F1)."""
    if text == "true":
        return True
    if text == "false":
        return False
    if text and (text[0] == "-" or text[0].isdigit()) and _PLAIN_NUMBER.fullmatch(text):
        if len(text) > _NUMBER_LENGTH_MAX:
            return text
        number = float(text)
        if math.isfinite(number) and decimal_text(number) == text:
            return canonical_number(number)
    return text


def typed_fields(pairs: Iterable[tuple[str, str]]) -> dict[str, JsonValue]:
    """The typed values of a form, payloads laid over them.

    Raises:
        MalformedJson: a payload is no JSON object or does not fit what it is laid over.
    """
    fields: dict[str, JsonValue] = {}
    repeated: set[str] = set()
    payloads: list[str] = []
    for name, text in pairs:
        if name == PAYLOAD_KEY:
            payloads.append(text)
            continue
        value = infer(text)
        if name not in fields:
            fields[name] = value
        elif name in repeated:
            former = fields[name]
            assert isinstance(former, list)
            former.append(value)
        else:
            fields[name] = [fields[name], value]
            repeated.add(name)
    for payload in payloads:
        _lay_over(fields, decode_object(payload.encode(), trailing_allowed=False))
    return fields


def _lay_over(base: dict[str, JsonValue], over: dict[str, JsonValue]) -> None:
    """Merge an object into another one in place (F3)."""
    for key, value in over.items():
        former = base.get(key)
        if former is None or value is None:
            base[key] = value
        elif isinstance(former, dict) and isinstance(value, dict):
            _lay_over(former, value)
        elif _kind(former) is _kind(value):
            base[key] = value
        else:
            raise MalformedJson("values of different kinds for one key")


def _kind(value: JsonValue) -> type:
    """The JSON type: numbers are one."""
    return float if type(value) is int else type(value)
