"""From a token to a caller: loaded fresh for every request, so revocation is immediate.

C1  A token that is malformed, expired, revoked or of another kind makes a guest, never an error.
C2  The record is read each time: a deleted record, or a renewed token key, ends its tokens.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

from yadokari.auth.tokens import Claims, TokenKind, Tokens, sign
from yadokari.ports.clock import Clock
from yadokari.ports.store import Row, Store
from yadokari.records.caller import GUEST, Caller
from yadokari.schema.collection import Collection, TokenOptions

OtherToken: TypeAlias = Callable[[str], Awaitable[Caller | None]]
"""Who a token of another kind belongs to; None when it is none of that kind."""

_TOLD_BY_MAIL = frozenset(("verification", "passwordReset", "emailChange"))
"""Kinds that say which address they were sent for."""


class Callers:
    """Finds who a token belongs to, and makes tokens."""

    def __init__(
        self, *, store: Store, tokens: Tokens, clock: Clock, others: Sequence[OtherToken] = ()
    ) -> None:
        """``others`` know kinds of tokens that are none of the contract's."""
        self._store = store
        self._tokens = tokens
        self._clock = clock
        self._others = tuple(others)

    async def of(self, token: str, *, kind: TokenKind = "auth") -> Caller:
        """The caller behind a token, GUEST when there is none (C1)."""
        if not token:
            return GUEST
        claims = self._tokens.peek(token)
        if claims is None or claims.type != kind:
            return await self._by_other(token) if kind == "auth" and claims is None else GUEST
        collection = self._store.schema.by_id.get(claims.collection_id)
        if collection is None or collection.auth is None:
            return GUEST
        row = (await self._store.get(collection, (claims.id,))).get(claims.id)
        if row is None:
            return GUEST
        key = signing_key(collection, row, kind)
        if not self._tokens.verify(token, key, self._clock.unix_ms()):
            return GUEST
        return Caller(row, collection)

    async def _by_other(self, token: str) -> Caller:
        for other in self._others:
            if (caller := await other(token)) is not None:
                return caller
        return GUEST

    def is_refreshable(self, token: str) -> bool:
        """Whether a proven token may be exchanged for a new one."""
        claims = self._tokens.peek(token)
        return claims is not None and claims.refreshable is True

    def claims(self, token: str) -> Claims | None:
        """What a token says, unproven."""
        return self._tokens.peek(token)

    def issue(
        self,
        collection: Collection,
        row: Row,
        *,
        kind: TokenKind = "auth",
        new_email: str | None = None,
        duration_s: int = 0,
        refreshable: bool = True,
    ) -> str:
        """A new token of this kind for a record of an auth collection.

        Args:
            new_email: The address that a token of kind emailChange makes the record's own.
            duration_s: Its life in seconds; 0 = as long as the collection says.
            refreshable: Of kind auth only: whether it may be exchanged for a new one.
        """
        life_s = duration_s or _options(collection, kind).duration
        claims = Claims(
            id=row.id,
            collection_id=collection.id,
            type=kind,
            exp=self._clock.unix_ms() // 1_000 + life_s,
            refreshable=refreshable if kind == "auth" else None,
            email=str(row.values["email"]) if kind in _TOLD_BY_MAIL else None,
            new_email=new_email,
        )
        return sign(claims, signing_key(collection, row, kind))


def signing_key(collection: Collection, row: Row, kind: TokenKind) -> str:
    """What a record's tokens of this kind are signed with."""
    return str(row.values["tokenKey"]) + _options(collection, kind).secret


def _options(collection: Collection, kind: TokenKind) -> TokenOptions:
    auth = collection.auth
    assert auth is not None, "only auth collections have tokens"
    match kind:
        case "auth":
            return auth.auth_token
        case "file":
            return auth.file_token
        case "verification":
            return auth.verification_token
        case "passwordReset":
            return auth.password_reset_token
        case "emailChange":
            return auth.email_change_token
