"""Endpoints of API keys, for superusers only.

A key's text is in the answer that makes it, and never again.

Not here: what a key may do (auth/api_keys.py, api/door.py).
"""

from __future__ import annotations

import msgspec

from yadokari.api.client_ip import parse_networks
from yadokari.api.door import Door
from yadokari.api.request import Request
from yadokari.api.response import Response, json_response, no_content
from yadokari.auth.api_keys import ApiKey, ApiKeys, KeyFacts
from yadokari.base.dates import date_text, date_unix_ms, parse_date
from yadokari.base.errors import NotFound, invalid
from yadokari.base.problems import Problem
from yadokari.contract import messages


class KeyForm(msgspec.Struct, rename="camel"):
    """Body of ``POST /api/keys``."""

    name: str = ""
    collections: list[str] = []
    actions: list[str] = []
    networks: list[str] = []
    expires: str = ""
    """A date; "" = never."""
    actor_collection: str = ""
    """Collection of the record that the key acts as; "" = the superuser who makes it."""
    actor_id: str = ""


class KeyRoutes:
    """Handlers of ``/api/keys``."""

    def __init__(self, *, door: Door, keys: ApiKeys) -> None:
        self._door = door
        self._keys = keys

    async def list(self, request: Request) -> Response:
        """All keys, without their texts."""
        await self._door.superuser(request)
        return json_response(request, [self._shown(key) for key in await self._keys.all()])

    async def create(self, request: Request) -> Response:
        """A new key with its text."""
        caller = await self._door.superuser(request)
        form = await request.bind(KeyForm)
        if form.actor_collection or form.actor_id:
            caller = await self._keys.actor(form.actor_collection, form.actor_id)
        facts = KeyFacts(
            name=form.name,
            collections=tuple(form.collections),
            actions=tuple(form.actions),
            networks=_networks(form.networks),
            expires_ms=_moment(form.expires),
        )
        key, text = await self._keys.make(facts, actor=caller)
        return json_response(request, {**self._shown(key), "key": text})

    async def revoke(self, request: Request) -> Response:
        """A key less."""
        await self._door.superuser(request)
        if not await self._keys.revoke(request.params["id"]):
            raise NotFound
        return no_content()

    def _shown(self, key: ApiKey) -> dict[str, object]:
        facts = key.facts
        actor = self._door.schema().by_id.get(facts.actor_collection_id)
        return {
            "id": key.id,
            "name": facts.name,
            "collections": list(facts.collections),
            "actions": list(facts.actions),
            "networks": list(facts.networks),
            "expires": date_text(facts.expires_ms) if facts.expires_ms else "",
            "created": date_text(facts.created_ms),
            "actorCollection": actor.name if actor is not None else "",
            "actorId": facts.actor_id,
        }


def _networks(texts: list[str]) -> tuple[str, ...]:
    try:
        parse_networks(texts)
    except ValueError as exc:
        problem = Problem("validation_invlaid_ip_or_subnet", str(exc))  # The contract's spelling.
        raise invalid(messages.NOT_VALID, {"networks": problem}) from exc
    return tuple(texts)


def _moment(text: str) -> int:
    if not text:
        return 0
    moment_ms = date_unix_ms(parse_date(text))
    if moment_ms is None:
        problem = Problem("validation_invalid_format", "This is no date.")
        raise invalid(messages.NOT_VALID, {"expires": problem})
    return moment_ms
