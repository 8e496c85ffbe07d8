"""Json values: compact JSON text.

J1  Submitted text is guessed at: words and texts that look like JSON and are JSON become it, any
    other becomes a JSON string.
J2  JSON that came as text keeps its numbers and the order of its keys; JSON that came as values has
    its keys sorted.

Not here: JSON itself (base/json_text.py).
"""

from __future__ import annotations

import json
import re

from yadokari.base.json_text import MalformedJson, decode, encode
from yadokari.base.problems import Problem, required
from yadokari.schema.fields import JSON_NULL, JsonField

JSON_BYTES_MAX = 1024 * 1024
"""Largest value of a field without a maximum of its own."""

_WORDS = frozenset(["true", "false", "null"])
_STARTS = frozenset('0123456789-"[{')
_PIECE = re.compile(r'("(?:[^"\\]++|\\.)*+")|[ \t\n\r]++', re.DOTALL)
_EMPTY = frozenset([JSON_NULL, '""', "[]", "{}"])


class SubmittedJson(str):
    """A json value that remembers what its compact text does not show."""

    __slots__ = ("is_valid", "submitted_bytes")

    is_valid: bool
    """False for text that is JSON in shape but names a key twice or has an endless number."""
    submitted_bytes: int
    """Length of the text as it came, whitespace included; what the limit is about."""


def json_of(submitted: object) -> str:
    """What a json field makes of a submitted value; never fails."""
    if isinstance(submitted, SubmittedJson):
        return submitted
    if isinstance(submitted, str):
        return json_of_text(submitted)
    if submitted is None:
        return JSON_NULL
    if not isinstance(submitted, (bool, int, float, list, tuple, dict)):
        return JSON_NULL
    try:
        return encode(submitted, sort_keys=True).decode()
    except (ValueError, TypeError, OverflowError):
        return _remembered(JSON_NULL, is_valid=False, submitted_bytes=len(JSON_NULL))


def json_of_text(text: str) -> str:
    """The value guessed from submitted text (J1)."""
    if text in _WORDS:
        return text
    if text and text[0] in _STARTS:
        raw = text.encode("utf-8", "surrogatepass")
        try:
            decode(raw, trailing_allowed=False)
        except MalformedJson:
            if _has_json_shape(text):
                return _remembered(text, is_valid=False, submitted_bytes=len(raw))
        else:
            compact = _PIECE.sub(_compacted, text)
            if compact == text:
                return text
            return _remembered(compact, is_valid=True, submitted_bytes=len(raw))
    return encode(text.encode("utf-8", "replace").decode()).decode()


def json_problem(field: JsonField, value: str) -> Problem | None:
    """What is wrong with a json value."""
    submitted_bytes = -1
    if isinstance(value, SubmittedJson):
        if not value.is_valid:
            return Problem("validation_invalid_json", "Must be valid JSON.")
        submitted_bytes = value.submitted_bytes
    bytes_max = field.max_size or JSON_BYTES_MAX
    if submitted_bytes < 0 and len(value) * 4 > bytes_max:
        submitted_bytes = len(value.encode("utf-8", "surrogatepass"))
    if submitted_bytes > bytes_max:
        return Problem(
            "validation_json_size_limit",
            f"The JSON may have at most {bytes_max} bytes.",
            {"maxSize": bytes_max},
        )
    return required() if field.required and value in _EMPTY else None


def _remembered(text: str, *, is_valid: bool, submitted_bytes: int) -> SubmittedJson:
    value = SubmittedJson(text)
    value.is_valid, value.submitted_bytes = is_valid, submitted_bytes
    return value


def _compacted(match: re.Match[str]) -> str:
    string = match[1]
    if string is None:
        return ""
    return encode(decode(string.encode())).decode() if "\\" in string else string


def _has_json_shape(text: str) -> bool:
    """Whether it is JSON but for doubled keys and endless numbers."""
    try:
        json.loads(text, parse_int=str, parse_float=str, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return False
    return True


def _refuse(word: str) -> None:
    raise ValueError(word)
