"""Signing in through another service, from the code to the record and what is told of it.

SI1  The code and the profile together have half a minute.
SI2  Of a failure nothing is told but at which of the two steps it was.

Not here: the request (api/oauth2.py), the end that all methods share (auth/completing.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import msgspec
from msgspec.structs import replace

from yadokari.auth.oauth2.accounts import Accounts
from yadokari.auth.oauth2.exchange import FETCH_S, Exchange, Grant, NoToken
from yadokari.auth.oauth2.first_names import FirstNames
from yadokari.auth.oauth2.people import People, Person
from yadokari.auth.oauth2.profiles import UnreadableProfile
from yadokari.auth.oauth2.provider import Provider
from yadokari.auth.oauth2.provider_tokens import ProviderTokens
from yadokari.base.dates import date_text
from yadokari.base.errors import BadRequest
from yadokari.base.log import Log
from yadokari.ports.clock import Clock
from yadokari.ports.store import Row, Transaction
from yadokari.records.caller import Asking
from yadokari.schema.collection import Collection

LIFE_MS_MIN = 10_000  # As much as the reference wants left of a token before it asks with it.
NO_TOKEN = "Failed to fetch OAuth2 token."
NO_USER = "Failed to fetch OAuth2 user."


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """What a client brings back from the provider."""

    code: str
    code_verifier: str = ""
    redirect_url: str = ""
    create_data: Mapping[str, object] = msgspec.field(default_factory=dict)

    def __repr__(self) -> str:
        return "Proof(...)"


class Proved(msgspec.Struct, frozen=True, kw_only=True):
    """A record, and what the answer tells beside it."""

    row: Row
    meta: Mapping[str, object]


class OAuth2SignIn:
    """Signs people in by other services."""

    def __init__(
        self,
        *,
        exchange: Exchange,
        people: People,
        accounts: Accounts,
        tokens: ProviderTokens,
        names: FirstNames,
        clock: Clock,
        log: Log,
    ) -> None:
        self._exchange, self._people, self._accounts = exchange, people, accounts
        self._tokens, self._names, self._clock, self._log = tokens, names, clock, log

    async def by_code(
        self, asking: Asking, collection: Collection, provider: Provider, proof: Proof
    ) -> Proved:
        """The record of whoever brought this code.

        Raises:
            BadRequest: the provider does not vouch for the code (SI2), or as ``Accounts.sign_in``.
            Forbidden: as ``Accounts.sign_in``.
        """
        grant, person = await self._ask(provider, proof)

        async def keep(tx: Transaction, link: Row) -> None:
            await self._tokens.keep(tx, link, grant)

        done = await self._accounts.sign_in(
            asking,
            collection,
            provider.name,
            person.profile,
            create_data=proof.create_data,
            also=keep,
        )
        return Proved(row=done.row, meta=_meta(person, grant, is_new=done.is_new))

    async def _ask(self, provider: Provider, proof: Proof) -> tuple[Grant, Person]:
        step = NO_TOKEN
        try:
            async with asyncio.timeout(FETCH_S):
                grant = await self._exchange.code(
                    provider,
                    proof.code,
                    verifier=proof.code_verifier,
                    redirect_url=proof.redirect_url,
                )
                step = NO_USER
                self._check_life(grant)
                person = await self._people.person(provider, grant)
        except (NoToken, UnreadableProfile, TimeoutError) as exc:
            reason = str(exc) or type(exc).__name__
            self._log.warning("oauth2_failed", provider=provider.name, step=step, reason=reason)
            raise BadRequest(step) from exc
        if provider.name == "apple" and not person.profile.name:
            name = self._names.take(proof.code)
            person = replace(person, profile=replace(person.profile, name=name))
        return grant, person

    def _check_life(self, grant: Grant) -> None:
        """A token that ends at once is one that nobody can ask with."""
        if grant.expires_ms and grant.expires_ms - LIFE_MS_MIN <= self._clock.unix_ms():
            raise UnreadableProfile("the token has ended already")


def _meta(person: Person, grant: Grant, *, is_new: bool) -> dict[str, object]:
    profile = person.profile
    return {
        "id": profile.id,
        "name": profile.name,
        "username": profile.username,
        "email": profile.email,
        "avatarURL": profile.avatar_url,
        "avatarUrl": profile.avatar_url,
        "accessToken": grant.access_token,
        "refreshToken": grant.refresh_token,
        "expiry": date_text(grant.expires_ms) if grant.expires_ms else "",
        "rawUser": dict(person.raw),
        "isNew": is_new,
    }
