"""A door with a few plain handlers, called without any server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from dataclasses import dataclass, field

import msgspec
from typing_extensions import override

from yadokari.api.asgi import Application
from yadokari.api.request import Request, Scope
from yadokari.api.response import Response, json_response
from yadokari.api.router import Route
from yadokari.base.log import LogValue, SilentLog

Call = Callable[[Request], Awaitable[Response]]


class KeptLog(SilentLog):
    """Remembers what failed."""

    def __init__(self) -> None:
        self.errors: list[BaseException | None] = []

    @override
    def error(self, event: str, *, error: BaseException | None = None, **fields: LogValue) -> None:
        """Keep the exception."""
        self.errors.append(error)


@dataclass(slots=True)
class Answer:
    """What a client would have got."""

    status: int = 0
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""

    def header(self, name: bytes) -> bytes | None:
        """The first header of a name."""
        return next((value for key, value in self.headers if key == name), None)

    def json(self) -> dict[str, object]:
        """The decoded body."""
        return msgspec.json.decode(self.body, type=dict[str, object])


async def call(
    app: Application,
    method: str,
    target: bytes,
    *,
    body: Sequence[bytes] = (),
    headers: Sequence[tuple[bytes, bytes]] = (),
    leaves: bool = False,
) -> Answer:
    """Send one request to an application.

    Args:
        app: The door.
        method: HTTP method.
        target: Undecoded path with query.
        body: Pieces of the body; a length is declared when there are any.
        headers: More headers.
        leaves: Whether the client closes the connection instead of sending the body or
            listening to a stream.
    """
    path, _, query = target.partition(b"?")
    given = list(headers)
    if body and not any(name == b"content-length" for name, _ in given):
        given.append((b"content-length", str(sum(map(len, body))).encode()))
    scope: Scope = {
        "type": "http",
        "method": method,
        "path": path.decode("latin-1"),
        "raw_path": path,
        "query_string": query,
        "headers": given,
        "client": ("203.0.113.7", 4711),
    }
    pieces = list(body) or [b""]
    answer = Answer()

    async def receive() -> MutableMapping[str, object]:
        if not pieces and not leaves:
            await asyncio.Event().wait()  # The client stays until the answer is complete.
        if leaves:
            return {"type": "http.disconnect"}
        piece = pieces.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

    async def send(message: MutableMapping[str, object]) -> None:
        if message["type"] == "http.response.start":
            status, sent = message["status"], message["headers"]
            assert isinstance(status, int)
            assert isinstance(sent, list)
            answer.status, answer.headers = status, sent
            return
        piece = message.get("body", b"")
        assert isinstance(piece, bytes)
        answer.body += piece

    await app(scope, receive, send)
    return answer


async def echo(request: Request) -> Response:
    """The parsed body again."""
    body = await request.body()
    files = {
        key: [[file.name, file.size_bytes, file.head(20).decode("latin-1")] for file in uploads]
        for key, uploads in body.files.items()
    }
    return json_response(request, {"fields": body.fields, "files": files})


async def where(request: Request) -> Response:
    """The route's parameters and the query."""
    return json_response(request, {"params": request.params, "query": request.query})


async def fail(request: Request) -> Response:
    """A bug."""
    raise RuntimeError("SELECT secret FROM passwords")


ROUTES = [
    Route("POST", "/echo", echo),
    Route("POST", "/small", echo, body_bytes_max=10),
    Route("GET", "/api/things/meta/all", where),
    Route("GET", "/api/things/{c}/records", where),
    Route("GET", "/api/things/{c}/records/{id}", where),
    Route("GET", "/fail", fail),
]
