"""Cron expressions: five fields of minute, hour, day, month and weekday, or a macro.

Not here: running anything at that time.
"""

from __future__ import annotations

MACROS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))
_EXPRESSION_CHARS_MAX = 1_000  # Every value of every field written out is below 500.


def is_cron(text: str) -> bool:
    """Whether it is an expression: single spaces between fields, numbers only, Sunday is 0."""
    if len(text) > _EXPRESSION_CHARS_MAX:
        return False
    fields = MACROS.get(text, text).split(" ")
    if len(fields) != len(_RANGES):
        return False
    return all(
        _is_part(part, low=low, high=high)
        for field, (low, high) in zip(fields, _RANGES, strict=True)
        for part in field.split(",")
    )


def _is_part(part: str, *, low: int, high: int) -> bool:
    span, slash, step = part.partition("/")
    if slash and _number(step, low=1, high=high) is None:
        return False
    if span == "*":
        return True
    first, dash, last = span.partition("-")
    start = _number(first, low=low, high=high)
    if start is None or not dash:
        return start is not None and not slash
    end = _number(last, low=low, high=high)
    return end is not None and start <= end


def _number(text: str, *, low: int, high: int) -> int | None:
    if not (text.isascii() and text.isdigit()) or len(text) > 4:
        return None
    return int(text) if low <= int(text) <= high else None
