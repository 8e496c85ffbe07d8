"""A folder as a bucket: the port's promises, and what lies on the disk."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from yadokari.base.errors import BadRequest, NotFound, Unavailable
from yadokari.blobs.local.bucket import PIECE_BYTES, LocalBucket
from yadokari.ports.bucket import BlobKey
from yadokari.testing.fake_entropy import FakeEntropy

KEY = BlobKey("c/r/a.txt")


@pytest.fixture
def bucket(tmp_path: Path) -> LocalBucket:
    """An empty one."""
    return LocalBucket(tmp_path, entropy=FakeEntropy())


async def put(bucket: LocalBucket, *keys: str, body: bytes = b"x") -> None:
    """Blobs of the same content."""
    for key in keys:
        await bucket.put(BlobKey(key), body, content_type="text/plain", metadata={"k": "v"})


async def content(bucket: LocalBucket, *, start: int = 0, length: int | None = None) -> list[bytes]:
    """The pieces of a blob."""
    return [piece async for piece in bucket.read(KEY, start=start, length=length)]


async def test_a_blob_is_read_as_it_was_written(bucket: LocalBucket) -> None:
    """B1, in pieces of at most 64 KiB."""
    body = bytes(range(256)) * 300
    await put(bucket, KEY, body=body)

    whole, part = await content(bucket), await content(bucket, start=70_000, length=9)
    info = await bucket.head(KEY)

    assert b"".join(whole) == body
    assert max(map(len, whole)) == PIECE_BYTES
    assert part == [body[70_000:70_009]]
    assert (info.size_bytes, info.content_type, info.metadata) == (
        len(body),
        "text/plain",
        {"k": "v"},
    )


async def test_facts_stand_beside_a_blob_as_pocketbase_writes_them(
    bucket: LocalBucket, tmp_path: Path
) -> None:
    """F2: a storage folder moves between the two."""
    await put(bucket, KEY)

    facts = json.loads((tmp_path / "c/r/a.txt.attrs").read_bytes())

    assert facts["user.content_type"] == "text/plain"
    assert facts["user.metadata"] == {"k": "v"}
    assert facts["md5"] == "ndTkYSaMgDT1yFZOFVxnpg=="


async def test_a_blob_without_facts_is_served_all_the_same(
    bucket: LocalBucket, tmp_path: Path
) -> None:
    """Copied here by hand."""
    await put(bucket, KEY)
    (tmp_path / "c/r/a.txt.attrs").write_bytes(b"junk")

    assert (await bucket.head(KEY)).content_type == ""


async def test_a_failing_write_leaves_what_was_there(bucket: LocalBucket, tmp_path: Path) -> None:
    """F1: neither half a blob nor a remainder."""
    await put(bucket, KEY, body=b"old")

    async def breaking() -> AsyncIterator[bytes]:
        yield b"new"
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await bucket.put(KEY, breaking(), content_type="", metadata={})

    assert await content(bucket) == [b"old"]
    assert sorted(path.name for path in (tmp_path / "c/r").iterdir()) == ["a.txt", "a.txt.attrs"]


async def test_a_disk_that_refuses_is_unavailable(bucket: LocalBucket, tmp_path: Path) -> None:
    """Foreign errors become ours at the edge."""
    (tmp_path / "c").write_bytes(b"a file where a folder should be")

    with pytest.raises(Unavailable):
        await put(bucket, KEY)


async def test_a_key_too_long_for_the_disk_is_refused(bucket: LocalBucket) -> None:
    """Imported collections may have long ids; trying again cannot help."""
    key = BlobKey(f"{'x' * 300}/r/a.txt")

    with pytest.raises(BadRequest):
        await put(bucket, key)
    await bucket.delete(key)

    assert [key async for key in bucket.list("")] == []


async def test_keys_come_by_prefix_in_order(bucket: LocalBucket) -> None:
    """Blobs only, no facts beside them."""
    await put(bucket, "c/r/b", "c/r/a", "c/s/a", "d/a")

    assert [key async for key in bucket.list("c/")] == ["c/r/a", "c/r/b", "c/s/a"]
    assert [key async for key in bucket.list("c/r/b")] == ["c/r/b"]


async def test_blobs_go_alone_by_prefix_and_by_folder(bucket: LocalBucket, tmp_path: Path) -> None:
    """A missing one is no error."""
    await put(bucket, "c/r/a", "c/r/ab", "c/r/b", "d/a", "d/b")

    await bucket.delete_prefix("c/r/a")
    await bucket.delete_prefix("d/")
    await bucket.delete_prefix("nope/")
    await bucket.delete(BlobKey("c/r/nope"))

    assert [key async for key in bucket.list("")] == ["c/r/b"]
    assert not (tmp_path / "c/r/a.attrs").exists()


@pytest.mark.parametrize("key", ["../a", "/a", "a/../b", "a//b", "a\\b", "a\0b", ""])
async def test_keys_that_leave_the_folder_are_refused(bucket: LocalBucket, key: str) -> None:
    """F3."""
    with pytest.raises(NotFound):
        await put(bucket, key)


async def test_what_is_missing_is_not_found(bucket: LocalBucket) -> None:
    """Facts and content alike."""
    with pytest.raises(NotFound):
        await bucket.head(KEY)
    with pytest.raises(NotFound):
        await content(bucket)


def entries(folder: Path) -> list[Path]:
    """What lies directly in a folder."""
    return list(folder.iterdir())


async def test_empty_folders_go_and_hinder_no_put(bucket: LocalBucket, tmp_path: Path) -> None:
    """F5: a record's last file may go while its next one comes."""

    async def come_and_go(at: int) -> None:
        key = BlobKey(f"c/r/{at}")
        for _ in range(10):
            await put(bucket, key)
            await bucket.delete(key)

    async with asyncio.TaskGroup() as tasks:
        for at in range(10):
            tasks.create_task(come_and_go(at))

    assert entries(tmp_path) == []


async def test_a_blob_that_cannot_be_removed_is_unavailable(
    bucket: LocalBucket, tmp_path: Path
) -> None:
    """Whoever sweeps goes on with the next one; a failure of the system would end it."""
    (tmp_path / KEY).mkdir(parents=True)  # What stands there is no file.

    with pytest.raises(Unavailable):
        await bucket.delete(KEY)
