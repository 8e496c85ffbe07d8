"""How equality treats blanks: the one decision that compiler and evaluator share.

L1  "blank": NULL and the empty text are one value. "exact": they are two, types are kept (JSON).
    "direct": plain equality, NULL gives unknown.
L2  In a contradiction (R3 of rules/plan.py) only the many-valued side decides whether JSON's exact
    equality holds; a function on the other side counts as never blank. PocketBase does so, and
    rules written for it rely on what it finds.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from yadokari.rules.plan import (
    Compare,
    Distance,
    Flag,
    Item,
    Lower,
    Null,
    Plan,
    PlanOperand,
    SlotColumn,
    SlotRef,
    SpreadSlot,
    Strftime,
    null_is_blank,
)

Equality: TypeAlias = Literal["blank", "exact", "direct"]


def equality_of(node: Compare) -> Equality:
    """How the comparison itself treats blanks."""
    return _of(node.left, node.right)


def equality_in_contradiction(node: Compare, *, left_many: bool, right_many: bool) -> Equality:
    """How the search for a contradicting element treats blanks."""
    if left_many and right_many:
        return _of(node.left, node.right)
    many, single = (node.left, node.right) if left_many else (node.right, node.left)
    if not null_is_blank(many):
        return "exact"
    return "direct" if isinstance(single, Strftime | Distance) else "blank"


Known: TypeAlias = Literal["blank", "filled", "open"]
"""What is known of an operand before it runs: NULL or '', surely neither, or nothing."""


def known(plan: Plan, classes: str, operand: PlanOperand) -> Known:
    """What is known of an operand's value."""
    match operand:
        case Null():
            return "blank"
        case Flag():
            return "filled"
        case SlotRef():
            return "blank" if classes[operand.slot] in "ne" else "filled"
        case Lower():
            return known(plan, classes, operand.of) if isinstance(operand.of, SlotRef) else "open"
        case Item():
            # PocketBase takes the list that it binds for the item.
            return "filled" if isinstance(plan.join(operand.join).step, SpreadSlot) else "open"
        case _:
            return "open"


def bound_in(operand: PlanOperand) -> bool:
    """Whether a function has bound arguments: LIKE makes patterns of those, not of its result."""
    return isinstance(operand, Strftime | Distance) and any(
        isinstance(argument, SlotRef | SlotColumn) for argument in operand.arguments
    )


def _of(left: PlanOperand, right: PlanOperand) -> Equality:
    return "blank" if null_is_blank(left) and null_is_blank(right) else "exact"
