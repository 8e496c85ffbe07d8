"""A small server of Google Cloud Storage's XML interface: what our library asks of it, and no more.

Google has no emulator of its own. This one keeps objects in memory, numbers their generations, and
judges conditions under one lock, as the real one does in effect.
"""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

from typing_extensions import override


@dataclass(frozen=True, slots=True)
class Stored:
    """An object."""

    body: bytes
    generation: int
    content_type: str
    metadata: dict[str, str]

    @property
    def etag(self) -> str:
        """Of its content."""
        return hashlib.md5(self.body).hexdigest()


@dataclass(slots=True)
class Cloud:
    """Every bucket, made when first named."""

    buckets: dict[str, dict[str, Stored]] = field(default_factory=dict)
    uploads: dict[str, tuple[dict[int, bytes], str, dict[str, str]]] = field(default_factory=dict)
    generation: int = 1
    lock: threading.RLock = field(default_factory=threading.RLock)

    def store(
        self, bucket: dict[str, Stored], key: str, body: bytes, kind: str, metadata: dict[str, str]
    ) -> Stored:
        """Write an object."""
        self.generation += 1
        bucket[key] = made = Stored(body, self.generation, kind, metadata)
        return made


@contextmanager
def cloud_storage() -> Iterator[str]:
    """The address of a running server."""
    cloud = Cloud()

    class Handler(_Handler):
        state = cloud

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    state: Cloud
    protocol_version = "HTTP/1.1"

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def do_PUT(self) -> None:
        """Store an object, or a part of one."""
        body = self._body()
        bucket, key, query = self._asked()
        with self.state.lock:
            if "uploadId" in query:
                self.state.uploads[query["uploadId"]][0][int(query["partNumber"])] = body
                self._answer(200, headers={"ETag": f'"{hashlib.md5(body).hexdigest()}"'})
            elif self._condition_fails(bucket.get(key)):
                self._error(412, "PreconditionFailed")
            else:
                made = self.state.store(bucket, key, body, *self._facts())
                self._answer(200, headers=_headers(made))

    def do_POST(self) -> None:
        """Begin or complete an upload in parts."""
        self._body()
        bucket, key, query = self._asked()
        with self.state.lock:
            if "uploads" in query:
                self.state.generation += 1
                upload = f"upload-{self.state.generation}"
                self.state.uploads[upload] = ({}, *self._facts())
                self._xml("InitiateMultipartUploadResult", f"<UploadId>{upload}</UploadId>")
                return
            parts, kind, metadata = self.state.uploads.pop(query["uploadId"])
            body = b"".join(parts[number] for number in sorted(parts))
            made = self.state.store(bucket, key, body, kind, metadata)
            self._xml("CompleteMultipartUploadResult", f'<ETag>"{made.etag}"</ETag>')

    def do_DELETE(self) -> None:
        """Remove an object, or give up an upload."""
        bucket, key, query = self._asked()
        with self.state.lock:
            if "uploadId" in query:
                self.state.uploads.pop(query["uploadId"], None)
                self._answer(204)
            elif bucket.pop(key, None) is None:
                self._error(404, "NoSuchKey")
            else:
                self._answer(204)

    def do_HEAD(self) -> None:
        """Facts about an object."""
        self.do_GET()

    def do_GET(self) -> None:
        """An object, a part of it, or a page of keys."""
        bucket, key, query = self._asked()
        with self.state.lock:
            if not key:
                self._list(bucket, query)
                return
            found = bucket.get(key)
        if found is None:
            self._error(404, "NoSuchKey")
            return
        body, status, headers = found.body, 200, _headers(found)
        wanted = self.headers.get("Range", "")
        if wanted:
            first, _, last = wanted.removeprefix("bytes=").partition("-")
            start, end = int(first), min(int(last or len(body)), len(body) - 1)
            if start > end:
                self._error(416, "InvalidRange")
                return
            headers["Content-Range"] = f"bytes {start}-{end}/{len(body)}"
            body, status = body[start : end + 1], 206
        self._answer(status, body, headers=headers)

    def _list(self, bucket: dict[str, Stored], query: dict[str, str]) -> None:
        prefix, after = query.get("prefix", ""), query.get("continuation-token", "")
        page_max = int(query.get("max-keys", "1000"))
        names = [name for name in sorted(bucket) if name.startswith(prefix) and name > after]
        page = names[:page_max]
        items = "".join(
            f"<Contents><Key>{escape(name)}</Key><Size>{len(bucket[name].body)}</Size>"
            f'<ETag>"{bucket[name].etag}"</ETag><LastModified>2026-01-01T00:00:00.000Z</LastModified>'
            "</Contents>"
            for name in page
        )
        if len(names) > len(page):
            items += f"<NextContinuationToken>{escape(page[-1])}</NextContinuationToken>"
        self._xml("ListBucketResult", items)

    def _asked(self) -> tuple[dict[str, Stored], str, dict[str, str]]:
        url = urlsplit(self.path)
        name, _, key = unquote(url.path).lstrip("/").partition("/")
        query = {k: v[0] for k, v in parse_qs(url.query, keep_blank_values=True).items()}
        with self.state.lock:
            return self.state.buckets.setdefault(name, {}), key, query

    def _facts(self) -> tuple[str, dict[str, str]]:
        metadata = {k: v for k, v in self.headers.items() if k.lower().startswith("x-goog-meta-")}
        return self.headers.get("Content-Type", "application/octet-stream"), metadata

    def _condition_fails(self, found: Stored | None) -> bool:
        wanted = self.headers.get("x-goog-if-generation-match")
        return wanted is not None and int(wanted) != (found.generation if found else 0)

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", "0")))

    def _xml(self, root: str, inside: str) -> None:
        text = f"<?xml version='1.0' encoding='UTF-8'?><{root}>{inside}</{root}>"
        self._answer(200, text.encode(), headers={"Content-Type": "application/xml"})

    def _error(self, status: int, code: str) -> None:
        self._answer(status, f"<Error><Code>{code}</Code></Error>".encode())

    def _answer(
        self, status: int, body: bytes = b"", *, headers: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD" and status != 204:
            self.wfile.write(body)


def _headers(stored: Stored) -> dict[str, str]:
    return {
        "ETag": f'"{stored.etag}"',
        "x-goog-generation": str(stored.generation),
        "Last-Modified": formatdate(1_800_000_000, usegmt=True),
        "Content-Type": stored.content_type,
        **stored.metadata,
    }
