"""Bodies: read within limits, then parsed by content type.

B1  Nothing is read beyond the limit: a declared length is refused at once, a streamed one when
    it passes.
B2  A body of declared length 0 is an empty object, whatever its content type says but multipart,
    whose end is missing then.
B3  Content types are matched by prefix, in lower case, as PocketBase does.
B4  A client has a bounded time for its body: one that is late raises TooSlow, one that is gone
    ClientGone.

Not here: which keys an endpoint knows (api/shape.py), multipart's inside (api/multipart.py).
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, MutableMapping
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias, cast

from yadokari.api.deadline import within
from yadokari.api.forms import typed_fields
from yadokari.api.query_text import parse_pairs
from yadokari.base.errors import BadRequest, TooLarge, TooSlow
from yadokari.base.json_text import JsonValue, MalformedJson, decode_object
from yadokari.contract import messages

if TYPE_CHECKING:
    from yadokari.api.multipart import Upload

BODY_TIMEOUT_S = 300.0
"""Longest time for a whole body unless a setting says otherwise; PocketBase's read timeout."""
INLINE_BYTES_MAX = 256 * 1024
"""Larger texts are parsed in a thread: more than 1 ms of work would hold up everybody."""


BodyKind: TypeAlias = Literal["none", "json", "form", "xml", "endless"]
"""``endless``: multipart without a single byte."""


class ClientGone(Exception):
    """The client closed the connection. Stop; no answer can arrive."""


class Incoming(Protocol):
    """What reading a body needs of a request."""

    body_bytes_max: int | None
    body_timeout_s: float
    query_string: bytes
    whole_body: bytes | None

    def header(self, name: bytes) -> str:
        """A header by lower-case name, "" when absent."""
        ...

    def receive(self) -> Awaitable[MutableMapping[str, object]]:
        """The next ASGI message."""
        ...


class Body:
    """A parsed body: typed fields and files by key."""

    __slots__ = ("fields", "files", "kind", "pairs")

    def __init__(
        self,
        kind: BodyKind,
        fields: dict[str, JsonValue] | None = None,
        files: dict[str, list[Upload]] | None = None,
        *,
        pairs: list[tuple[str, str]] | None = None,
    ) -> None:
        self.kind = kind
        self.fields: dict[str, JsonValue] = {} if fields is None else fields
        """Values by key, numbers canonical, form values inferred."""
        self.files: dict[str, list[Upload]] = {} if files is None else files
        """Uploads by key, in order; a key may occur in ``fields`` too."""
        self.pairs: list[tuple[str, str]] = [] if pairs is None else pairs
        """Undecided pairs of a form or XML document."""

    def close(self) -> None:
        """Remove temporary files."""
        for files in self.files.values():
            for file in files:
                file.close()


async def read_body(request: Incoming) -> Body:
    """The parsed body of a request; not to be called twice.

    Raises:
        BadRequest: it is malformed or of an unknown content type.
        TooLarge: B1.
        TooSlow, ClientGone: B4.
    """
    content_type = request.header(b"content-type")
    if is_empty(request):
        return Body("endless" if content_type.startswith("multipart/form-data") else "none")
    if content_type.startswith("application/json"):
        text = await read_bytes(request)
        if len(text) > INLINE_BYTES_MAX:
            return Body("json", await asyncio.to_thread(_object_of, text))
        return Body("json", _object_of(text))
    if content_type.startswith("multipart/form-data"):
        from yadokari.api.multipart import read_multipart

        pairs, files = await read_multipart(chunks(request), content_type=content_type)
        body = Body("form", files=files, pairs=pairs)
        try:
            _add_query(body, request)
        except BadRequest:
            body.close()
            raise
        return body
    if content_type.startswith("application/x-www-form-urlencoded"):
        text = await read_bytes(request)
        parsed = (
            await asyncio.to_thread(parse_pairs, text)
            if len(text) > INLINE_BYTES_MAX
            else parse_pairs(text)
        )
        if parsed is None:
            raise BadRequest
        body = Body("form", pairs=parsed)
        _add_query(body, request)
        return body
    if content_type.startswith(("application/xml", "text/xml")):
        from yadokari.api.xml_text import xml_pairs

        return Body("xml", pairs=xml_pairs(await read_bytes(request)))
    raise BadRequest(messages.CONTENT_TYPE_UNSUPPORTED)


def is_empty(request: Incoming) -> bool:
    """Whether the request declares no body (B2)."""
    declared = request.header(b"content-length")
    if declared:
        return declared.strip() == "0"
    return not request.header(b"transfer-encoding")


async def read_bytes(request: Incoming) -> bytes:
    """The whole body as bytes.

    Raises:
        TooLarge: B1.
        TooSlow, ClientGone: B4.
    """
    limit = _limit_of(request)
    whole = request.whole_body
    if whole is not None:
        if len(whole) > limit:
            raise TooLarge
        return whole
    try:
        return await within(request.body_timeout_s, _all_bytes(request, limit))
    except TimeoutError as exc:
        raise TooSlow from exc


async def _all_bytes(request: Incoming, limit: float) -> bytes:
    pieces: list[bytes] = []
    total_bytes = 0
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


async def chunks(request: Incoming) -> AsyncIterator[bytes]:
    """The body piece by piece; Raises as ``read_bytes``."""
    limit = _limit_of(request)
    whole = request.whole_body
    if whole is not None:
        if len(whole) > limit:
            raise TooLarge
        if whole:
            yield whole
        return
    total_bytes = 0
    deadline = asyncio.get_running_loop().time() + request.body_timeout_s
    while True:
        try:
            async with asyncio.timeout_at(deadline):
                message = await request.receive()
        except TimeoutError as exc:
            raise TooSlow from exc
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


def _limit_of(request: Incoming) -> float:
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


def _add_query(body: Body, request: Incoming) -> None:
    """Type the pairs; the query's pairs count as form pairs too, after the body's own.

    A quirk of Go's forms that PocketBase's clients can notice.
    """
    if request.query_string:
        query = parse_pairs(request.query_string)
        if query is None:
            raise BadRequest
        body.pairs.extend(query)
    try:
        body.fields.update(typed_fields(body.pairs))
    except MalformedJson as exc:
        raise BadRequest from exc
