"""Thumbnails under pressure: one for many, none for what is gone, no work twice in vain."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from io import BytesIO

import pytest
from PIL import Image
from typing_extensions import override

from tests.pictures import picture
from yadokari.base.errors import NotFound, Unavailable
from yadokari.base.log import SilentLog
from yadokari.files.drawing import Drawing
from yadokari.files.handing_out import Found
from yadokari.files.keys import thumb_key
from yadokari.files.thumbs import WAITING_MAX, Thumbs
from yadokari.ports.bucket import BlobInfo, BlobKey
from yadokari.schema.fields import FileField
from yadokari.testing.fake_bucket import FakeBucket
from yadokari.testing.fake_clock import FakeClock

KEY = BlobKey("c/r/a.jpg")
THUMB = thumb_key(KEY, "30x20")
FOUND = Found(KEY, FileField(id="f", name="f", thumbs=("30x20",)))


class CountingBucket(FakeBucket):
    """Counts what is read whole and written, and does something when a thumbnail is stored."""

    def __init__(self) -> None:
        super().__init__(clock=FakeClock())
        self.reads = 0
        self.puts = 0
        self.is_full = False
        self.original_goes = False

    @override
    async def read(
        self, key: BlobKey, *, start: int = 0, length: int | None = None
    ) -> AsyncIterator[bytes]:
        """See the port."""
        self.reads += 1
        async for piece in super().read(key, start=start, length=length):
            yield piece

    @override
    async def put(
        self,
        key: BlobKey,
        body: AsyncIterator[bytes] | bytes,
        *,
        content_type: str,
        metadata: Mapping[str, str],
    ) -> None:
        """See the port."""
        if self.is_full:
            raise Unavailable
        self.puts += 1
        await super().put(key, body, content_type=content_type, metadata=metadata)
        if self.original_goes:
            await self.delete(KEY)


class Gallery:
    """Thumbnails over a bucket with one picture."""

    def __init__(self) -> None:
        self.bucket, self.drawing = CountingBucket(), Drawing()
        self.thumbs = Thumbs(bucket=self.bucket, drawing=self.drawing, log=SilentLog())

    async def hang(self, content: bytes, mime_type: str = "image/jpeg") -> None:
        """Put the picture there."""
        await self.bucket.put(KEY, content, content_type=mime_type, metadata={})
        self.bucket.puts = 0

    async def look(self, size: str = "30x20") -> bytes | None:
        """The thumbnail's content, None where the original is sent."""
        stored = await self.thumbs.of(FOUND, size, bytes_max=1_000_000)
        return None if stored is None else stored.content


@pytest.fixture
async def gallery() -> AsyncIterator[Gallery]:
    """With a picture."""
    made = Gallery()
    await made.hang(picture("JPEG", 300, 200))
    yield made
    made.drawing.close()


async def test_many_who_ask_at_once_share_one_drawing(gallery: Gallery) -> None:
    """TH1."""
    bodies = await asyncio.gather(*[gallery.look() for _ in range(20)])

    assert gallery.bucket.puts == 1
    assert len({*bodies}) == 1
    assert Image.open(BytesIO(bodies[0] or b"")).size == (30, 20)


async def test_nothing_is_left_of_a_picture_that_goes_meanwhile(gallery: Gallery) -> None:
    """TH4: the sweeper was there while the thumbnail was drawn."""
    gallery.bucket.original_goes = True

    with pytest.raises(NotFound):
        await gallery.look()

    assert [key async for key in gallery.bucket.list("")] == []


async def test_a_damaged_picture_is_tried_once(gallery: Gallery) -> None:
    """TH3."""
    await gallery.hang(picture("JPEG", 300, 200)[:2_000])

    assert [await gallery.look() for _ in range(3)] == [None] * 3
    assert gallery.bucket.reads == 1


async def test_a_full_bucket_is_tried_again(gallery: Gallery) -> None:
    """It says nothing of the picture."""
    gallery.bucket.is_full = True
    assert await gallery.look() is None

    gallery.bucket.is_full = False

    assert await gallery.look() is not None


async def test_beyond_the_queue_the_original_is_sent(gallery: Gallery) -> None:
    """TH2: a crowd costs no more than a queue."""
    crowd = [asyncio.ensure_future(gallery.look()) for _ in range(WAITING_MAX + 5)]

    bodies = await asyncio.gather(*crowd)

    assert bodies.count(None) == 5
    assert gallery.bucket.puts == 1


@pytest.mark.parametrize("size", ["31x20", "30x20f", "", "0x0", "30x20 "])
async def test_a_size_that_is_not_listed_is_never_drawn(gallery: Gallery, size: str) -> None:
    """Else anybody could fill the disk."""
    assert await gallery.look(size) is None
    assert gallery.bucket.reads == 0


async def test_other_types_are_never_opened(gallery: Gallery) -> None:
    """Judged by the type that is stored, which comes from the content."""
    await gallery.hang(picture("JPEG", 300, 200), "application/pdf")

    assert await gallery.look() is None
    assert gallery.bucket.reads == 0


async def test_a_picture_that_waits_can_be_given_up(gallery: Gallery) -> None:
    """The next one in the queue takes over."""
    first = asyncio.ensure_future(gallery.look())
    second = asyncio.ensure_future(gallery.look())
    await asyncio.sleep(0)
    first.cancel()

    assert await second is not None
    assert isinstance(await gallery.bucket.head(THUMB), BlobInfo)
