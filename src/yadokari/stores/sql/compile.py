"""From a plan to one statement.

K1  Rows are never multiplied: many-valued joins live in EXISTS, so pages and counts need no
    DISTINCT.
K2  An EXISTS is opened as low as the conditions that share its joins allow (R2 of rules/plan.py):
    it distributes over "or", and over "and" between parts that share no many-valued join.
K3  In a scan, a condition about one to-one relation alone becomes ``field IN (SELECT id …)``:
    judged once per target row instead of once per row. A look-up by id never does this.
K4  An outer join becomes an inner one only where a missing row cannot make the condition true.
K5  Within "and" and "or", what is cheap to judge stands first.
K6  A page in an order of its own is sorted by keys alone; its rows are read afterwards.

Not here: running it, caching it (the stores).
"""

from __future__ import annotations

import msgspec

from yadokari.rules.like_pattern import like_pattern
from yadokari.rules.plan import (
    ROOT,
    And,
    By,
    ByCreation,
    Condition,
    Order,
    Plan,
    Shuffled,
)
from yadokari.stores.sql.conditions import Conditions, Scope
from yadokari.stores.sql.dialect import Dialect
from yadokari.stores.sql.fragment import Argument, Sql, Statement, joined, sql


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """Which statement of a plan is wanted."""

    projection: str
    """What to select, over the root alias ``t``."""
    by_id: bool = False
    paged: bool = False
    ordered: bool = True
    counted: bool = False
    """Whether each row of a page ends with the number of rows on all pages; needs a stamp."""
    stamp: str | None = None
    """The hidden creation column: the key of a row, and the end of every order; None = there is
    none (views)."""


def compile_plan(plan: Plan, classes: str, *, dialect: Dialect, shape: Shape) -> Statement:
    """The statement of a plan for these value classes (``Binding.classes``)."""
    conditions = Conditions(plan, classes, dialect, scan=not shape.by_id)
    scope = Scope({ROOT: "t"})
    where: list[Sql] = []
    if shape.by_id:
        where.append(Sql("t.id = ?", (Argument("id"),)))
    if plan.where is not None:
        where.append(_whole(conditions, plan.where, scope))
    order = _order(plan.order, conditions, scope, shape) if shape.ordered else None
    is_sorted = any(not isinstance(item, ByCreation) for item in plan.order)
    key = shape.stamp if shape.paged and (is_sorted or shape.counted) else None
    table = dialect.table(plan.collection)
    projection = shape.projection
    wanted = projection if key is None else f"{key} AS k"
    if shape.counted:
        wanted += ", count(*) OVER () AS total"
        projection += ", p.total"
    pieces = [Sql(f"SELECT {wanted} FROM {table} t")]
    pieces += scope.outer_joins
    if where:
        pieces.append(sql("WHERE {}", joined(" AND ", where)))
    if order is not None:
        pieces.append(sql("ORDER BY {}", order))
    if shape.paged:
        pieces.append(Sql("LIMIT ? OFFSET ?", (Argument("limit"), Argument("offset"))))
    whole = joined(" ", pieces)
    if key is not None:
        rows = dialect.in_order_of(whole, table=table, key=key)
        whole = sql("SELECT {} FROM {}", Sql(projection), rows)
    return Statement(whole.text, whole.arguments, like_pattern)


def _whole(conditions: Conditions, where: Condition, scope: Scope) -> Sql:
    rendered = conditions.render(where, scope)
    return rendered if isinstance(where, And) else sql("({})", rendered)


def _order(
    order: tuple[Order, ...], conditions: Conditions, scope: Scope, shape: Shape
) -> Sql | None:
    items: list[Sql] = []
    settled = False
    for item in order:
        match item:
            case By():
                rendered = conditions.sort_key(item.operand, scope)
                items.append(sql("{} DESC" if item.descending else "{}", rendered))
            case ByCreation():
                if shape.stamp is not None:
                    settled = True
                    items.append(Sql(f"{shape.stamp}{' DESC' if item.descending else ''}"))
            case Shuffled():
                items.append(conditions.shuffled())
        if settled:
            break
    if not settled and shape.stamp is not None:
        items.append(Sql(shape.stamp))
    return joined(", ", items) if items else None
