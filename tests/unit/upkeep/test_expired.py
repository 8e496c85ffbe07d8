"""One-time passwords and half-done sign-ins that are too old."""

from __future__ import annotations

from yadokari.base.dates import date_text
from yadokari.ports.store import ABSENT, Row, Transaction
from yadokari.records.plans import Plans
from yadokari.schema.collection import Collection
from yadokari.schema.fields import Value
from yadokari.schema.ids import Draw
from yadokari.schema.system import system_collections, users_collection
from yadokari.testing.fake_clock import FakeClock
from yadokari.testing.fake_entropy import FakeEntropy
from yadokari.testing.fake_store import FakeStore
from yadokari.testing.suite_data import use
from yadokari.upkeep.expired import Expired


async def test_only_what_outlived_its_time_goes():
    """A code that can still be used must stay, whoever cleans up."""
    clock = FakeClock()
    store = FakeStore(clock=clock)
    draw: Draw = FakeEntropy()
    collections = (*system_collections(draw=draw, now=""), users_collection(draw=draw, now=""))
    await use(store, *collections)
    users = store.schema.find("users")
    otps = store.schema.find("_otps")
    assert users is not None
    assert otps is not None
    assert users.auth is not None
    duration_ms = users.auth.otp.duration * 1_000
    now = clock.unix_ms()
    await add_code(store, otps, "old", users, created=date_text(now - duration_ms - 1_000))
    await add_code(store, otps, "new", users, created=date_text(now - duration_ms + 1_000))

    expired = Expired(store=store, plans=Plans(lambda: store.schema), clock=clock)
    gone = await expired.forget("_otps")

    assert gone == 1
    assert [row.id for row in await store.all_of(otps)] == ["new"]
    assert await expired.forget("_mfas") == 0


async def add_code(
    store: FakeStore, otps: Collection, id: str, owner: Collection, *, created: str
) -> None:
    """A one-time password of somebody."""
    values: dict[str, Value] = {
        "id": id,
        "collectionRef": owner.id,
        "recordRef": "somebody",
        "password": "x",
        "sentTo": "",
        "created": created,
        "updated": created,
    }

    async def work(tx: Transaction) -> None:
        await tx.put(Row(otps.id, values), expected=ABSENT)

    await store.transact(work)
