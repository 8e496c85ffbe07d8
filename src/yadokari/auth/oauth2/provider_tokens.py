"""Tokens that providers gave us for people: kept sealed beside the link, renewed when they end.

PT1  A token is stored sealed, bound to its link; moved to another row it does not open.
PT2  It lives as long as the link: without the link nobody gets it, and it goes soon after.
PT3  No token is in an answer of ours, a log line or an entry of the change log.
PT4  One token is renewed by one request at a time; the others wait for it.

Not here: who may use one (api/provider_calls.py), getting one (auth/oauth2/exchange.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from weakref import WeakValueDictionary

import msgspec

from yadokari.auth.account_rows import AccountRows, helper_named
from yadokari.auth.oauth2.exchange import Exchange, Grant, NoToken
from yadokari.auth.oauth2.provider import Provider
from yadokari.base.errors import YadokariError
from yadokari.collections.reserved import PROVIDER_TOKENS, Box
from yadokari.ports.clock import Clock
from yadokari.ports.store import ABSENT, Reads, Row, Store, Transaction
from yadokari.schema.collection import Collection
from yadokari.schema.fields import Value
from yadokari.schema.system import EXTERNAL_AUTHS_NAME

RENEW_BEFORE_MS = 60_000  # A token that ends on the way is of no use.


class NoProviderToken(YadokariError):
    """There is no usable token. Let the person sign in by this provider again."""


class Kept(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A provider's token."""

    access_token: str
    token_type: str = "Bearer"
    refresh_token: str = ""
    expires_ms: int = 0
    """Unix milliseconds; 0 = not known to end."""

    @property
    def authorization(self) -> str:
        """The header's value."""
        return f"{self.token_type} {self.access_token}"

    def __repr__(self) -> str:
        return "Kept(...)"  # PT3.


class ProviderTokens:
    """Keeps and hands out tokens to code of this server."""

    def __init__(
        self, *, store: Store, rows: AccountRows, box: Box, exchange: Exchange, clock: Clock
    ) -> None:
        self._store, self._rows, self._box = store, rows, box
        self._exchange, self._clock = exchange, clock
        self._renewing: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def keep(self, tx: Transaction, link: Row, grant: Grant) -> None:
        """Keep a grant beside its link; one without a refresh token keeps the former one's."""
        refresh = grant.refresh_token
        row = (await tx.get(PROVIDER_TOKENS, (link.id,))).get(link.id)
        if row is not None and not refresh:
            try:
                refresh = self._opened(link, row).refresh_token
            except YadokariError:
                refresh = ""  # Sealed under a secret that is lost: this grant replaces it.
        kept = Kept(
            access_token=grant.access_token,
            token_type=grant.token_type,
            refresh_token=refresh,
            expires_ms=grant.expires_ms,
        )
        sealed = self._box.seal(msgspec.json.encode(kept).decode(), context=_context(link))
        values: dict[str, Value] = {"id": link.id, "sealed": sealed}
        if row is None:
            await tx.put(Row(PROVIDER_TOKENS.id, values), expected=ABSENT)
        else:
            changed = Row(PROVIDER_TOKENS.id, values, row.version, row.stamp)
            await tx.put(changed, expected=row.version)

    async def get(self, collection: Collection, row: Row, provider: Provider) -> Kept:
        """The token that a provider gave for a record, renewed where it has ended.

        Raises:
            NoProviderToken: the record is not linked, or the token ended and cannot be renewed.
            Unsealable: it was sealed under a secret that is not known any more.
        """
        link, kept = await self._stored(self._store, collection, row, provider)
        if not self._has_ended(kept):
            return kept
        lock = self._renewing.setdefault(link.id, asyncio.Lock())
        async with lock:  # PT4.
            link, kept = await self._stored(self._store, collection, row, provider)
            if not self._has_ended(kept):
                return kept
            if not kept.refresh_token:
                raise NoProviderToken("the token has ended")
            try:
                grant = await self._exchange.refresh(provider, kept.refresh_token)
            except NoToken as exc:
                raise NoProviderToken("the token could not be renewed") from exc

            async def work(tx: Transaction) -> Kept:
                await self._stored(tx, collection, row, provider)
                await self.keep(tx, link, grant)
                return (await self._stored(tx, collection, row, provider))[1]

            return await (await self._store.transact(work)).settled()

    async def forget_orphans(self) -> int:
        """Remove tokens whose link is gone; how many (PT2)."""
        helper = helper_named(self._store.schema, EXTERNAL_AUTHS_NAME)

        async def work(tx: Transaction) -> int:
            rows = await tx.all_of(PROVIDER_TOKENS)
            links = await tx.get(helper, [row.id for row in rows])
            orphans = [row for row in rows if row.id not in links]
            for row in orphans:
                await tx.remove(row)
            return len(orphans)

        return await (await self._store.transact(work)).settled()

    async def _stored(
        self, reads: Reads, collection: Collection, row: Row, provider: Provider
    ) -> tuple[Row, Kept]:
        helper = helper_named(self._store.schema, EXTERNAL_AUTHS_NAME)
        for link in await self._rows.of(reads, helper, collection, row):
            if link.values["provider"] == provider.name:
                stored = (await reads.get(PROVIDER_TOKENS, (link.id,))).get(link.id)
                if stored is not None:
                    return link, self._opened(link, stored)
        raise NoProviderToken("the record has no token of this provider")

    def _opened(self, link: Row, stored: Row) -> Kept:
        text = self._box.open(str(stored.values["sealed"]), context=_context(link))
        return msgspec.json.decode(text, type=Kept)

    def _has_ended(self, kept: Kept) -> bool:
        return bool(kept.expires_ms) and kept.expires_ms - RENEW_BEFORE_MS <= self._clock.unix_ms()


def _context(link: Row) -> str:
    """Where a token belongs: link, record and person at the provider (PT1)."""
    values: Mapping[str, Value] = link.values
    names = ("collectionRef", "recordRef", "provider", "providerId")
    return "/".join(("provider_tokens", link.id, *(str(values[name]) for name in names)))
