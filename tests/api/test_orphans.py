"""Files that no record names: found among all others, and removed only when told."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from tests.api.program import House, Part
from tests.api.test_files import NOTES, blobs, names, notes
from tests.pictures import picture
from yadokari.files.orphans import AGE_MS, OrphansFound


def lay(folder: Path, key: str) -> None:
    """A file as a crash may leave it."""
    path = folder / "data" / "storage" / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"left")


def age(house: House, folder: Path, *, by_ms: int = AGE_MS) -> None:
    """Let every file be so old."""
    at_ns = (house.clock.unix_ms() - by_ms) * 1_000_000
    for path in (folder / "data" / "storage").rglob("*"):
        if path.is_file():
            os.utime(path, ns=(at_ns, at_ns))


async def orphans(house: House, *, remove: bool = False) -> OrphansFound:
    """What the command says."""
    arguments = msgspec.Raw(msgspec.json.encode({"remove": remove}))
    found = await house.program.commands.run("files.orphans", arguments)
    assert isinstance(found, OrphansFound)
    return found


async def test_orphans_are_found_and_removed_when_told(house: House, tmp_path: Path) -> None:
    """OR1: what records name stays, with its thumbnails; so does what is no file of a record."""
    id = await notes(house, thumbs=["0x40"])
    made = await house("POST", NOTES, [Part("files", picture("PNG", 60, 40), "a.png")])
    [name] = names(made)
    await house("GET", f"/api/files/notes/{made.id}/{name}?thumb=0x40")
    left = [
        f"{id}/{made.id}/gone.png",
        f"{id}/{made.id}/thumbs_gone.png/0x40_gone.png",
        f"{id}/nobody/a.png",
    ]
    for key in left:
        lay(tmp_path, key)
    strangers = [f"{id}/loose.txt", f"{id}/a/b/c/d.txt", "elsewhere/a/b.txt"]
    for key in strangers:
        lay(tmp_path, key)
    age(house, tmp_path)

    found = await orphans(house)
    removed = await orphans(house, remove=True)
    again = await orphans(house)

    assert found == OrphansFound(3, removed=False, keys=tuple(sorted(left)))
    assert removed == OrphansFound(3, removed=True, keys=tuple(sorted(left)))
    assert again.count == 0
    assert blobs(tmp_path) == {name, f"0x40_{name}", "loose.txt", "d.txt", "b.txt"}


async def test_a_young_file_is_no_orphan(house: House, tmp_path: Path) -> None:
    """OR2: its record may be on its way."""
    id = await notes(house)
    lay(tmp_path, f"{id}/r/a.txt")
    age(house, tmp_path, by_ms=AGE_MS - 1)

    assert (await orphans(house, remove=True)).count == 0


async def test_many_records_are_looked_at_in_turns(house: House, tmp_path: Path) -> None:
    """More than are read at once."""
    id = await notes(house)
    for number in range(450):
        lay(tmp_path, f"{id}/r{number:03}/a.txt")
    age(house, tmp_path)

    assert (await orphans(house, remove=True)).count == 450
    assert blobs(tmp_path) == set()
