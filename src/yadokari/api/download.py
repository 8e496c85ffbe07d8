"""Answers that carry a file: whole, in ranges, or not at all because the client has it.

M1  Content is read piece by piece in threads; a large file never lies in memory.
M2  Conditions and ranges are judged before the first byte is read.

Not here: where files come from, names and types (the caller's headers).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import TypeAlias

from yadokari.api.byte_ranges import (
    ByteRange,
    Unsatisfiable,
    http_date,
    not_modified,
    parse_ranges,
)
from yadokari.api.request import Request
from yadokari.api.response import Response
from yadokari.contract.headers import Header

PIECE_BYTES = 256 * 1024
"""Bytes read at once: few hops to threads, little memory."""

WHOLE_BYTES_MAX = 64 * 1024
"""Content up to here is read before the answer leaves, which then needs one write."""

ReadRange: TypeAlias = Callable[[int, int], AsyncIterator[bytes]]
"""Gives bytes in pieces: start and length; fewer only at the end of the content."""


def download(
    request: Request,
    *,
    headers: list[Header],
    size_bytes: int,
    modified_s: int,
    read: ReadRange,
    boundary: str,
) -> Response:
    """The answer for this file: 200, 206, 304 or 416.

    Args:
        request: Whose Range and If-Modified-Since count.
        headers: Complete but for length, range and date; holds ``content-type``.
        size_bytes: Length of the content.
        modified_s: Seconds since 1970 UTC.
        read: Gives the content.
        boundary: Separates the parts of an answer with several ranges; unlike the content.
    """
    headers = [*headers, (b"last-modified", http_date(modified_s).encode())]
    if not_modified(request.header(b"if-modified-since"), modified_s=modified_s):
        kept = [header for header in headers if header[0] != b"content-type"]
        return Response(304, kept)
    try:
        ranges = parse_ranges(request.header(b"range"), size_bytes=size_bytes)
    except Unsatisfiable as exc:
        if not size_bytes and exc.within:  # Whoever always asks for a part gets the empty whole.
            headers.append((b"accept-ranges", b"bytes"))
            return Response(200, [*headers, (b"content-length", b"0")])
        return _unsatisfiable(headers, exc, size_bytes=size_bytes)
    headers.append((b"accept-ranges", b"bytes"))
    if not ranges:
        headers.append((b"content-length", str(size_bytes).encode()))
        return Response(200, headers, stream=read(0, size_bytes))
    if len(ranges) == 1:
        wanted = ranges[0]
        headers.append((b"content-length", str(wanted.length).encode()))
        headers.append((b"content-range", wanted.content_range(size_bytes=size_bytes).encode()))
        return Response(206, headers, stream=read(wanted.start, wanted.length))
    return _several(headers, ranges, size_bytes=size_bytes, read=read, boundary=boundary)


async def gathered(response: Response, request: Request) -> Response:
    """The same answer, its content read already when there is little of it.

    Raises: what reading raises; in time for an answer that says so.
    """
    stream, length = response.stream, dict(response.headers).get(b"content-length", b"")
    if stream is None or request.method == "HEAD" or int(length) > WHOLE_BYTES_MAX:
        return response
    response.body = b"".join([piece async for piece in stream])
    response.stream = None
    return response


def _unsatisfiable(headers: list[Header], exc: Unsatisfiable, *, size_bytes: int) -> Response:
    kept = [h for h in headers if h[0] not in (b"content-type", b"last-modified", b"cache-control")]
    kept.append((b"content-type", b"text/plain; charset=utf-8"))
    if exc.within:
        kept.append((b"content-range", f"bytes */{size_bytes}".encode()))
    body = f"{exc}\n".encode()
    kept.append((b"content-length", str(len(body)).encode()))
    return Response(416, kept, body)


def _several(
    headers: list[Header],
    ranges: list[ByteRange],
    *,
    size_bytes: int,
    read: ReadRange,
    boundary: str,
) -> Response:
    """206 with multipart/byteranges."""
    content_type = dict(headers).get(b"content-type", b"application/octet-stream").decode()
    heads = [
        f"{'' if first == 0 else chr(13) + chr(10)}--{boundary}\r\n"
        f"Content-Range: {one.content_range(size_bytes=size_bytes)}\r\n"
        f"Content-Type: {content_type}\r\n\r\n".encode()
        for first, one in enumerate(ranges)
    ]
    tail = f"\r\n--{boundary}--\r\n".encode()
    length = sum(map(len, heads)) + sum(one.length for one in ranges) + len(tail)

    async def body() -> AsyncIterator[bytes]:
        for head, one in zip(heads, ranges, strict=True):
            yield head
            async for piece in read(one.start, one.length):
                yield piece
        yield tail

    kept = [header for header in headers if header[0] != b"content-type"]
    kept.append((b"content-type", f"multipart/byteranges; boundary={boundary}".encode()))
    kept.append((b"content-length", str(length).encode()))
    return Response(206, kept, stream=body())


def file_reader(path: str) -> ReadRange:
    """Reads ranges of a file on disk in threads."""

    async def read(start: int, length: int) -> AsyncIterator[bytes]:
        with await asyncio.to_thread(open, path, "rb") as file:
            await asyncio.to_thread(file.seek, start)
            while length > 0 and (
                piece := await asyncio.to_thread(file.read, min(length, PIECE_BYTES))
            ):
                length -= len(piece)
                yield piece

    return read
