"""Reading the request logs, and forgetting them.

L1  Filters and sorts are of the rule language over ``id``, ``created``, ``level``, ``message``,
    ``data`` and ``data.<path>``.
L2  Whoever reads gets what was noted up to now: the queue is written first.

Not here: writing (upkeep/log_queue.py), endpoints (api/logs.py).
"""

from __future__ import annotations

import msgspec

from yadokari.base.dates import date_text
from yadokari.base.errors import BadRequest, NotFound
from yadokari.contract import messages
from yadokari.contract.page import UNCOUNTED, offset_of
from yadokari.ports.clock import Clock
from yadokari.ports.erasable import Traces
from yadokari.ports.log_book import HourCount, LogBook
from yadokari.ports.store import Counted, Page, Row
from yadokari.rules.bind import Binding, RequestContext, bind
from yadokari.rules.errors import RuleError, RuleForbidden
from yadokari.rules.parse import parse
from yadokari.rules.plain_names import check_plain_names
from yadokari.rules.plan import Plan
from yadokari.rules.resolve import Query, resolve
from yadokari.rules.tokens import tokenize
from yadokari.schema.collection import Collection, Schema
from yadokari.schema.fields import JsonField, NumberField, TextField
from yadokari.upkeep.log_queue import LogQueue

LOGS = Collection(
    id="$logs",
    name="$logs",
    fields=(
        TextField(id="id", name="id", primary_key=True),
        TextField(id="created", name="created"),
        NumberField(id="level", name="level"),
        TextField(id="message", name="message"),
        JsonField(id="data", name="data"),
    ),
    system=True,
)
"""The log book's one table."""
FILTER_BYTES_MAX = 3_500  # the contract's limit for clients' filters, in bytes of UTF-8

_NAMES = frozenset(field.name for field in LOGS.fields)
_DAY_MS = 24 * 60 * 60 * 1_000


class LogQuery(msgspec.Struct, frozen=True, kw_only=True):
    """What a list request wants; paging is corrected already."""

    filter: str = ""
    sort: str = ""
    page: int = 1
    per_page: int = 30
    skip_total: bool = False


class RequestLogs:
    """What superusers can do with the logs."""

    def __init__(self, *, book: LogBook, queue: LogQueue, clock: Clock) -> None:
        self._book, self._queue, self._clock = book, queue, clock

    async def page(self, query: LogQuery) -> Counted:
        """A page of entries; ``total`` is UNCOUNTED when it was not asked for.

        Raises:
            BadRequest: filter or sort is not valid (L1).
        """
        plan, binding = self._plan(query.filter, query.sort)
        await self._queue.flush()
        page = Page(
            offset=offset_of(page=query.page, per_page=query.per_page), limit=query.per_page
        )
        if query.skip_total:
            return Counted(await self._book.select(plan, binding, page=page), UNCOUNTED)
        return await self._book.select_counted(plan, binding, page=page)

    async def one(self, id: str) -> Row:
        """An entry. Raises NotFound."""
        await self._queue.flush()
        found = await self._book.get(id)
        if found is None:
            raise NotFound
        return found

    async def per_hour(self, filter: str) -> list[HourCount]:
        """How many entries there are, hour by hour. Raises BadRequest."""
        try:
            plan, binding = self._plan(filter, "")
        except BadRequest as error:
            raise BadRequest(messages.FILTER_INVALID) from error
        await self._queue.flush()
        return await self._book.per_hour(plan, binding)

    async def truncate(self) -> None:
        """Remove them all."""
        await self._queue.flush()
        await self._book.forget(before=None)

    async def forget_old(self, *, days_max: int) -> None:
        """Remove what is older than so many days."""
        await self._book.forget(before=date_text(self._clock.unix_ms() - days_max * _DAY_MS))

    async def forget(self, traces: Traces, *, dry_run: bool) -> int:
        """Remove entries with traces of a person; see upkeep.erasing.Keeper."""
        await self._queue.flush()
        bare = [text.strip('"') for text in traces.texts if "@" in text]  # As addresses hold them.
        paths = [f"/records/{id}" for _, id in traces.records]
        return await self._book.forget_texts([*traces.texts, *bare, *paths], dry_run=dry_run)

    def _plan(self, filter: str, sort: str) -> tuple[Plan, Binding]:
        if len(filter.encode()) > FILTER_BYTES_MAX:
            raise BadRequest
        try:
            tokens = tokenize(filter) if filter else None
            tree = parse(tokens) if tokens is not None else None
            check_plain_names(tree, sort, _is_known)
            query = Query(collection=LOGS, filter=tree, sort=sort, restricted=False)
            plan = resolve(query, Schema())
        except (RuleError, RuleForbidden) as error:
            raise BadRequest from error
        literals = tokens.literals if tokens is not None else ()
        return plan, bind(plan, RequestContext(now_ms=self._clock.unix_ms()), literals)


def _is_known(name: str) -> bool:
    return name in _NAMES or (name.startswith("data.") and ":" not in name)
