"""Backups of a real store: whole, of one moment, refused when they are not what they say."""

from __future__ import annotations

import asyncio
import contextlib
import io
import zipfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from tests.unit.upkeep.test_crons import Heard
from yadokari.app.data_swap import DataSwap
from yadokari.base.errors import BadRequest, Invalid
from yadokari.blobs.local.bucket import LocalBucket
from yadokari.ports.bucket import BlobKey
from yadokari.ports.snapshot import SideTable, Unfit
from yadokari.ports.store import ABSENT, Row, Transaction
from yadokari.schema.collection import Collection
from yadokari.schema.fields import TextField
from yadokari.stores.sqlite import snapshot
from yadokari.stores.sqlite.snapshot import SqliteSnapshots
from yadokari.stores.sqlite.store import SqliteStore, open_sqlite
from yadokari.testing.fake_clock import FakeClock
from yadokari.testing.fake_entropy import FakeEntropy
from yadokari.testing.suite_data import use
from yadokari.upkeep.backup_zip import MANIFEST, unpacked
from yadokari.upkeep.backups import AUTO_PREFIX, Backups, Parts

NOTES = Collection(
    id="c_notes",
    name="notes",
    fields=(TextField(id="id", name="id", primary_key=True), TextField(id="t", name="text")),
)
ROWS = 300
COMMITS_MAX = 2_000


class World:
    """A store with notes, its files, and backups of both."""

    def __init__(self, folder: Path, store: SqliteStore, clock: FakeClock) -> None:
        self.folder, self.store, self.clock = folder, store, clock
        entropy = FakeEntropy()
        self.storage = LocalBucket(folder / "storage", entropy=entropy)
        self.kept = LocalBucket(folder / "backups", entropy=entropy)
        self.held = 0
        self.swap = DataSwap(folder)
        self.snapshots = SqliteSnapshots(folder / "data.db")
        self.side = SideTable(
            name="_side", statements=("CREATE TABLE _side (a)",), columns=("a",), rows=[(1,)]
        )
        self.backups = Backups(
            parts=Parts(
                snapshots=self.snapshots,
                side_tables=lambda: (self.side,),
                storage=lambda: self.storage,
                secret_key=lambda: b"key",
                hold_files=self._hold,
                program="test",
            ),
            bucket=lambda: self.kept,
            staging=self.swap,
            scratch=folder / ".scratch",
            app_name=lambda: "My App!",
            clock=clock,
            entropy=entropy,
            log=Heard(),
        )

    @contextlib.contextmanager
    def _hold(self) -> Iterator[None]:
        self.held += 1
        yield

    async def add(self, first: int, count: int) -> None:
        """More notes."""

        async def work(tx: Transaction) -> None:
            for number in range(first, first + count):
                values = {"id": f"n{number}", "text": "x" * 200}
                await tx.put(Row(NOTES.id, values), expected=ABSENT)  # type: ignore[arg-type]

        await self.store.transact(work)

    async def content(self, key: str) -> bytes:
        """A kept backup."""
        return b"".join([piece async for piece in self.kept.read(BlobKey(key))])

    async def keep(self, key: str, content: bytes) -> None:
        """Put a file among the backups."""
        await self.kept.put(BlobKey(key), content, content_type="application/zip", metadata={})


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """Notes and one file."""
    clock = FakeClock()
    store = await open_sqlite(tmp_path / "data.db", clock=clock, entropy=FakeEntropy())
    await use(store, NOTES)
    made = World(tmp_path, store, clock)
    await made.add(0, ROWS)
    await made.storage.put(
        BlobKey("c_notes/n1/a.txt"), b"file", content_type="text/plain", metadata={"m": "1"}
    )
    yield made
    await store.close()


