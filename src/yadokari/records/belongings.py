"""Rows of the helper collections that belong to an auth record, and when they go.

BL1  With the record all of them go.
BL2  A new token key ends one-time passwords; a new password ends known devices and half-done
     sign-ins as well. Accounts at other providers stay linked.

Not here: whether such a row names a record that exists (records/references.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from yadokari.ports.store import Page, Reads, Row, Rows, Transaction
from yadokari.records.plans import Plans
from yadokari.records.references import HELPER_COLLECTIONS
from yadokari.rules.bind import RequestContext
from yadokari.schema.collection import Collection
from yadokari.schema.fields import Value

ROWS_PAGE = 1_000  # Removed in pages of this many.
_OF_TOKEN_KEY = ("_otps",)
_OF_PASSWORD = ("_authOrigins", "_mfas", "_otps")
_NO_CONTEXT = RequestContext()


class Belongings:
    """Finds helper rows, and removes them inside a unit of work."""

    def __init__(self, *, plans: Plans) -> None:
        self._plans = plans

    async def of(
        self,
        reads: Reads,
        helper: Collection,
        collection: Collection,
        row: Row,
        *,
        rows_max: int = ROWS_PAGE,
    ) -> Rows:
        """Rows of a helper collection that belong to a record, in creation order."""
        mine = self._plans.query(
            helper,
            (),
            caller=None,
            context=_NO_CONTEXT,
            filter=f"recordRef = '{row.id}' && collectionRef = '{collection.id}'",
            restricted=False,
        )
        return await reads.select(mine.plan, mine.binding, page=Page(offset=0, limit=rows_max))

    async def all_of(self, tx: Transaction, collection: Collection, row: Row) -> list[Row]:
        """Every row that would go with the record."""
        helpers = [tx.schema.named(name) for name in HELPER_COLLECTIONS if collection.is_auth]
        found: list[Row] = []
        for helper in helpers:
            found += [] if helper is None else await self.of(tx, helper, collection, row)
        return found

    async def of_removed(self, tx: Transaction, collection: Collection, row: Row) -> None:
        """The record goes (BL1)."""
        if collection.is_auth:
            await self._remove(tx, HELPER_COLLECTIONS, collection, row)

    async def of_changed(
        self, tx: Transaction, collection: Collection, row: Row, *, before: Mapping[str, Value]
    ) -> None:
        """The record has new values (BL2)."""
        if not collection.is_auth:
            return
        if row.values["password"] != before["password"]:
            await self._remove(tx, _OF_PASSWORD, collection, row)
        elif row.values["tokenKey"] != before["tokenKey"]:
            await self._remove(tx, _OF_TOKEN_KEY, collection, row)

    async def _remove(
        self, tx: Transaction, names: Iterable[str], collection: Collection, row: Row
    ) -> None:
        for name in names:
            helper = tx.schema.named(name)
            if helper is None:
                continue
            while found := await self.of(tx, helper, collection, row):
                for one in found:
                    await tx.remove(one)
