"""Calling a provider's API with the token it gave for a person, without handing the token out.

PC1  Only a superuser, or the signed-in owner of the record, may call.
PC2  A call goes to a host of that provider only, by https unless the collection configures the host
     without, and never to the token endpoint.
PC3  The token is in no answer: one that repeats it is withheld.
PC4  Of what the caller sends, only the method, the body and its type travel; of the answer only
     status, type and body come back.

Ours: PocketBase has no such endpoint. Not here: keeping tokens (auth/oauth2/provider_tokens.py).
"""

from __future__ import annotations

import base64
from urllib.parse import urlsplit

import msgspec

from yadokari.api.door import Door
from yadokari.api.request import Request
from yadokari.api.response import Response, json_response
from yadokari.auth.oauth2.provider import Provider, hosts_of, provider_of
from yadokari.auth.oauth2.provider_tokens import Kept, NoProviderToken, ProviderTokens
from yadokari.base.errors import BadRequest, Forbidden, NotFound, Unauthenticated, invalid
from yadokari.base.json_text import MalformedJson, decode, encode
from yadokari.base.problems import Problem, Problems, required
from yadokari.contract import messages
from yadokari.ports.store import Reads
from yadokari.ports.web import Unreachable, Web, WebAnswer, WebRequest

CALL_S = 30
ANSWER_BYTES_MAX = 5 * 1024 * 1024  # A page of somebody's API; files are fetched elsewhere.
URL_CHARS_MAX = 4_096
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
NO_TOKEN = "There is no usable token of this provider."
NOT_REACHED = "The provider gave no usable answer."


class CallForm(msgspec.Struct, rename="camel"):
    """What to ask the provider."""

    url: str = ""
    method: str = "GET"
    body: object = None
    """Sent as JSON; null sends none."""


class ProviderCallRoutes:
    """``…/records/{id}/provider-calls/{provider}``."""

    def __init__(self, *, door: Door, reads: Reads, tokens: ProviderTokens, web: Web) -> None:
        self._door, self._reads, self._tokens, self._web = door, reads, tokens, web

    async def call(self, request: Request) -> Response:
        """The provider's answer to a call in the record's name."""
        door = self._door
        collection = door.auth_collection(request)
        caller = await door.caller(request)
        if caller.is_guest:
            raise Unauthenticated
        id = request.params["id"]
        row = (await self._reads.get(collection, (id,))).get(id)
        if not caller.is_superuser and (row is None or not caller.owns(row)):
            raise Forbidden(messages.CALLER_NOT_ALLOWED)
        provider = provider_of(collection, request.params["provider"])
        if row is None or provider is None:
            raise NotFound
        form = await request.bind(CallForm)
        problems = _problems(form, provider)
        if problems:
            raise invalid(messages.NOT_VALID, problems)
        try:
            kept = await self._tokens.get(collection, row, provider)
        except NoProviderToken as exc:
            raise BadRequest(NO_TOKEN) from exc
        return json_response(request, _shown(await self._ask(form, kept), kept))

    async def _ask(self, form: CallForm, kept: Kept) -> WebAnswer:
        headers = {"Authorization": kept.authorization, "Accept": "application/json"}
        body = b""
        if form.body is not None:
            body = encode(form.body)
            headers["Content-Type"] = "application/json"
        try:
            return await self._web.fetch(
                WebRequest(url=form.url, method=form.method, headers=headers, body=body),
                reach="configured",
                timeout_s=CALL_S,
                body_bytes_max=ANSWER_BYTES_MAX,
            )
        except Unreachable as exc:
            raise BadRequest(NOT_REACHED) from exc


def _problems(form: CallForm, provider: Provider) -> Problems:
    problems: Problems = {}
    if not form.url:
        problems["url"] = required()
    elif not _may_be_called(form.url, provider):
        problems["url"] = Problem("validation_not_in_invalid", "Is no address of this provider.")
    if form.method not in METHODS:
        problems["method"] = Problem("validation_in_invalid", "Must be a method of HTTP.")
    return problems


def _may_be_called(url: str, provider: Provider) -> bool:
    """PC2."""
    try:
        parts, token = urlsplit(url), urlsplit(provider.token_url)
    except ValueError:
        return False
    if len(url) > URL_CHARS_MAX or parts.username is not None or parts.password is not None:
        return False
    if parts.netloc.lower() not in hosts_of(provider):
        return False
    if (parts.netloc.lower(), parts.path.rstrip("/")) == (token.netloc, token.path.rstrip("/")):
        return False
    plain = [one for one in (provider.token_url, provider.user_info_url) if one.startswith("http:")]
    is_plain = any(urlsplit(one).netloc == parts.netloc for one in plain)
    return parts.scheme == "https" or (parts.scheme == "http" and is_plain)


def _shown(answer: WebAnswer, kept: Kept) -> dict[str, object]:
    """What the caller sees (PC3, PC4)."""
    shown: dict[str, object] = {"status": answer.status, "contentType": answer.content_type}
    plain = answer.body
    try:
        shown["body"] = decode(answer.body, trailing_allowed=False) if answer.body else None
        plain += encode(shown["body"])  # However the provider escaped it.
    except MalformedJson:
        shown["base64"] = base64.b64encode(answer.body).decode()
    for secret in (kept.access_token, kept.refresh_token):
        if secret and secret.encode() in plain:
            raise BadRequest(NOT_REACHED)
    return shown
