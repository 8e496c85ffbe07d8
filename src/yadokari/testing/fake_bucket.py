"""A bucket in memory that passes the suite: for tests of whatever uses one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

import msgspec

from yadokari.base.errors import BadRequest, NotFound, Stale, Unavailable
from yadokari.ports.bucket import BlobInfo, BlobKey, Bucket
from yadokari.ports.clock import Clock

PIECE_BYTES = 64 * 1024
KEY_BYTES_MAX = 1_024


class _Blob(msgspec.Struct, frozen=True):
    body: bytes
    info: BlobInfo


class FakeBucket:
    """Blobs in a dictionary; can be made to fail."""

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        self._blobs: dict[BlobKey, _Blob] = {}
        self.is_down = False
        """Set it, and every call raises Unavailable."""

    async def put(
        self,
        key: BlobKey,
        body: AsyncIterator[bytes] | bytes,
        *,
        content_type: str,
        metadata: Mapping[str, str],
    ) -> None:
        """Write or replace a blob; see the port."""
        self._check(key)
        whole = body if isinstance(body, bytes) else b"".join([piece async for piece in body])
        info = BlobInfo(
            size_bytes=len(whole),
            modified_ms=self._clock.unix_ms(),
            content_type=content_type,
            metadata=dict(metadata),
        )
        self._blobs[key] = _Blob(whole, info)

    async def put_new(self, key: BlobKey, body: bytes) -> None:
        """Write a blob that must not exist yet; see the port."""
        self._check(key)
        if key in self._blobs:
            raise Stale
        await self.put(key, body, content_type="", metadata={})

    async def head(self, key: BlobKey) -> BlobInfo:
        """Facts about a blob; see the port."""
        return self._found(key).info

    async def fetch(self, key: BlobKey, *, bytes_max: int) -> tuple[BlobInfo, bytes | None]:
        """Facts and small content; see the port."""
        found = self._found(key)
        wanted = bytes_max and len(found.body) <= bytes_max
        return found.info, found.body if wanted else None

    async def read(
        self, key: BlobKey, *, start: int = 0, length: int | None = None
    ) -> AsyncIterator[bytes]:
        """Bytes of a blob; see the port."""
        body = self._found(key).body
        end = len(body) if length is None else min(len(body), start + length)
        for at in range(start, end, PIECE_BYTES):
            yield body[at : min(end, at + PIECE_BYTES)]

    async def delete(self, key: BlobKey) -> None:
        """Remove a blob; see the port."""
        self._check(key)
        self._blobs.pop(key, None)

    async def delete_prefix(self, prefix: str) -> None:
        """Remove blobs by prefix; see the port."""
        for key in [key async for key in self.list(prefix)]:
            await self.delete(key)

    async def list(self, prefix: str) -> AsyncIterator[BlobKey]:
        """Keys by prefix; see the port."""
        self._check(BlobKey("any"))
        for key in sorted(self._blobs):
            if key.startswith(prefix):
                yield key

    def _found(self, key: BlobKey) -> _Blob:
        self._check(key)
        if key not in self._blobs:
            raise NotFound
        return self._blobs[key]

    def _check(self, key: BlobKey) -> None:
        if self.is_down:
            raise Unavailable
        if any(part in ("", ".", "..") or "\\" in part or "\0" in part for part in key.split("/")):
            raise NotFound
        if len(key.encode()) > KEY_BYTES_MAX:
            raise BadRequest("The key of the file is too long.")


_: type[Bucket] = FakeBucket
