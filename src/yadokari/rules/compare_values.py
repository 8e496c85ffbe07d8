"""Comparisons of a plan as functions: what each operator means for these operands.

The compiler writes the same decisions as SQL (stores/sql/operands.py); both follow
rules/equality.py and the affinities of rules/plan.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from yadokari.rules.comparison import (
    Convert,
    SqlValue,
    above,
    as_text,
    at_least,
    at_most,
    below,
    conversions,
    equal,
    is_true,
    other,
    same,
)
from yadokari.rules.equality import Equality, bound_in, equality_of, known
from yadokari.rules.like_pattern import matches_like
from yadokari.rules.operand_values import Get, Sight, Test, getter, pattern_of
from yadokari.rules.plan import (
    ROOT,
    Affinity,
    Column,
    Compare,
    Lower,
    Op,
    Plan,
    PlanOperand,
    SlotRef,
    Truth,
    affinity,
)

Pair: TypeAlias = Callable[[SqlValue, SqlValue], bool | None]
Judge: TypeAlias = Callable[[Sight, Sight], bool | None]
"""Compares the left operand in one sight with the right one in another."""

_ORDERS: dict[Op, Pair] = {Op.GT: above, Op.GE: at_least, Op.LT: below, Op.LE: at_most}


class Comparisons:
    """Makes the comparisons of one plan for one set of value classes."""

    def __init__(self, plan: Plan, classes: str, *, stored: bool) -> None:
        self._plan, self._classes, self._stored = plan, classes, stored

    def judge(
        self,
        node: Compare,
        equality: Equality,
        *,
        refuting: tuple[bool, bool] = (False, False),
    ) -> Judge:
        """The comparison of a node.

        Args:
            equality: How ``=`` and ``!=`` treat blanks here.
            refuting: Whether each side is an element that may contradict.
        """
        left = self._getter(node.left)
        if node.op in (Op.LIKE, Op.UNLIKE):
            return _like(left, self._pattern(node.right, refuting=refuting[1]), node.op)
        right = self._getter(node.right)
        pair = _ORDERS.get(node.op) or self._equality(node, equality, refuting)
        first, second = conversions(self._affinity(node.left), self._affinity(node.right))
        if pair is _blank_alike or pair is _blank_apart:
            first = second = None
        elif equality != "exact" and node.op in (Op.EQ, Op.NE):
            left = left if refuting[0] else self._blank_as_text(node.left, left)
            right = right if refuting[1] else self._blank_as_text(node.right, right)
        return _judge(left, right, pair, first, second)

    def _blank_as_text(self, operand: PlanOperand, get: Get) -> Get:
        """In a direct comparison what is known to be blank stands as the empty text."""
        if known(self._plan, self._classes, operand) != "blank":
            return get
        return lambda sight: ""  # noqa: ARG005 - every getter takes a sight

    def _getter(self, operand: PlanOperand, *, patterns: bool = False) -> Get:
        return getter(operand, truth=self._truth, patterns=patterns, bare=not self._stored)

    def _affinity(self, operand: PlanOperand) -> Affinity:
        """An operand's affinity; values of a record that is not stored yet have none."""
        if not self._stored and isinstance(operand, Column) and operand.join == ROOT:
            return Affinity.NONE
        return affinity(operand)

    def _truth(self, operand: Truth) -> Test:
        judges = [self.judge(part, equality_of(part)) for part in operand.of]
        return lambda sight: all(judge(sight, sight) is True for judge in judges)

    def _equality(self, node: Compare, equality: Equality, refuting: tuple[bool, bool]) -> Pair:
        negated = node.op is Op.NE
        if equality == "exact":
            return self._same(node.right, negated=negated)
        sides = [
            "open" if mine else known(self._plan, self._classes, operand)
            for operand, mine in zip((node.left, node.right), refuting, strict=True)
        ]
        if equality == "direct" or "filled" in sides:
            return self._same(node.right, negated=True) if negated else equal
        return _blank_apart if negated else _blank_alike

    def _same(self, right: PlanOperand, *, negated: bool) -> Pair:
        """IS and IS NOT; after them a keyword asks for truth, not for a value."""
        word = self._classes[right.slot] if isinstance(right, SlotRef) else ""
        if word not in ("t", "f"):
            return other if negated else same
        wanted = (word == "t") is not negated
        if word == "t":
            return lambda value, _: is_true(value) is wanted
        return lambda value, _: (value is not None and not is_true(value)) is not negated

    def _pattern(self, right: PlanOperand, *, refuting: bool) -> Get:
        slot = right.of if isinstance(right, Lower) else right
        if isinstance(slot, SlotRef) and self._classes[slot.slot] not in ("t", "f"):
            return pattern_of(slot.slot)
        if bound_in(right) and not refuting:
            return self._getter(right, patterns=True)
        get = self._getter(right)

        def containing(sight: Sight) -> SqlValue:
            text = as_text(get(sight))
            return None if text is None else f"%{text}%"

        return containing


def _judge(
    left: Get, right: Get, pair: Pair, first: Convert | None, second: Convert | None
) -> Judge:
    if first is not None:
        converted = first
        return lambda one, two: pair(converted(left(one)), right(two))
    if second is not None:
        changed = second
        return lambda one, two: pair(left(one), changed(right(two)))
    return lambda one, two: pair(left(one), right(two))


def _like(left: Get, pattern: Get, op: Op) -> Judge:
    wanted = op is Op.LIKE

    def judge(one: Sight, two: Sight) -> bool | None:
        text, wild = as_text(left(one)), as_text(pattern(two))
        if text is None or wild is None:
            return None
        return matches_like(text, wild) is wanted

    return judge


def _blank_alike(left: SqlValue, right: SqlValue) -> bool:
    """Equal, NULL and the empty text being one; functions convert nothing."""
    if left is None:
        left = ""
    return left == ("" if right is None else right)


def _blank_apart(left: SqlValue, right: SqlValue) -> bool:
    return not _blank_alike(left, right)