def changed(content: bytes, change: Callable[[dict[str, bytes]], None]) -> bytes:
    """The same zip with other entries."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    change(entries)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return target.getvalue()


async def test_a_backup_holds_records_files_and_their_facts(world: World, tmp_path: Path):
    """Z1: restored elsewhere, nothing is missing."""
    key = await world.backups.create("a.zip")
    target = tmp_path / "elsewhere"
    target.mkdir()
    (tmp_path / "fetched.zip").write_bytes(await world.content(key))

    manifest = unpacked(tmp_path / "fetched.zip", target)

    assert manifest.rows["notes"] == ROWS
    assert (target / "storage/c_notes/n1/a.txt").read_bytes() == b"file"
    assert (target / "secret_key").read_bytes() == b"key"
    restored = LocalBucket(target / "storage", entropy=FakeEntropy())
    info = await restored.head(BlobKey("c_notes/n1/a.txt"))
    assert (info.content_type, info.metadata) == ("text/plain", {"m": "1"})
    await world.snapshots.examine(target / "data.db")
    assert world.held == 1
    assert list((tmp_path / ".scratch").iterdir()) == []


async def test_a_backup_is_of_one_moment_while_writing_goes_on(world: World):
    """N1 of snapshots: a change log and records that belong together."""
    made = asyncio.create_task(world.backups.create("live.zip"))
    first = ROWS
    while not made.done():
        await world.add(first, 5)
        first += 5
        await asyncio.sleep(0)
    await made
    with zipfile.ZipFile(io.BytesIO(await world.content("live.zip"))) as archive:
        (world.folder / "live.db").write_bytes(archive.read("data.db"))

    counts = await world.snapshots.counts(world.folder / "live.db")
    report = await world.backups.verify("live.zip")

    assert counts["notes"] == counts["$changes"]
    assert counts["notes"] % 5 == 0
    assert ROWS <= counts["notes"] <= first
    assert report.ok


async def test_a_copy_never_begins_anew(world: World, monkeypatch: pytest.MonkeyPatch):
    """P1: one read transaction lasts as long as the copy, however often others commit."""
    monkeypatch.setattr(snapshot, "SLICE_PAGES", 1)
    await world.add(ROWS, 500)
    path = world.folder / "copy.db"
    taking = asyncio.create_task(world.snapshots.take(path))
    first, commits = ROWS + 500, 0
    while not taking.done() and commits < COMMITS_MAX:
        await world.add(first, 1)
        first, commits = first + 1, commits + 1
        await asyncio.sleep(0.001)
    is_done = taking.done()
    taking.cancel()
    await asyncio.wait((taking,))
    assert is_done

    counts = await world.snapshots.counts(path)

    assert counts["notes"] <= ROWS + 500 + 2
    assert commits > 10


async def test_one_backup_at_a_time(world: World):
    """BK1: the second is told to try later, and the first is not harmed."""
    first = asyncio.create_task(world.backups.create("one.zip"))
    await asyncio.sleep(0)
    assert world.backups.is_busy

    with pytest.raises(BadRequest, match="Try again later"):
        await world.backups.create("two.zip")
    with pytest.raises(BadRequest, match="Try again later"):
        await world.backups.create_scheduled(keep_max=1)
    with pytest.raises(BadRequest):
        await world.backups.delete("one.zip")

    await first
    assert [made.key for made in await world.backups.list()] == ["one.zip"]
    assert not world.backups.is_busy


async def test_scheduled_backups_are_rotated(world: World):
    """The newest ones stay, and so do those that somebody made."""
    await world.backups.create("mine.zip")
    for _ in range(4):
        world.clock.advance(61_000)
        await world.backups.create_scheduled(keep_max=2)

    keys = [made.key for made in await world.backups.list()]

    assert "mine.zip" in keys
    assert len([key for key in keys if key.startswith(AUTO_PREFIX + "my_app_")]) == 2


async def test_a_drill_reports_what_is_in_a_backup(world: World):
    """A backup that was never restored is a hope."""
    await world.backups.create("a.zip")

    report = await world.backups.verify("a.zip")

    assert (report.ok, report.files) == (True, 1)
    assert report.rows > ROWS
    with pytest.raises(BadRequest):
        await world.backups.verify("nope.zip")


def tampered(entries: dict[str, bytes]) -> None:
    """A byte of the database is another one."""
    data = bytearray(entries["data.db"])
    data[len(data) // 2] ^= 1
    entries["data.db"] = bytes(data)


def from_newer(entries: dict[str, bytes]) -> None:
    """A program of the future made it."""
    manifest = msgspec.json.decode(entries[MANIFEST])
    entries[MANIFEST] = msgspec.json.encode({**manifest, "format": 99})


def lacking_rows(entries: dict[str, bytes]) -> None:
    """The manifest says more than there is."""
    manifest = msgspec.json.decode(entries[MANIFEST])
    entries[MANIFEST] = msgspec.json.encode({**manifest, "rows": {**manifest["rows"], "notes": 7}})


Entries = dict[str, bytes]


def without(name: str) -> Callable[[Entries], None]:
    """An entry is missing."""

    def change(entries: Entries) -> None:
        del entries[name]

    return change


def having(name: str, content: bytes = b"x") -> Callable[[Entries], None]:
    """An entry is added, or another one."""

    def change(entries: Entries) -> None:
        entries[name] = content

    return change


@pytest.mark.parametrize(
    "change",
    [
        tampered,
        from_newer,
        lacking_rows,
        without("storage/c_notes/n1/a.txt"),
        without(MANIFEST),
        without("data.db"),
        having("../evil"),
        having("storage/../../evil"),
        having("/etc/evil"),
        having("storage\\..\\evil"),
        having("data.db", b"not a database"),
        having(MANIFEST, b"{"),
    ],
)
async def test_what_is_not_whole_is_refused_before_anything_changes(
    world: World, change: Callable[[dict[str, bytes]], None]
):
    """BK3, Z2, Z3."""
    await world.backups.create("a.zip")
    await world.keep("b.zip", changed(await world.content("a.zip"), change))

    report = await world.backups.verify("b.zip")
    with pytest.raises(Unfit):
        await world.backups.prepare_restore("b.zip")

    assert not report.ok
    assert report.reason
    assert not world.swap.finish()
    assert not list(world.folder.parent.glob("evil"))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"PK\x05\x06" + bytes(18), b"x" * 5_000])
async def test_what_is_no_backup_is_refused(world: World, content: bytes):
    """Uploads are only known to begin like a zip."""
    await world.keep("b.zip", content)

    assert not (await world.backups.verify("b.zip")).ok
    with pytest.raises(Unfit):
        await world.backups.prepare_restore("b.zip")


async def test_a_link_in_a_zip_is_refused(world: World):
    """Z2: what is written through it would land elsewhere."""
    await world.backups.create("a.zip")
    target = io.BytesIO(await world.content("a.zip"))
    with zipfile.ZipFile(target, "a") as archive:
        link = zipfile.ZipInfo("storage/link")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc")
    await world.keep("b.zip", target.getvalue())

    assert not (await world.backups.verify("b.zip")).ok


async def test_restored_data_lacks_what_was_for_other_programs(world: World):
    """Tables beside the records would be in the way of the next backup."""
    await world.backups.create("a.zip")

    await world.backups.prepare_restore("a.zip")

    counts = await world.snapshots.counts(world.folder / ".restore" / "new" / "data.db")
    assert "_side" not in counts
    assert counts["notes"] == ROWS


@pytest.mark.parametrize("name", ["A.zip", "a b.zip", "a", "../a.zip", ".zip", "a.zip\n"])
async def test_names_are_checked(world: World, name: str):
    """They become files."""
    with pytest.raises(Invalid):
        await world.backups.create(name)


async def test_a_snapshot_that_is_given_up_ends(world: World):
    """A server that stops does not wait for a long copy."""
    taking = asyncio.create_task(world.snapshots.take(world.folder / "copy.db"))
    await asyncio.sleep(0)
    taking.cancel()

    with pytest.raises(asyncio.CancelledError):
        await taking
