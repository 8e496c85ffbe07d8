"""Finding a plan's rows in memory with the reference evaluator."""

from __future__ import annotations

from yadokari.ports.store import Row
from yadokari.rules.bind import Binding
from yadokari.rules.plan import ByCreation, Plan
from yadokari.testing.fake_tables import Tables


def find_rows(tables: Tables, plan: Plan, binding: Binding) -> list[Row]:
    """Rows that a plan finds, in its order."""
    assert plan.where is None or binding.values is None, "conditions wait for rules/evaluate.py"
    rows = tables.in_order(plan.collection.id)
    for order in reversed(plan.order):
        assert isinstance(order, ByCreation)
        rows.sort(key=lambda row: row.stamp, reverse=order.descending)
    return rows
