"""Thumbnails: made when first asked for, kept beside the original, swept with it.

TH1  One picture's thumbnail is made once, however many ask for it at the same time.
TH2  Few are being made at any moment (files/drawing.py), and WAITING_MAX wait; whoever comes then
     gets the original.
TH3  What cannot be made is remembered for a while, so that nobody keeps the threads busy with it.
TH4  Nothing is left behind by a file that is deleted meanwhile: the original goes before its
     thumbnails, and whoever has just stored one looks for the original again.

Not here: pixels (files/pictures.py), who may have the file (files/handing_out.py).
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import IO, cast

from yadokari.base.errors import NotFound, Unavailable
from yadokari.base.log import Log
from yadokari.files.drawing import Drawing
from yadokari.files.handing_out import Found, Stored
from yadokari.files.keys import thumb_key
from yadokari.files.thumb_size import ALWAYS, ThumbSize, parse_size
from yadokari.ports.bucket import BlobKey, Bucket

PICTURE_TYPES = frozenset(("image/png", "image/jpg", "image/jpeg", "image/gif", "image/webp"))
WAITING_MAX = 200  # A gallery of new pictures; each waits for some 20 ms of work before it.
FAILURES_MAX = 1_000
SPOOL_BYTES = 8 * 1024 * 1024  # Larger originals wait on disk instead of in memory.


class Thumbs:
    """Makes and finds thumbnails."""

    def __init__(self, *, bucket: Bucket, drawing: Drawing, log: Log) -> None:
        self._bucket, self._drawing, self._log = bucket, drawing, log
        self._locks: dict[BlobKey, _Turns] = {}
        self._waiting = 0
        self._failed: OrderedDict[BlobKey, None] = OrderedDict()

    async def of(self, found: Found, name: str, *, bytes_max: int) -> Stored | None:
        """The thumbnail of this name for a file, None when there is none and can be none.

        Args:
            found: The file.
            bytes_max: Up to here it comes with its content.
            name: Of the size, as a client wrote it; listed by the field, or the one that every
                picture has.

        Raises:
            Unavailable: the bucket cannot be asked.
        """
        size = parse_size(name) if name == ALWAYS or name in found.field.thumbs else None
        if size is None:
            return None
        key = thumb_key(found.key, name)
        kept = await self._kept(key, bytes_max)
        if kept is not None or key in self._failed or self._waiting >= WAITING_MAX:
            return kept
        info = await self._bucket.head(found.key)
        if info.content_type not in PICTURE_TYPES:
            return None
        async with self._turn(key):
            kept = await self._kept(key, bytes_max)
            wanted = kept is None and key not in self._failed
            if wanted and await self._make(found, key, size):
                kept = await self._kept(key, bytes_max)
        return kept

    async def _kept(self, key: BlobKey, bytes_max: int) -> Stored | None:
        try:
            return Stored(key, *await self._bucket.fetch(key, bytes_max=bytes_max))
        except NotFound:
            return None

    async def _make(self, found: Found, key: BlobKey, size: ThumbSize) -> bool:
        """Draw and keep a thumbnail; whether that went well."""
        from yadokari.files.pictures import NoPicture

        try:
            body, mime_type = await self._drawn(found.key, size)
            await self._bucket.put(key, body, content_type=mime_type, metadata={})
            await self._still_wanted(found.key, key)
        except NoPicture as error:
            self._log.debug("no_thumbnail", key=key, reason=str(error))
            self._remember(key)
            return False
        except Unavailable as error:  # The picture itself may well be had.
            self._log.warning("thumbnail_not_kept", key=key, reason=str(error))
            return False
        return True

    async def _drawn(self, original: BlobKey, size: ThumbSize) -> tuple[bytes, str]:
        from tempfile import SpooledTemporaryFile

        from yadokari.files.pictures import thumbnail

        with SpooledTemporaryFile(SPOOL_BYTES) as spool:
            source = cast("IO[bytes]", spool)
            async for piece in self._bucket.read(original):
                await asyncio.to_thread(source.write, piece)
            source.seek(0)
            return await self._drawing.run(lambda: thumbnail(source, size))

    async def _still_wanted(self, original: BlobKey, key: BlobKey) -> None:
        """Take a thumbnail back whose original went meanwhile (TH4). Raises NotFound then."""
        try:
            await self._bucket.head(original)
        except NotFound:
            await self._bucket.delete(key)
            raise

    def _remember(self, key: BlobKey) -> None:
        self._failed[key] = None
        if len(self._failed) > FAILURES_MAX:
            self._failed.popitem(last=False)

    @asynccontextmanager
    async def _turn(self, key: BlobKey) -> AsyncIterator[None]:
        """Alone with this key (TH1): who comes later waits, and then finds what was made."""
        turns = self._locks.setdefault(key, _Turns())
        turns.count += 1
        self._waiting += 1
        try:
            async with turns.lock:
                yield
        finally:
            self._waiting -= 1
            turns.count -= 1
            if not turns.count:
                del self._locks[key]


class _Turns:
    """Those who want one thumbnail at the same time."""

    __slots__ = ("count", "lock")

    def __init__(self) -> None:
        self.count = 0
        self.lock = asyncio.Lock()
