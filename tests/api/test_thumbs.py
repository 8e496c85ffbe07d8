"""Thumbnails over the API: made once, kept, swept, and never in the way."""

from __future__ import annotations

import asyncio
from io import BytesIO
from pathlib import Path

from PIL import Image

from tests.api.program import House, Part
from tests.api.test_files import NOTES, blobs, names, notes, swept
from tests.pictures import picture

PICTURE = picture("JPEG", 300, 200)


async def uploaded(house: House, content: bytes = PICTURE, **options: object) -> tuple[str, str]:
    """A record's path and its file's."""
    await notes(house, thumbs=["70x50", "0x40"], **options)
    made = await house("POST", NOTES, [Part("files", content, "a.jpg")])
    return f"{NOTES}/{made.id}", f"/api/files/notes/{made.id}/{names(made)[0]}"


def on_disk(folder: Path, name: str) -> Path:
    """The only blob of this name."""
    [found] = folder.rglob(name)
    return found


async def test_a_thumbnail_is_made_once_and_kept(house: House, tmp_path: Path) -> None:
    """TH1: ten ask at the same time, one is drawn; the next request finds it."""
    _, path = await uploaded(house)
    name = path.rpartition("/")[2]

    answers = await asyncio.gather(*[house("GET", f"{path}?thumb=70x50") for _ in range(10)])
    kept = on_disk(tmp_path, f"70x50_{name}")
    first_ns = kept.stat().st_mtime_ns
    again = await house("GET", f"{path}?thumb=70x50")

    assert {answer.body for answer in [*answers, again]} == {kept.read_bytes()}
    assert Image.open(BytesIO(again.body)).size == (70, 50)
    assert kept.parent.name == f"thumbs_{name}"
    assert kept.stat().st_mtime_ns == first_ns


async def test_thumbnails_go_with_their_picture(house: House, tmp_path: Path) -> None:
    """TH4: nothing is left of what nobody names."""
    record, path = await uploaded(house)
    for size in ("70x50", "0x40", "100x100"):
        await house("GET", f"{path}?thumb={size}")
    assert len(blobs(tmp_path)) == 4

    await house("PATCH", record, {"files": []})

    await swept(tmp_path, set())


async def test_a_thumbnail_is_as_protected_as_its_picture(house: House) -> None:
    """H2 stands before everything."""
    _, path = await uploaded(house, protected=True)
    await house("PATCH", "/api/collections/notes", {"viewRule": None}, token=house.root)
    token = (await house.made("/api/files/token", {})).record["token"]

    inside = await house("GET", f"{path}?thumb=70x50&token={token}")
    outside = await house("GET", f"{path}?thumb=70x50")

    assert (inside.status, outside.status) == (200, 404)


async def test_a_damaged_picture_is_sent_as_it_is(house: House, tmp_path: Path) -> None:
    """TH3: and nothing is kept of it."""
    half = PICTURE[: len(PICTURE) // 2]
    _, path = await uploaded(house, half)

    answers = [(await house("GET", f"{path}?thumb=70x50")).body for _ in range(2)]

    assert answers == [half, half]
    assert len(blobs(tmp_path)) == 1


async def test_a_thumbnail_of_a_lost_picture_is_not_found(house: House, tmp_path: Path) -> None:
    """No picture, no thumbnail."""
    _, path = await uploaded(house)
    on_disk(tmp_path, path.rpartition("/")[2]).unlink()

    assert (await house("GET", f"{path}?thumb=70x50")).status == 404
