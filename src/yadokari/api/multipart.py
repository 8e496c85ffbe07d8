"""Multipart bodies: fields kept, files streamed to temporary ones.

U1  Memory stays bounded: all fields together and all files in memory have a limit; files beyond
    theirs go to disk.
U2  A name of a file is what the client said after its last slash; nothing else is trusted.
U3  A part without a name, or that is no form-data, is dropped; a part whose file name is empty is
    a field.

Not here: what a stored name looks like (files), types of values (api/forms.py).
"""

from __future__ import annotations

import asyncio
import logging
import quopri
import re
import tempfile
from collections.abc import AsyncIterator
from typing import IO
from urllib.parse import unquote_to_bytes

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser

from yadokari.base.errors import BadRequest

PARTS_MAX = 1_000
"""PocketBase's ceiling."""
FIELD_BYTES_MAX = 32 * 1024 * 1024
"""All fields of a body together; PocketBase's ceiling."""
MEMORY_BYTES_MAX = 1024 * 1024
"""All files of a body that stay in memory together; later bytes go to disk."""
HEADERS_MAX = 32
"""Headers of one part; browsers send three."""
HEADER_BYTES_MAX = 16 * 1024
"""One header of a part; long names of files fit."""
BOUNDARY_BYTES_MAX = 1_024
"""RFC 2046 allows 70; the rest is patience."""
THREAD_BYTES_MIN = 64 * 1024
"""Smaller pieces are parsed at once, larger ones in a thread: they may wait for the disk."""

_PARAM = re.compile(r';\s*([^\s=;"]+)\s*=\s*("(?:[^"\\]++|\\.)*+"|[^\s;]*+)', re.DOTALL)
_ESCAPED = re.compile(r'\\([()<>@,;:\\"/\[\]?=])')


class Upload:
    """A file of a multipart body, kept until the request ends."""

    __slots__ = ("_file", "name", "size_bytes")

    def __init__(self, name: str, file: IO[bytes], *, size_bytes: int = 0) -> None:
        self.name = name
        """What the client called it, without folders."""
        self.size_bytes = size_bytes
        self._file = file

    def open(self) -> IO[bytes]:
        """The content from its start; blocking, so read large ones in a thread."""
        self._file.seek(0)
        return self._file

    def head(self, count_bytes: int) -> bytes:
        """The first bytes, for sniffing the type."""
        return self.open().read(count_bytes)

    def append(self, piece: bytes) -> None:
        """Add bytes at the end; only the parser does."""
        self._file.write(piece)
        self.size_bytes += len(piece)

    def close(self) -> None:
        """Remove it."""
        self._file.close()


async def read_multipart(
    pieces: AsyncIterator[bytes], *, content_type: str
) -> tuple[list[tuple[str, str]], dict[str, list[Upload]]]:
    """Fields in order and files by key.

    Raises:
        BadRequest: the body is malformed, has no end or passes a limit of U1.
    """
    boundary = header_params(content_type)[1].get("boundary", "")
    if not boundary or len(boundary) > BOUNDARY_BYTES_MAX:
        raise BadRequest
    parts = _Parts()
    complete = False
    try:
        parser = MultipartParser(
            boundary.encode("latin-1", "replace"),
            {
                "on_part_begin": parts.begin,
                "on_header_field": parts.header_name,
                "on_header_value": parts.header_value,
                "on_header_end": parts.header_end,
                "on_headers_finished": parts.headers_finished,
                "on_part_data": parts.data,
                "on_part_end": parts.end,
                "on_end": parts.finish,
            },
            max_header_count=HEADERS_MAX,
            max_header_size=HEADER_BYTES_MAX,
        )
        # Its warnings tell what a client sent; we raise instead.
        parser.logger = logging.Logger("multipart", logging.CRITICAL + 1)  # noqa: LOG001
        async for piece in pieces:
            if len(piece) >= THREAD_BYTES_MIN:
                await asyncio.to_thread(parser.write, piece)
            else:
                parser.write(piece)
        complete = parts.finished
    except (FormParserError, ValueError) as exc:
        raise BadRequest from exc
    finally:
        if not complete:
            parts.close()
    if not complete:
        raise BadRequest
    return parts.pairs, parts.files


