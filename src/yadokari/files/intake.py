"""Taking uploads in: into the bucket before the write, out of it again when the write fails.

I1  Blobs are complete before a record names them.
I2  Stored names are random enough that no upload ever replaces another.
I3  Only file fields take uploads; files under other keys are ignored.
I4  Limits count for what is stored, accepted types for what was sent.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import IO, Protocol

from yadokari.base.errors import YadokariError
from yadokari.files.keys import file_key
from yadokari.files.shrinking import Shrinking, renamed
from yadokari.files.sniff import HEAD_BYTES, sniff
from yadokari.ports.bucket import BlobKey, Bucket
from yadokari.ports.entropy import Entropy
from yadokari.schema.collection import Collection
from yadokari.schema.fields import FileField
from yadokari.schema.file_name import stored_file_name
from yadokari.schema.modifiers import find_key
from yadokari.schema.uploaded_file import UploadedFile, uploaded_file

PIECE_BYTES = 256 * 1024  # few hops to threads, little memory
_FORBIDDEN_ID = frozenset("/\\")


class Upload(Protocol):
    """A file of a request."""

    name: str
    """What the client called it."""
    size_bytes: int

    def open(self) -> IO[bytes]:
        """The content from its start."""
        ...


class Intake:
    """Takes the uploads of a request in."""

    def __init__(self, *, bucket: Bucket, entropy: Entropy, shrinking: Shrinking) -> None:
        self._bucket = bucket
        self._entropy = entropy
        self._shrinking = shrinking

    @asynccontextmanager
    async def taking(
        self,
        collection: Collection,
        record_id: str,
        fields: Mapping[str, object],
        files: Mapping[str, Sequence[Upload]],
    ) -> AsyncIterator[Mapping[str, object]]:
        """Fields with the stored names of the uploads among them.

        The blobs stay when the block ends well and are removed when it raises.

        Raises:
            Unavailable: the bucket does not take them.
        """
        merged = dict(fields)
        kept: list[BlobKey] = []
        try:
            for key, uploads in files.items():
                found = find_key(collection, key)
                if found is None or not isinstance(found[0], FileField):
                    continue
                stored = [
                    await self._store(collection, found[0], record_id, upload, kept)
                    for upload in uploads
                ]
                merged[key] = [*_as_list(merged.get(key)), *stored]
            yield merged
        except BaseException:
            for blob in kept:
                # One that stays costs space; what went wrong first is what must be heard.
                with contextlib.suppress(YadokariError):
                    await self._bucket.delete(blob)
            raise

    async def _store(
        self,
        collection: Collection,
        field: FileField,
        record_id: str,
        upload: Upload,
        kept: list[BlobKey],
    ) -> UploadedFile:
        content = upload.open()
        head = content.read(HEAD_BYTES)
        kind = sniff(head, whole=len(head) == upload.size_bytes)
        shrunk = await self._shrinking.shrunk(field, upload.open(), kind.mime_type)
        given = upload.name if shrunk is None else renamed(upload.name, shrunk.extension)
        name = stored_file_name(given, sniffed_extension=kind.extension, draw=self._entropy)
        if _FORBIDDEN_ID.isdisjoint(record_id) and record_id not in ("", ".", ".."):
            blob = file_key(collection.id, record_id, name)
            kept.append(blob)
            await self._bucket.put(
                blob,
                _pieces(upload) if shrunk is None else shrunk.body,
                content_type=kind.content_type if shrunk is None else shrunk.mime_type,
                metadata={"original-filename": upload.name},
            )
        return uploaded_file(
            name,
            original_name=upload.name,
            size_bytes=upload.size_bytes if shrunk is None else len(shrunk.body),
            mime_type=kind.mime_type,
        )


async def _pieces(upload: Upload) -> AsyncIterator[bytes]:
    content = upload.open()
    while piece := await asyncio.to_thread(content.read, PIECE_BYTES):
        yield piece


def _as_list(value: object) -> list[object]:
    if value is None or value == "":
        return []
    return list(value) if isinstance(value, list) else [value]
