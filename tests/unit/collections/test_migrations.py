"""Migrations: each file once, in order, whole or not at all, and back again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from tests.unit.collections.world import FakeBox, World, opened, text
from yadokari.base.log import SilentLog
from yadokari.collections.history import applied_names
from yadokari.collections.journal import FileJournal
from yadokari.collections.migration_files import (
    MigrationDocument,
    MigrationError,
    document_bytes,
    migration_names,
)
from yadokari.collections.migrations import Migrations
from yadokari.collections.operations import (
    AddField,
    CreateCollection,
    DeleteCollection,
    DropField,
    Operation,
    UpdateCollection,
)
from yadokari.testing.fake_clock import FakeClock
from yadokari.testing.fake_entropy import FakeEntropy

NOTES: dict[str, object] = {"id": "notes_id", "name": "notes", "fields": [text("t", id="t1")]}
PYTHON = """
async def up(app):
    notes = app.collection("notes")
    for row in await app.transaction.all_of(notes):
        values = {**row.values, "t": row.values["t"].upper()}
        await app.transaction.put(type(row)(row.collection_id, values), expected=row.version)
"""


class Bench:
    """A world with a folder of migrations."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world, self.folder = world, folder
        self.migrations = Migrations(
            store=world.store,
            folder=folder,
            clock=world.clock,
            draw=FakeEntropy(seed=2),
            log=SilentLog(),
            box=world.box,
        )

    def write(self, name: str, up: list[Operation], down: list[Operation] | None = None) -> None:
        """Put a JSON file into the folder."""
        self.folder.mkdir(exist_ok=True)
        document = MigrationDocument(up=up, down=down or [])
        (self.folder / name).write_bytes(document_bytes(document))

    def write_python(self, name: str, source: str) -> None:
        """Put a Python file into the folder."""
        self.folder.mkdir(exist_ok=True)
        (self.folder / name).write_text(source)


@pytest.fixture
async def bench(world: World, tmp_path: Path) -> Bench:
    """An empty folder beside a fresh world."""
    return Bench(world, tmp_path / "migrations")


async def test_pending_files_run_once_in_order(bench: Bench) -> None:
    """MG2: order is that of the seconds, whatever the folder's own order is."""
    bench.write("100_more.json", [AddField("notes_id", text("u", id="u1"))])
    bench.write("20_notes.json", [CreateCollection(NOTES)], [DeleteCollection("notes_id")])
    (bench.folder / "README.md").write_text("not a migration")

    first, again = await bench.migrations.up(), await bench.migrations.up()

    assert (first, again) == (["20_notes.json", "100_more.json"], [])
    names = [field.name for field in bench.world.collections.get("notes").fields]
    assert names == ["id", "t", "u"]
    assert await applied_names(bench.world.store) == first


async def test_python_file_changes_data_in_the_same_sequence(bench: Bench) -> None:
    """Schema before and after a change of data belong together."""
    bench.write("1_notes.json", [CreateCollection(NOTES)])
    await bench.migrations.up()
    await bench.world.add("notes", "r", {"t": "loud"})
    bench.write_python("2_loud.py", PYTHON)
    bench.write("3_rule.json", [UpdateCollection("notes_id", {"listRule": "t = 'LOUD'"})])

    await bench.migrations.up()

    notes = bench.world.collections.get("notes")
    [row] = await bench.world.store.all_of(notes)
    assert row.values["t"] == "LOUD"
    assert notes.list_rule == "t = 'LOUD'"


