"""Blobs: immutable-ish objects under keys, wherever they are kept.

B1  A put is atomic: readers see the whole blob or none of it.
B2  Keys are relative paths of safe segments, never beginning with ``/`` and without ``..``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import NewType, Protocol

import msgspec

BlobKey = NewType("BlobKey", str)


class BlobInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a blob without reading it."""

    size_bytes: int
    modified_ms: int
    content_type: str = ""
    metadata: Mapping[str, str] = msgspec.field(default_factory=dict)


class Bucket(Protocol):
    """A place for blobs."""

    async def put(
        self,
        key: BlobKey,
        body: AsyncIterator[bytes] | bytes,
        *,
        content_type: str,
        metadata: Mapping[str, str],
    ) -> None:
        """Write or replace a blob; atomic.

        Raises:
            BadRequest: the key is longer than the bucket takes.
            Unavailable: the bucket does not take it now.
        """
        ...

    async def put_new(self, key: BlobKey, body: bytes) -> None:
        """Write a blob that must not exist yet; of many who try at once, one succeeds.

        Raises:
            Stale: it exists.
            BadRequest: the key is longer than the bucket takes.
            Unavailable: the bucket does not take it now; whether it did is unknown.
        """
        ...

    async def head(self, key: BlobKey) -> BlobInfo:
        """Facts about a blob. Raises NotFound."""
        ...

    async def fetch(self, key: BlobKey, *, bytes_max: int) -> tuple[BlobInfo, bytes | None]:
        """Facts about a blob, and its content when that is small, in one visit.

        Args:
            key: Of the blob.
            bytes_max: More content is None here, to be read in pieces; 0 asks for none.

        Raises:
            NotFound: it is not there.
            Unavailable: the bucket does not give it now.
        """
        ...

    def read(
        self, key: BlobKey, *, start: int = 0, length: int | None = None
    ) -> AsyncIterator[bytes]:
        """Bytes of a blob in chunks of at most 64 KiB.

        Args:
            start: Below the blob's size, or 0.
            length: Bytes wanted, None for all that follow; fewer come only at its end.

        Raises:
            NotFound: with the first chunk.
            Unavailable: the bucket does not give it now.
        """
        ...

    async def delete(self, key: BlobKey) -> None:
        """Remove a blob; a missing one is no error. Raises Unavailable."""
        ...

    async def delete_prefix(self, prefix: str) -> None:
        """Remove every blob whose key begins with ``prefix``. Raises Unavailable."""
        ...

    def list(self, prefix: str) -> AsyncIterator[BlobKey]:
        """Keys that begin with ``prefix``, in byte order."""
        ...
