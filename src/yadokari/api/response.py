r"""Answers: status, headers and a body that is known or streamed.

W1  Every answer carries the fixed headers of its kind, and a length unless it is streamed.
W2  204 and 304 have no body; HEAD sends the headers of GET alone.
W3  Server-sent events are framed ``id:``, ``event:``, ``data:`` without blanks, ``\n`` ends.

Not here: turning errors into answers (api/errors.py), CORS (api/cors.py).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, TypeAlias

from yadokari.base.json_text import encode, encode_canonical
from yadokari.contract import headers as fixed
from yadokari.contract.headers import Header

if TYPE_CHECKING:
    from yadokari.api.request import Request

Message: TypeAlias = MutableMapping[str, object]
Send: TypeAlias = Callable[[Message], Awaitable[None]]


class Response:
    """One answer, not yet sent."""

    __slots__ = ("body", "headers", "status", "stream")

    def __init__(
        self,
        status: int,
        headers: list[Header],
        body: bytes = b"",
        *,
        stream: AsyncIterator[bytes] | None = None,
    ) -> None:
        """Take an answer as it is.

        Args:
            status: HTTP status.
            headers: Complete headers, lower-case names; the list is this answer's own.
            body: The whole body, or empty when ``stream`` gives it.
            stream: Pieces of the body; closed when the client goes away.
        """
        self.status = status
        self.headers = headers
        self.body = body
        self.stream = stream

    async def send(self, send: Send, *, head: bool) -> None:
        """Send it through ASGI; ``head`` leaves the body out."""
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        stream = self.stream
        if stream is None or head:
            await send({"type": "http.response.body", "body": b"" if head else self.body})
            return
        async for piece in stream:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


def json_bytes(body: bytes, *, status: int = 200) -> Response:
    """An answer whose JSON is made already."""
    return Response(status, [*fixed.JSON, (b"content-length", str(len(body)).encode())], body)


def json_response(
    request: Request,
    value: object,
    *,
    status: int = 200,
    page: bool = False,
    canonical: bool = False,
) -> Response:
    """A 2xx JSON answer; ``?fields=`` picks from the value.

    Args:
        request: Who asked; its query may hold ``fields``.
        value: None, bool, numbers, str, dict, list, tuple, msgspec.Raw.
        status: 200 unless said otherwise.
        page: The value is a page object: the picker works inside ``items``.
        canonical: Every number went through ``json_number`` already (the quick way).

    Raises:
        BadRequest: ``fields`` is not understood.
    """
    if request.query_string and (fields := request.query.get("fields")):
        from yadokari.api.picker import parse_picker

        picker = parse_picker(fields)
        value = picker.pick_page(value) if page else picker.pick(value)
        return json_bytes(encode(value), status=status)
    return json_bytes(encode_canonical(value) if canonical else encode(value), status=status)


def no_content() -> Response:
    """204 without a body."""
    return Response(204, [*fixed.FIXED])


def redirect(location: str, *, status: int = 307) -> Response:
    """Send the client elsewhere; the location must be safe as a header value already."""
    return Response(
        status,
        [*fixed.FIXED, (b"location", location.encode("latin-1")), (b"content-length", b"0")],
    )


def event_stream(events: AsyncIterator[bytes]) -> Response:
    """A stream of server-sent events, each made by ``event_bytes``."""
    return Response(200, [*fixed.EVENT_STREAM], stream=events)


def event_bytes(*, client_id: str, name: str, data: bytes) -> bytes:
    """One server-sent event (W3).

    Args:
        client_id: Becomes the event's id; SDKs take their id from it.
        name: The topic, as subscribed; line ends in it are dropped.
        data: Compact JSON, one line.
    """
    if "\n" in name or "\r" in name:
        name = name.replace("\n", "").replace("\r", "")
    return b"id:%s\nevent:%s\ndata:%s\n\n" % (client_id.encode(), name.encode(), data)