async def test_failing_file_leaves_nothing_and_is_named(bench: Bench) -> None:
    """MG1; those before it stay applied, so the next run begins at the mistake."""
    bench.write("1_notes.json", [CreateCollection(NOTES)])
    bench.write(
        "2_bad.json",
        [
            AddField("notes_id", text("u", id="u1")),
            UpdateCollection("notes_id", {"listRule": "gone = 1"}),
        ],
    )

    with pytest.raises(MigrationError, match=r"2_bad\.json.*listRule: validation_invalid_rule"):
        await bench.migrations.up()

    assert await applied_names(bench.world.store) == ["1_notes.json"]
    assert "u" not in bench.world.collections.get("notes").by_name
    assert bench.world.store.schema.collections == await bench.world.reloaded()


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("1_a.json", "{", "1_a.json: not a migration"),
        ("1_a.json", '{"up":[{"op":"fly"}]}', "1_a.json: not a migration.*fly"),
        ("1_a.json", '{"format":9}', "format 9"),
        ("1_a.json", '{"up":[{"op":"drop_field","collection":"x","field":"y"}]}', "operation 1"),
        ("1_a.py", "def (", "1_a.py: SyntaxError"),
        ("1_a.py", "x = 1", "has no `async def up"),
        ("1_a.py", "async def up(app):\n    app.collection('nope')", "no collection 'nope'"),
        ("1_a.py", "async def up(app):\n    1 / 0", "1_a.py: ZeroDivisionError"),
    ],
)
async def test_file_that_cannot_run_says_why(
    bench: Bench, name: str, content: str, reason: str
) -> None:
    """The message is what its author works with."""
    bench.write_python(name, content)

    with pytest.raises(MigrationError, match=reason):
        await bench.migrations.up()


async def test_down_takes_back_the_last_ones(bench: Bench) -> None:
    """MG3."""
    bench.write("1_notes.json", [CreateCollection(NOTES)], [DeleteCollection("notes_id")])
    add, drop = AddField("notes_id", text("u", id="u1")), DropField("notes_id", "u1")
    bench.write("2_more.json", [add], [drop])
    await bench.migrations.up()

    assert await bench.migrations.down(1) == ["2_more.json"]
    assert "u" not in bench.world.collections.get("notes").by_name
    assert await bench.migrations.down(5) == ["1_notes.json"]
    assert bench.world.store.schema.find("notes") is None
    assert await bench.migrations.up() == ["1_notes.json", "2_more.json"]


async def test_file_without_a_way_back_is_not_reverted(bench: Bench) -> None:
    """Forgetting it would run it a second time."""
    bench.write_python("1_a.py", "async def up(app):\n    pass")
    await bench.migrations.up()

    with pytest.raises(MigrationError, match="cannot be reverted"):
        await bench.migrations.down(1)

    assert await applied_names(bench.world.store) == ["1_a.py"]


async def test_history_forgets_files_that_are_gone(bench: Bench) -> None:
    """After files were squashed into one."""
    bench.write("1_a.json", [])
    bench.write("2_b.json", [])
    await bench.migrations.up()
    (bench.folder / "1_a.json").unlink()

    with pytest.raises(MigrationError, match="history-sync"):
        await bench.migrations.down(2)
    assert await bench.migrations.history_sync() == ["1_a.json"]

    assert await applied_names(bench.world.store) == []


async def test_snapshot_makes_the_same_schema_elsewhere(bench: Bench, tmp_path: Path) -> None:
    """A new installation begins where this one is."""
    await bench.world.collections.create({"name": "notes", "fields": [text("t")]})
    query = "select id, t from notes"
    await bench.world.collections.create({"name": "v", "type": "view", "viewQuery": query})
    path = Path(await bench.migrations.snapshot())

    (tmp_path / "elsewhere").mkdir()
    async with opened(tmp_path / "elsewhere") as other:
        await Bench(other, path.parent).migrations.up()
        made = other.store.schema

    assert [item.name for item in made.collections][-3:] == ["users", "notes", "v"]
    assert [field.name for field in made.collections[-1].fields] == ["id", "t"]
    secret = bench.world.collections.get("users").auth
    assert secret is not None
    assert secret.auth_token.secret not in text_of(path)


