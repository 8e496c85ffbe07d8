"""Endpoints of realtime: the stream of events, and what it shall carry.

E1  The first event tells the client its id; the id stands on every event, SDKs read it there.
E2  A stream without messages for IDLE_S ends, and so does one older than LIFE_S; clients return.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec

from yadokari.api.door import Door
from yadokari.api.request import Request
from yadokari.api.response import Response, event_bytes, event_stream, no_content
from yadokari.api.router import Route
from yadokari.base.errors import invalid
from yadokari.base.json_text import encode
from yadokari.base.problems import Problem, Problems, required
from yadokari.contract import messages
from yadokari.ports.clock import Clock
from yadokari.realtime.client import Client
from yadokari.realtime.hub import Hub
from yadokari.realtime.topics import TOPIC_CHARS_MAX, TOPICS_MAX

IDLE_S = 300  # the contract's five minutes
LIFE_MS = 30 * 60 * 1_000  # the contract's half hour
CLIENT_ID_CHARS_MAX = 255  # the contract's limit


class SubscribeForm(msgspec.Struct, rename="camel"):
    """Body of a subscribe request."""

    client_id: str = ""
    subscriptions: list[str] = []


class RealtimeRoutes:
    """``/api/realtime``."""

    def __init__(self, *, door: Door, hub: Hub, clock: Clock) -> None:
        self._door = door
        self._hub = hub
        self._clock = clock

    def routes(self) -> list[Route]:
        """The endpoints."""
        return [
            Route("GET", "/api/realtime", self.connect),
            Route("POST", "/api/realtime", self.subscribe),
        ]

    async def connect(self, request: Request) -> Response:
        """A stream of events."""
        return event_stream(self._events(request))

    async def _events(self, request: Request) -> AsyncIterator[bytes]:
        client = self._hub.connect(request.real_ip)
        try:
            yield frame(client.id, "PB_CONNECT", encode({"clientId": client.id}))
            ends_ms = self._clock.monotonic_ms() + LIFE_MS
            while self._clock.monotonic_ms() < ends_ms:
                messages_waiting = await self._next(client)
                if not messages_waiting:
                    return
                yield messages_waiting
        finally:
            self._hub.disconnect(client)

    async def _next(self, client: Client) -> bytes:
        return await client.messages(idle_s=IDLE_S)

    async def subscribe(self, request: Request) -> Response:
        """Replace the topics of a connected client."""
        form = await request.bind(SubscribeForm)
        problems = _problems(form)
        if problems:
            raise invalid(messages.NOT_VALID, problems)
        caller = await self._door.caller(request)
        self._hub.subscribe(form.client_id, form.subscriptions, caller=caller, ip=request.real_ip)
        return no_content()


def frame(client_id: str, name: str, data: bytes) -> bytes:
    """One event on the wire."""
    return event_bytes(client_id=client_id, name=name, data=data)


def _problems(form: SubscribeForm) -> Problems:
    problems: Problems = {}
    if not form.client_id:
        problems["clientId"] = required()
    elif len(form.client_id) > CLIENT_ID_CHARS_MAX:
        problems["clientId"] = _too_long(CLIENT_ID_CHARS_MAX, least=1)
    if len(form.subscriptions) > TOPICS_MAX:
        problems["subscriptions"] = _too_long(TOPICS_MAX, least=0)
        return problems
    long: Problems = {
        str(place): _too_long(TOPIC_CHARS_MAX, least=0)
        for place, topic in enumerate(form.subscriptions)
        if len(topic) > TOPIC_CHARS_MAX
    }
    if long:
        problems["subscriptions"] = long
    return problems


def _too_long(most: int, *, least: int) -> Problem:
    return Problem(
        "validation_length_too_long" if not least else "validation_length_out_of_range",
        f"The length must be at most {most}.",
        {"max": most, "min": least},
    )
