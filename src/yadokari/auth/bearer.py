"""Bearer tokens as OAuth2's password grant gives them: HS256 under one secret for all.

For clients and services that speak OAuth2 and not PocketBase: whoever knows the secret can verify a
token alone, with any JWT library.

V1  A token holds for 30 minutes when a sign-in made it (settable), for 15 when its maker names no
    lifetime. There is no refreshing: sign in again.
V2  Its secret is given, or derived from the installation's; it signs nothing else. After the
    installation's secret was rotated, tokens under the former one hold until they end.
V3  The record is read anew at each use: one that is gone, or whose password changed, has no tokens.

Not here: proving who signs in (auth/sign_in.py), the endpoint (api/bearer.py).
"""

from __future__ import annotations

from collections.abc import Sequence

from yadokari.auth.signing_keys import version_of
from yadokari.ports.clock import Clock
from yadokari.ports.store import Row, Store
from yadokari.records.caller import Caller
from yadokari.schema.collection import Collection

ALGORITHM = "HS256"
LIFE_S_DEFAULT = 15 * 60
PURPOSE = "bearer tokens"
"""What the secret is derived for."""


class BearerTokens:
    """Issues and judges them."""

    def __init__(self, *, store: Store, clock: Clock, secrets: Sequence[str]) -> None:
        """``secrets``: the one that signs, then former ones that still hold."""
        self._store, self._clock = store, clock
        self._secrets = tuple(secrets)

    def issue(self, collection: Collection, row: Row, *, life_s: int = LIFE_S_DEFAULT) -> str:
        """A token for a record, good for ``life_s`` seconds."""
        import jwt

        now_s = self._clock.unix_ms() // 1_000
        claims: dict[str, object] = {
            "sub": row.id,
            "collection": collection.id,
            "iat": now_s,
            "exp": now_s + life_s,
            "ver": version_of(row),
        }
        return jwt.encode(claims, self._secrets[0], algorithm=ALGORITHM)

    async def caller(self, token: str) -> Caller | None:
        """Who a token belongs to (V3); None when it is none that holds."""
        if token.count(".") != 2:
            return None
        import jwt

        for secret in self._secrets:
            try:
                claims = jwt.decode(
                    token,
                    secret,
                    algorithms=[ALGORITHM],
                    options={  # Dates are judged by our clock.
                        "verify_exp": False,
                        "verify_iat": False,
                        "require": ["sub", "exp", "collection"],
                    },
                )
            except jwt.InvalidTokenError:
                continue
            ends_s = claims["exp"]
            if not isinstance(ends_s, int) or ends_s * 1_000 <= self._clock.unix_ms():
                return None
            collection = self._store.schema.by_id.get(str(claims["collection"]))
            if collection is None or collection.auth is None:
                return None
            row = (await self._store.get(collection, [claims["sub"]])).get(claims["sub"])
            if row is None or version_of(row) != claims.get("ver"):
                return None
            return Caller(row, collection, is_passing=True)
        return None
