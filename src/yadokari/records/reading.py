"""Listing and viewing records under their rules.

G1  A null rule is for superusers only (Forbidden), whether or not the record exists.
G2  A rule that is not met hides: rows are left out of lists, a single record is not found.
"""

from __future__ import annotations

import msgspec

from yadokari.base.errors import Forbidden, NotFound
from yadokari.contract import messages
from yadokari.contract.page import UNCOUNTED, offset_of
from yadokari.ports.store import Counted, Page, Reads, Row
from yadokari.records.caller import Asking
from yadokari.records.plans import Plans
from yadokari.schema.collection import Collection


class ListQuery(msgspec.Struct, frozen=True, kw_only=True):
    """What a list request wants; paging is corrected already."""

    filter: str = ""
    sort: str = ""
    page: int = 1
    per_page: int = 30
    skip_total: bool = False


def applied_rule(rule: str | None, asking: Asking, collection: Collection) -> str:
    """The rule of a collection to apply for this caller, "" for none.

    Raises:
        Forbidden: the rule is null and the caller no superuser (G1).
    """
    if asking.caller.skips_rules_of(collection):
        return ""
    if rule is None:
        raise Forbidden(messages.SUPERUSERS_ONLY)
    return rule


class Reading:
    """Reads records for callers."""

    def __init__(self, store: Reads, plans: Plans) -> None:
        self._store = store
        self._plans = plans

    async def list(self, asking: Asking, collection: Collection, query: ListQuery) -> Counted:
        """A page of the records this caller may list; UNCOUNTED when the total is skipped.

        Raises:
            Forbidden: G1, or names for superusers in filter or sort.
            BadRequest: filter or sort is not valid.
        """
        rule = applied_rule(collection.list_rule, asking, collection)
        bound = self._plans.query(
            collection,
            (rule,) if rule else (),
            caller=asking.caller.collection,
            context=asking.context,
            filter=query.filter,
            sort=query.sort,
            restricted=not asking.caller.is_superuser,
        )
        page = Page(
            offset=offset_of(page=query.page, per_page=query.per_page), limit=query.per_page
        )
        if query.skip_total:
            rows = await self._store.select(bound.plan, bound.binding, page=page)
            return Counted(rows, UNCOUNTED)
        return await self._store.select_counted(bound.plan, bound.binding, page=page)

    async def view(self, asking: Asking, collection: Collection, id: str) -> Row:
        """One record this caller may view.

        Raises:
            Forbidden: G1.
            NotFound: no such record, or none for this caller.
        """
        rule = applied_rule(collection.view_rule, asking, collection)
        found = await self.visible(self._store, asking, collection, id, rule=rule)
        if found is None:
            raise NotFound
        return found

    async def stored(self, collection: Collection, id: str) -> Row:
        """One record, whatever its rules say. Raises NotFound."""
        found = (await self._store.get(collection, (id,))).get(id)
        if found is None:
            raise NotFound
        return found

    async def visible(
        self,
        reads: Reads,
        asking: Asking,
        collection: Collection,
        id: str,
        *,
        rule: str,
    ) -> Row | None:
        """The record if it satisfies the rule ("" always holds)."""
        if not rule:
            return (await reads.get(collection, (id,))).get(id)
        bound = self._plans.rule(collection, rule, asking.caller.collection, asking.context)
        return await reads.first(bound.plan, bound.binding, id=id)
