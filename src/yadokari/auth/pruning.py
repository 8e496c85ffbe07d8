"""Rows of accounts that are over: one-time passwords and half-done sign-ins.

PR1  A row goes once its collection's own duration has passed, whether or not the method is still
     on; nothing else goes.
PR2  A unit of work stays short: as many rows as fit into one, then the next.

Not here: when this runs.
"""

from __future__ import annotations

from yadokari.auth.account_rows import helper_named
from yadokari.base.dates import date_text
from yadokari.ports.clock import Clock
from yadokari.ports.store import Page, Store, Transaction
from yadokari.records.plans import Plans
from yadokari.rules.bind import RequestContext
from yadokari.schema.collection import AuthOptions
from yadokari.schema.system import MFAS_NAME, OTPS_NAME

ROWS_AT_ONCE_MAX = 100
_NO_CONTEXT = RequestContext()


class AccountPruning:
    """Removes what is over."""

    def __init__(self, *, store: Store, plans: Plans, clock: Clock) -> None:
        self._store, self._plans, self._clock = store, plans, clock

    async def prune(self) -> int:
        """Remove all expired ``_otps`` and ``_mfas``; returns how many.

        Raises:
            Unavailable: the store cannot serve now; what was removed stays so.
        """
        removed = 0
        for collection in self._store.schema.collections:
            if collection.auth is None:
                continue
            for name, duration_s in _durations(collection.auth):
                while True:
                    count = await self._prune_some(name, collection.id, duration_s=duration_s)
                    removed += count
                    if count < ROWS_AT_ONCE_MAX:
                        break
        return removed

    async def _prune_some(self, name: str, collection_id: str, *, duration_s: int) -> int:
        end = date_text(self._clock.unix_ms() - duration_s * 1_000)
        page = Page(offset=0, limit=ROWS_AT_ONCE_MAX)

        async def work(tx: Transaction) -> int:
            helper = helper_named(tx.schema, name)
            expired = self._plans.query(
                helper,
                (),
                caller=None,
                context=_NO_CONTEXT,
                filter=f"collectionRef = '{collection_id}' && created < '{end}'",
                restricted=False,
            )
            found = await tx.select(expired.plan, expired.binding, page=page)
            for row in found:
                await tx.remove(row)
            return len(found)

        return await (await self._store.transact(work)).settled()


def _durations(options: AuthOptions) -> tuple[tuple[str, int], ...]:
    return (OTPS_NAME, options.otp.duration), (MFAS_NAME, options.mfa.duration)
