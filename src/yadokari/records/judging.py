"""Whether a record satisfies a rule, judged in memory: rows that do not exist yet, and events.

J1  The evaluator asks for rows, this hands them over: rules never wait, records never judge.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import assert_never

from yadokari.base.errors import BadRequest
from yadokari.ports.store import Reads, Row
from yadokari.records.plans import Bound
from yadokari.rules.errors import RuleError
from yadokari.rules.evaluate import decide, holds, needs_records
from yadokari.rules.fetching import ById, Everything, Fetch, Pointing
from yadokari.schema.fields import Value

ROWS_FETCHED_MAX = 10_000  # one judgement never reads more of a collection than this


async def satisfied(
    bound: Bound, values: Mapping[str, Value], reads: Reads, *, stored: bool = True
) -> bool:
    """Whether a row with these values is what the plan looks for.

    Args:
        stored: Whether the row is in the store already; a new one has no back-relations.

    Raises:
        BadRequest: a path inside JSON that was met has an empty name.
        Unavailable: the store cannot answer.
    """
    plan = bound.plan
    if plan.where is None:
        return True
    try:
        if not needs_records(plan, bound.binding):
            return decide(plan, bound.binding, values, stored=stored)
        judging = holds(plan, bound.binding, values, stored=stored)
        wanted = next(judging)
        while True:
            wanted = judging.send(await _fetch(wanted, reads))
    except StopIteration as stop:
        return bool(stop.value)
    except RuleError as exc:
        raise BadRequest from exc


async def _fetch(wanted: Fetch, reads: Reads) -> Sequence[Row]:
    match wanted:
        case ById():
            found = await reads.get(wanted.collection, wanted.ids)
            return [found[one] for one in wanted.ids if one in found]
        case Pointing():
            return await reads.pointing_at(wanted.collection, wanted.field, wanted.ids)
        case Everything():
            return await reads.all_of(wanted.collection, rows_max=ROWS_FETCHED_MAX)
        case _:
            assert_never(wanted)
