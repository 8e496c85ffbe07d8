"""The SQLite file itself: format, plain SQL beside us, restarts, checkpoints, full disks."""

from pathlib import Path

import apsw
import pytest
from msgspec.structs import replace

from tests.stores.conftest import Opener
from yadokari.base.errors import Conflict, Unavailable
from yadokari.ports.store import ABSENT, Cursor, Row, Transaction
from yadokari.schema.collection import Collection
from yadokari.schema.fields import TextField
from yadokari.stores.sqlite.errors import WrongData
from yadokari.stores.sqlite.settings import SqliteSettings
from yadokari.testing.fake_clock import FakeClock
from yadokari.testing.suite_data import (
    PEOPLE,
    START,
    TEAMS,
    add,
    change,
    drop,
    ids_of,
    one,
    person,
    team,
    use,
)

SETTINGS = Collection(
    id="$settings",
    name="$settings",
    fields=(
        TextField(id="id", name="id", primary_key=True),
        TextField(id="value", name="value"),
    ),
)


async def test_everything_survives_a_restart(open_store: Opener, clock: FakeClock) -> None:
    """Rows, log, positions and stamps go on where they were, even with the clock set back."""
    first = await open_store()
    await use(first, TEAMS, PEOPLE)
    [row] = await add(first, person("p1", mates=("x",), meta="[1]"))
    head, schema = await first.head(), first.schema
    await first.close()
    clock.set_back(1_000_000)

    second = await open_store(schema=schema)

    assert second.stored_schema_version == schema.version
    assert await second.all_of(PEOPLE) == [row]
    assert await second.head() == head
    [later] = await add(second, person("p2"))
    assert later.stamp > row.stamp
    assert later.version > row.version
    log = await second.changes(head, entries_max=10)
    assert [entry.record_id for entry in log.entries] == ["p2"]


async def test_opening_an_existing_file_writes_nothing(open_store: Opener, tmp_path: Path) -> None:
    """A start must not wait for the disk, and a look at a copy must not change it."""
    first = await open_store()
    await use(first, TEAMS, PEOPLE)
    schema = first.schema
    await first.close()
    before = (tmp_path / "data.db").read_bytes()

    second = await open_store(schema=schema)

    assert (tmp_path / "data.db-wal").stat().st_size == 0
    assert (tmp_path / "data.db").read_bytes() == before
    await second.close()


async def test_a_newer_format_is_refused(open_store: Opener, tmp_path: Path) -> None:
    """An old program must not guess at a new file."""
    await (await open_store()).close()
    apsw.Connection(str(tmp_path / "data.db")).execute("PRAGMA user_version = 99")

    with pytest.raises(WrongData, match="99"):
        await open_store()


async def test_a_foreign_file_is_refused(open_store: Opener, tmp_path: Path) -> None:
    """PocketBase's data.db in our folder is not ours to change."""
    path = tmp_path / "data.db"
    apsw.Connection(str(path)).execute("CREATE TABLE _collections (id)")

    with pytest.raises(WrongData, match="import"):
        await open_store()

    tables = apsw.Connection(str(path)).execute("SELECT name FROM sqlite_schema").fetchall()
    assert tables == [("_collections",)]


async def test_rows_inserted_with_plain_sql_are_ordinary_rows(
    open_store: Opener, tmp_path: Path
) -> None:
    """Anyone may work on the tables; ids, versions and stamps have defaults."""
    store = await open_store()
    await use(store, TEAMS, PEOPLE)
    await add(store, team("a"))
    other = apsw.Connection(str(tmp_path / "data.db"))

    other.execute("INSERT INTO teams (label) VALUES ('raw'), ('raw2')")
    other.execute("INSERT INTO people (id, age, active, meta) VALUES ('p', '7', TRUE, NULL)")
    other.close()

    _, raw, _ = await store.all_of(TEAMS)
    assert raw.values["label"] == "raw"
    assert raw.id.startswith("r")
    changed = await change(store, raw, label="ours")
    await drop(store, changed)
    found = await one(store, PEOPLE, "p")
    assert found is not None
    assert found.values == person("p", name="", age=7, active=True).values
    await add(store, *(team(f"t{n}") for n in range(5)))
    assert len(await ids_of(store, TEAMS)) == 7


async def test_no_list_item_outlives_its_record(open_store: Opener, tmp_path: Path) -> None:
    """Side tables hold exactly what the records hold, so they do not grow for ever."""
    store = await open_store()
    await use(store, TEAMS, PEOPLE)
    [a, b, c] = await add(store, *(person(id_, mates=("x", "y"), tags=("a",)) for id_ in "abc"))

    await drop(store, a)
    await change(store, b, mates=("z",), tags=())

    other = apsw.Connection(str(tmp_path / "data.db"))
    mates = other.execute('SELECT * FROM "$multi pbc_people rel_mates" ORDER BY record, pos')
    assert mates.fetchall() == [(b.stamp, 0, "z"), (c.stamp, 0, "x"), (c.stamp, 1, "y")]
    tags = other.execute('SELECT record, value FROM "$multi pbc_people select_tags"')
    assert tags.fetchall() == [(c.stamp, "a")]
    other.close()


