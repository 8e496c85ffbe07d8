"""Superusers from the command line, as PocketBase's commands behave."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from yadokari.app.system_clock import SystemClock, SystemEntropy
from yadokari.auth.passwords import Passwords
from yadokari.auth.superusers import Superusers
from yadokari.base.errors import Conflict, Invalid, NotFound
from yadokari.ports.store import Row, Store
from yadokari.records.service import Records
from yadokari.schema.collection import SUPERUSERS_ID, AuthOptions, Collection, Schema
from yadokari.schema.fields import (
    AutodateField,
    BoolField,
    EmailField,
    PasswordField,
    TextField,
)
from yadokari.stores.sqlite.store import open_sqlite

COLLECTION = Collection(
    id=SUPERUSERS_ID,
    name="_superusers",
    type="auth",
    auth=AuthOptions(),
    fields=(
        TextField(
            id="i", name="id", primary_key=True, required=True, autogenerate_pattern="[a-z0-9]{15}"
        ),
        PasswordField(id="p", name="password", required=True, min=8, cost=4, hidden=True),
        TextField(id="t", name="tokenKey", required=True, autogenerate_pattern="[a-zA-Z0-9]{50}"),
        EmailField(id="e", name="email", required=True),
        BoolField(id="v", name="verified"),
        AutodateField(id="c", name="created", on_create=True),
        AutodateField(id="u", name="updated", on_create=True, on_update=True),
    ),
)
PASSWORD = "12345678"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """A fresh store that knows superusers only."""
    opened = await open_sqlite(tmp_path / "data.db", clock=SystemClock(), entropy=SystemEntropy())
    await opened.ensure([COLLECTION])
    opened.adopt(Schema(collections=(COLLECTION,), version=1))
    yield opened
    await opened.close()


@pytest.fixture
def superusers(store: Store) -> Superusers:
    """Of that store."""
    passwords = Passwords(entropy=SystemEntropy())
    records = Records(
        store=store,
        clock=SystemClock(),
        entropy=SystemEntropy(),
        hashing=passwords,
        transact=store.transact,
    )
    return Superusers(
        store=store,
        records=records,
        passwords=passwords,
        clock=SystemClock(),
        entropy=SystemEntropy(),
    )


async def only(store: Store) -> Row:
    """The one superuser there is."""
    (row,) = await store.all_of(COLLECTION)
    return row


async def test_a_new_superuser_is_verified_and_can_sign_in(superusers: Superusers, store: Store):
    """Password hashed, key and id generated, dates set."""
    assert not await superusers.exists()

    await superusers.create("a@b.co", PASSWORD)

    values = (await only(store)).values
    assert await superusers.exists()
    assert values["verified"] is True
    assert (len(str(values["id"])), len(str(values["tokenKey"]))) == (15, 50)
    assert values["created"] == values["updated"] != ""
    assert await Passwords(entropy=SystemEntropy()).verify(PASSWORD, str(values["password"]))


async def test_a_taken_address_is_refused_and_upsert_is_not(superusers: Superusers, store: Store):
    """Create is for new ones, update for old ones, upsert for either."""
    await superusers.create("a@b.co", PASSWORD)
    before = (await only(store)).values

    with pytest.raises(Invalid) as caught:
        await superusers.create("a@b.co", PASSWORD)
    assert "email" in caught.value.problems
    with pytest.raises(NotFound):
        await superusers.update("x@b.co", PASSWORD)
    await superusers.upsert("a@b.co", "another-one")

    after = (await only(store)).values
    assert after["id"] == before["id"]
    assert after["password"] != before["password"]


async def test_a_new_password_ends_all_tokens(superusers: Superusers, store: Store):
    """A13: whoever had a token must sign in again."""
    await superusers.create("a@b.co", PASSWORD)
    before = (await only(store)).values["tokenKey"]

    await superusers.update("a@b.co", PASSWORD)

    assert (await only(store)).values["tokenKey"] != before


@pytest.mark.parametrize(
    ("email", "password", "wrong"),
    [("x", PASSWORD, {"email"}), ("", "", {"email", "password"}), ("a@b.co", "1", {"password"})],
)
async def test_bad_values_are_named(
    superusers: Superusers, email: str, password: str, wrong: set[str]
):
    """Nothing is stored, and the message can say what to mend."""
    with pytest.raises(Invalid) as caught:
        await superusers.upsert(email, password)

    assert set(caught.value.problems) == wrong
    assert not await superusers.exists()


async def test_the_last_one_stays(superusers: Superusers):
    """A12: nobody locks themselves out; a missing one is no error."""
    await superusers.create("a@b.co", PASSWORD)
    await superusers.create("c@b.co", PASSWORD)

    assert await superusers.delete("c@b.co")
    assert not await superusers.delete("c@b.co")
    with pytest.raises(Invalid, match="only existing superuser"):
        await superusers.delete("a@b.co")
    with pytest.raises(Invalid):
        await superusers.delete("no address")


async def test_the_first_is_made_once_and_the_one_of_the_environment_stays(
    superusers: Superusers, store: Store
):
    """A12: a second start must not reset a changed password."""
    await superusers.create_first("a@b.co", PASSWORD)
    with pytest.raises(Conflict):
        await superusers.create_first("c@b.co", PASSWORD)
    before = (await only(store)).values

    assert not await superusers.ensure("a@b.co", "another-one")
    assert (await only(store)).values == before
    assert await superusers.ensure("d@b.co", PASSWORD)
