"""The reference evaluator: whether a record satisfies a plan, decided in memory.

The compiler (stores/sql) says the same as SQL; both follow rules/plan.py R2 to R5,
rules/choices.py and rules/equality.py, and are tested against each other.

V1  Pure: what is missing is yielded as a request and sent back; nothing waits here.
V2  Nothing is asked for when the values at hand already decide.
V3  A record that is not stored yet has no back-relations: a rule that speaks of them fails.
V4  Nor are its values columns yet: they compare without affinity, its numbers are doubles.

Not here: order; a plan's sort is not looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import TypeAlias, assert_never

import msgspec

from yadokari.rules.bind import Binding
from yadokari.rules.choices import closure, grouped, many_of, open_choices, read
from yadokari.rules.compare_values import Comparisons, Judge
from yadokari.rules.comparison import SqlValue
from yadokari.rules.equality import equality_in_contradiction, equality_of
from yadokari.rules.fetching import (
    Fetch,
    Found,
    Record,
    fetched,
    items_of,
    slot_items,
)
from yadokari.rules.operand_values import Sight, Values
from yadokari.rules.plan import (
    ROOT,
    And,
    Back,
    ByIds,
    Compare,
    Condition,
    Cross,
    Distance,
    Follow,
    Join,
    Named,
    Or,
    Plan,
    PlanOperand,
    Spread,
    SpreadSlot,
    joins_of,
)

Held: TypeAlias = Callable[[Sight, Found], bool]
Tried: TypeAlias = Callable[[Sight], bool | None]

_NOTHING_FOUND = Found()


class _Judge(msgspec.Struct, frozen=True):
    """A plan's condition as functions, for one set of value classes."""

    joins: tuple[int, ...]
    """The joins it reads, parents first."""
    speaks_of_back: bool
    """Whether it reads records that point at the root record."""
    early: Tried
    """The answer when the root record alone decides, else None."""
    whole: Held


def decide(plan: Plan, binding: Binding, values: Values, *, stored: bool = True) -> bool:
    """Whether a record satisfies a plan that reads nothing but this record and the request.

    Args:
        stored: As for ``holds``.
    """
    judge = _judge(plan, binding.classes, stored=stored)
    assert not judge.joins, "a plan with joins needs holds()"
    return judge.whole(Sight(binding.values, [values], [None], binding.now_ms), _NOTHING_FOUND)


def needs_records(plan: Plan, binding: Binding) -> bool:
    """Whether ``holds`` may ask for other records; without, ``decide`` will do."""
    return bool(_judge(plan, binding.classes, stored=True).joins)


def holds(
    plan: Plan, binding: Binding, values: Values, *, stored: bool = True
) -> Generator[Fetch, Sequence[Record], bool]:
    """Whether a record satisfies a plan.

    Yields requests for records and is sent the records (in any order); returns the answer.

    Args:
        values: The record's canonical values.
        stored: Whether the record is in the store already (V3).
    """
    judge = _judge(plan, binding.classes, stored=stored)
    if judge.speaks_of_back and not stored:
        return False
    places = len(plan.joins) + 1
    rows: list[Values | None] = [None] * places
    rows[ROOT] = values
    sight = Sight(binding.values, rows, [None] * places, binding.now_ms)
    found = Found()
    if judge.joins:
        early = judge.early(sight)
        if early is not None:
            return early
        yield from fetched(plan, judge.joins, sight, found)
    return judge.whole(sight, found)


def _judge(plan: Plan, classes: str, *, stored: bool) -> _Judge:
    key = ("evaluate", classes, stored)
    judge = plan.cache.get(key)
    if not isinstance(judge, _Judge):
        judge = _Maker(plan, classes, stored=stored).make()
        plan.cache[key] = judge
    return judge


