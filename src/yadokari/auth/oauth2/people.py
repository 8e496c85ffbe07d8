"""Who is behind a grant: the provider is asked, and its answer read.

PE1  A second question (a list of e-mails) that the provider refuses for lack of a scope leaves the
     e-mail empty; any other failure fails the sign-in.
PE2  What an id_token says of an e-mail counts only when the token holds and is about the same
     person.

Not here: what answers mean (auth/oauth2/profiles.py), judging tokens (auth/oauth2/id_tokens.py).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import urlsplit, urlunsplit

import msgspec
from msgspec.structs import replace

from yadokari.auth.oauth2.exchange import FETCH_S, Grant
from yadokari.auth.oauth2.id_tokens import BadIdToken, IdTokens
from yadokari.auth.oauth2.profiles import PROFILES, Profile, Raw, UnreadableProfile, flag, items
from yadokari.auth.oauth2.profiles import text as text_of
from yadokari.auth.oauth2.provider import ID_TOKEN_EMAIL, Provider
from yadokari.base.json_text import JsonValue, MalformedJson, decode
from yadokari.ports.web import Unreachable, Web, WebAnswer, WebRequest

ANSWER_BYTES_MAX = 1024 * 1024  # A profile has some kilobytes.
_NO_SCOPE = frozenset((401, 403, 404))
_NOTION_VERSION = "2022-06-28"
_TRAKT_VERSION = "2"
_VROID_VERSION = "11"
_LINEAR_QUERY = "query { viewer { id displayName name email avatarUrl active } }"
_MONDAY_QUERY = "query { me { id enabled name email is_verified photo_small } }"
_QUERIES = {"linear": _LINEAR_QUERY, "monday": _MONDAY_QUERY}


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """A profile and what it was read from."""

    profile: Profile
    raw: Mapping[str, object]


class People:
    """Asks providers about people."""

    def __init__(self, *, web: Web, id_tokens: IdTokens) -> None:
        self._web, self._id_tokens = web, id_tokens

    async def person(self, provider: Provider, grant: Grant) -> Person:
        """Whose grant this is.

        Raises:
            UnreadableProfile: the provider does not say, or says what cannot be used.
        """
        try:
            if provider.name == "apple" or (_is_openid(provider) and not provider.user_info_url):
                raw = await self._claims(provider, grant)
            else:
                raw = await self._raw(provider, grant)
        except BadIdToken as exc:
            raise UnreadableProfile("the id_token does not hold") from exc
        profile = PROFILES[provider.name](raw)
        email = await self._email(provider, grant, profile)
        return Person(profile=replace(profile, email=email), raw=raw)

    async def _raw(self, provider: Provider, grant: Grant) -> Raw:
        answer = await self._ask(provider, grant, provider.user_info_url)
        if answer.status >= 400:
            raise UnreadableProfile("the provider refused to tell")
        found = _json(answer)
        if not isinstance(found, dict):
            raise UnreadableProfile("the provider's answer is no object")
        return found

    async def _claims(self, provider: Provider, grant: Grant) -> Raw:
        if not grant.id_token:
            raise UnreadableProfile("there is no id_token")
        facts, extra = provider.facts, provider.extra
        issuers = extra.get("issuers")
        configured = (
            [one for one in issuers if isinstance(one, str)] if isinstance(issuers, list) else []
        )
        jwks_url = extra.get("jwksURL")
        return await self._id_tokens.claims(
            grant.id_token,
            audience=provider.client_id,
            jwks_url=str(jwks_url) if isinstance(jwks_url, str) and jwks_url else facts.jwks_url,
            issuers=configured or facts.issuers,
            secret=provider.client_secret if provider.name == "line" else "",
        )

    async def _email(self, provider: Provider, grant: Grant, profile: Profile) -> str:
        match provider.name:
            case "github" | "gitea":
                return await self._listed(provider, grant, "/emails", flags=("primary", "verified"))
            case "bitbucket":
                return await self._listed(
                    provider, grant, "/emails", flags=("is_primary", "is_confirmed")
                )
            case "gitee":
                return profile.email or await self._gitee_email(provider, grant)
            case "vk":
                email = grant.raw.get("email")
                return email if isinstance(email, str) else ""
            case "microsoft" if provider.extra.get(ID_TOKEN_EMAIL):
                return _microsoft_email(
                    str(provider.extra[ID_TOKEN_EMAIL]), await self._own_claims(provider, grant)
                )
            case "line":
                if not grant.id_token:
                    return ""
                claims = await self._own_claims(provider, grant)
                return text_of(claims, "email") if claims.get("sub") == profile.id else ""
            case _:
                return profile.email

    async def _own_claims(self, provider: Provider, grant: Grant) -> Raw:
        """Claims of an id_token that came beside the grant (PE2)."""
        try:
            return await self._claims(provider, grant)
        except BadIdToken as exc:
            raise UnreadableProfile("the id_token does not hold") from exc

    async def _listed(
        self, provider: Provider, grant: Grant, tail: str, *, flags: tuple[str, str]
    ) -> str:
        """The e-mail of a list that has both flags, "" when none has (PE1)."""
        for item in await self._emails(provider, grant, provider.user_info_url + tail):
            if flag(item, flags[0]) and flag(item, flags[1]):
                return text_of(item, "email")
        return ""

    async def _gitee_email(self, provider: Provider, grant: Grant) -> str:
        parts = urlsplit(provider.user_info_url)
        path = parts.path.rpartition("/")[0] + "/emails"
        url = urlunsplit((parts.scheme, parts.netloc, path, "", ""))
        for item in await self._emails(provider, grant, url):
            scopes = item.get("scope")
            is_primary = isinstance(scopes, list) and "primary" in scopes
            if is_primary and item.get("state") == "confirmed":
                return text_of(item, "email")
        return ""

    async def _emails(self, provider: Provider, grant: Grant, url: str) -> list[Raw]:
        answer = await self._ask(provider, grant, url)
        if answer.status in _NO_SCOPE:
            return []
        if answer.status >= 400:
            raise UnreadableProfile("the provider refused to tell e-mails")
        found = _json(answer)
        listed = found if isinstance(found, dict) else {"values": found}
        return list(items(listed, "values"))

    async def _ask(self, provider: Provider, grant: Grant, url: str) -> WebAnswer:
        headers = {
            "Authorization": grant.authorization,
            "Accept": "application/json",
            **_headers(provider),
        }
        query = _QUERIES.get(provider.name)
        body = json.dumps({"query": query}).encode() if query is not None else b""
        if query is not None:
            headers["Content-Type"] = "application/json"
        try:
            return await self._web.fetch(
                WebRequest(url=url, method="POST" if query else "GET", headers=headers, body=body),
                reach="configured",
                timeout_s=FETCH_S,
                body_bytes_max=ANSWER_BYTES_MAX,
            )
        except Unreachable as exc:
            raise UnreadableProfile("the provider was not reached") from exc


def _is_openid(provider: Provider) -> bool:
    return provider.name in ("oidc", "oidc2", "oidc3")


def _headers(provider: Provider) -> Mapping[str, str]:
    match provider.name:
        case "notion":
            return {"Notion-Version": _NOTION_VERSION}
        case "trakt":
            return {"trakt-api-key": provider.client_id, "trakt-api-version": _TRAKT_VERSION}
        case "twitch":
            return {"Client-Id": provider.client_id}
        case "vroid":
            return {"X-Api-Version": _VROID_VERSION}
        case _:
            return {}


def _json(answer: WebAnswer) -> JsonValue:
    try:
        return decode(answer.body)
    except MalformedJson as exc:
        raise UnreadableProfile("the provider's answer is no JSON") from exc


def _microsoft_email(wanted: str, claims: Raw) -> str:
    """The e-mail of an id_token by the claim that the collection trusts."""
    listed = claims.get("verified_primary_email")
    named = [one for one in listed if isinstance(one, str)] if isinstance(listed, list) else []
    primary = named[0] if named else listed if isinstance(listed, str) else ""
    email = text_of(claims, "email")
    proved = email if claims.get("xms_edov") in (True, 1, "1", "true") else ""
    match wanted:
        case "any_verified":
            return primary or proved
        case "verified_primary_email":
            return primary
        case "email_and_xms_edov":
            return proved
        case "email":
            return email
        case _:
            return ""
