"""Writes that may be sent twice: the ``Idempotency-Key`` header.

Y1  A key covers the whole request: method, path, query, body and caller.
Y2  Without the header nothing changes.

Not here: keeping and finding keys (upkeep/idempotency.py).
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Iterable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from yadokari.api.door import Door
from yadokari.api.request import Request
from yadokari.api.response import Response
from yadokari.api.router import Handler, Route
from yadokari.base.errors import BadRequest
from yadokari.base.json_text import encode
from yadokari.contract.headers import FIXED
from yadokari.records.caller import Caller
from yadokari.upkeep.idempotency import Answer, CarriedOut, Idempotency, Replay, check_key

if TYPE_CHECKING:
    from yadokari.api.multipart import Upload

HEADER = b"idempotency-key"
PIECE_BYTES = 256 * 1024  # of an upload, read at once
_WRITES = frozenset(("POST", "PATCH", "PUT", "DELETE"))
BAD_KEY = "The Idempotency-Key must be 1 to 255 printable ASCII characters."
CARRIED_OUT = "This request was carried out already; its answer was not kept."


class Repeatable:
    """Makes write routes repeatable."""

    def __init__(self, *, door: Door, idempotency: Idempotency) -> None:
        self._door = door
        self._idempotency = idempotency

    def wrap(self, routes: Iterable[Route]) -> list[Route]:
        """The same routes, their writes repeatable by key."""
        return [
            replace(route, handler=self._repeatable(route.handler))
            if route.method in _WRITES
            else route
            for route in routes
        ]

    def _repeatable(self, handler: Handler) -> Handler:
        def handle(request: Request) -> Awaitable[Response]:
            key = request.header(HEADER)
            return self._once(request, key, handler) if key else handler(request)

        return handle

    async def _once(self, request: Request, key: str, handler: Handler) -> Response:
        if check_key(key) == "bad":
            raise BadRequest(BAD_KEY)
        caller = await self._door.caller(request)
        turn = await self._idempotency.begin(
            key,
            caller=_name(caller, request),
            request=await _fingerprint(request),
        )
        if isinstance(turn, Replay):
            return _replayed(turn.answer)
        if isinstance(turn, CarriedOut):
            raise BadRequest(CARRIED_OUT)
        self._idempotency.enter(turn)
        try:
            response = await handler(request)
        except BaseException:
            self._idempotency.give_up(turn)
            raise
        await self._idempotency.finish(
            turn,
            Answer(
                status=response.status,
                content_type=dict(response.headers).get(b"content-type", b"").decode(),
                body=response.body,
            ),
        )
        return response


def _name(caller: Caller, request: Request) -> str:
    if caller.row is None:
        return f"guest {request.real_ip}"
    return f"{caller.row.collection_id} {caller.row.id}"


async def _fingerprint(request: Request) -> bytes:
    body = await request.body()
    files = [
        (key, upload.name, await asyncio.to_thread(_digest, upload))
        for key, uploads in sorted(body.files.items())
        for upload in uploads
    ]
    parts = [request.method, request.path, request.query_string.decode("latin-1"), files]
    return encode([*parts, body.fields], sort_keys=True)


def _digest(upload: Upload) -> str:
    content, digest = upload.open(), hashlib.sha256()
    while piece := content.read(PIECE_BYTES):
        digest.update(piece)
    return digest.hexdigest()


def _replayed(answer: Answer) -> Response:
    headers = [*FIXED, (b"idempotency-replayed", b"true")]
    if answer.status != 204:
        headers.append((b"content-type", answer.content_type.encode()))
        headers.append((b"content-length", str(len(answer.body)).encode()))
    return Response(answer.status, headers, answer.body)
