"""What every bucket must do: subclass ``BucketSuite`` with one ``bucket`` fixture.

class TestMyBucket(BucketSuite):
    @pytest.fixture
    async def bucket(self) -> AsyncIterator[Bucket]:
        yield my_bucket   # empty
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from yadokari.base.errors import BadRequest, NotFound, Stale
from yadokari.ports.bucket import BlobKey, Bucket

KEY = BlobKey("c/r/a.txt")
PIECE_BYTES = 64 * 1024
LARGE_BYTES = 11 * 1024 * 1024 + 7  # Several parts of any store's upload in parts.
RACERS = 4  # One real server makes losers of a race wait a second each.


class BrokenOff(Exception):
    """The sender of a body went away."""


async def put(bucket: Bucket, *keys: str, body: bytes = b"x") -> None:
    """Blobs of the same content."""
    for key in keys:
        await bucket.put(BlobKey(key), body, content_type="text/plain", metadata={"k": "v"})


async def content(
    bucket: Bucket, key: str = KEY, *, start: int = 0, length: int | None = None
) -> bytes:
    """The bytes of a blob."""
    pieces = bucket.read(BlobKey(key), start=start, length=length)
    return b"".join([piece async for piece in pieces])


async def keys(bucket: Bucket, prefix: str = "") -> list[str]:
    """All keys of a prefix."""
    return [key async for key in bucket.list(prefix)]


async def streamed(body: bytes, *, broken: bool = False) -> AsyncIterator[bytes]:
    """A body in pieces."""
    for at in range(0, len(body), PIECE_BYTES):
        yield body[at : at + PIECE_BYTES]
    if broken:
        raise BrokenOff


class BucketSuite:
    """Every promise of ports/bucket.py."""

    async def test_a_blob_is_read_as_it_was_written(self, bucket: Bucket) -> None:
        """B1: its bytes, its type, and what else was said of it."""
        body = bytes(range(256)) * 300
        metadata = {"original-filename": "休暇 My Photo+100%.png", "other": ""}
        await bucket.put(KEY, body, content_type="image/png", metadata=metadata)

        info = await bucket.head(KEY)

        assert await content(bucket) == body
        assert (info.size_bytes, info.content_type) == (len(body), "image/png")
        assert info.metadata["original-filename"] == metadata["original-filename"]
        assert info.modified_ms > 0

    @pytest.mark.parametrize("size_bytes", [0, 1, 100, 101])
    async def test_little_content_comes_with_the_facts(
        self, bucket: Bucket, size_bytes: int
    ) -> None:
        """One visit in place of two; what is larger is read in pieces."""
        await put(bucket, KEY, body=bytes(size_bytes))

        info, found = await bucket.fetch(KEY, bytes_max=100)

        assert info == await bucket.head(KEY)
        assert found == (bytes(size_bytes) if size_bytes <= 100 else None)
        assert (await bucket.fetch(KEY, bytes_max=0)) == (info, None)

    async def test_an_empty_blob_is_a_blob(self, bucket: Bucket) -> None:
        """Files without content are uploaded, too."""
        await put(bucket, KEY, body=b"")

        assert (await bucket.head(KEY)).size_bytes == 0
        assert await content(bucket) == b""

    @pytest.mark.parametrize("size_bytes", [5 * 1024 * 1024, LARGE_BYTES])
    async def test_a_large_blob_streams_in_and_out(self, bucket: Bucket, size_bytes: int) -> None:
        """In pieces of at most 64 KiB each way, whatever the store does with them."""
        body = (bytes(range(251)) * (size_bytes // 251 + 1))[:size_bytes]
        await bucket.put(KEY, streamed(body), content_type="a/b", metadata={"k": "v"})

        pieces = [piece async for piece in bucket.read(KEY)]

        assert b"".join(pieces) == body
        assert max(map(len, pieces)) <= PIECE_BYTES
        info = await bucket.head(KEY)
        assert (info.size_bytes, info.content_type) == (size_bytes, "a/b")
        assert info.metadata == {"k": "v"}

    @pytest.mark.parametrize(
        ("start", "length"),
        [
            (0, 1),
            (0, None),
            (5, 5),
            (70_000, 9),
            (70_000, 999_999),
            (65_535, 2),
            (76_799, None),
            (3, 0),
        ],
    )
    async def test_parts_are_read_alone(
        self, bucket: Bucket, start: int, length: int | None
    ) -> None:
        """Players of videos jump."""
        body = bytes(range(256)) * 300
        await put(bucket, KEY, body=body)

        wanted = body[start:] if length is None else body[start : start + length]
        assert await content(bucket, start=start, length=length) == wanted

    async def test_a_second_put_replaces_the_first(self, bucket: Bucket) -> None:
        """B1: readers see the one or the other."""
        await put(bucket, KEY, body=b"first")
        await bucket.put(KEY, b"second", content_type="a/b", metadata={})

        assert await content(bucket) == b"second"
        assert (await bucket.head(KEY)).content_type == "a/b"

    @pytest.mark.parametrize("size_bytes", [10, LARGE_BYTES])
    async def test_a_body_that_breaks_off_leaves_nothing(
        self, bucket: Bucket, size_bytes: int
    ) -> None:
        """B1: the sender went away in the middle of it, early or late."""
        with pytest.raises(BrokenOff):
            await bucket.put(
                KEY, streamed(bytes(size_bytes), broken=True), content_type="", metadata={}
            )

        assert await keys(bucket) == []
        with pytest.raises(NotFound):
            await bucket.head(KEY)

    async def test_a_body_that_breaks_off_leaves_what_was_there(self, bucket: Bucket) -> None:
        """B1."""
        await put(bucket, KEY, body=b"first")

        with pytest.raises(BrokenOff):
            await bucket.put(KEY, streamed(b"second", broken=True), content_type="", metadata={})

        assert await content(bucket) == b"first"

    async def test_of_many_who_write_a_new_blob_one_succeeds(self, bucket: Bucket) -> None:
        """And its bytes are the ones that stay."""

        async def won(body: bytes) -> bool:
            try:
                await bucket.put_new(KEY, body)
            except Stale:
                return False
            return True

        bodies = [b"%d" % racer for racer in range(RACERS)]
        winners = [
            body
            for body, has_won in zip(bodies, await asyncio.gather(*map(won, bodies)), strict=True)
            if has_won
        ]

        assert winners == [await content(bucket)]
        await bucket.delete(KEY)
        assert await won(b"again")

    async def test_what_is_missing_is_not_found(self, bucket: Bucket) -> None:
        """And removing it is no error."""
        with pytest.raises(NotFound):
            await bucket.head(KEY)
        with pytest.raises(NotFound):
            await content(bucket)
        await bucket.delete(KEY)
        await bucket.delete_prefix("c/")

    async def test_keys_are_listed_in_order_by_any_prefix(self, bucket: Bucket) -> None:
        """A prefix may end within a name."""
        every = ["a/b", "a/b.txt", "a/c/d", "ab/c", "a/B"]
        await put(bucket, *every)

        assert await keys(bucket) == sorted(every)
        assert await keys(bucket, "a/") == ["a/B", "a/b", "a/b.txt", "a/c/d"]
        assert await keys(bucket, "a/b") == ["a/b", "a/b.txt"]
        assert await keys(bucket, "nope/") == []

    async def test_a_prefix_is_removed_and_its_neighbours_stay(self, bucket: Bucket) -> None:
        """`a/` is not `ab/`."""
        await put(bucket, "a/b/c", "a/d", "ab/c", "e")

        await bucket.delete_prefix("a/")

        assert await keys(bucket) == ["ab/c", "e"]

    @pytest.mark.parametrize(
        "key",
        [
            "c/r/ü ñ 日本.txt",
            "c/r/a+b=c#d-e*f.t",
            "c/r/100%25.txt",
            "c/r/a&b?c;d.x",
            "c/r/(1)'~!.y",
        ],
    )
    async def test_odd_names_are_names(self, bucket: Bucket, key: str) -> None:
        """What people call their files."""
        await put(bucket, key, body=b"odd")

        assert await keys(bucket) == [key]
        assert await content(bucket, key) == b"odd"
        await bucket.delete(BlobKey(key))
        assert await keys(bucket) == []

    @pytest.mark.parametrize(
        "key", ["", "/", "../a", "a/../../b", "a//b", "/a", "a/./b", "a\\b", "a\0b"]
    )
    async def test_a_key_that_leads_elsewhere_finds_nothing(self, bucket: Bucket, key: str) -> None:
        """B2."""
        with pytest.raises(NotFound):
            await put(bucket, key)
        with pytest.raises(NotFound):
            await bucket.head(BlobKey(key))
        with pytest.raises(NotFound):
            await bucket.fetch(BlobKey(key), bytes_max=9)
        with pytest.raises(NotFound):
            await content(bucket, key)
        assert await keys(bucket) == []

    async def test_a_key_that_is_too_long_is_refused(self, bucket: Bucket) -> None:
        """It cannot help to try again."""
        with pytest.raises(BadRequest):
            await put(bucket, f"c/{'x' * 1_100}")
