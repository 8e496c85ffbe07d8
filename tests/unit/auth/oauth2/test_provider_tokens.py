"""Tokens of providers in the store: sealed, bound to their link, gone with it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.unit.auth.oauth2.web import FakeWeb, answer
from yadokari.auth.account_rows import AccountRows, helper_named
from yadokari.auth.oauth2.exchange import Exchange, Grant
from yadokari.auth.oauth2.provider import Provider, configured
from yadokari.auth.oauth2.provider_tokens import NoProviderToken, ProviderTokens
from yadokari.auth.passwords import Passwords
from yadokari.auth.secret_key import SecretBox, SecretKey, Unsealable
from yadokari.collections.reserved import PROVIDER_TOKENS, RESERVED, bootstrap
from yadokari.ports.store import ABSENT, Row, Store, Transaction
from yadokari.records.service import Records
from yadokari.schema.collection import OAuth2Provider
from yadokari.schema.system import EXTERNAL_AUTHS_NAME
from yadokari.stores.sqlite.store import open_sqlite
from yadokari.testing.fake_clock import FakeClock
from yadokari.testing.fake_entropy import FakeEntropy

TOKEN_URL = "https://idp.example/token"


@dataclass(kw_only=True)
class World:
    """A store with two users, and what keeps tokens in it."""

    store: Store
    clock: FakeClock
    web: FakeWeb
    rows: AccountRows
    tokens: ProviderTokens
    provider: Provider

    async def linked(self, id: str, grant: Grant) -> Row:
        """A user's row, linked, with a kept grant; returns the user."""
        users = self.store.schema.named("users")
        assert users is not None
        user = Row(users.id, {**users.zeros, "id": id, "email": f"{id}@b.co", "tokenKey": id * 30})

        async def work(tx: Transaction) -> Row:
            stored = await tx.put(user, expected=ABSENT)
            helper = helper_named(tx.schema, EXTERNAL_AUTHS_NAME)
            link = self.rows.new(helper, users, stored, provider="oidc", providerId=id)
            await self.tokens.keep(tx, await tx.put(link, expected=ABSENT), grant)
            return stored

        return (await self.store.transact(work)).value

    async def got(self, user: Row) -> str:
        """The user's access token."""
        users = self.store.schema.named("users")
        assert users is not None
        return (await self.tokens.get(users, user, self.provider)).access_token


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A fresh one."""
    clock, entropy, web = FakeClock(), FakeEntropy(seed=1), FakeWeb()
    store = await open_sqlite(tmp_path / "data.db", clock=clock, entropy=entropy)
    await store.ensure([*RESERVED])
    await bootstrap(store, clock=clock, draw=entropy)
    passwords = Passwords(entropy=entropy)
    records = Records(
        store=store, clock=clock, entropy=entropy, hashing=passwords, transact=store.transact
    )
    rows = AccountRows(records=records, clock=clock, entropy=entropy)
    options = OAuth2Provider(name="oidc", client_id="us", client_secret="s", token_url=TOKEN_URL)
    yield World(
        store=store,
        clock=clock,
        web=web,
        rows=rows,
        provider=configured(options),
        tokens=ProviderTokens(
            store=store,
            rows=rows,
            box=SecretBox(SecretKey("k" * 32), entropy=entropy),
            exchange=Exchange(web=web, clock=clock),
            clock=clock,
        ),
    )
    passwords.close()
    await store.close()


async def test_a_token_comes_back_as_it_was_kept(world: World):
    """And lies sealed."""
    user = await world.linked("a", Grant(access_token="at-secret"))

    assert await world.got(user) == "at-secret"
    [row] = await world.store.all_of(PROVIDER_TOKENS)
    assert "at-secret" not in str(row.values)


async def test_a_token_moved_to_another_link_does_not_open(world: World):
    """PT1: whoever writes to the database does not become somebody else at the provider."""
    first = await world.linked("a", Grant(access_token="of-a"))
    await world.linked("b", Grant(access_token="of-b"))
    of_a, of_b = await world.store.all_of(PROVIDER_TOKENS)

    async def swap(tx: Transaction) -> None:
        values = {**of_a.values, "sealed": of_b.values["sealed"]}
        moved = Row(PROVIDER_TOKENS.id, values, of_a.version, of_a.stamp)
        await tx.put(moved, expected=of_a.version)

    await world.store.transact(swap)

    with pytest.raises(Unsealable):
        await world.got(first)


async def test_a_token_whose_link_is_gone_goes(world: World):
    """PT2: at once for everybody, and out of the store at the next upkeep."""
    user = await world.linked("a", Grant(access_token="at"))
    await world.linked("b", Grant(access_token="other"))
    assert await world.tokens.forget_orphans() == 0
    helper = helper_named(world.store.schema, EXTERNAL_AUTHS_NAME)
    link = (await world.store.all_of(helper))[0]

    await world.store.transact(lambda tx: tx.remove(link))

    with pytest.raises(NoProviderToken):
        await world.got(user)
    assert await world.tokens.forget_orphans() == 1
    assert len(await world.store.all_of(PROVIDER_TOKENS)) == 1


async def test_many_who_want_an_ended_token_renew_it_once(world: World):
    """PT4: a provider that changes the refresh token each time would refuse the second."""
    ends_ms = world.clock.unix_ms() + 1_000
    user = await world.linked(
        "a", Grant(access_token="old", refresh_token="rt", expires_ms=ends_ms)
    )
    world.web.answers[TOKEN_URL] = answer({"access_token": "new", "expires_in": 3600})

    found = await asyncio.gather(*(world.got(user) for _ in range(5)))

    assert found == ["new"] * 5
    assert len(world.web.asked) == 1
    world.clock.advance(3_600_000)
    await world.got(user)
    assert b"refresh_token=rt" in world.web.asked[-1].body


async def test_a_later_sign_in_without_a_refresh_token_keeps_the_former(world: World):
    """Some providers give one at the first consent alone."""
    user = await world.linked("a", Grant(access_token="one", refresh_token="rt"))
    helper = helper_named(world.store.schema, EXTERNAL_AUTHS_NAME)
    [link] = await world.store.all_of(helper)
    again = Grant(access_token="two", expires_ms=world.clock.unix_ms())

    await world.store.transact(lambda tx: world.tokens.keep(tx, link, again))
    world.web.answers[TOKEN_URL] = answer({"access_token": "three"})

    assert await world.got(user) == "three"
    assert b"refresh_token=rt" in world.web.asked[0].body


async def test_without_a_refresh_token_an_ended_token_is_none(world: World):
    """The person has to come again; nobody is asked."""
    user = await world.linked("a", Grant(access_token="at", expires_ms=world.clock.unix_ms()))

    with pytest.raises(NoProviderToken):
        await world.got(user)

    assert world.web.asked == []
