"""Erased data is nowhere in the files, and the log goes on as if nothing had happened."""

from pathlib import Path

import apsw
import pytest

from tests.stores.conftest import Opener
from yadokari.base.errors import Unavailable
from yadokari.ports.erasable import Traces
from yadokari.stores.sqlite.erasing import compact
from yadokari.testing.suite_data import PEOPLE, START, TEAMS, add, drop, person, team, use

SECRET = "nobody-may-read-this"


def held(folder: Path) -> list[str]:
    """Files that hold the secret."""
    return [path.name for path in folder.iterdir() if SECRET.encode() in path.read_bytes()]


async def test_a_deleted_row_is_nowhere_in_the_files(open_store: Opener, tmp_path: Path):
    """X1, X2: free pages, gaps in pages and old frames of the WAL."""
    store = await open_store()
    await use(store, TEAMS)
    rows = await add(store, *(team(f"t{n}", f"{SECRET} {n}" * 9) for n in range(400)))
    await drop(store, *rows)
    assert held(tmp_path)

    everything = Traces(records=tuple((TEAMS.id, row.id) for row in rows))
    count = await store.forget_images(everything, dry_run=False)
    await store.compact()

    assert count == len(rows)
    assert held(tmp_path) == []
    assert await add(store, team("later"))


async def test_entries_keep_their_places_without_their_images(open_store: Opener):
    """E1: whoever follows the log misses no deletion."""
    store = await open_store()
    await use(store, TEAMS, PEOPLE)
    await drop(store, *await add(store, team("t1", SECRET), team("t2", f"of {SECRET}")))
    await drop(store, *await add(store, person("p1", name="somebody else")))
    before = await store.changes(START, entries_max=50)

    by_text = Traces(records=(), texts=(SECRET,))
    assert await store.forget_images(by_text, dry_run=True) == 2
    assert await store.changes(START, entries_max=50) == before
    assert await store.forget_images(by_text, dry_run=False) == 2

    after = await store.changes(START, entries_max=50)
    facts = [(e.position, e.op, e.collection_id, e.record_id) for e in before.entries]
    assert [(e.position, e.op, e.collection_id, e.record_id) for e in after.entries] == facts
    images = {e.record_id: e.before for e in after.entries if e.op == "delete"}
    assert (images["t1"], images["t2"]) == (None, None)
    assert images["p1"] is not None


async def test_samples_of_keys_go_as_well(open_store: Opener, tmp_path: Path):
    """X3: the planner's statistics hold values of indexed columns."""
    store = await open_store()
    await use(store, TEAMS)
    rows = await add(store, *(team(f"{SECRET}-{n}") for n in range(30)))
    other = apsw.Connection(str(tmp_path / "data.db"))
    other.execute("ANALYZE").fetchall()
    other.close()
    await drop(store, *rows)
    gone = Traces(records=tuple((TEAMS.id, row.id) for row in rows))
    await store.forget_images(gone, dry_run=False)

    await store.compact()

    connection = apsw.Connection(str(tmp_path / "data.db"), flags=apsw.SQLITE_OPEN_READONLY)
    names = [row[0] for row in connection.execute("SELECT name FROM sqlite_schema").fetchall()]
    for table in {"sqlite_stat4"} & set(names):
        assert connection.execute(f"SELECT count(*) FROM {table}").fetchall() == [(0,)]
    connection.close()


def test_a_reader_of_old_pages_is_told(tmp_path: Path):
    """Half an erasure must not look like a whole one."""
    writer = apsw.Connection(str(tmp_path / "data.db"))
    writer.execute(
        "PRAGMA journal_mode = WAL; CREATE TABLE t (a); INSERT INTO t VALUES (1)"
    ).fetchall()
    reader = apsw.Connection(str(tmp_path / "data.db"))
    reader.execute("BEGIN; SELECT * FROM t").fetchall()

    with pytest.raises(Unavailable, match="Erase again"):
        compact(writer, readers_ms=0)

    reader.execute("COMMIT").fetchall()
    compact(writer, readers_ms=0)
    assert (tmp_path / "data.db-wal").stat().st_size == 0
    reader.close()
    writer.close()
