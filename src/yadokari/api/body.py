"""Bodies: read within limits, then parsed by content type.

B1  Nothing is read beyond the limit: a declared length is refused at once, a streamed one when
    it passes.
B2  A body of declared length 0 is an empty object, whatever its content type says but multipart,
    whose end is missing then.
B3  Content types are matched by prefix, in lower case, as PocketBase does.
B4  A client has a bounded time for its body; one that is late or gone raises ClientGone.

Not here: which keys an endpoint knows (api/shape.py), multipart's inside (api/multipart.py).
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, cast

from yadokari.api.errors import ClientGone
from yadokari.api.forms import typed_fields
from yadokari.api.query_text import parse_pairs
from yadokari.base.errors import BadRequest, TooLarge
from yadokari.base.json_text import JsonValue, MalformedJson, decode_object
from yadokari.contract import messages

if TYPE_CHECKING:
    from yadokari.api.multipart import Upload
    from yadokari.api.request import Request

BODY_TIMEOUT_S = 300
"""Longest time for a whole body; PocketBase's read timeout."""
INLINE_BYTES_MAX = 256 * 1024
"""Larger texts are parsed in a thread: more than 1 ms of work would hold up everybody."""


class Body:
    """A parsed body: typed fields and files by key."""

    __slots__ = ("fields", "files", "pairs")

    def __init__(
        self,
        fields: dict[str, JsonValue],
        files: dict[str, list[Upload]] | None = None,
        *,
        pairs: list[tuple[str, str]] | None = None,
    ) -> None:
        self.fields = fields
        """Values by key, numbers canonical, form values inferred."""
        self.files: dict[str, list[Upload]] = files or {}
        """Uploads by key, in order; a key may occur in ``fields`` too."""
        self.pairs = pairs
        """Undecided form pairs; None when the body was no form."""

    def close(self) -> None:
        """Remove temporary files."""
        for files in self.files.values():
            for file in files:
                file.close()


async def read_body(request: Request) -> Body:
    """The parsed body of a request; Raises as ``Request.body``."""
    content_type = request.header(b"content-type")
    if is_empty(request):
        if content_type.startswith("multipart/form-data"):
            raise BadRequest(messages.RECORD_UNREADABLE)  # Without even a last boundary.
        return Body({})
    if content_type.startswith("application/json"):
        text = await read_bytes(request)
        if len(text) > INLINE_BYTES_MAX:
            return Body(await asyncio.to_thread(_object_of, text))
        return Body(_object_of(text))
    if content_type.startswith("multipart/form-data"):
        from yadokari.api.multipart import read_multipart

        pairs, files = await read_multipart(chunks(request), content_type=content_type)
        body = Body({}, files, pairs=pairs)
        try:
            _add_query(body, request)
        except BadRequest:
            body.close()
            raise
        return body
    if content_type.startswith("application/x-www-form-urlencoded"):
        text = await read_bytes(request)
        pairs = (
            await asyncio.to_thread(parse_pairs, text)
            if len(text) > INLINE_BYTES_MAX
            else parse_pairs(text)
        )
        if pairs is None:
            raise BadRequest
        body = Body({}, pairs=pairs)
        _add_query(body, request)
        return body
    if content_type.startswith(("application/xml", "text/xml")):
        raise BadRequest  # Only fixed shapes can be XML (api/shape.py).
    raise BadRequest(messages.CONTENT_TYPE_UNSUPPORTED)


def is_empty(request: Request) -> bool:
    """Whether the request declares no body (B2)."""
    declared = request.header(b"content-length")
    if declared:
        return declared.strip() == "0"
    return not request.header(b"transfer-encoding")


async def read_bytes(request: Request) -> bytes:
    """The whole body as bytes.

    Raises:
        TooLarge: B1.
        ClientGone: B4.
    """
    limit = _limit_of(request)
    pieces: list[bytes] = []
    total_bytes = 0
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            while True:
                message = await request.receive()
                if message["type"] != "http.request":
                    raise ClientGone
                piece = cast("bytes", message.get("body", b""))
                total_bytes += len(piece)
                if total_bytes > limit:
                    raise TooLarge
                if not message.get("more_body", False):
                    return b"".join((*pieces, piece)) if pieces else piece
                pieces.append(piece)
    except TimeoutError as exc:
        raise ClientGone from exc


async def chunks(request: Request) -> AsyncIterator[bytes]:
    """The body piece by piece; Raises as ``read_bytes``."""
    limit = _limit_of(request)
    total_bytes = 0
    deadline = asyncio.get_running_loop().time() + BODY_TIMEOUT_S
    while True:
        try:
            async with asyncio.timeout_at(deadline):
                message = await request.receive()
        except TimeoutError as exc:
            raise ClientGone from exc
        if message["type"] != "http.request":
            raise ClientGone
        piece = cast("bytes", message.get("body", b""))
        if piece:
            total_bytes += len(piece)
            if total_bytes > limit:
                raise TooLarge
            yield piece
        if not message.get("more_body", False):
            return


def _limit_of(request: Request) -> float:
    """The limit in bytes; Raises TooLarge when the declared length passes it."""
    if request.body_bytes_max is None:
        return math.inf
    declared = request.header(b"content-length")
    if declared.isdigit() and (len(declared) > 18 or int(declared) > request.body_bytes_max):
        raise TooLarge
    return request.body_bytes_max


def _object_of(text: bytes) -> dict[str, JsonValue]:
    try:
        return decode_object(text)
    except MalformedJson as exc:
        raise BadRequest from exc


def _add_query(body: Body, request: Request) -> None:
    """Type the pairs; the query's pairs count as form pairs too, after the body's own.

    A quirk of Go's forms that PocketBase's clients can notice.
    """
    assert body.pairs is not None
    if request.query_string:
        query = parse_pairs(request.query_string)
        if query is None:
            raise BadRequest
        body.pairs.extend(query)
    try:
        body.fields.update(typed_fields(body.pairs))
    except MalformedJson as exc:
        raise BadRequest from exc