async def test_created_files_come_last_and_do_nothing(bench: Bench) -> None:
    """A template to fill in, JSON or Python."""
    bench.write("9999999999_late.json", [])

    paths = [Path(await bench.migrations.create(name)) for name in ("my change", "data fix.py")]

    assert migration_names(bench.folder)[1:] == [path.name for path in paths]
    assert [path.suffix for path in paths] == [".json", ".py"]
    assert len(await bench.migrations.up()) == 3


def text_of(path: Path) -> str:
    """What a file says."""
    return path.read_text()


# --- files written by a development server ----------------------------------------------------


@pytest.fixture
async def developing(tmp_path: Path) -> AsyncIterator[Bench]:
    """A world whose changes are written down."""
    folder = tmp_path / "written"
    journal = FileJournal(folder=folder, clock=FakeClock(), log=SilentLog())
    async with opened(tmp_path, journal=journal) as world:
        yield Bench(world, folder)


async def test_each_change_writes_one_file_that_is_applied_already(developing: Bench) -> None:
    """JO1, JO3: all in one second, still in order."""
    collections = developing.world.collections
    await collections.create({"name": "notes", "fields": [text("t")]})
    await collections.update("notes", {"listRule": ""})
    await collections.update("notes", {})
    await collections.delete("notes")

    names = migration_names(developing.folder)
    words = [name.partition("_")[2] for name in names]
    assert words == ["created_notes.json", "updated_notes.json", "deleted_notes.json"]
    assert await applied_names(developing.world.store) == names
    assert await developing.migrations.up() == []


async def test_refused_change_writes_nothing(developing: Bench) -> None:
    """JO2: files follow commits."""
    with pytest.raises(Exception, match="Failed"):
        await developing.world.collections.create({"name": "notes", "listRule": "nope = 1"})

    assert migration_names(developing.folder) == []
    assert await applied_names(developing.world.store) == []


async def test_change_stands_when_its_file_cannot_be_written(developing: Bench) -> None:
    """JO2: an error would say that nothing happened."""
    developing.folder.write_text("in the way")

    await developing.world.collections.create({"name": "notes"})

    assert developing.world.store.schema.find("notes") is not None


async def test_written_files_make_the_same_schema_elsewhere_and_back(
    developing: Bench, tmp_path: Path
) -> None:
    """What was tried in development is what production gets."""
    collections = developing.world.collections
    made = await collections.create({"name": "notes", "fields": [text("t"), text("u")]})
    field = {"id": made.by_name["t"].id, **text("title")}
    await collections.update("notes", {"fields": [field], "indexes": ["create index i on x(id)"]})
    await collections.create({"name": "v", "type": "view", "viewQuery": "select id from notes"})
    await collections.update("users", {"authRule": "verified = true", "otp": {"enabled": True}})

    (tmp_path / "elsewhere").mkdir()
    async with opened(tmp_path / "elsewhere") as other:
        production = Bench(other, developing.folder)
        await production.migrations.up()
        for name in ("notes", "v", "users"):
            ours, theirs = collections.get(name), other.collections.get(name)
            assert [f.name for f in theirs.fields] == [f.name for f in ours.fields]
            assert theirs.indexes == ours.indexes
        theirs_auth = other.collections.get("users").auth
        assert theirs_auth is not None
        assert (theirs_auth.auth_rule, theirs_auth.otp.enabled) == ("verified = true", True)
        await production.migrations.down(4)
        assert [item.name for item in other.store.schema.collections][-1] == "users"


def test_files_are_indented_json() -> None:
    """People review them."""
    content = document_bytes(MigrationDocument(up=[DeleteCollection("x")]))

    assert b'\n      "op": "delete_collection"' in content
    assert msgspec.json.decode(content)["format"] == 1


def test_box_is_bound_to_its_place() -> None:
    """The fake keeps the promise the tests count on."""
    box = FakeBox()

    with pytest.raises(AssertionError):
        box.open(box.seal("s", context="a"), context="b")
