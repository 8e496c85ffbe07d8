"""Which rows a condition chooses: the joins it reads, and which conditions choose together.

H1  A many-valued join is one choice for all conditions that read it (R2 of rules/plan.py).
H2  A choice may be made as low as those conditions allow: "some row makes A or B true" is "some
    row makes A true, or some row makes B true"; the same for "and" between parts that share none.

Both the compiler and the evaluator follow these.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import assert_never

from yadokari.rules.plan import (
    ROOT,
    And,
    Compare,
    Condition,
    Distance,
    Or,
    Plan,
    PlanOperand,
    joins_of,
    may_contradict,
)


def closure(plan: Plan, joins: frozenset[int]) -> frozenset[int]:
    """Joins with everything they hang on."""
    found: set[int] = set()
    for start in joins:
        number = start
        while number != ROOT and number not in found:
            found.add(number)
            number = plan.join(number).parent
    return frozenset(found)


def read(plan: Plan, node: Condition) -> frozenset[int]:
    """Every join a condition reads, directly or on the way."""
    match node:
        case Compare():
            return closure(plan, joins_of(node.left) | joins_of(node.right))
        case And() | Or():
            return frozenset().union(*(read(plan, part) for part in node.parts))
        case _:
            assert_never(node)


def open_choices(plan: Plan, joins: frozenset[int], chosen: Container[int]) -> frozenset[int]:
    """The many-valued joins among these that are not chosen yet."""
    return frozenset(number for number in joins if plan.join(number).many and number not in chosen)


def grouped(
    plan: Plan, parts: Sequence[Condition], chosen: Container[int]
) -> list[tuple[frozenset[int], list[Condition]]]:
    """Parts of an "and" by the choices they share: (the shared joins, the parts)."""
    groups: list[tuple[frozenset[int], list[tuple[frozenset[int], Condition]]]] = []
    for part in parts:
        keys = open_choices(plan, read(plan, part), chosen)
        members = [(keys, part)]
        apart = []
        for known, others in groups:
            if known & keys:
                keys, members = known | keys, [*others, *members]
            else:
                apart.append((known, others))
        groups = [*apart, (keys, members)]
    return [
        (_shared([keys for keys, _ in members]), [part for _, part in members])
        for _, members in groups
    ]


def _shared(keys: list[frozenset[int]]) -> frozenset[int]:
    everything = frozenset().union(*keys)
    return frozenset(number for number in everything if sum(number in one for one in keys) > 1)


def many_of(plan: Plan, operand: PlanOperand, base: int) -> frozenset[int]:
    """The joins whose elements could contradict a comparison of this operand (R3).

    They lie beyond ``base``, and on the way from there to each of them several rows are possible.
    """
    if isinstance(operand, Distance):
        return frozenset()
    beyond = closure(plan, joins_of(operand)) - closure(plan, frozenset((base,)))
    found: set[int] = set()
    for number in sorted(beyond):
        join = plan.join(number)
        if join.parent in found or may_contradict(join.step):
            found.add(number)
    return frozenset(found)
