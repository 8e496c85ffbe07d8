"""The token endpoint: a code, or a refresh token, for an access token.

OX1  Client credentials go as HTTP Basic first; a provider that refuses them so gets them as
     parameters. The way that worked is tried first from then on.
OX2  Nothing of the answer is ever logged or told, not even of a refusal.

Not here: what is done with the token (auth/oauth2/people.py), keeping it
(auth/oauth2/provider_tokens.py).
Source: RFC 6749, sections 2.3.1, 4.1.3, 5 and 6.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from urllib.parse import parse_qsl, quote_plus, urlencode

import msgspec

from yadokari.auth.oauth2.provider import Provider
from yadokari.base.errors import YadokariError
from yadokari.base.json_text import MalformedJson, decode_object
from yadokari.ports.clock import Clock
from yadokari.ports.web import Unreachable, Web, WebAnswer, WebRequest

FETCH_S = 30  # The contract's limit for code and profile together; each alone stays below it.
TOKEN_BYTES_MAX = 1024 * 1024  # As much as others read; tokens have some kilobytes.
STYLES_MAX = 200  # Endpoints remembered; a program has a handful.
_FORM_TYPES = ("application/x-www-form-urlencoded", "text/plain")
_TYPES = {"bearer": "Bearer", "mac": "MAC", "basic": "Basic"}


class NoToken(YadokariError):
    """The provider gave no token. Begin the sign-in anew."""


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """What the token endpoint gave."""

    access_token: str
    token_type: str = "Bearer"
    refresh_token: str = ""
    expires_ms: int = 0
    """Unix milliseconds; 0 = not said."""
    id_token: str = ""
    raw: Mapping[str, object] = msgspec.field(default_factory=dict)
    """The whole answer."""

    @property
    def authorization(self) -> str:
        """The header's value."""
        return f"{self.token_type} {self.access_token}"

    def __repr__(self) -> str:
        return "Grant(...)"  # OX2.


class Exchange:
    """Asks token endpoints."""

    def __init__(self, *, web: Web, clock: Clock) -> None:
        self._web, self._clock = web, clock
        self._in_body: dict[str, bool] = {}
        """Whether an endpoint wants the credentials as parameters (OX1)."""

    async def code(
        self, provider: Provider, code: str, *, verifier: str, redirect_url: str
    ) -> Grant:
        """The grant behind a code. Raises NoToken."""
        form = {"grant_type": "authorization_code", "code": code}
        if redirect_url:
            form["redirect_uri"] = redirect_url
        if provider.pkce:
            form["code_verifier"] = verifier
        return await self._ask(provider, form)

    async def refresh(self, provider: Provider, refresh_token: str) -> Grant:
        """A new grant for a refresh token; keeps the old one when none is given. Raises NoToken."""
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        grant = await self._ask(provider, form)
        if grant.refresh_token:
            return grant
        return msgspec.structs.replace(grant, refresh_token=refresh_token)

    async def _ask(self, provider: Provider, form: Mapping[str, str]) -> Grant:
        url = provider.token_url
        failure: NoToken | None = None
        for in_body in (True, False) if self._in_body.get(url) else (False, True):
            try:
                grant = self._read(await self._send(provider, form, in_body=in_body))
            except NoToken as exc:
                failure = exc
                continue
            if len(self._in_body) >= STYLES_MAX:
                self._in_body.clear()
            self._in_body[url] = in_body
            return grant
        raise failure or NoToken

    async def _send(
        self, provider: Provider, form: Mapping[str, str], *, in_body: bool
    ) -> WebAnswer:
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
        }
        fields = dict(form)
        if in_body:
            fields |= {"client_id": provider.client_id, "client_secret": provider.client_secret}
        else:
            pair = f"{quote_plus(provider.client_id)}:{quote_plus(provider.client_secret)}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        request = WebRequest(
            url=provider.token_url,
            method="POST",
            headers=headers,
            body=urlencode(sorted(fields.items())).encode(),
        )
        try:
            return await self._web.fetch(
                request, reach="configured", timeout_s=FETCH_S, body_bytes_max=TOKEN_BYTES_MAX
            )
        except Unreachable as exc:
            raise NoToken("the token endpoint was not reached") from exc

    def _read(self, answer: WebAnswer) -> Grant:
        if not answer.is_success:
            raise NoToken("the token endpoint refused")
        raw = _fields(answer)
        access = raw.get("access_token")
        if raw.get("error") or not isinstance(access, str) or not access:
            raise NoToken("the token endpoint gave no token")
        kind = _text(raw, "token_type") or "Bearer"
        return Grant(
            access_token=access,
            token_type=_TYPES.get(kind.lower(), kind),
            refresh_token=_text(raw, "refresh_token"),
            expires_ms=self._expires_ms(raw.get("expires_in")),
            id_token=_text(raw, "id_token"),
            raw=raw,
        )

    def _expires_ms(self, given: object) -> int:
        """Seconds from now, as a number or as text; anything else that is no whole number fails."""
        if given is None or given == "":
            return 0
        try:
            if isinstance(given, bool) or not isinstance(given, int | str):
                raise ValueError
            seconds = min(int(given), 2**31 - 1)
        except ValueError as exc:
            raise NoToken("the token's life is unreadable") from exc
        return self._clock.unix_ms() + seconds * 1_000 if seconds else 0


def _fields(answer: WebAnswer) -> Mapping[str, object]:
    if answer.content_type in _FORM_TYPES:
        return dict(parse_qsl(answer.body.decode("utf-8", "replace")))
    try:
        return decode_object(answer.body)
    except MalformedJson as exc:
        raise NoToken("the token endpoint's answer is unreadable") from exc


def _text(raw: Mapping[str, object], name: str) -> str:
    value = raw.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise NoToken("the token endpoint's answer is unreadable")
    return value
