"""Endpoints of signing in through other services: codes, redirects, Apple's client secret.

OE1  The redirect tells nobody but the waiting realtime client, which must have the same address.

Not here: what a code is worth (auth/oauth2), the end of a sign-in (api/signing_in.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from yadokari.api.request import Request
from yadokari.api.response import Response, json_response, redirect
from yadokari.api.shape import folded
from yadokari.api.signing_in import SigningIn
from yadokari.auth.oauth2.apple_secret import apple_secret
from yadokari.auth.oauth2.first_names import FirstNames
from yadokari.auth.oauth2.provider import provider_of
from yadokari.auth.oauth2.sign_in import OAuth2SignIn, Proof
from yadokari.base.errors import BadRequest, Forbidden, invalid
from yadokari.base.json_text import encode
from yadokari.base.problems import Problem, Problems, required
from yadokari.contract import messages
from yadokari.realtime.hub import Hub
from yadokari.schema.collection import Collection
from yadokari.schema.option_problems import whole_problem

OAUTH2_OFF = "The collection is not configured to allow OAuth2 authentication."
APPLE_SECRET_INVALID = "Invalid client secret data."
APPLE_SECRET_S_MAX = 15_777_000  # Apple's half year.
APPLE_ID_BYTES = 10  # of a team and of a key, by Apple
TOPIC = "@oauth2"
_PEM = re.compile("-----BEGIN PRIVATE KEY-----.+-----END PRIVATE KEY-----", re.DOTALL)
_SUCCESS = "../_/#/auth/oauth2-redirect-success"
_FAILURE = "../_/#/auth/oauth2-redirect-failure"


class OAuth2Form(msgspec.Struct, rename="camel"):
    """Body of ``auth-with-oauth2``, but for the redirect address, which has two spellings."""

    provider: str = ""
    code: str = ""
    code_verifier: str = ""
    create_data: dict[str, object] = {}


class RedirectForm(msgspec.Struct):
    """What a provider sends along with a person."""

    state: str = ""
    code: str = ""
    error: str = ""
    user: str = ""
    """Apple's, at the first sign-in only."""


class AppleForm(msgspec.Struct, rename="camel"):
    """Body of ``generate-client-secret``."""

    client_id: str = ""
    team_id: str = ""
    key_id: str = ""
    private_key: str = ""
    duration: int = 0


class OAuth2Routes:
    """Handlers of signing in through other services."""

    def __init__(
        self,
        *,
        signing_in: SigningIn,
        hub: Hub,
        sign_in: OAuth2SignIn,
        names: FirstNames,
    ) -> None:
        self._signing_in, self._hub = signing_in, hub
        self._sign_in, self._names = sign_in, names

    async def by_code(self, request: Request) -> Response:
        """Sign in with the code that a provider gave."""
        collection = self._signing_in.door.auth_collection(request)
        if collection.auth is None or not collection.auth.oauth2.enabled:
            raise Forbidden(OAUTH2_OFF)
        form = await request.bind(OAuth2Form)
        problems = _problems(form, collection)
        if problems:
            raise invalid(messages.UNREADABLE, problems)
        provider = provider_of(collection, form.provider)
        assert provider is not None, "_problems looked it up"
        proof = Proof(
            code=form.code,
            code_verifier=form.code_verifier,
            redirect_url=_redirect_url((await request.body()).fields),
            create_data=form.create_data,
        )
        asking = await self._signing_in.asking(request, context="oauth2")
        proved = await self._sign_in.by_code(asking, collection, provider, proof)
        return await self._signing_in.finish(
            request, asking, collection, proved.row, method="oauth2", meta=proved.meta
        )

    async def redirect_get(self, request: Request) -> Response:
        """A provider sends a person back."""
        query = request.query
        form = RedirectForm(
            state=query.get("state", ""), code=query.get("code", ""), error=query.get("error", "")
        )
        return self._back(request, form, status=307 if request.method == "GET" else 303)

    async def redirect_post(self, request: Request) -> Response:
        """The same from a provider that posts a form."""
        try:
            form = await request.bind(RedirectForm)
        except BadRequest:
            return redirect(_FAILURE, status=303)
        return self._back(request, form, status=303)

    async def apple_secret(self, request: Request) -> Response:
        """What Apple takes for a client secret, made of its key."""
        door = self._signing_in.door
        await door.superuser(request)
        form = await request.bind(AppleForm)
        problems = _apple_problems(form)
        if problems:
            raise invalid(APPLE_SECRET_INVALID, problems)
        secret = apple_secret(
            client_id=form.client_id,
            team_id=form.team_id,
            key_id=form.key_id,
            private_key=form.private_key,
            duration_s=form.duration,
            clock=door.clock,
        )
        return json_response(request, {"secret": secret})

    def _back(self, request: Request, form: RedirectForm, *, status: int) -> Response:
        told: dict[str, object] = {"state": form.state, "code": form.code}
        if form.error:
            told["error"] = form.error
        heard = bool(form.state) and self._hub.hand_over(
            form.state, TOPIC, encode(told), ip=request.real_ip
        )
        if not heard or form.error or not form.code:
            return redirect(_FAILURE, status=status)
        if form.user:
            self._names.keep(form.code, form.user)
        return redirect(_SUCCESS, status=status)


def _redirect_url(fields: Mapping[str, object]) -> str:
    """The address that the code was asked for with, in its new or its old spelling.

    Raises:
        BadRequest: it is no text.
    """
    named = ("redirectURL", "redirectUrl", *(key for key in fields if folded(key) == "redirecturl"))
    for name in named:
        value = fields.get(name)
        if value is None or value == "":
            continue
        if not isinstance(value, str):
            raise BadRequest(messages.UNREADABLE)
        return value
    return ""


def _problems(form: OAuth2Form, collection: Collection) -> Problems:
    problems: Problems = {}
    if not form.provider:
        problems["provider"] = required()
    elif provider_of(collection, form.provider) is None:
        problems["provider"] = Problem(
            "validation_invalid_provider",
            f"There is no provider {form.provider}.",
            {"name": form.provider},
        )
    if not form.code:
        problems["code"] = required()
    return problems


def _apple_problems(form: AppleForm) -> Problems:
    texts = {
        "clientId": form.client_id,
        "teamId": form.team_id,
        "keyId": form.key_id,
        "privateKey": form.private_key,
    }
    problems: Problems = {name: required() for name, value in texts.items() if not value}
    for name in ("teamId", "keyId"):
        if name not in problems and len(texts[name].encode("utf-8", "replace")) != APPLE_ID_BYTES:
            problems[name] = Problem(
                "validation_length_invalid",
                f"Must have exactly {APPLE_ID_BYTES} characters.",
                {"min": APPLE_ID_BYTES, "max": APPLE_ID_BYTES},
            )
    if form.private_key and not _PEM.search(form.private_key):
        problems["privateKey"] = Problem("validation_match_invalid", "Must be a PEM in PKCS #8.")
    duration = required() if not form.duration else None
    duration = duration or whole_problem(form.duration, least=1, most=APPLE_SECRET_S_MAX)
    if duration is not None:
        problems["duration"] = duration
    return problems
