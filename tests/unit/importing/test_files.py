"""Files come over with what is known of them."""

from pathlib import Path

import pytest

from yadokari.base.errors import NotFound
from yadokari.blobs.local.bucket import LocalBucket
from yadokari.files.keys import file_key
from yadokari.importing.errors import ImportDiffers
from yadokari.importing.files import FileCarrier, FilesDigest
from yadokari.importing.findings import Findings
from yadokari.ports.store import Row
from yadokari.schema.collection import Collection
from yadokari.schema.fields import FileField, TextField
from yadokari.testing.fake_entropy import FakeEntropy

ALBUM = Collection(
    id="album",
    name="album",
    fields=(
        TextField(id="id", name="id", primary_key=True),
        FileField(id="f", name="files", max_select=9),
    ),
)
ROW = Row(ALBUM.id, {"id": "r1", "files": ("a.png", "gone.png")})
KEY = file_key("album", "r1", "a.png")


class Buckets:
    """Both sides, one picture in the source."""

    def __init__(self, folder: Path) -> None:
        entropy = FakeEntropy()
        self.source = LocalBucket(folder / "source", entropy=entropy)
        self.target = LocalBucket(folder / "target", entropy=entropy)
        self.findings = Findings()
        self.carrier = FileCarrier(
            source=self.source, target=self.target, key_of=file_key, findings=self.findings
        )

    async def fill(self) -> None:
        """Put the picture, a thumbnail of it and a file that no record names."""
        facts = {"original-filename": "A.png"}
        await self.source.put(KEY, b"picture", content_type="image/png", metadata=facts)
        for name in ("thumbs_a.png/10x10_a.png", "orphan.txt"):
            await self.source.put(file_key("album", "r1", name), b"x", content_type="", metadata={})


async def test_a_file_keeps_its_bytes_type_and_names(tmp_path: Path):
    """FL1 to FL3, and what is left is told."""
    both = Buckets(tmp_path)
    await both.fill()

    await both.carrier.carry(ALBUM, ROW, dry_run=False)
    await both.carrier.note_left([ALBUM])
    digest = FilesDigest()
    await both.carrier.compare(ALBUM, ROW, digest)

    info = await both.target.head(KEY)
    assert (info.content_type, dict(info.metadata)) == ("image/png", {"original-filename": "A.png"})
    assert b"".join([piece async for piece in both.target.read(KEY)]) == b"picture"
    assert (digest.result().count, digest.result().bytes) == (1, 7)
    assert {(one.sort, one.names) for one in both.findings.all()} == {
        ("look at", ("album/r1/gone.png",)),
        ("left out", ("album/r1/orphan.txt",)),
        ("left out", ("album/r1/thumbs_a.png/10x10_a.png",)),
    }


async def test_a_dry_run_looks_and_carries_nothing(tmp_path: Path):
    """The findings are the same."""
    both = Buckets(tmp_path)
    await both.fill()

    await both.carrier.carry(ALBUM, ROW, dry_run=True)
    await both.carrier.note_left([ALBUM])

    assert len(both.findings.all()) == 3
    with pytest.raises(NotFound):
        await both.target.head(KEY)


@pytest.mark.parametrize("how", ["bytes", "type", "gone"])
async def test_a_file_that_is_not_the_same_is_found_out(tmp_path: Path, how: str):
    """FL3: a bucket that garbles a file must not pass."""
    both = Buckets(tmp_path)
    await both.fill()
    await both.carrier.carry(ALBUM, ROW, dry_run=False)
    if how == "gone":
        await both.target.delete(KEY)
    else:
        body = b"pictures"[:7] if how == "type" else b"PICTURE"
        media = "text/plain" if how == "type" else "image/png"
        facts = {"original-filename": "A.png"}
        await both.target.put(KEY, body, content_type=media, metadata=facts)

    with pytest.raises(ImportDiffers):
        await both.carrier.compare(ALBUM, ROW, FilesDigest())
