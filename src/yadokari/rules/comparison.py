"""Comparing single values as SQLite does: classes, affinities, three-valued results.

O1  Values are NULL, numbers or text; numbers stand before text, text compares by code points.
O2  A value that is compared takes the other side's affinity when it has none, and becomes a number
    when the other side is numeric.
O3  The result is unknown (None) when a side is NULL, but for ``same``, which is never unknown.

Not here: which comparison an operator means (rules/compare_values.py).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from yadokari.rules.plan import Affinity
from yadokari.rules.real_text import leading_number, number_text, numeric

SqlValue: TypeAlias = str | int | float | None
Convert: TypeAlias = Callable[[SqlValue], SqlValue]


def as_text(value: SqlValue) -> str | None:
    """The text of a value; None for NULL."""
    return value if value is None or isinstance(value, str) else number_text(value)


def as_number(value: SqlValue) -> SqlValue:
    """A text that is a number as that number; any other value as it is."""
    if isinstance(value, str):
        found = numeric(value)
        return value if found is None else found
    return value


def is_true(value: SqlValue) -> bool:
    """Whether a value counts as true: a number other than zero, or text that begins with one."""
    if isinstance(value, str):
        return leading_number(value) != 0
    return value is not None and value != 0


def conversions(left: Affinity, right: Affinity) -> tuple[Convert | None, Convert | None]:
    """What each side is converted with before they are compared (O2)."""
    if left is right:
        return None, None
    if left is Affinity.NUMERIC:
        return None, as_number
    if right is Affinity.NUMERIC:
        return as_number, None
    return (None, as_text) if left is Affinity.TEXT else (as_text, None)


def equal(left: SqlValue, right: SqlValue) -> bool | None:
    """``=``."""
    if left is None or right is None:
        return None
    return left == right


def same(left: SqlValue, right: SqlValue) -> bool:
    """``IS``: NULL is the same as NULL."""
    return left == right


def other(left: SqlValue, right: SqlValue) -> bool:
    """``IS NOT``."""
    return left != right


def below(left: SqlValue, right: SqlValue) -> bool | None:
    """``<`` (O1)."""
    if left is None or right is None:
        return None
    if isinstance(left, str):
        return isinstance(right, str) and left < right
    return isinstance(right, str) or left < right


def above(left: SqlValue, right: SqlValue) -> bool | None:
    """``>``."""
    return below(right, left)


def at_most(left: SqlValue, right: SqlValue) -> bool | None:
    """``<=``."""
    found = below(right, left)
    return None if found is None else not found


def at_least(left: SqlValue, right: SqlValue) -> bool | None:
    """``>=``."""
    found = below(left, right)
    return None if found is None else not found
