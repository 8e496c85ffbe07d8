"""Endpoints of files: download, and the token for protected ones.

F1  Uploaded content cannot run as a page: types are sniffed, unknown ones are attachments, and a
    policy without scripts stands on every answer.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from yadokari.api.door import Door, as_caller
from yadokari.api.download import WHOLE_BYTES_MAX, ReadRange, download, gathered
from yadokari.api.paging import truthy
from yadokari.api.request import Request
from yadokari.api.response import Response, json_response
from yadokari.api.router import Route
from yadokari.base.errors import Unauthenticated
from yadokari.contract import messages
from yadokari.contract.headers import (
    DOWNLOAD_CACHE,
    DOWNLOAD_POLICY,
    FIXED_DOWNLOAD,
    Header,
)
from yadokari.files.handing_out import HandingOut, Stored
from yadokari.files.thumbs import Thumbs
from yadokari.ports.bucket import Bucket
from yadokari.ports.entropy import Entropy

_INLINE = frozenset(
    [
        "image/png",
        "image/jpg",
        "image/jpeg",
        "image/gif",
        "image/webp",
        "image/x-icon",
        "image/bmp",
        "video/webm",
        "video/mp4",
        "video/3gpp",
        "video/quicktime",
        "video/x-ms-wmv",
        "audio/basic",
        "audio/aiff",
        "audio/mpeg",
        "audio/midi",
        "audio/mp3",
        "audio/wave",
        "audio/wav",
        "audio/x-wav",
        "audio/x-mpeg",
        "audio/x-m4a",
        "audio/aac",
        "application/pdf",
    ]
)
_BY_EXTENSION = {
    ".svg": "image/svg+xml",
    ".css": "text/css",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}


class FileRoutes:
    """Handlers below ``/api/files``."""

    def __init__(
        self,
        *,
        door: Door,
        handing_out: HandingOut,
        thumbs: Thumbs,
        bucket: Bucket,
        entropy: Entropy,
    ) -> None:
        self._door = door
        self._handing_out = handing_out
        self._thumbs = thumbs
        self._bucket = bucket
        self._entropy = entropy

    def routes(self) -> list[Route]:
        """The endpoints."""
        return [
            Route("POST", "/api/files/token", self.token),
            Route("GET", "/api/files/{c}/{record}/{name}", self.download, action="file"),
        ]

    async def token(self, request: Request) -> Response:
        """A short-lived token for protected files."""
        caller = await self._door.caller(request)
        if caller.row is None or caller.collection is None:
            raise Unauthenticated
        token = self._door.callers.issue(caller.collection, caller.row, kind="file")
        return json_response(request, {"token": token})

    async def download(self, request: Request) -> Response:
        """A file's content, or that of its thumbnail."""
        door = self._door
        collection = door.collection(request, missing=messages.NOT_FOUND)
        caller = await door.callers.of(request.query.get("token", ""), kind="file")
        asking = as_caller(await door.asking(request), caller)
        name = request.params["name"]
        found = await self._handing_out.find(asking, collection, request.params["record"], name)

        thumb = request.query.get("thumb", "")
        stored = None
        if thumb:
            stored = await self._thumbs.of(found, thumb, bytes_max=_wanted(request))
            name = name if stored is None else f"{thumb}_{name}"
        if stored is None:
            stored = await self._handing_out.stored(found, bytes_max=_wanted(request))
        read = _reader(self._bucket, stored)

        answer = download(
            request,
            headers=_headers(name, stored.info.content_type, request),
            size_bytes=stored.info.size_bytes,
            modified_s=stored.info.modified_ms // 1_000,
            read=read,
            boundary=self._entropy.bytes(24).hex(),
        )
        return await gathered(answer, request)


def _wanted(request: Request) -> int:
    """How much content is fetched with a file's facts: none when the answer may well have none."""
    has_it = request.method == "HEAD" or request.header(b"if-modified-since")
    return 0 if has_it else WHOLE_BYTES_MAX


def _reader(bucket: Bucket, stored: Stored) -> ReadRange:
    content = stored.content
    if content is None:
        return lambda start, length: bucket.read(stored.key, start=start, length=length)

    async def read(start: int, length: int) -> AsyncIterator[bytes]:
        yield content[start : start + length]

    return read


def _headers(name: str, stored_type: str, request: Request) -> list[Header]:
    extension = f".{name.rpartition('.')[2].lower()}"
    content_type = _BY_EXTENSION.get(extension) or stored_type or "application/octet-stream"
    inline = stored_type in _INLINE and not truthy(request.query.get("download", ""))
    shown = name.replace("\\", "").replace('"', "")
    disposition = f'{"inline" if inline else "attachment"}; filename="{shown}"'
    return [
        *FIXED_DOWNLOAD,
        DOWNLOAD_POLICY,
        DOWNLOAD_CACHE,
        (b"content-type", content_type.encode()),
        (b"content-disposition", disposition.encode("utf-8")),
    ]