async def test_reserved_collections_write_no_log(open_store: Opener) -> None:
    """System data are nobody's business, and listeners would not know them."""
    store = await open_store()
    await store.ensure([SETTINGS])
    await store.ensure([SETTINGS])
    [row] = await add(store, Row("$settings", {"id": "one", "value": "x"}))
    await change(store, row, value="y")

    assert (await store.changes(START, entries_max=10)).entries == ()
    found = await one(store, SETTINGS, "one")
    assert found is not None
    assert found.values["value"] == "y"


async def test_the_wal_is_empty_after_closing(open_store: Opener, tmp_path: Path) -> None:
    """A copied file is a whole database."""
    store = await open_store()
    await use(store, TEAMS)
    await add(store, team("a"))

    await store.close()

    wal = tmp_path / "data.db-wal"
    assert not wal.exists() or wal.stat().st_size == 0
    copy = apsw.Connection(str(tmp_path / "data.db"))
    assert copy.execute("SELECT id FROM teams").fetchall() == [("a",)]


async def test_pages_go_home_while_writing(open_store: Opener, tmp_path: Path) -> None:
    """The WAL starts anew instead of growing for ever, also past its limit."""
    settings = SqliteSettings(synchronous="OFF", checkpoint_pages=10, wal_pages_max=60)
    store = await open_store(settings=settings)
    await use(store, TEAMS)

    for number in range(400):
        await add(store, team(f"t{number}", "x" * 1_000))

    written_pages = 400 * 5  # At least: the row, its index, the log, their roots.
    assert (tmp_path / "data.db-wal").stat().st_size < written_pages / 2 * 4_120


async def test_the_log_is_capped(open_store: Opener) -> None:
    """A reader further behind is told to read everything anew; positions are not used again."""
    settings = SqliteSettings(synchronous="OFF", log_entries_max=100)
    store = await open_store(settings=settings)
    await use(store, TEAMS)

    for number in range(20):
        await add(store, *(team(f"t{number}-{n}") for n in range(50)))

    head = await store.head()
    assert head.position == 1_000
    assert (await store.changes(START, entries_max=10)).lost
    near = await store.changes(Cursor(epoch=1, position=950), entries_max=100)
    assert len(near.entries) == 50
    schema = store.schema
    await store.close()
    again = await open_store(schema=schema, settings=settings)
    assert (await again.changes(START, entries_max=10)).lost
    assert await again.head() == head


async def test_a_full_disk_is_told_and_survived(open_store: Opener) -> None:
    """Nothing half-written; when there is room again, writes go on."""
    store = await open_store()
    await use(store, TEAMS)
    await add(store, team("a"))
    connection = store._connection
    [[pages]] = connection.execute("PRAGMA page_count").fetchall()
    connection.execute(f"PRAGMA max_page_count = {int(pages) + 2}").fetchall()

    async def fill() -> None:
        for number in range(100):
            await add(store, team(f"b{number}", "x" * 10_000))

    with pytest.raises(Unavailable, match="full"):
        await fill()
    connection.execute("PRAGMA max_page_count = 1000000").fetchall()

    before = await ids_of(store, TEAMS)
    assert before[0] == "a"
    await add(store, team("c"))
    assert await ids_of(store, TEAMS) == [*before, "c"]
    log = await store.changes(START, entries_max=1_000)
    assert [entry.record_id for entry in log.entries] == [*before, "c"]


async def test_another_programs_lock_is_told(open_store: Opener, tmp_path: Path) -> None:
    """Somebody opened the file with another tool and left a transaction open."""
    store = await open_store(settings=SqliteSettings(synchronous="OFF", busy_ms=10))
    await use(store, TEAMS)
    other = apsw.Connection(str(tmp_path / "data.db"))
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(Unavailable, match="busy"):
        await add(store, team("a"))

    other.execute("ROLLBACK")
    await add(store, team("a"))


async def test_an_index_over_an_expression_names_no_field(open_store: Opener) -> None:
    """PocketBase answers without details then."""
    store = await open_store()
    index = "CREATE UNIQUE INDEX idx_low ON teams (lower(label), id)"
    await use(store, replace(TEAMS, indexes=(index,)))
    by_label = "CREATE UNIQUE INDEX idx_label ON teams (lower(label))"
    await use(store, replace(TEAMS, indexes=(by_label,)))
    await add(store, team("a", "X"))

    with pytest.raises(Conflict) as caught:
        await add(store, team("b", "x"))

    assert caught.value.fields == ()


async def test_an_index_text_with_a_second_statement_is_refused(open_store: Opener) -> None:
    """What hides behind a semicolon never runs."""
    store = await open_store()
    await use(store, TEAMS)
    await add(store, team("a"))
    index = "CREATE INDEX idx_a ON teams (label); DELETE FROM teams"
    evil = replace(TEAMS, indexes=(index,))

    with pytest.raises(Exception, match="cannot be created"):
        await use(store, evil)

    assert await ids_of(store, TEAMS) == ["a"]


async def test_a_lone_surrogate_is_refused(open_store: Opener) -> None:
    """It cannot be UTF-8; the unit goes on and the database stays sound."""
    store = await open_store()
    await use(store, TEAMS)

    async def work(tx: Transaction) -> None:
        await tx.put(team("a", "\ud800"), expected=ABSENT)

    with pytest.raises(Exception, match="surrogate"):
        await store.transact(work)

    assert await ids_of(store, TEAMS) == []
