"""Short-lived tokens that anybody can verify: signed by a key pair of the server (EdDSA).

The contract's tokens can only be judged by who holds their secret. These are for others: a room
server, an edge function, a service in another language fetch the public keys once and judge for
themselves.

B1  A token names its key (``kid``); only EdDSA under a known key is accepted.
B2  The private key is sealed where it is stored. It signs for 90 days, then another one does; its
    public half is told as long as a token of its can live.
B3  A token lives an hour at most, and gives no new one. Here, too, the record is read anew: one
    that is gone, or whose password changed, has none.

Not here: tokens of the contract (auth/tokens.py).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from yadokari.ports.clock import Clock
from yadokari.ports.store import ABSENT, Row, Store, Transaction
from yadokari.records.caller import Caller
from yadokari.schema.collection import Collection
from yadokari.schema.fields import NumberField, TextField

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (
        Ed25519PrivateKey,
        Ed25519PublicKey,
    )

ALGORITHM = "EdDSA"
LIFE_S = 600
LIFE_S_MAX = 3_600
ROTATE_MS = 90 * 24 * 3_600_000
AUDIENCE_CHARS_MAX = 255
_TOLD_MS = 2 * LIFE_S_MAX * 1_000
"""After a key's last signature; verifiers keep what they fetched for a while."""
_VERSION_CHARS = 16

SIGNING_KEYS = Collection(
    id="$signing_keys",
    name="$signing_keys",
    fields=(
        TextField(id="id", name="id", primary_key=True),
        TextField(id="public", name="public"),
        TextField(id="private", name="private", hidden=True),
        NumberField(id="created_ms", name="created_ms"),
        NumberField(id="retired_ms", name="retired_ms"),
    ),
    system=True,
)
"""Reserved: one row a key pair, raw halves as base64url; ``retired_ms`` 0 = it signs."""


class Sealer(Protocol):
    """Seals texts so that only we can open them; auth/secret_key.py has one."""

    def seal(self, text: str, *, context: str) -> str:
        """The sealed form, good in this place only."""
        ...

    def open(self, sealed: str, *, context: str) -> str:
        """What was sealed. Raises an error of ours when it cannot be opened."""
        ...


