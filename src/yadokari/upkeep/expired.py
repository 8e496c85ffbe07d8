"""Forgetting one-time passwords and half-done sign-ins that are too old to be used.

Not here: what they are good for (auth), when this runs (app/jobs.py).
"""

from __future__ import annotations

from typing import Literal

from yadokari.base.dates import date_text
from yadokari.ports.clock import Clock
from yadokari.ports.store import Page, Store, Transaction
from yadokari.records.plans import Plans
from yadokari.rules.bind import RequestContext
from yadokari.schema.collection import Collection

ROWS_PAGE = 500  # Removed in one unit of work: some milliseconds of the writer's time.


class Expired:
    """Removes what expired."""

    def __init__(self, *, store: Store, plans: Plans, clock: Clock) -> None:
        self._store, self._plans, self._clock = store, plans, clock

    async def forget(self, name: Literal["_mfas", "_otps"]) -> int:
        """Delete rows older than the time their collection gives them; how many."""
        helper = self._store.schema.named(name)
        gone = 0
        for collection in self._store.schema.collections:
            auth = collection.auth
            if auth is None or helper is None:
                continue
            duration_s = auth.mfa.duration if name == "_mfas" else auth.otp.duration
            before = date_text(self._clock.unix_ms() - duration_s * 1_000)
            while (count := await self._forget(helper, collection, before=before)) > 0:
                gone += count
        return gone

    async def _forget(self, helper: Collection, owner: Collection, *, before: str) -> int:
        old = self._plans.query(
            helper,
            (),
            caller=None,
            context=RequestContext(),
            filter=f"collectionRef = '{owner.id}' && created < '{before}'",
            restricted=False,
        )

        async def work(tx: Transaction) -> int:
            page = Page(offset=0, limit=ROWS_PAGE)
            found = await tx.select(old.plan, old.binding, page=page)
            for row in found:
                await tx.remove(row)
            return len(found)

        return await (await self._store.transact(work)).settled()
