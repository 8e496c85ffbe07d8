"""Tokens of issuers that the operator trusts: another program signs people in, we believe it.

For an application whose users sign in elsewhere (a Next.js route, a company's identity provider):
its tokens are good here, without a second sign-in.

FT1  Only issuers of the list count, each for one audience and one auth collection, each with a key
     set of its own (an address, or one public key). Secrets shared by both sides are not taken:
     who can judge could sign.
FT2  A token names a record of ours, by its id or by a verified e-mail; nobody is made here. A
     superuser is never named by somebody else.
FT3  A token that does not hold makes a guest, as every bad token does.

Not here: judging signatures and claims (auth/oauth2/id_tokens.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

import msgspec

from yadokari.auth.oauth2.id_tokens import BadIdToken, IdTokens
from yadokari.base.errors import YadokariError
from yadokari.ports.store import Row, Store
from yadokari.records.caller import Caller
from yadokari.schema.collection import SUPERUSERS_ID, Collection

Match: TypeAlias = Literal["id", "email"]

_URL_STARTS = ("https://", "http://localhost", "http://127.")
ISSUERS_MAX = 20
"""More are no list of trusted ones."""


class IssuersUnreadable(YadokariError):
    """The list of trusted issuers cannot be used. Correct the file, then start again."""


class Issuer(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Somebody whose tokens are good here."""

    issuer: str
    """The ``iss`` of its tokens, exactly."""
    audience: str
    """The ``aud`` by which it means us."""
    collection: str
    """Name of the auth collection whose records its tokens name."""
    jwks_url: str = msgspec.field(default="", name="jwksURL")
    public_key: str = ""
    """PEM, in place of an address."""
    match: Match = "id"
    """Which claim names the record: ``sub`` its id, or ``email`` its verified e-mail."""


def read_issuers(text: bytes) -> tuple[Issuer, ...]:
    """The issuers of a JSON file: an array of objects.

    Raises:
        IssuersUnreadable: it is no such array, or an issuer makes no sense; says which and why.
    """
    try:
        found = msgspec.json.decode(text, type=tuple[Issuer, ...])
    except msgspec.DecodeError as exc:
        raise IssuersUnreadable(f"the list of trusted issuers: {exc}") from exc
    if len(found) > ISSUERS_MAX:
        raise IssuersUnreadable(f"{len(found)} trusted issuers; {ISSUERS_MAX} are the most")
    for one in found:
        if not (one.issuer and one.audience and one.collection):
            raise IssuersUnreadable("a trusted issuer needs issuer, audience and collection")
        if bool(one.jwks_url) == bool(one.public_key):
            raise IssuersUnreadable(f"{one.issuer}: give either jwksURL or publicKey")
        if one.jwks_url and not one.jwks_url.startswith(_URL_STARTS):
            raise IssuersUnreadable(f"{one.issuer}: jwksURL begins with https://")
    if len({one.issuer for one in found}) != len(found):
        raise IssuersUnreadable("an issuer is listed twice")
    return found


class ForeignTokens:
    """Finds who the token of a trusted issuer belongs to."""

    def __init__(self, *, store: Store, id_tokens: IdTokens, issuers: Sequence[Issuer]) -> None:
        self._store, self._id_tokens = store, id_tokens
        self._issuers = {one.issuer: one for one in issuers}

    async def caller(self, token: str) -> Caller | None:
        """Who it belongs to; None when it is none that holds (FT3)."""
        issuer = self._issuers.get(_issuer_of(token))
        if issuer is None:
            return None
        try:
            claims = await self._id_tokens.claims(
                token,
                audience=issuer.audience,
                jwks_url=issuer.jwks_url,
                public_key=issuer.public_key,
                issuers=(issuer.issuer,),
            )
        except BadIdToken:
            return None
        if claims.get("exp") is None:  # One that never ends could never be taken back.
            return None
        collection = self._store.schema.find(issuer.collection)
        if collection is None or collection.auth is None or collection.id == SUPERUSERS_ID:
            return None
        row = await self._row(collection, issuer.match, claims)
        return None if row is None else Caller(row, collection, is_passing=True)

    async def _row(
        self, collection: Collection, match: Match, claims: Mapping[str, object]
    ) -> Row | None:
        if match == "id":
            id = claims.get("sub")
            found = await self._store.get(collection, [id]) if isinstance(id, str) else {}
            return found.get(str(id))
        email = claims.get("email")
        if not isinstance(email, str) or not email or claims.get("email_verified") is not True:
            return None
        return await self._store.by_unique(collection, "email", email, any_case=True)


def _issuer_of(token: str) -> str:
    """Who a token says made it, unproven; "" when it is no token."""
    if token.count(".") != 2:
        return ""
    import jwt

    try:
        claims = jwt.decode(token, options={"verify_signature": False})
    except jwt.PyJWTError:
        return ""
    issuer = claims.get("iss")
    return issuer if isinstance(issuer, str) else ""
