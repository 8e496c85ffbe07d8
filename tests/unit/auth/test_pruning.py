"""Codes and half-done sign-ins go once they are over."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from yadokari.auth import pruning
from yadokari.auth.account_rows import AccountRows, helper_named
from yadokari.auth.passwords import Passwords
from yadokari.auth.pruning import AccountPruning
from yadokari.collections.reserved import RESERVED, bootstrap
from yadokari.ports.store import ABSENT, Row, Store, Transaction
from yadokari.records.service import Records
from yadokari.schema.system import MFAS_NAME, OTPS_NAME, USERS_NAME
from yadokari.stores.sqlite.store import open_sqlite
from yadokari.testing.fake_clock import FakeClock
from yadokari.testing.fake_entropy import FakeEntropy

OTP_MS = 180_000  # The defaults of a new collection.
MFA_MS = 600_000


class Kept:
    """Rows of accounts in a store of its own."""

    def __init__(self, store: Store, clock: FakeClock) -> None:
        self.store, self.clock = store, clock
        entropy = FakeEntropy()
        records = Records(
            store=store,
            clock=clock,
            entropy=entropy,
            hashing=Passwords(entropy=entropy),
            transact=store.transact,
        )
        self._rows = AccountRows(records=records, clock=clock, entropy=entropy)
        self.pruning = AccountPruning(store=store, plans=records.plans, clock=clock)

    async def put(self, name: str, **values: str) -> None:
        """A row that some user owns."""
        users = helper_named(self.store.schema, USERS_NAME)
        helper = helper_named(self.store.schema, name)
        made = self._rows.new(helper, users, Row(users.id, {"id": "anna"}), **values)

        async def work(tx: Transaction) -> None:
            await tx.put(made, expected=ABSENT)

        await self.store.transact(work)

    async def counts(self) -> tuple[int, int]:
        """How many codes and half-done sign-ins there are."""
        found = [
            await self.store.all_of(helper_named(self.store.schema, name))
            for name in (OTPS_NAME, MFAS_NAME)
        ]
        return len(found[0]), len(found[1])


@pytest.fixture
async def kept(tmp_path: Path) -> AsyncIterator[Kept]:
    """A fresh one."""
    clock = FakeClock()
    store = await open_sqlite(tmp_path / "data.db", clock=clock, entropy=FakeEntropy())
    await store.ensure([*RESERVED])
    await bootstrap(store, clock=clock, draw=FakeEntropy())
    yield Kept(store, clock)
    await store.close()


async def test_rows_go_after_their_own_time(kept: Kept) -> None:
    """PR1: each kind by the collection's own duration, the newer ones stay."""
    await kept.put(OTPS_NAME, password="hash")
    await kept.put(MFAS_NAME, method="password")
    kept.clock.advance(OTP_MS)
    on_time = await kept.pruning.prune()
    await kept.put(OTPS_NAME, password="hash")
    kept.clock.advance(1)
    first = await kept.pruning.prune()
    after_otp = await kept.counts()
    kept.clock.advance(MFA_MS)
    second = await kept.pruning.prune()

    assert (on_time, first, after_otp) == (0, 1, (1, 1))
    assert (second, await kept.counts()) == (2, (0, 0))


async def test_many_rows_go_in_short_units(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    """PR2: as many units as it takes."""
    monkeypatch.setattr(pruning, "ROWS_AT_ONCE_MAX", 4)
    for _ in range(9):
        await kept.put(OTPS_NAME, password="hash")
    kept.clock.advance(OTP_MS + 1)

    assert await kept.pruning.prune() == 9
    assert await kept.counts() == (0, 0)
