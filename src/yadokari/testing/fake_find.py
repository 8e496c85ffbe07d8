"""Finding a plan's rows in memory with the reference evaluator.

Not here: orders by anything but the record's own fields; only SQL stores sort by relations so far.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from yadokari.ports.store import Row
from yadokari.rules.bind import Binding
from yadokari.rules.evaluate import holds
from yadokari.rules.fetching import ById, Everything, Fetch, Pointing
from yadokari.rules.plan import By, ByCreation, Column, Plan, Shuffled
from yadokari.testing.fake_tables import Tables


def find_rows(tables: Tables, plan: Plan, binding: Binding) -> list[Row]:
    """Rows that a plan finds, in its order, ties in creation order."""
    rows = [
        row for row in tables.in_order(plan.collection.id) if _found(tables, plan, binding, row)
    ]
    for order in reversed(plan.order):
        match order:
            case ByCreation():
                rows.sort(key=lambda row: row.stamp, reverse=order.descending)
            case By(operand=Column(join=0, name=name)):
                rows = _sorted_by(rows, name, descending=order.descending)
            case By():
                raise NotImplementedError("the fake orders by the record's own fields only")
            case Shuffled():
                pass
            case _:
                assert_never(order)
    return rows


def _found(tables: Tables, plan: Plan, binding: Binding, row: Row) -> bool:
    if plan.where is None:
        return True
    judging = holds(plan, binding, row.values)
    sent: Sequence[Row] | None = None
    try:
        while True:
            wanted = next(judging) if sent is None else judging.send(sent)
            sent = _answer(tables, wanted)
    except StopIteration as finished:
        return bool(finished.value)


def _answer(tables: Tables, wanted: Fetch) -> Sequence[Row]:
    match wanted:
        case ById():
            rows = tables.rows(wanted.collection.id)
            return [rows[id_] for id_ in wanted.ids if id_ in rows]
        case Pointing():
            return tables.pointing_at(wanted.collection.id, wanted.field, wanted.ids)
        case Everything():
            return tables.in_order(wanted.collection.id)
        case _:
            assert_never(wanted)


def _key(row: Row, name: str) -> tuple[float, bytes]:
    """Numbers before text, text by its bytes."""
    value = row.values[name]
    if isinstance(value, int | float):
        return value, b""
    return 0.0, repr(value).encode() if isinstance(value, tuple) else value.encode()


def _sorted_by(rows: list[Row], name: str, *, descending: bool) -> list[Row]:
    """Ordered by one field; ties keep their order either way."""
    return sorted(rows, key=lambda row: _key(row, name), reverse=descending)
