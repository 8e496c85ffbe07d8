"""The reference evaluator over a small database's rows, its requests answered from memory."""

from collections.abc import Sequence

from tests.unit.rules.small_database import SmallDatabase
from yadokari.ports.store import Row
from yadokari.rules.bind import Binding
from yadokari.rules.evaluate import holds
from yadokari.rules.fetching import ById, Everything, Fetch, Pointing
from yadokari.rules.plan import Plan


def answer(database: SmallDatabase, request: Fetch) -> Sequence[Row]:
    """The rows that a request asks for."""
    rows = database.rows[request.collection.id]
    match request:
        case ById():
            return [rows[one] for one in request.ids if one in rows]
        case Everything():
            return list(rows.values())
        case Pointing():
            return [row for row in rows.values() if _names(row, request.field) & {*request.ids}]


def judge(
    database: SmallDatabase, plan: Plan, binding: Binding, row: Row, *, stored: bool = True
) -> tuple[bool, list[Fetch]]:
    """Whether a row satisfies a plan, and what was asked for to find out."""
    asked: list[Fetch] = []
    course = holds(plan, binding, row.values, stored=stored)
    try:
        asked.append(next(course))
        while True:
            asked.append(course.send(answer(database, asked[-1])))
    except StopIteration as end:
        return end.value, asked


def judged(database: SmallDatabase, plan: Plan, binding: Binding) -> list[str]:
    """Ids of the rows that satisfy a plan, in order of ids."""
    rows = database.rows[plan.collection.id].values()
    return sorted(row.id for row in rows if judge(database, plan, binding, row)[0])


def _names(row: Row, field: str) -> set[object]:
    value = row.values[field]
    return set(value) if isinstance(value, tuple) else {value}