def header_params(value: str) -> tuple[str, dict[str, str]]:
    """A header such as Content-Disposition: its lower-case word and its parameters."""
    word, semicolon, _ = value.partition(";")
    params: dict[str, str] = {}
    if semicolon:
        for name, raw in _PARAM.findall(value[len(word) :]):
            text = raw
            if text[:1] == '"':
                text = _ESCAPED.sub(r"\1", text[1:-1])
            params.setdefault(name.lower(), text)
    return word.strip().lower(), params


def client_file_name(params: dict[str, str]) -> str:
    """The name of an upload (U2); "" when the part is no file."""
    extended = params.get("filename*")
    name = params.get("filename", "")
    if extended is not None:
        charset, _, rest = extended.partition("'")
        _, _, escaped = rest.partition("'")
        if charset.lower() in ("utf-8", "us-ascii"):
            name = unquote_to_bytes(escaped).decode("utf-8", "replace")
    return name.rstrip("/").rpartition("/")[2] if name else ""


class _Parts:
    """Collects what the parser finds."""

    __slots__ = (
        "_buffer",
        "_field_bytes",
        "_file",
        "_file_bytes",
        "_header",
        "_headers",
        "_name",
        "_part_count",
        "_value",
        "files",
        "finished",
        "pairs",
    )

    def __init__(self) -> None:
        self.pairs: list[tuple[str, str]] = []
        self.files: dict[str, list[Upload]] = {}
        self.finished = False
        self._headers: dict[str, str] = {}
        self._header = b""
        self._value = b""
        self._name: str | None = None
        self._file: Upload | None = None
        self._buffer: list[bytes] = []
        self._part_count = 0
        self._field_bytes = 0
        self._file_bytes = 0

    def begin(self) -> None:
        self._part_count += 1
        if self._part_count > PARTS_MAX:
            raise ValueError("too many parts")
        self._headers.clear()
        self._buffer.clear()
        self._header, self._value = b"", b""
        self._name, self._file = None, None

    def header_name(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def header_end(self) -> None:
        name = self._header.decode("latin-1").strip().lower()
        self._headers.setdefault(name, self._value.decode("utf-8", "replace"))
        self._header, self._value = b"", b""

    def headers_finished(self) -> None:
        word, params = header_params(self._headers.get("content-disposition", ""))
        name = params.get("name", "")
        if word != "form-data" or not name:
            return
        self._name = name
        file_name = client_file_name(params)
        if file_name:
            spool = tempfile.SpooledTemporaryFile(max_size=MEMORY_BYTES_MAX)  # noqa: SIM115
            self._file = Upload(file_name, spool)
            self.files.setdefault(name, []).append(self._file)
            if self._file_bytes > MEMORY_BYTES_MAX:
                spool.rollover()

    def data(self, data: bytes, start: int, end: int) -> None:
        if self._name is None:
            return
        piece = data[start:end]
        if self._file is not None:
            self._file_bytes += len(piece)
            self._file.append(piece)
            return
        self._field_bytes += len(piece)
        if self._field_bytes > FIELD_BYTES_MAX:
            raise ValueError("fields too large")
        self._buffer.append(piece)

    def end(self) -> None:
        if self._name is None or self._file is not None:
            return
        value = b"".join(self._buffer)
        if self._headers.get("content-transfer-encoding", "").lower() == "quoted-printable":
            value = quopri.decodestring(value)
        self.pairs.append((self._name, value.decode("utf-8", "replace")))
        self._buffer.clear()

    def finish(self) -> None:
        self.finished = True

    def close(self) -> None:
        for files in self.files.values():
            for file in files:
                file.close()
