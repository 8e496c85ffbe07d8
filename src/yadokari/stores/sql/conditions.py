"""Conditions as SQL: which rows they speak of, and where each EXISTS opens.

Invariants: K1 to K5 of stores/sql/compile.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import assert_never

import msgspec

from yadokari.rules.choices import closure, grouped, many_of, open_choices, read
from yadokari.rules.equality import Equality, equality_in_contradiction, equality_of
from yadokari.rules.plan import (
    ROOT,
    And,
    Column,
    Compare,
    Condition,
    Distance,
    Flag,
    Follow,
    Join,
    Length,
    Null,
    Op,
    Or,
    Plan,
    PlanOperand,
    SlotColumn,
    SlotLength,
    SlotRef,
    Strftime,
    Truth,
    joins_of,
    may_fail,
    operands_of,
)
from yadokari.stores.sql.dialect import Dialect
from yadokari.stores.sql.fragment import Sql, joined, quoted, sql
from yadokari.stores.sql.operands import ANYTHING, Operands
from yadokari.stores.sql.sources import Sources

_AT_HAND = (Column, SlotRef, SlotColumn, Null, Flag)
"""Operands that cost nothing to look at."""


class Scope(msgspec.Struct):
    """The rows in sight of a condition: an alias per join, and outer joins still to be written."""

    aliases: dict[int, str]
    solid: set[int] = msgspec.field(default_factory=lambda: {ROOT})
    """Joins whose row surely exists here, so that its columns are not NULL."""
    outer_joins: list[Sql] = msgspec.field(default_factory=list)

    def inner(self) -> Scope:
        """A scope inside an EXISTS: sees these rows, adds its own."""
        return Scope(dict(self.aliases), set(self.solid))

    def without(self, joins: frozenset[int]) -> Scope:
        """An inner scope that has not chosen rows for these joins."""
        aliases = {number: alias for number, alias in self.aliases.items() if number not in joins}
        return Scope(aliases, set(self.solid) - joins)


class Conditions:
    """Renders conditions of one plan for one set of value classes."""

    def __init__(self, plan: Plan, classes: str, dialect: Dialect, *, scan: bool) -> None:
        self._plan = plan
        self._dialect = dialect
        self._operands = Operands(plan, dialect, classes)
        self._sources = Sources(plan, dialect, classes)
        self._scan = scan
        self._numbers = count(1)

    # --- rendering -----------------------------------------------------------------------------

    def render(self, node: Condition, scope: Scope) -> Sql:
        """A condition over the rows of a scope; its outer joins are added to the scope."""
        if self._scan:
            factored = self._as_membership(node, scope)
            if factored is not None:
                return factored
        match node:
            case Compare():
                return self._compare(node, scope)
            case Or():
                parts = _cheap_first(node.parts)
                return sql("({})", joined(" OR ", [self.render(part, scope) for part in parts]))
            case And():
                return self._all(node.parts, scope)
            case _:
                assert_never(node)

    def _all(self, parts: Sequence[Condition], scope: Scope) -> Sql:
        rendered: list[Sql] = []
        for shared, group in grouped(self._plan, _cheap_first(parts), scope.aliases):
            if len(group) == 1:
                rendered.append(self.render(group[0], scope))
                continue
            factored = self._as_membership(And(tuple(group)), scope) if self._scan else None
            rendered.append(factored or self._exists(shared, group, scope))
        return joined(" AND ", rendered)

    def _compare(self, node: Compare, scope: Scope) -> Sql:
        before = open_choices(
            self._plan, closure(self._plan, frozenset((node.base,))), scope.aliases
        )
        if before and node.every and self._has_contradiction(node):
            return self._exists(before, [node], scope)
        chosen = open_choices(self._plan, read(self._plan, node), scope.aliases)
        direct = self._exists(chosen, [node], scope, plain=True)
        if not node.every or _follows_choice(node):
            return direct
        contradiction = self._contradiction(node, scope)
        return direct if contradiction is None else sql("({} AND {})", direct, contradiction)

    def _has_contradiction(self, node: Compare) -> bool:
        return any(many_of(self._plan, one, node.base) for one in (node.left, node.right))

    def _plain_compare(
        self,
        node: Compare,
        first: Scope,
        second: Scope,
        equality: Equality,
        *,
        refuting: tuple[bool, bool] = (False, False),
    ) -> Sql:
        sides: list[Sql] = []
        for operand, scope in ((node.left, first), (node.right, second)):
            self._require(closure(self._plan, joins_of(operand)), scope)
            sides.append(self._operands.render(operand, scope.aliases))
        never_null = (
            self._never_null(node.left, scope=first),
            self._never_null(node.right, scope=second),
        )
        return self._operands.compare(
            node, (sides[0], sides[1]), never_null=never_null, equality=equality, refuting=refuting
        )

    def _never_null(self, operand: PlanOperand, *, scope: Scope) -> bool:
        if not isinstance(operand, Column) or operand.join not in scope.solid:
            return False
        collection = (
            self._plan.collection
            if operand.join == ROOT
            else self._plan.join(operand.join).collection
        )
        return collection is not None and not collection.is_view

    def _require(self, joins: frozenset[int], scope: Scope) -> None:
        """Have an alias for each of these joins; to-one ones become outer joins of the scope."""
        for number in sorted(joins):
            if number in scope.aliases:
                continue
            join = self._plan.join(number)
            parent = scope.aliases.get(join.parent, "")
            alias = f"j{next(self._numbers)}"
            for table, on in self._sources.tables(join, parent=parent, alias=alias):
                scope.outer_joins.append(sql("LEFT JOIN {} ON {}", table, on))
            scope.aliases[number] = alias

    # --- EXISTS --------------------------------------------------------------------------------

    def _exists(
        self,
        chosen: frozenset[int],
        parts: Sequence[Condition],
        scope: Scope,
        *,
        plain: bool = False,
    ) -> Sql:
        """Some choice of rows for these many-valued joins makes all parts true.

        ``plain``: the one part is a comparison to be rendered without its "every".
        """
        inner = scope.inner() if chosen else scope
        tables: list[tuple[Sql, Sql]] = []
        solid = all(self._rejects(number, parts) for number in self._ends(chosen))
        if chosen:
            self._require(closure(self._plan, chosen) - chosen, scope)
            inner.aliases.update(scope.aliases)
            tables = self._open(chosen, inner, solid=solid)
        if plain:
            only = parts[0]
            assert isinstance(only, Compare), "plain bodies are single comparisons"
            condition = self._plain_compare(only, inner, inner, equality_of(only))
            if only.every and _follows_choice(only):
                contradiction = self._contradiction(only, inner)
                if contradiction is not None:
                    condition = sql("({} AND {})", condition, contradiction)
        else:
            condition = self._all(parts, inner)
        return (
            _exists_over(tables, inner.outer_joins, condition, solid=solid) if tables else condition
        )

    def _open(self, chosen: frozenset[int], scope: Scope, *, solid: bool) -> list[tuple[Sql, Sql]]:
        """Tables for many-valued joins, whose aliases enter the scope."""
        tables: list[tuple[Sql, Sql]] = []
        for number in sorted(chosen):
            join = self._plan.join(number)
            alias = f"j{next(self._numbers)}"
            parent = scope.aliases.get(join.parent, "")
            tables += self._sources.tables(join, parent=parent, alias=alias)
            scope.aliases[number] = alias
            if solid:
                scope.solid.add(number)
        return tables

    def _ends(self, chosen: frozenset[int]) -> frozenset[int]:
        parents = {self._plan.join(number).parent for number in chosen}
        return frozenset(chosen - parents)

    def _contradiction(self, node: Compare, scope: Scope) -> Sql | None:
        """No element of a many-valued operand makes the comparison false (R3).

        Each side has its own elements: every pair is looked at.
        """
        many = [many_of(self._plan, operand, node.base) for operand in (node.left, node.right)]
        chosen = many[0] | many[1]
        if not chosen:
            return None
        equality = equality_in_contradiction(
            node, left_many=bool(many[0]), right_many=bool(many[1])
        )
        solid = not (many[0] and many[1]) and all(
            False not in self._on_missing(node, number, equality) for number in self._ends(chosen)
        )
        sides: list[Scope] = []
        tables: list[tuple[Sql, Sql]] = []
        for operand, mine in zip((node.left, node.right), many, strict=True):
            outside = closure(self._plan, joins_of(operand))
            fixed = outside - mine
            self._require(fixed, scope)
            side = scope.inner() if isinstance(operand, Distance) else scope.without(mine)
            tables += self._open(mine, side, solid=solid)
            sides.append(side)
        condition = self._plain_compare(
            node, sides[0], sides[1], equality, refuting=(bool(many[0]), bool(many[1]))
        )
        outer = sides[0].outer_joins + sides[1].outer_joins
        refuted = sql("NOT ({})", condition)
        return sql("NOT {}", _exists_over(tables, outer, refuted, solid=solid))

    # --- what a missing row does -----------------------------------------------------------------

    def _under(self, operand: PlanOperand, join: int) -> bool:
        return join in closure(self._plan, joins_of(operand))

    def _on_missing(self, node: Compare, join: int, equality: Equality) -> frozenset[bool | None]:
        """What a comparison may give when the row of a join is missing."""
        left, right = self._under(node.left, join), self._under(node.right, join)
        if (left and right) or any(
            isinstance(operand, Length | SlotLength | Distance | Strftime)
            for operand in (node.left, node.right)
        ):
            return ANYTHING
        if equality == "direct":
            return ANYTHING
        return self._operands.on_null(
            node.left, node.op, node.right, left_null=left, exact=equality == "exact"
        )

    def _rejects(self, join: int, parts: Sequence[Condition]) -> bool:
        """Whether the parts together cannot be true when the row of a join is missing."""
        return any(self._rejects_one(join, part) for part in parts)

    def _rejects_one(self, join: int, node: Condition) -> bool:
        match node:
            case Compare():
                return join in read(self._plan, node) and True not in self._on_missing(
                    node, join, equality_of(node)
                )
            case And():
                return any(self._rejects_one(join, part) for part in node.parts)
            case Or():
                return all(self._rejects_one(join, part) for part in node.parts)
            case _:
                assert_never(node)

    # --- membership ------------------------------------------------------------------------------

    def _as_membership(self, node: Condition, scope: Scope) -> Sql | None:
        """K3: the condition judged on the target of one to-one relation, or None."""
        operands = operands_of(node)
        direct = [joins_of(operand) for operand in operands]
        used = frozenset().union(*direct)
        if not used or any(_reads_root(operand) for operand in operands):
            return None
        first = {self._first(number) for number in used}
        if len(first) != 1:
            return None
        join = self._plan.join(first.pop())
        if join.many or join.number in scope.aliases or not isinstance(join.step, Follow):
            return None
        assert join.collection is not None, "relations lead to records"
        if join.collection.is_view or not self._rejects_one(join.number, node):
            return None
        parent = scope.aliases.get(join.parent)
        if parent is None:
            return None
        alias = f"j{next(self._numbers)}"
        inside = Scope({join.number: alias}, {join.number})
        condition = self.render(node, inside)
        pieces = [Sql(f"{self._dialect.table(join.collection)} {alias}"), *inside.outer_joins]
        column = Sql(f"{parent}.{quoted(join.step.field)}")
        return sql(
            "{} IN (SELECT " + alias + ".id FROM {} WHERE {})",
            column,
            joined(" ", pieces),
            condition,
        )

    def _first(self, number: int) -> int:
        """The first join on the way from the root to this one."""
        join: Join = self._plan.join(number)
        while join.parent != ROOT:
            join = self._plan.join(join.parent)
        return join.number

    # --- orders ----------------------------------------------------------------------------------

    def sort_key(self, operand: PlanOperand, scope: Scope) -> Sql:
        """An operand to sort by; a many-valued one counts by the first element that was chosen."""
        joins = closure(self._plan, joins_of(operand))
        chosen = open_choices(self._plan, joins, scope.aliases)
        if not chosen:
            self._require(joins, scope)
            return self._operands.render(operand, scope.aliases)
        parts = self._choosing(chosen, scope)
        chosen |= open_choices(self._plan, self._shared_with(parts), scope.aliases)
        self._require(closure(self._plan, chosen) - chosen, scope)
        inner = scope.inner()
        tables = self._open(chosen, inner, solid=False)
        self._require(joins - chosen, inner)
        rendered = self._operands.render(operand, inner.aliases)
        condition = self._all(parts, inner) if parts else Sql("1")
        sources = [sql("LEFT JOIN {} ON {}", table, on) for table, on in tables]
        return sql(
            "(SELECT {} FROM (SELECT 1) {} WHERE {} LIMIT 1)",
            rendered,
            joined(" ", [*sources, *inner.outer_joins]),
            condition,
        )

    def _choosing(self, chosen: frozenset[int], scope: Scope) -> list[Condition]:
        """The parts of the whole condition that choose rows for these joins."""
        where = self._plan.where
        everything = where.parts if isinstance(where, And) else (where,) if where else ()
        for _, parts in grouped(self._plan, everything, scope.aliases):
            keys = [open_choices(self._plan, read(self._plan, one), scope.aliases) for one in parts]
            if any(key & chosen for key in keys):
                return parts
        return []

    def _shared_with(self, parts: Sequence[Condition]) -> frozenset[int]:
        """The joins that must be chosen for several parts at once."""
        keys = [open_choices(self._plan, read(self._plan, part), ()) for part in parts]
        everything = frozenset().union(*keys)
        return frozenset(number for number in everything if sum(number in one for one in keys) > 1)

    def shuffled(self) -> Sql:
        """A random order."""
        return self._dialect.shuffled()


def _exists_over(
    tables: list[tuple[Sql, Sql]], outer_joins: list[Sql], condition: Sql, *, solid: bool
) -> Sql:
    """EXISTS over these tables; unless ``solid``, no row at all counts as one row of NULLs."""
    outer = joined(" ", outer_joins)
    if not solid:
        sources = joined(" ", [sql("LEFT JOIN {} ON {}", table, on) for table, on in tables])
        return sql("EXISTS (SELECT 1 FROM (SELECT 1) {} {} WHERE {})", sources, outer, condition)
    (first, first_on), *rest = tables
    sources = joined(" ", [first, *(sql("JOIN {} ON {}", table, on) for table, on in rest)])
    return sql("EXISTS (SELECT 1 FROM {} {} WHERE {} AND {})", sources, outer, first_on, condition)


def _follows_choice(node: Compare) -> bool:
    """Whether the search for a contradiction speaks of the chosen elements too."""
    return isinstance(node.left, Distance) or isinstance(node.right, Distance)


def _cheap_first(parts: Sequence[Condition]) -> Sequence[Condition]:
    """K5, unless a part may fail: then the order decides whether it is met."""
    if any(may_fail(operand) for part in parts for operand in operands_of(part)):
        return parts
    return sorted(parts, key=_cost)


def _cost(node: Condition) -> int:
    """Roughly what judging a row costs: databases take conditions in the order of the text (K5)."""
    if not isinstance(node, Compare):
        return max(_cost(part) for part in node.parts)
    operands = (node.left, node.right)
    if any(getattr(operand, "join", ROOT) != ROOT for operand in operands):
        return 3
    if not all(isinstance(operand, _AT_HAND) for operand in operands):
        return 2
    return 1 if node.op in (Op.LIKE, Op.UNLIKE) else 0


def _reads_root(operand: PlanOperand) -> bool:
    match operand:
        case Length():
            return operand.of.join == ROOT
        case Truth():
            return True
        case Distance() | Strftime():
            return any(_reads_root(argument) for argument in operand.arguments)
        case _:
            inner = getattr(operand, "of", operand)
            return getattr(inner, "join", None) == ROOT
