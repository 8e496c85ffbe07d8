"""Cron expressions: five fields of minute, hour, day, month and weekday, or a macro.

X1  A moment is due when all five fields hold it, day and weekday too (PocketBase's reading; the
    classic one joins these two by "or"). Times are UTC, Sunday is 0.

Not here: running anything at that time (upkeep/crons.py).
"""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

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
_MINUTE_S = 60


class Schedule(msgspec.Struct, frozen=True):
    """The minutes at which something is due."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]

    def is_due(self, minute: int) -> bool:
        """Whether a minute, counted since 1970 UTC, is one of them (X1)."""
        at = datetime.fromtimestamp(minute * _MINUTE_S, UTC)
        return (
            at.minute in self.minutes
            and at.hour in self.hours
            and at.day in self.days
            and at.month in self.months
            and at.isoweekday() % 7 in self.weekdays
        )


def parse_cron(text: str) -> Schedule | None:
    """The schedule of an expression; None when it is none.

    Single spaces stand between fields, and values are numbers only.
    """
    if len(text) > _EXPRESSION_CHARS_MAX:
        return None
    fields = MACROS.get(text, text).split(" ")
    if len(fields) != len(_RANGES):
        return None
    sets: list[frozenset[int]] = []
    for field, (low, high) in zip(fields, _RANGES, strict=True):
        values: set[int] = set()
        for part in field.split(","):
            found = _values(part, low=low, high=high)
            if found is None:
                return None
            values.update(found)
        sets.append(frozenset(values))
    return Schedule(*sets)


def is_cron(text: str) -> bool:
    """Whether it is an expression."""
    return parse_cron(text) is not None


def _values(part: str, *, low: int, high: int) -> range | None:
    span, slash, step_text = part.partition("/")
    step = _number(step_text, low=1, high=high) if slash else 1
    if step is None:
        return None
    if span == "*":
        return range(low, high + 1, step)
    first, dash, last = span.partition("-")
    start = _number(first, low=low, high=high)
    if start is None or (slash and not dash):
        return None
    end = _number(last, low=low, high=high) if dash else start
    return range(start, end + 1, step) if end is not None and start <= end else None


def _number(text: str, *, low: int, high: int) -> int | None:
    if not (text.isascii() and text.isdigit()) or len(text) > 4:
        return None
    return int(text) if low <= int(text) <= high else None