class SigningKeys:
    """Issues and judges such tokens, and keeps their keys."""

    def __init__(self, *, store: Store, sealer: Sealer, clock: Clock) -> None:
        self._store, self._sealer, self._clock = store, sealer, clock

    async def issue(
        self, caller: Caller, *, issuer: str, audience: str = "", life_s: int = LIFE_S
    ) -> str:
        """A token for a signed-in caller.

        Args:
            issuer: Who says so: the application's address.
            audience: Whom it is for; "" for anybody.
            life_s: Seconds, 1 to LIFE_S_MAX.

        Raises:
            Unsealable: the private key was sealed under a secret that is not known any more.
        """
        import jwt

        row, collection = caller.row, caller.collection
        assert row is not None, "a guest has nothing to prove"
        assert collection is not None, "a record has a collection"
        assert 0 < life_s <= LIFE_S_MAX
        now_s = self._clock.unix_ms() // 1_000
        claims: dict[str, object] = {
            "iss": issuer,
            "sub": row.id,
            "collectionId": collection.id,
            "collectionName": collection.name,
            "iat": now_s,
            "exp": now_s + life_s,
            "ver": version_of(row),
        }
        if audience:
            claims["aud"] = audience
        kid, key = await self._signing()
        return jwt.encode(claims, key, algorithm=ALGORITHM, headers={"kid": kid})

    async def caller(self, token: str) -> Caller | None:
        """Who a token of ours belongs to (B1, B3); None when it is none that holds."""
        if token.count(".") != 2:
            return None
        import jwt

        try:
            header = jwt.get_unverified_header(token)
            kid = header.get("kid")
            if header.get("alg") != ALGORITHM or not isinstance(kid, str):
                return None
            row = (await self._store.get(SIGNING_KEYS, [kid])).get(kid)
            if row is None:
                return None
            claims = jwt.decode(
                token,
                _public(row),
                algorithms=[ALGORITHM],
                # Dates are judged by our clock, the audience by whom it names.
                options={"verify_exp": False, "verify_aud": False, "verify_iat": False},
            )
        except jwt.InvalidTokenError:
            return None
        ends_s = claims.get("exp")
        if not isinstance(ends_s, int) or ends_s * 1_000 <= self._clock.unix_ms():
            return None
        return await self._record(claims)

    async def public_keys(self) -> Mapping[str, object]:
        """The JSON Web Key Set of every key whose tokens may still hold. Source: RFC 7517, 8037."""
        now_ms = self._clock.unix_ms()
        rows = await self._store.all_of(SIGNING_KEYS)
        told = [row for row in rows if not _is_over(row, now_ms)]
        return {
            "keys": [
                {
                    "kty": "OKP",
                    "crv": "Ed25519",
                    "use": "sig",
                    "alg": ALGORITHM,
                    "kid": row.id,
                    "x": row.values["public"],
                }
                for row in told
            ]
        }

    async def rotate(self) -> str:
        """Sign with a new key from now on; returns its id. Keys that nobody needs leave."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        pair = Ed25519PrivateKey.generate()
        public = _text(pair.public_key().public_bytes_raw())
        kid = hashlib.sha256(public.encode()).hexdigest()[:20]
        now_ms = self._clock.unix_ms()
        made = Row(
            SIGNING_KEYS.id,
            {
                "id": kid,
                "public": public,
                "private": self._sealer.seal(
                    _text(pair.private_bytes_raw()), context=_context(kid)
                ),
                "created_ms": now_ms,
                "retired_ms": 0,
            },
        )

        async def work(tx: Transaction) -> None:
            for row in await tx.all_of(SIGNING_KEYS):
                if _is_over(row, now_ms):
                    await tx.remove(row)
                elif not row.values["retired_ms"]:
                    retired = {**row.values, "retired_ms": now_ms}
                    await tx.put(
                        Row(row.collection_id, retired, row.version, row.stamp),
                        expected=row.version,
                    )
            await tx.put(made, expected=ABSENT)

        await (await self._store.transact(work)).settled()
        return kid

    async def _signing(self) -> tuple[str, Ed25519PrivateKey]:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        row = await self._current()
        if row is None:
            await self.rotate()
            row = await self._current()
            assert row is not None, "it was just made"
        opened = self._sealer.open(str(row.values["private"]), context=_context(row.id))
        return row.id, Ed25519PrivateKey.from_private_bytes(_bytes(opened))

    async def _current(self) -> Row | None:
        """The youngest key that signs, unless it has signed long enough (B2)."""
        rows: Sequence[Row] = await self._store.all_of(SIGNING_KEYS)
        signing = [row for row in rows if not row.values["retired_ms"]]
        if not signing or _number(signing[-1], "created_ms") + ROTATE_MS <= self._clock.unix_ms():
            return None
        return signing[-1]

    async def _record(self, claims: Mapping[str, object]) -> Caller | None:
        collection = self._store.schema.by_id.get(str(claims.get("collectionId")))
        if collection is None or collection.auth is None:
            return None
        id = str(claims.get("sub"))
        row = (await self._store.get(collection, [id])).get(id)
        if row is None or version_of(row) != claims.get("ver"):
            return None
        return Caller(row, collection, is_passing=True)


def version_of(row: Row) -> str:
    """What changes when a record's tokens end; tells nothing about its token key."""
    text = f"token version {row.values['tokenKey']}"
    return hashlib.sha256(text.encode()).hexdigest()[:_VERSION_CHARS]


def _is_over(row: Row, now_ms: int) -> bool:
    retired_ms = _number(row, "retired_ms")
    return bool(retired_ms) and retired_ms + _TOLD_MS <= now_ms


def _number(row: Row, name: str) -> int:
    value = row.values[name]
    assert isinstance(value, int), "a moment is a whole number"
    return value


def _public(row: Row) -> Ed25519PublicKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    return Ed25519PublicKey.from_public_bytes(_bytes(str(row.values["public"])))


def _context(kid: str) -> str:
    return f"signing key {kid}"


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
