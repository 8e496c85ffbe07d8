"""Carrying files over: each with its content type and metadata, then compared byte for byte.

FL1  A file is carried when a record names it; one that nobody names is left out and told, for it
     would never be served.
FL2  Thumbnails are left out: they are made anew from their file.
FL3  Afterwards each file is read on both sides and compared.

Not here: where files lie in a bucket (files/keys.py), who may have them (files).
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import TypeAlias

import msgspec

from yadokari.base.errors import NotFound
from yadokari.importing.errors import ImportDiffers
from yadokari.importing.findings import Findings
from yadokari.ports.bucket import BlobInfo, BlobKey, Bucket
from yadokari.ports.store import Row
from yadokari.schema.collection import Collection
from yadokari.schema.field_list import unpacked
from yadokari.schema.fields import FileField

KeyOf: TypeAlias = Callable[[str, str, str], BlobKey]
"""Collection id, record id and stored name to the key of a file."""
PLAIN_TYPE = "application/octet-stream"
"""What PocketBase says of a file without attributes."""
_PARTS = 3


class CarriedFiles(msgspec.Struct, frozen=True):
    """The files of a collection."""

    count: int = 0
    bytes: int = 0
    digest: str = ""
    """SHA-256 over the keys, facts and contents in the order of the records; "" without files."""


class FileCarrier:
    """Takes files from one bucket to another."""

    def __init__(
        self, *, source: Bucket, target: Bucket, key_of: KeyOf, findings: Findings
    ) -> None:
        self._source, self._target = source, target
        self._key_of, self._findings = key_of, findings
        self._carried: set[BlobKey] = set()

    async def carry(self, collection: Collection, row: Row, *, dry_run: bool) -> None:
        """Take the files of one record along, or only look for them."""
        for key in self._keys(collection, row):
            try:
                info = await self._source.head(key)
            except NotFound:
                self._findings.look_at("Files that a record names and that are not there.", key)
                continue
            self._carried.add(key)
            if not dry_run:
                await self._target.put(
                    key,
                    self._source.read(key),
                    content_type=info.content_type or PLAIN_TYPE,
                    metadata=info.metadata,
                )

    async def compare(self, collection: Collection, row: Row, into: FilesDigest) -> None:
        """Read the files of one record on both sides (FL3). Raises ImportDiffers."""
        for key in self._keys(collection, row):
            try:
                here = await self._source.head(key)
            except NotFound:
                continue
            try:
                there = await self._target.head(key)
                read = await _digest(self._source.read(key))
                written = await _digest(self._target.read(key))
            except NotFound as exc:
                raise _differs(key) from exc
            if read != written or not _is_same(here, there):
                raise _differs(key)
            into.add(key, there, written)

    async def note_left(self, collections: Sequence[Collection]) -> None:
        """Tell of the files of these collections that were not carried (FL1, FL2)."""
        for collection in collections:
            async for key in self._source.list(f"{collection.id}/"):
                parts = key.split("/")
                if len(parts) > _PARTS and parts[2].startswith("thumbs_"):
                    self._findings.left_out("Thumbnails: made anew when asked for.", key)
                elif key not in self._carried:
                    self._findings.left_out("Files that no record names.", key)

    def _keys(self, collection: Collection, row: Row) -> Iterator[BlobKey]:
        for field in collection.each(FileField):
            for name in unpacked(row.values[field.name]):
                yield self._key_of(collection.id, row.id, name)


class FilesDigest:
    """Gathers what the files of a collection are."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self._count = self._bytes = 0

    def add(self, key: BlobKey, info: BlobInfo, content: bytes) -> None:
        """One more file, by the digest of its content."""
        self._count += 1
        self._bytes += info.size_bytes
        self._hash.update(f"{key}\0{info.content_type}\0".encode() + content)

    def result(self) -> CarriedFiles:
        """All of them."""
        return CarriedFiles(self._count, self._bytes, self._hash.hexdigest() if self._count else "")


def _is_same(here: BlobInfo, there: BlobInfo) -> bool:
    return (
        here.size_bytes == there.size_bytes
        and (here.content_type or PLAIN_TYPE) == there.content_type
        and dict(here.metadata) == dict(there.metadata)
    )


async def _digest(pieces: AsyncIterator[bytes]) -> bytes:
    digest = hashlib.sha256()
    async for piece in pieces:
        digest.update(piece)
    return digest.digest()


def _differs(key: BlobKey) -> ImportDiffers:
    return ImportDiffers(f"What was written of the file {key} is not what was read.")
