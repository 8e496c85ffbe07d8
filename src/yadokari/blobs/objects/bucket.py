"""Blobs as objects of a cloud's store.

O1  A blob appears whole or not at all: small ones in one request, larger ones as an upload in parts
    that the store shows once it is completed. What a killed process leaves of such an upload is
    invisible; the bucket's own rules for unfinished uploads remove it.
O2  Memory is bounded both ways: at most PARTS_AT_ONCE + 1 parts of PART_BYTES while writing, a few
    pieces while reading.
O3  Metadata travels as headers: values are percent-encoded, and names fit every store.

Not here: which store, where, and whose (blobs/objects/open.py).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from yadokari.base.errors import BadRequest, NotFound
from yadokari.blobs.objects.errors import translated
from yadokari.blobs.safe_key import safe_parts
from yadokari.ports.bucket import BlobInfo, BlobKey, Bucket

if TYPE_CHECKING:
    from obstore import Attributes, GetResult
    from obstore.store import ObjectStore

PIECE_BYTES = 64 * 1024  # the port's promise
PART_BYTES = 5 * 1024 * 1024  # S3 takes no smaller parts but the last.
PARTS_AT_ONCE = 2  # A second part is on its way while the next one is read; more is only memory.
KEY_BYTES_MAX = 1_024  # S3's and Google's; Azure counts as many characters.
KEYS_AT_ONCE = 1_000  # S3's limit for one request that lists or deletes.


class ObjectBucket:
    """A bucket or container of an object store."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    async def put(
        self,
        key: BlobKey,
        body: AsyncIterator[bytes] | bytes,
        *,
        content_type: str,
        metadata: Mapping[str, str],
    ) -> None:
        """Write or replace a blob; see the port."""
        import obstore

        path, facts = _path(key), _attributes(content_type, metadata)
        head, rest = (body, None) if isinstance(body, bytes) else await _begun(body)
        with translated():
            if rest is None:
                await obstore.put_async(
                    self._store, path, head, attributes=facts, use_multipart=False
                )
                return
            await obstore.put_async(
                self._store,
                path,
                _whole(head, rest),
                attributes=facts,
                use_multipart=True,
                chunk_size=PART_BYTES,
                max_concurrency=PARTS_AT_ONCE,
            )

    async def put_new(self, key: BlobKey, body: bytes) -> None:
        """Write a blob that must not exist yet; see the port."""
        import obstore

        with translated():
            await obstore.put_async(
                self._store, _path(key), body, mode="create", use_multipart=False
            )

    async def head(self, key: BlobKey) -> BlobInfo:
        """Facts about a blob; see the port."""
        import obstore

        with translated():
            found = await obstore.get_async(self._store, _path(key), options={"head": True})
        return _info(found)

    async def fetch(self, key: BlobKey, *, bytes_max: int) -> tuple[BlobInfo, bytes | None]:
        """Facts and small content; see the port."""
        import obstore

        if not bytes_max:
            return await self.head(key), None
        with translated():
            found = await obstore.get_async(self._store, _path(key))
            info = _info(found)
            if info.size_bytes > bytes_max:
                return info, None  # The answer is dropped before its content is read.
            return info, bytes(await found.bytes_async())

    async def read(
        self, key: BlobKey, *, start: int = 0, length: int | None = None
    ) -> AsyncIterator[bytes]:
        """Bytes of a blob; see the port."""
        import obstore

        if length is not None and length <= 0:
            return
        with translated():
            found = await obstore.get_async(
                self._store,
                _path(key),
                options={"range": (start, start + length)}
                if length is not None
                else {"range": {"offset": start}}
                if start
                else {},
            )
            async for chunk in found.stream(PIECE_BYTES):
                for at in range(0, len(chunk), PIECE_BYTES):
                    yield bytes(chunk[at : at + PIECE_BYTES])

    async def delete(self, key: BlobKey) -> None:
        """Remove a blob; see the port."""
        await self._delete([_path(key)])

    async def delete_prefix(self, prefix: str) -> None:
        """Remove blobs by prefix; see the port."""
        waiting: list[str] = []
        async for key in self.list(prefix):
            waiting.append(key)
            if len(waiting) == KEYS_AT_ONCE:
                await self._delete(waiting)
                waiting.clear()
        if waiting:
            await self._delete(waiting)

    async def list(self, prefix: str) -> AsyncIterator[BlobKey]:
        """Keys by prefix; see the port."""
        import obstore

        folder = prefix.rpartition("/")[0]
        if folder:
            safe_parts(folder)
        with translated():
            stream = obstore.list(self._store, folder or None, chunk_size=KEYS_AT_ONCE)
            async for found in stream:
                for one in found:
                    if one["path"].startswith(prefix):
                        yield BlobKey(one["path"])

    async def _delete(self, paths: Sequence[str]) -> None:
        import obstore

        for path in paths:
            try:
                with translated():
                    await obstore.delete_async(self._store, path)
            except NotFound:
                continue


def _info(found: GetResult) -> BlobInfo:
    facts = {str(name): value for name, value in found.attributes.items()}
    return BlobInfo(
        size_bytes=found.meta["size"],
        modified_ms=int(found.meta["last_modified"].timestamp() * 1_000),
        content_type=facts.pop("Content-Type", ""),
        metadata={_wire_name(name): unquote(value) for name, value in facts.items()},
    )


async def _begun(body: AsyncIterator[bytes]) -> tuple[bytes, AsyncIterator[bytes] | None]:
    """The first part of a body, and the rest when there is more."""
    head = bytearray()
    async for piece in body:
        head += piece
        if len(head) >= PART_BYTES:
            return bytes(head), body
    return bytes(head), None


async def _whole(head: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield head
    async for piece in rest:
        yield piece


def _path(key: BlobKey) -> str:
    path = "/".join(safe_parts(key))
    if len(path.encode()) > KEY_BYTES_MAX:
        raise BadRequest("The key of the file is too long.")
    return path


def _attributes(content_type: str, metadata: Mapping[str, str]) -> Attributes:
    facts: Attributes = {_kept_name(name): quote(value) for name, value in metadata.items()}
    if content_type:
        facts["Content-Type"] = content_type
    return facts


def _kept_name(name: str) -> str:
    """Azure's names are identifiers: no hyphens (O3)."""
    return name.replace("-", "_")


def _wire_name(name: str) -> str:
    return name.replace("_", "-")


_: type[Bucket] = ObjectBucket
