"""The records a plan's condition must see: asked for join by join, one request each.

F1  A request names everything that the rows found so far can lead to, each id once; a join that
    nothing leads to asks for nothing.

Not here: who answers (the caller of rules/evaluate.py).
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from typing import Protocol, TypeAlias, assert_never

import msgspec

from yadokari.rules.comparison import SqlValue, as_text
from yadokari.rules.json_part import json_items
from yadokari.rules.operand_values import Sight, Values
from yadokari.rules.plan import (
    ROOT,
    Back,
    ByIds,
    Cross,
    Follow,
    Join,
    Named,
    Plan,
    Spread,
    SpreadSlot,
)
from yadokari.schema.collection import Collection
from yadokari.schema.fields import Value


class ById(msgspec.Struct, frozen=True):
    """The records with these ids."""

    collection: Collection
    ids: tuple[str, ...]


class Pointing(msgspec.Struct, frozen=True):
    """The records whose relation ``field`` names one of these ids."""

    collection: Collection
    field: str
    ids: tuple[str, ...]


class Everything(msgspec.Struct, frozen=True):
    """All records of a collection."""

    collection: Collection


Fetch: TypeAlias = ById | Pointing | Everything


class Record(Protocol):
    """What is sent back: anything with a record's values."""

    @property
    def values(self) -> Mapping[str, Value]:
        """Canonical values by field name."""
        ...


class Found(msgspec.Struct):
    """What each join can lead to."""

    rows: dict[int, list[Values]] = msgspec.field(default_factory=dict)
    """All rows of a join, for those that do not depend on a parent."""
    by_key: dict[int, dict[str, list[Values]]] = msgspec.field(default_factory=dict)
    """Rows of a join by the id that leads to them."""


def fetched(
    plan: Plan, joins: Iterable[int], sight: Sight, found: Found
) -> Generator[Fetch, Sequence[Record], None]:
    """Ask for what these joins (parents first) lead to, and keep it in ``found``."""
    reached: dict[int, list[Values]] = {ROOT: [row for row in sight.rows[:1] if row is not None]}
    items: dict[int, list[SqlValue]] = {}
    for number in joins:
        join = plan.join(number)
        match join.step:
            case Spread():
                items[number] = [
                    one for row in reached[join.parent] for one in items_of(row, join.step.field)
                ]
            case SpreadSlot():
                pass
            case Cross():
                answer = yield Everything(_collection(join))
                found.rows[number] = reached[number] = [one.values for one in answer]
            case Follow() | Named() | Back() | ByIds():
                keys = _keys(join, reached, items, sight)
                rows: list[Values] = []
                if keys:
                    rows = [one.values for one in (yield _request(join, keys))]
                found.by_key[number] = _by_key(join, rows)
                reached[number] = rows
            case _:
                assert_never(join.step)


def items_of(row: Values | None, name: str) -> list[SqlValue]:
    """The items of a list or single field; a row that is not there has none."""
    value = None if row is None else row.get(name)
    if isinstance(value, tuple):
        return list(value)
    return json_items(value) if isinstance(value, str) else []


def slot_items(sight: Sight, slot: int) -> list[SqlValue]:
    """The items of a list that is bound to a slot."""
    value = sight.slots[slot]
    return json_items(value) if isinstance(value, str) else [value]


def _keys(
    join: Join,
    reached: dict[int, list[Values]],
    items: dict[int, list[SqlValue]],
    sight: Sight,
) -> tuple[str, ...]:
    """The ids that lead to rows of a join."""
    step = join.step
    if isinstance(step, ByIds):
        keys = slot_items(sight, step.slot) if step.many else [as_text(sight.slots[step.slot])]
    elif isinstance(step, Named):
        keys = items[join.parent]
    else:
        name = step.field if isinstance(step, Follow) else "id"
        keys = [row.get(name) for row in reached[join.parent]]
    return tuple(dict.fromkeys(key for key in keys if isinstance(key, str) and key))


def _request(join: Join, keys: tuple[str, ...]) -> Fetch:
    if isinstance(join.step, Back):
        return Pointing(_collection(join), join.step.field, keys)
    return ById(_collection(join), keys)


def _by_key(join: Join, rows: list[Values]) -> dict[str, list[Values]]:
    found: dict[str, list[Values]] = {}
    for row in rows:
        back = join.step.field if isinstance(join.step, Back) else None
        keys = [row.get("id")] if back is None else items_of(row, back)
        for key in keys:
            found.setdefault(str(key), []).append(row)
    return found


def _collection(join: Join) -> Collection:
    assert join.collection is not None, "a join to records knows their collection"
    return join.collection