class _Maker:
    def __init__(self, plan: Plan, classes: str, *, stored: bool) -> None:
        self._plan = plan
        self._comparisons = Comparisons(plan, classes, stored=stored)

    def make(self) -> _Judge:
        where = self._plan.where
        if where is None:
            return _Judge((), False, lambda sight: True, lambda sight, found: True)  # noqa: ARG005
        joins = tuple(sorted(read(self._plan, where)))
        steps = [self._plan.join(number) for number in joins]
        return _Judge(
            joins,
            any(isinstance(join.step, Back) and join.parent == ROOT for join in steps),
            self._early(where),
            self._held(where, frozenset((ROOT,))),
        )

    # --- what the record alone decides ---------------------------------------------------------

    def _early(self, node: Condition) -> Tried:
        match node:
            case Compare():
                if read(self._plan, node):
                    return lambda sight: None  # noqa: ARG005 - every try takes a sight
                held = self._held(node, frozenset((ROOT,)))
                return lambda sight: held(sight, _NOTHING_FOUND)
            case And():
                return _early_of([self._early(part) for part in node.parts], deciding=False)
            case Or():
                return _early_of([self._early(part) for part in node.parts], deciding=True)
            case _:
                assert_never(node)

    # --- the whole -----------------------------------------------------------------------------

    def _held(self, node: Condition, bound: frozenset[int]) -> Held:
        """A condition, where the rows of ``bound`` are chosen."""
        match node:
            case Compare():
                return self._compare(node, bound)
            case Or():
                parts = [self._held(part, bound) for part in node.parts]
                return lambda sight, found: any(part(sight, found) for part in parts)
            case And():
                return self._all(node.parts, bound)
            case _:
                assert_never(node)

    def _all(self, parts: Sequence[Condition], bound: frozenset[int]) -> Held:
        tests: list[Held] = []
        for shared, group in grouped(self._plan, parts, bound):
            if len(group) == 1:
                tests.append(self._held(group[0], bound))
            else:
                needed = closure(self._plan, shared)
                tests.append(self._some(needed - bound, self._all(group, bound | needed)))
        if len(tests) == 1:
            return tests[0]
        return lambda sight, found: all(test(sight, found) for test in tests)

    def _compare(self, node: Compare, bound: frozenset[int]) -> Held:
        before = closure(self._plan, frozenset((node.base,)))
        contradicted = self._contradicted(node) if node.every else None
        if contradicted is not None and open_choices(self._plan, before, bound):
            return self._some(before - bound, self._held(node, bound | before))
        judge = self._comparisons.judge(node, equality_of(node))
        needed = read(self._plan, node) - bound

        def direct(sight: Sight, found: Found) -> bool:  # noqa: ARG001 - every condition takes both
            return judge(sight, sight) is True

        if contradicted is None:
            return self._some(needed, direct)
        if isinstance(node.left, Distance) or isinstance(node.right, Distance):
            return self._some(
                needed,
                lambda sight, found: direct(sight, found) and not contradicted(sight, found),
            )
        some = self._some(needed, direct)
        beyond = before - bound
        if beyond:
            free = self._some(beyond, lambda sight, found: not contradicted(sight, found))
            return lambda sight, found: some(sight, found) and free(sight, found)
        return lambda sight, found: some(sight, found) and not contradicted(sight, found)

    def _contradicted(self, node: Compare) -> Held | None:
        """Whether a pair of elements makes the comparison false (R3)."""
        many = [many_of(self._plan, one, node.base) for one in (node.left, node.right)]
        if not any(many):
            return None
        refuting = (bool(many[0]), bool(many[1]))
        equality = equality_in_contradiction(node, left_many=refuting[0], right_many=refuting[1])
        judge = self._comparisons.judge(node, equality, refuting=refuting)
        right = self._some(
            self._beside(node.right, many[1], node.base), lambda sight, _: _refutes(judge, sight)
        )
        left = self._some(
            self._beside(node.left, many[0], node.base),
            lambda sight, found: right(_partner(sight), found),
        )

        def contradicted(sight: Sight, found: Found) -> bool:
            one, two = _copy(sight), _copy(sight)
            one.beside, two.beside = two, one
            return left(one, found)

        return contradicted

    def _beside(self, operand: PlanOperand, many: frozenset[int], base: int) -> frozenset[int]:
        """The joins of one operand whose elements are gone through beside the chosen ones."""
        if isinstance(operand, Distance):
            return frozenset()
        fixed = closure(self._plan, frozenset((base,)))
        return many | (closure(self._plan, joins_of(operand)) - fixed)

    def _some(self, numbers: frozenset[int], body: Held) -> Held:
        """Whether some rows of these joins make the body true; none at all is one row of NULLs."""
        for number in sorted(numbers, reverse=True):
            body = _chosen(self._plan.join(number), body)
        return body


def _refutes(judge: Judge, right: Sight) -> bool:
    return judge(_partner(right), right) is False


def _partner(sight: Sight) -> Sight:
    assert sight.beside is not None, "a contradiction is looked for in two sights"
    return sight.beside


def _chosen(join: Join, body: Held) -> Held:
    number = join.number
    if isinstance(join.step, Spread | SpreadSlot):

        def items(sight: Sight, found: Found) -> bool:
            for item in _items(join, sight) or [None]:
                sight.items[number] = item
                if body(sight, found):
                    return True
            return False

        return items

    def rows(sight: Sight, found: Found) -> bool:
        for row in _rows(join, sight, found) or [None]:
            sight.rows[number] = row
            if body(sight, found):
                return True
        return False

    return rows


def _items(join: Join, sight: Sight) -> Sequence[SqlValue]:
    match join.step:
        case Spread():
            return items_of(sight.rows[join.parent], join.step.field)
        case SpreadSlot():
            return slot_items(sight, join.step.slot)
        case _:
            raise AssertionError("only spreads have items")


def _rows(join: Join, sight: Sight, found: Found) -> Sequence[Values]:
    match join.step:
        case Cross():
            return found.rows[join.number]
        case ByIds():
            keys = (
                slot_items(sight, join.step.slot)
                if join.step.many
                else [sight.slots[join.step.slot]]
            )
            by_key = found.by_key[join.number]
            return [row for key in keys if isinstance(key, str) for row in by_key.get(key, ())]
        case Named():
            key: object = sight.items[join.parent]
        case Follow() | Back():
            parent = sight.rows[join.parent]
            name = join.step.field if isinstance(join.step, Follow) else "id"
            key = None if parent is None else parent.get(name)
        case _:
            raise AssertionError("spreads have no rows")
    return found.by_key[join.number].get(key, ()) if isinstance(key, str) else ()


def _early_of(parts: list[Tried], *, deciding: bool) -> Tried:
    """One part that is ``deciding`` decides; else all must be known."""

    def tried(sight: Sight) -> bool | None:
        known: bool | None = not deciding
        for part in parts:
            answer = part(sight)
            if answer is deciding:
                return deciding
            if answer is None:
                known = None
        return known

    return tried


def _copy(sight: Sight) -> Sight:
    return Sight(sight.slots, list(sight.rows), list(sight.items), sight.now_ms)
