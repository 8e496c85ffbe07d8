"""Judging id_tokens.

IT1  A token is signed by a key of its provider's own set, found by its ``kid``, with the algorithm
     that the key is for; ``none`` and secrets shared with nobody never count.
IT2  It is for us (``aud``), by whom we expect (``iss``), and good now: to the second where it is
     signed, give or take five minutes where it is not, as the reference does.
IT3  Key sets are kept for an hour; an unknown ``kid`` asks again, at most once a minute.
IT4  Without a key set the signature is not looked at: the token came over TLS from the provider's
     own endpoint (OpenID Connect Core, section 3.1.3.7). Only the configured providers that name no
     key set are judged so.
IT5  No sign-in of ours sends a nonce: the code is exchanged by us, never the token by a browser. A
     nonce in a token is therefore not compared with anything.

Not here: which claims become a profile (auth/oauth2/profiles.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, cast

import msgspec

from yadokari.base.errors import YadokariError
from yadokari.base.json_text import MalformedJson, decode_object
from yadokari.ports.clock import Clock
from yadokari.ports.web import Unreachable, Web, WebRequest

if TYPE_CHECKING:
    from jwt import PyJWK

LEEWAY_S = 300  # As much as the reference allows clocks to differ.
KEYS_KEPT_MS = 3_600_000
ASK_AGAIN_MS = 60_000  # Forged tokens with made-up kids must not become requests.
KEY_SETS_MAX = 50  # Kept at once; a program has a handful of providers.
KEYS_MAX = 100  # In one set; providers have two or three.
KEY_SET_BYTES_MAX = 256 * 1024
FETCH_S = 10
_ALGORITHMS = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
)  # fmt: skip


class BadIdToken(YadokariError):
    """The id_token proves nothing. Begin the sign-in anew."""


class _KeySet(msgspec.Struct):
    keys: dict[str, PyJWK]
    fetched_ms: int


class IdTokens:
    """Judges id_tokens with key sets from the web."""

    def __init__(self, *, web: Web, clock: Clock) -> None:
        self._web, self._clock = web, clock
        self._sets: dict[str, _KeySet] = {}

    async def claims(
        self,
        token: str,
        *,
        audience: str,
        jwks_url: str = "",
        public_key: str = "",
        issuers: Sequence[str] = (),
        secret: str = "",
    ) -> Mapping[str, object]:
        """The claims of a token that holds.

        Args:
            audience: The client id.
            jwks_url: Where the keys are.
            public_key: The key itself as PEM, where it is known. Without either, IT4.
            issuers: Who may have made it; none = anybody.
            secret: Shared with the provider, which may sign with HS256 by it; "" for none.

        Raises:
            BadIdToken: it does not hold, or the keys cannot be had.
        """
        import jwt

        try:
            read = jwt.api_jws.PyJWS().decode_complete(token, options={"verify_signature": False})
            claims = decode_object(read["payload"])
        except (jwt.InvalidTokenError, MalformedJson, ValueError) as exc:
            raise BadIdToken("unreadable") from exc
        header = cast("Mapping[str, object]", read["header"])
        if public_key:
            _check_known_key(token, header, public_key)
        elif jwks_url:
            await self._check_signature(token, header, jwks_url, secret)
        is_signed = bool(public_key or jwks_url)
        self._check_claims(claims, audience, issuers, leeway_s=0 if is_signed else LEEWAY_S)
        return claims

    async def _check_signature(
        self, token: str, header: Mapping[str, object], url: str, secret: str
    ) -> None:
        import jwt

        algorithm = header.get("alg")
        try:
            if secret and algorithm == "HS256":
                jwt.api_jws.PyJWS().decode(token, secret, algorithms=["HS256"])
                return
            if algorithm not in _ALGORITHMS:
                raise BadIdToken("signed in a way that proves nothing")
            key = await self._key(url, str(header.get("kid") or ""))
            jwt.api_jws.PyJWS().decode(token, key, algorithms=[key.algorithm_name])
        except jwt.PyJWTError as exc:
            raise BadIdToken("not signed by its provider") from exc

    def _check_claims(
        self,
        claims: Mapping[str, object],
        audience: str,
        issuers: Sequence[str],
        *,
        leeway_s: int,
    ) -> None:
        now_s = self._clock.unix_ms() // 1_000
        meant = claims.get("aud")
        if audience not in (meant if isinstance(meant, list) else [meant]):
            raise BadIdToken("for somebody else")
        if issuers and claims.get("iss") not in [_filled(one, claims) for one in issuers]:
            raise BadIdToken("by somebody else")
        judged: tuple[tuple[str, Callable[[float], bool]], ...] = (
            ("exp", lambda moment: now_s < moment + leeway_s),
            ("nbf", lambda moment: now_s >= moment - leeway_s),
            ("iat", lambda moment: now_s >= moment - LEEWAY_S),
        )
        for name, holds in judged:
            moment = claims.get(name)
            if moment is None:
                continue
            if isinstance(moment, bool) or not isinstance(moment, int | float):
                raise BadIdToken(f"its {name} is no moment")
            if not holds(moment):
                raise BadIdToken(f"not good now by its {name}")

    async def _key(self, url: str, key_id: str) -> PyJWK:
        now_ms = self._clock.monotonic_ms()
        known = self._sets.get(url)
        if known is not None:
            age_ms = now_ms - known.fetched_ms
            if key_id in known.keys and age_ms < KEYS_KEPT_MS:
                return known.keys[key_id]
            if key_id not in known.keys and age_ms < ASK_AGAIN_MS:
                raise BadIdToken("its key is unknown")
        keys = await self._fetch(url)
        if len(self._sets) >= KEY_SETS_MAX:
            del self._sets[next(iter(self._sets))]
        self._sets[url] = _KeySet(keys, now_ms)
        if key_id not in keys:
            raise BadIdToken("its key is unknown")
        return keys[key_id]

    async def _fetch(self, url: str) -> dict[str, PyJWK]:
        import jwt

        try:
            answer = await self._web.fetch(
                WebRequest(url=url, headers={"Accept": "application/json"}),
                reach="configured",
                timeout_s=FETCH_S,
                body_bytes_max=KEY_SET_BYTES_MAX,
            )
            found = decode_object(answer.body).get("keys") if answer.is_success else None
        except (Unreachable, MalformedJson) as exc:
            raise BadIdToken("the keys cannot be had") from exc
        keys: dict[str, PyJWK] = {}
        for item in found[:KEYS_MAX] if isinstance(found, list) else ():
            if not isinstance(item, dict) or not isinstance(item.get("kid"), str):
                continue
            try:
                keys[str(item["kid"])] = jwt.PyJWK(dict(item))
            except jwt.PyJWTError:
                continue  # A kind of key that we do not know.
        return keys


def _check_known_key(token: str, header: Mapping[str, object], pem: str) -> None:
    """IT1 with one key; its kind and the algorithm have to fit each other."""
    import jwt

    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in _ALGORITHMS:
        raise BadIdToken("signed in a way that proves nothing")
    try:
        jwt.api_jws.PyJWS().decode(token, pem, algorithms=[algorithm])
    except (jwt.PyJWTError, ValueError, TypeError) as exc:
        raise BadIdToken("not signed by its maker") from exc


def _filled(issuer: str, claims: Mapping[str, object]) -> str:
    tenant = claims.get("tid")
    return issuer.replace("{tid}", tenant) if isinstance(tenant, str) else issuer
