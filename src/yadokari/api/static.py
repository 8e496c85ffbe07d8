"""Static files: the public folder and the built admin UI.

T1  Nothing outside the folder is ever served: names are cleaned first, links are followed only
    when they end inside.
T2  Folders end with a slash, files do not, ``index.html`` is never named; others are 301.
T3  Pages are asked for anew each time; assets with a hash in their name are kept for ever.
T4  The disk is touched in threads only.
T5  A file that lies there compressed already (``app.js.br``, ``app.js.gz``, not older than the file
    itself) is sent so to who understands it; others are compressed on their way.

Not here: which requests come here (api/asgi.py).
"""

from __future__ import annotations

import asyncio
import os
import re
import stat
import zlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from urllib.parse import quote

import msgspec

from yadokari.api.download import PIECE_BYTES, download, file_reader
from yadokari.api.request import Request
from yadokari.api.response import Response, redirect
from yadokari.base.errors import NotFound
from yadokari.contract import headers as fixed
from yadokari.contract import messages
from yadokari.contract.headers import Header

GZIP_BYTES_MIN = 1_024
"""Smaller files fit a packet or two anyway."""
GZIP_LEVEL = 5
"""Past it, time grows faster than files shrink."""
PATH_BYTES_MAX = 4_096
"""Longer paths do not exist on any disk."""

_TEXT = "; charset=utf-8"
_TYPES = {
    ".html": "text/html" + _TEXT,
    ".htm": "text/html" + _TEXT,
    ".css": "text/css" + _TEXT,
    ".js": "text/javascript" + _TEXT,
    ".mjs": "text/javascript" + _TEXT,
    ".txt": "text/plain" + _TEXT,
    ".md": "text/markdown" + _TEXT,
    ".csv": "text/csv" + _TEXT,
    ".xml": "text/xml" + _TEXT,
    ".json": "application/json",
    ".map": "application/json",
    ".webmanifest": "application/manifest+json",
    ".wasm": "application/wasm",
    ".pdf": "application/pdf",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".avif": "image/avif",
    ".ico": "image/x-icon",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".ttf": "font/ttf",
    ".mp4": "video/mp4",
    ".webm": "video/webm",
    ".mp3": "audio/mpeg",
}
_COMPRESSIBLE = re.compile(r"text/|application/(?:json|manifest\+json|wasm|xml)|image/svg|font/ttf")
_HASHED = re.compile(
    r"/(?:assets|static|immutable|chunks|build)/(?:.*/)?"  # Where the usual build tools put them.
    r"[^/]*[-.](?=[A-Za-z0-9_-]*\d)[A-Za-z0-9_-]{8,}\.[a-z0-9]+(?:\.[a-z]+)?$"
)
_ACCEPTED = re.compile(
    r"(?:^|,)\s*(br|gzip)\s*(?:;\s*q\s*=\s*(?!0(?:\.0*)?\s*(?:,|$))[\d.]+\s*)?(?=,|$)"
)
_PACKED = (("br", ".br"), ("gzip", ".gz"))
"""Encodings of files that lie there compressed, and how these are called; the smallest first."""


class _Found(msgspec.Struct, frozen=True):
    """What lies at a path."""

    path: str
    name: str
    """Path below the folder, beginning with a slash."""
    size_bytes: int
    modified_s: int
    encoding: str = ""
    """How the file at ``path`` is compressed already (T5)."""


class _Elsewhere(msgspec.Struct, frozen=True):
    """The path has another form (T2)."""

    location: str


