"""An address without an account costs what one with an account costs."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from typing_extensions import override

from yadokari.auth.account_changes import AccountChanges
from yadokari.auth.account_mails import AccountMails, Naming
from yadokari.auth.account_rows import DECOYS, AccountRows, helper_named
from yadokari.auth.callers import Callers
from yadokari.auth.mail_queue import MailQueue
from yadokari.auth.otp_decoys import OtpDecoys
from yadokari.auth.otps import Otps
from yadokari.auth.passwords import Passwords
from yadokari.auth.tokens import Tokens
from yadokari.base.errors import BadRequest
from yadokari.base.log import SilentLog
from yadokari.collections.reserved import RESERVED, bootstrap
from yadokari.ports.mail import Mailbox
from yadokari.ports.store import ABSENT, Row, Store, Transaction
from yadokari.records.service import Records
from yadokari.schema.collection import Collection
from yadokari.schema.fields import Value
from yadokari.schema.system import OTPS_NAME, USERS_NAME
from yadokari.stores.sqlite.store import open_sqlite
from yadokari.testing.fake_clock import FakeClock
from yadokari.testing.fake_entropy import FakeEntropy
from yadokari.testing.fake_mailer import FakeMailer

ANNA = "anna@example.com"


class CountingPasswords(Passwords):
    """Counts the work, by its kind and cost."""

    def __init__(self) -> None:
        super().__init__(entropy=FakeEntropy())
        self.work: Counter[tuple[str, int]] = Counter()

    @override
    async def hash(self, password: str, *, cost: int = 10) -> str:
        self.work["hash", cost] += 1
        return await super().hash(password, cost=4)

    @override
    async def verify(self, password: str, hashed: str) -> bool:
        self.work["compare", int(hashed[4:6])] += 1
        return await super().verify(password, hashed)

    @override
    async def verify_nothing(self, password: str, *, cost: int = 10) -> bool:
        self.work["compare", 4 if cost == OTP_COST else cost] += 1  # Hashed cheaply above.
        return await super().verify_nothing(password, cost=4)


OTP_COST = 8


class Desk:
    """One-time passwords over a store with one user."""

    def __init__(self, store: Store) -> None:
        clock, entropy = FakeClock(), FakeEntropy()
        self.store, self.passwords = store, CountingPasswords()
        records = Records(
            store=store,
            clock=clock,
            entropy=entropy,
            hashing=self.passwords,
            transact=store.transact,
        )
        mailer = FakeMailer()
        naming = Naming(app_name="", app_url="", sender=Mailbox(address="a@b.co"))
        self.otps = Otps(
            store=store,
            rows=AccountRows(records=records, clock=clock, entropy=entropy),
            changes=AccountChanges(records=records, passwords=self.passwords, entropy=entropy),
            passwords=self.passwords,
            mails=AccountMails(
                mailer=mailer,
                queue=MailQueue(mailer=mailer, log=SilentLog()),
                callers=Callers(store=store, tokens=Tokens(), clock=clock),
                clock=clock,
                naming=lambda: naming,
            ),
            clock=clock,
            entropy=entropy,
        )

    @property
    def users(self) -> Collection:
        """The users, with one-time passwords."""
        users = helper_named(self.store.schema, USERS_NAME)
        assert users.auth is not None
        return replace(users, auth=replace(users.auth, otp=replace(users.auth.otp, enabled=True)))

    async def written(self) -> set[Value]:
        """What is on the disk: codes, and what stands for one."""
        codes = await self.store.all_of(helper_named(self.store.schema, OTPS_NAME))
        decoys = await self.store.all_of(DECOYS)
        return {*(row.id for row in codes), *(row.values["value"] for row in decoys)}

    async def asked(self, email: str) -> tuple[str, Counter[tuple[str, int]], set[Value]]:
        """The id, the work, and what was written."""
        self.passwords.work.clear()
        before = await self.written()
        id = await self.otps.request(self.users, email=email)
        return id, Counter(self.passwords.work), await self.written() - before

    async def tried(self, id: str) -> Counter[tuple[str, int]]:
        """The work that a wrong code costs."""
        self.passwords.work.clear()
        with pytest.raises(BadRequest):
            await self.otps.prove(self.users, id=id, code="0", ip="192.0.2.1")
        return Counter(self.passwords.work)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """A fresh one."""
    store = await open_sqlite(tmp_path / "data.db", clock=FakeClock(), entropy=FakeEntropy())
    await store.ensure([*RESERVED, DECOYS])
    await bootstrap(store, clock=FakeClock(), draw=FakeEntropy())
    users = helper_named(store.schema, USERS_NAME)
    anna = {**users.zeros, "id": "anna", "email": ANNA, "tokenKey": "k" * 50}

    async def work(tx: Transaction) -> None:
        await tx.put(Row(users.id, anna), expected=ABSENT)

    await store.transact(work)
    yield Desk(store)
    await store.close()


async def test_asking_costs_the_same_with_and_without_an_account(desk: Desk) -> None:
    """O1: one hash of the same cost, one row on the disk."""
    known, known_work, written = await desk.asked(ANNA)
    unknown, unknown_work, unknown_written = await desk.asked("nobody@example.com")

    assert known_work == unknown_work == Counter({("hash", OTP_COST): 1})
    assert (written, unknown_written) == ({known}, {unknown})
    assert len(known) == len(unknown) == 15


async def test_asking_too_often_writes_nothing_with_and_without_an_account(desk: Desk) -> None:
    """O1: the eleventh time, too."""
    for email in (ANNA, "nobody@example.com"):
        for _ in range(10):
            await desk.asked(email)

    known = await desk.asked(ANNA)
    unknown = await desk.asked("nobody@example.com")

    assert known[1:] == unknown[1:] == (Counter({("hash", OTP_COST): 1}), set())


async def test_trying_costs_the_same_with_and_without_an_account(desk: Desk) -> None:
    """O1: one comparison of the same cost, also for an id that nobody was given."""
    known, _, _ = await desk.asked(ANNA)
    unknown, _, _ = await desk.asked("nobody@example.com")

    works = [await desk.tried(id) for id in (known, unknown, "never-given")]

    assert works[0] == works[1] == works[2]
    assert sum(works[0].values()) == 1


def test_made_up_ids_are_forgotten_before_memory_ends(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OD2: asking for strangers costs nobody a server."""
    monkeypatch.setattr("yadokari.auth.otp_decoys.DECOYS_MAX", 2)
    decoys = OtpDecoys(clock=FakeClock())
    for name in ("a", "b", "c"):
        decoys.issue(desk.users, f"{name}@example.com", fresh_id=name, recent_max=10)

    assert [bool(decoys.subject_of(desk.users, id)) for id in ("a", "b", "c")] == [
        False,
        True,
        True,
    ]
