"""Operands as functions from rows and bound values to single values.

S1  A sight holds one row or item for each join, or None where nothing is joined: its values are
    NULL then.
S2  Stored values stand as a database column would hold them: flags as 1 and 0, lists as JSON text.

Not here: choosing rows (rules/evaluate.py), comparing (rules/compare_values.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias, assert_never

import msgspec

from yadokari.rules.bind import Scalar
from yadokari.rules.comparison import SqlValue, as_text
from yadokari.rules.distance import distance
from yadokari.rules.errors import RuleError
from yadokari.rules.json_part import json_items, json_part
from yadokari.rules.like_pattern import ascii_lower, like_pattern
from yadokari.rules.plan import (
    ROOT,
    Column,
    Distance,
    Flag,
    Item,
    JsonPart,
    Length,
    Lower,
    Null,
    PlanOperand,
    SlotColumn,
    SlotLength,
    SlotRef,
    Strftime,
    Truth,
    may_fail,
)
from yadokari.rules.real_text import as_stored
from yadokari.rules.strftime import strftime
from yadokari.schema.fields import Value

Values: TypeAlias = Mapping[str, Value]


class Sight(msgspec.Struct):
    """What a condition looks at: chosen rows and items by join, and the bound values."""

    slots: tuple[Scalar, ...]
    rows: list[Values | None]
    """By join number; the row in question is the first."""
    items: list[SqlValue] = msgspec.field(default_factory=list)
    """By join number, for spreads."""
    now_ms: int = 0
    beside: Sight | None = None
    """The other operand's sight while contradictions are looked for."""


Get: TypeAlias = Callable[[Sight], SqlValue]
Test: TypeAlias = Callable[[Sight], bool]


def getter(
    operand: PlanOperand,
    *,
    truth: Callable[[Truth], Test],
    patterns: bool = False,
    bare: bool = False,
) -> Get:
    """The function that reads an operand.

    Args:
        truth: How a condition inside an operand is judged.
        patterns: Bound arguments of a function stand as LIKE patterns.
        bare: The root row is not stored yet: its numbers are doubles, never made integers.
    """
    match operand:
        case Column():
            if bare and operand.kind == "number" and operand.join == ROOT:
                return _double(operand.name)
            return _column(operand)
        case JsonPart():
            return _json(operand)
        case Item():
            number = operand.join
            return lambda sight: sight.items[number]
        case Length():
            return _length(operand)
        case SlotLength() | SlotRef() | SlotColumn():
            return _slot(operand)
        case Lower():
            return _lower(getter(operand.of, truth=truth, bare=bare))
        case Null():
            return lambda sight: None  # noqa: ARG005 - every getter takes a sight
        case Flag():
            flag = int(operand.value)
            return lambda sight: flag  # noqa: ARG005 - every getter takes a sight
        case Truth():
            holds = truth(operand)
            return lambda sight: int(holds(sight))
        case Strftime() | Distance():
            return _function(operand, truth, patterns=patterns, bare=bare)
        case _:
            assert_never(operand)


def stored(value: Value | None) -> SqlValue:
    """A canonical value as a column holds it (S2)."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, float):
        return as_stored(value)
    return msgspec.json.encode(value).decode() if isinstance(value, tuple) else value


def bound(value: Scalar) -> SqlValue:
    """A bound value as a database sees it."""
    return int(value) if isinstance(value, bool) else value


def _column(column: Column) -> Get:
    number, name = column.join, column.name

    def plain(sight: Sight) -> SqlValue:
        row = sight.rows[number]
        return None if row is None else stored(row.get(name))

    def text(sight: Sight) -> SqlValue:
        row = sight.rows[number]
        return None if row is None else row.get(name)  # type: ignore[return-value]

    return text if column.kind == "text" else plain


def _double(name: str) -> Get:
    def get(sight: Sight) -> SqlValue:
        row = sight.rows[ROOT]
        value = None if row is None else row.get(name)
        return float(value) if isinstance(value, int | float) else None

    return get


def _json(part: JsonPart) -> Get:
    number, name, path = part.join, part.name, part.path

    def get(sight: Sight) -> SqlValue:
        row = sight.rows[number]
        text = None if row is None else row.get(name)
        return json_part(text, path) if isinstance(text, str) else None

    def fail(sight: Sight) -> SqlValue:
        if sight.rows[number] is None:
            return None
        raise RuleError(f"a path below {name!r} has an empty name")

    return fail if may_fail(part) else get


def _length(length: Length) -> Get:
    number, name = length.of.join, length.of.name

    def get(sight: Sight) -> SqlValue:
        row = sight.rows[number]
        value = None if row is None else row.get(name)
        if isinstance(value, tuple):
            return len(value)
        return len(json_items(value)) if isinstance(value, str) and value else 0

    return get


def _slot(operand: SlotLength | SlotRef | SlotColumn) -> Get:
    slot = operand.slot
    match operand:
        case SlotLength():
            return lambda sight: _count(sight.slots[slot])
        case SlotColumn() if operand.kind != "text":
            return lambda sight: stored(sight.slots[slot])
        case _:
            return lambda sight: bound(sight.slots[slot])


def _count(value: Scalar) -> int:
    if value is None or value == "":
        return 0
    return len(json_items(value)) if isinstance(value, str) else 1


def _lower(get: Get) -> Get:
    def lowered(sight: Sight) -> SqlValue:
        text = as_text(get(sight))
        return None if text is None else ascii_lower(text)

    return lowered


def _function(
    call: Strftime | Distance, truth: Callable[[Truth], Test], *, patterns: bool, bare: bool
) -> Get:
    arguments: list[Get] = []
    for argument in call.arguments:
        if patterns and isinstance(argument, SlotRef | SlotColumn):
            arguments.append(pattern_of(argument.slot))
        else:
            arguments.append(getter(argument, truth=truth, bare=bare))
    if isinstance(call, Strftime):
        return lambda sight: strftime([get(sight) for get in arguments], sight.now_ms)
    first, second, third, fourth = arguments
    return lambda sight: distance(first(sight), second(sight), third(sight), fourth(sight))


def pattern_of(slot: int) -> Get:
    """The function that gives a bound value's LIKE pattern."""
    return lambda sight: like_pattern(sight.slots[slot])