class StaticFiles:
    """One folder of files, served below a prefix."""

    __slots__ = ("_headers", "_index_fallback", "_prefix", "_root")

    def __init__(
        self,
        root: Path,
        *,
        prefix: str = "/",
        index_fallback: bool = True,
        headers: Sequence[Header] = (),
    ) -> None:
        """Serve a folder.

        Args:
            root: The folder; it may be missing, then nothing is found.
            prefix: Where it appears; begins and ends with a slash.
            index_fallback: Whether a missing path gives the root's ``index.html``.
            headers: More headers for every file, such as a content security policy.
        """
        self._root = os.path.realpath(root)
        self._prefix = prefix
        self._index_fallback = index_fallback
        self._headers = tuple(headers)

    async def has_index(self) -> bool:
        """Whether the root has an ``index.html``."""
        return isinstance(await asyncio.to_thread(self._look_up, "/"), _Found)

    async def respond(self, request: Request, path: str) -> Response:
        """The answer to GET or HEAD of a decoded path that begins with the prefix.

        Raises:
            NotFound: nothing lies there.
        """
        accepted: frozenset[str] = frozenset()
        if not request.header(b"range"):  # A part of a compressed file would be a riddle.
            accepted = frozenset(_ACCEPTED.findall(request.header(b"accept-encoding")))
        found = await asyncio.to_thread(self._find, "/" + path[len(self._prefix) :], accepted)
        if found is None:
            raise NotFound(messages.FILE_NOT_FOUND)
        if isinstance(found, _Elsewhere):
            return redirect(self._prefix + quote(found.location[1:]), status=301)
        content_type = content_type_of(found.name)
        headers: list[Header] = [
            (b"content-type", content_type.encode()),
            (b"cache-control", cache_control_of(found.name).encode()),
            *fixed.FIXED,
            *self._headers,
        ]
        if found.encoding:
            headers.append((b"content-encoding", found.encoding.encode()))
            headers.append((b"vary", b"Accept-Encoding"))
        elif found.size_bytes >= GZIP_BYTES_MIN and _COMPRESSIBLE.match(content_type):
            headers.append((b"vary", b"Accept-Encoding"))
            if "gzip" in accepted:
                return _zipped(request, found, headers)
        return download(
            request,
            headers=headers,
            size_bytes=found.size_bytes,
            modified_s=found.modified_s,
            read=file_reader(found.path),
            boundary=f"yadokari-{found.modified_s:x}-{found.size_bytes:x}-part",
        )

    def _find(self, path: str, accepted: frozenset[str]) -> _Found | _Elsewhere | None:
        found = self._look_up(path)
        if found is None and self._index_fallback:
            found = self._look_up("/")
            if not isinstance(found, _Found):
                return None
        return _packed(found, accepted) if isinstance(found, _Found) else found

    def _look_up(self, path: str) -> _Found | _Elsewhere | None:
        if "\x00" in path or len(path.encode("utf-8", "replace")) > PATH_BYTES_MAX:
            return None
        clean = os.path.normpath("/" + path.lstrip("/"))  # Absolute, so ``..`` stops at the root.
        full = os.path.realpath(self._root + clean)
        if full != self._root and not full.startswith(self._root.rstrip(os.sep) + os.sep):
            return None
        try:
            status = os.stat(full)
            if stat.S_ISDIR(status.st_mode):
                if not path.endswith("/"):
                    return _Elsewhere(clean + "/")
                clean = ("" if clean == "/" else clean) + "/index.html"
                full = os.path.realpath(self._root + clean)
                if not full.startswith(self._root.rstrip(os.sep) + os.sep):
                    return None
                status = os.stat(full)
            elif path.endswith("/"):
                return _Elsewhere(clean)
            elif path.endswith("/index.html"):
                return _Elsewhere(clean[: -len("index.html")])
        except (OSError, ValueError):
            return None
        if not stat.S_ISREG(status.st_mode):
            return None
        return _Found(full, clean, status.st_size, int(status.st_mtime))


def _packed(found: _Found, accepted: frozenset[str]) -> _Found:
    """The compressed file beside this one, where there is a good one (T5)."""
    for encoding, ending in _PACKED:
        if encoding not in accepted or not _COMPRESSIBLE.match(content_type_of(found.name)):
            continue
        path = found.path + ending
        try:
            status = os.lstat(path)  # No links: one could lead outside (T1).
        except OSError:
            continue
        if stat.S_ISREG(status.st_mode) and int(status.st_mtime) >= found.modified_s:
            return _Found(path, found.name, status.st_size, found.modified_s, encoding)
    return found


def content_type_of(name: str) -> str:
    """The content type of a file by its name."""
    extension = os.path.splitext(name)[1].lower()
    known = _TYPES.get(extension)
    if known is not None:
        return known
    import mimetypes

    return mimetypes.types_map.get(extension, "application/octet-stream")


def cache_control_of(name: str) -> str:
    """How long a file may be kept (T3)."""
    if _HASHED.search(name):
        return "public, max-age=31536000, immutable"
    return "no-cache"


def _zipped(request: Request, found: _Found, headers: list[Header]) -> Response:
    """The file compressed on its way."""
    whole = download(
        request,
        headers=[*headers, (b"content-encoding", b"gzip")],
        size_bytes=found.size_bytes,
        modified_s=found.modified_s,
        read=file_reader(found.path),
        boundary="",
    )
    if whole.stream is None:
        return whole
    kept = [h for h in whole.headers if h[0] not in (b"content-length", b"accept-ranges")]
    return Response(200, kept, stream=_compressed(whole.stream))


async def _compressed(plain: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    compressor = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    async for piece in plain:
        assert len(piece) <= PIECE_BYTES
        packed = await asyncio.to_thread(compressor.compress, piece)
        if packed:
            yield packed
    yield compressor.flush()
