"""Operands and comparisons as SQL.

O1  Conversions follow the operands' affinities (rules/plan.py, R5): an expression has none, so a
    comparison that must not convert is written over expressions.
O2  NULL and '' are one value for = and != outside JSON. Which form says so depends on what is
    known: the class of a bound value, or that a column cannot be NULL here.

Not here: where rows come from (stores/sql/compile.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

from yadokari.rules.equality import Equality, equality_of, known
from yadokari.rules.plan import (
    ROOT,
    Affinity,
    Column,
    Compare,
    Distance,
    Flag,
    Item,
    JsonPart,
    Length,
    Lower,
    Null,
    Op,
    Plan,
    PlanOperand,
    SlotColumn,
    SlotLength,
    SlotRef,
    Strftime,
    Truth,
    affinity,
)
from yadokari.stores.sql.dialect import Dialect
from yadokari.stores.sql.fragment import Argument, Sql, joined, quoted, sql

NULL = Sql("NULL")
BLANK = Sql("''")
_KEYWORDS = {"n": NULL, "t": Sql("TRUE"), "f": Sql("FALSE")}
_SYMBOLS = {Op.GT: ">", Op.GE: ">=", Op.LT: "<", Op.LE: "<="}

ANYTHING: frozenset[bool | None] = frozenset((True, False, None))


class Operands:
    """Renders operands for one plan and one set of value classes."""

    def __init__(self, plan: Plan, dialect: Dialect, classes: str) -> None:
        self._plan = plan
        self._dialect = dialect
        self._classes = classes

    def render(self, operand: PlanOperand, aliases: Mapping[int, str]) -> Sql:
        """An operand over the rows that ``aliases`` names."""
        match operand:
            case Column():
                return Sql(f"{aliases[operand.join]}.{quoted(operand.name)}")
            case JsonPart():
                column = Sql(f"{aliases[operand.join]}.{quoted(operand.name)}")
                return self._dialect.json_part(
                    column, operand.path, checked=not self._in_view(operand.join)
                )
            case Item():
                return Sql(f"{aliases[operand.join]}.value")
            case Length():
                stored = self.render(operand.of, aliases)
                return self._dialect.length(stored, many=operand.of.kind == "list")
            case SlotLength():
                return self._dialect.length(self._slot(operand.slot), many=False)
            case Lower():
                return self._dialect.lower(self.render(operand.of, aliases))
            case SlotRef():
                return self._slot(operand.slot)
            case SlotColumn():
                return self._dialect.as_column(
                    self._slot(operand.slot), text=operand.kind == "text"
                )
            case Null():
                return NULL
            case Flag():
                return Sql("1" if operand.value else "0")
            case Truth():
                return self._truth(operand, aliases)
            case Strftime():
                return self._dialect.strftime(self._all(operand.arguments, aliases))
            case Distance():
                return self._dialect.distance(self._all(operand.arguments, aliases))
            case _:
                assert_never(operand)

    def _in_view(self, join: int) -> bool:
        collection = self._plan.collection if join == ROOT else self._plan.join(join).collection
        return collection is None or collection.is_view

    def _truth(self, operand: Truth, aliases: Mapping[int, str]) -> Sql:
        parts: list[Sql] = []
        for part in operand.of:
            sides = (self.render(part.left, aliases), self.render(part.right, aliases))
            equality = equality_of(part)
            parts.append(self.compare(part, sides, never_null=(False, False), equality=equality))
        return sql("({})", joined(" AND ", parts))

    def _all(
        self, operands: tuple[PlanOperand, ...], aliases: Mapping[int, str]
    ) -> tuple[Sql, ...]:
        return tuple(self.render(operand, aliases) for operand in operands)

    def _slot(self, slot: int, *, pattern: bool = False) -> Sql:
        keyword = _KEYWORDS.get(self._classes[slot])
        return keyword or Sql("?", (Argument("pattern" if pattern else "slot", slot),))

    def compare(
        self,
        node: Compare,
        sides: tuple[Sql, Sql],
        *,
        never_null: tuple[bool, bool],
        equality: Equality,
        refuting: tuple[bool, bool] = (False, False),
    ) -> Sql:
        """A comparison of rendered sides; three-valued like the database's own.

        Args:
            never_null: Whether each side is a column that cannot be NULL here.
            equality: How ``=`` and ``!=`` treat blanks here.
            refuting: Whether each side is an element that may contradict.
        """
        sides = (
            self._unconverted(node.left, sides[0], node.right),
            self._unconverted(node.right, sides[1], node.left),
        )
        match node.op:
            case Op.EQ | Op.NE:
                return self._equality(node, sides, never_null, equality, refuting)
            case Op.LIKE | Op.UNLIKE:
                found = self._dialect.like(
                    sides[0], self._pattern(node.right, sides[1], refuting=refuting[1])
                )
                return sql("NOT {}", found) if node.op is Op.UNLIKE else found
            case _:
                return sql("{} " + _SYMBOLS[node.op] + " {}", *sides)

    def _unconverted(self, operand: PlanOperand, rendered: Sql, other: PlanOperand) -> Sql:
        """An item converts nothing it meets, although the column it may stand in would.

        Against text nothing would be converted, and an index on the items can be used.
        """
        if not isinstance(operand, Item) or isinstance(other, Item):
            return rendered
        text = affinity(other) is Affinity.TEXT or (
            isinstance(other, SlotRef) and self._classes[other.slot] in "ve"
        )
        return rendered if text else self._dialect.unconverted(rendered)

    def _pattern(self, right: PlanOperand, rendered: Sql, *, refuting: bool) -> Sql:
        if isinstance(right, SlotRef) and self._classes[right.slot] in "evd":
            return self._slot(right.slot, pattern=True)
        if isinstance(right, Lower) and isinstance(right.of, SlotRef):
            return self._dialect.lower(self._slot(right.of.slot, pattern=True))
        if (
            not refuting
            and isinstance(right, Strftime | Distance)
            and "slot" in {argument.kind for argument in rendered.arguments}
        ):
            # PocketBase turns the function's own literals into patterns, not its result.
            patterns = [Argument("pattern", argument.slot) for argument in rendered.arguments]
            return Sql(rendered.text, tuple(patterns))
        return self._dialect.containing(rendered)

    def _equality(
        self,
        node: Compare,
        sides: tuple[Sql, Sql],
        never_null: tuple[bool, bool],
        equality: Equality,
        refuting: tuple[bool, bool],
    ) -> Sql:
        negated = node.op is Op.NE
        if equality == "exact":
            return self._dialect.same(*sides, negated=negated)
        surely = tuple(
            "open" if mine else known(self._plan, self._classes, operand)
            for operand, mine in zip((node.left, node.right), refuting, strict=True)
        )
        if equality == "direct":
            surely = ("filled", surely[1])
        if surely == ("blank", "blank"):
            return Sql("0" if negated else "1")
        if "filled" in surely:
            one, two = (
                BLANK if known == "blank" else s for known, s in zip(surely, sides, strict=True)
            )
            if negated:
                return self._dialect.same(one, two, negated=True)
            return _alone(node, sql("{} = {}", one, two))
        if self._columns_alike(node, never_null):
            return self._dialect.same(*sides, negated=True) if negated else sql("{} = {}", *sides)
        if "blank" in surely:
            place = 1 if surely[0] == "blank" else 0
            blank = _blankness(sides[place], negated=negated, bare=never_null[place])
            return blank if negated else _alone(node, blank)
        pair = [sql("COALESCE({}, '')", side) for side in sides]
        return sql("{} <> {}" if negated else "{} = {}", *pair)

    def _columns_alike(self, node: Compare, never_null: tuple[bool, bool]) -> bool:
        """Two columns of one kind without NULLs: plain equality is exact and can use an index."""
        kinds: list[str] = []
        for operand, solid in zip((node.left, node.right), never_null, strict=True):
            match operand:
                case Column() if solid:
                    kinds.append(operand.kind)
                case SlotColumn() if self._classes[operand.slot] in "vd":
                    kinds.append(operand.kind)
                case _:
                    return False
        return kinds[0] == kinds[1]

    def on_null(
        self, left: PlanOperand, op: Op, right: PlanOperand, *, left_null: bool, exact: bool
    ) -> frozenset[bool | None]:
        """What a comparison may give when one side is NULL: among True, False and None."""
        if op not in (Op.EQ, Op.NE):
            return frozenset((None,))
        mine, other = (left, right) if left_null else (right, left)
        surely = known(self._plan, self._classes, other)
        if not exact and known(self._plan, self._classes, mine) == "filled":
            if surely == "open" and op is Op.NE:
                return ANYTHING
            return frozenset((True,)) if op is Op.NE else frozenset((None,))
        if surely == "open":
            return ANYTHING
        if surely == "filled":
            return frozenset((op is Op.NE,)) if exact or op is Op.NE else frozenset((None,))
        if exact and isinstance(other, SlotRef) and self._classes[other.slot] == "e":
            return frozenset((op is Op.NE,))
        return frozenset((op is Op.EQ,))


def _alone(node: Compare, comparison: Sql) -> Sql:
    """An equality kept from SQLite's constant propagation, which goes by ``column = constant``.

    It would put the constant into JSON functions of the same column elsewhere in the condition,
    and those fail on what is no JSON.
    """
    for operand in (node.left, node.right):
        if isinstance(operand, Column) and operand.kind in ("list", "geo", "json"):
            return sql("+({})", comparison)
    return comparison


def _blankness(side: Sql, *, negated: bool, bare: bool) -> Sql:
    if negated:
        return sql("{} <> ''", side) if bare else sql("({} <> '' AND {} IS NOT NULL)", side, side)
    return sql("{} = ''", side) if bare else sql("({} = '' OR {} IS NULL)", side, side)
