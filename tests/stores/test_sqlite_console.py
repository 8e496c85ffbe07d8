"""Free SQL on the SQLite store: bounded reads, writes that stay whole."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yadokari.app.system_clock import SystemClock
from yadokari.base.errors import BadRequest
from yadokari.ports.sql_console import ROWS_MAX
from yadokari.ports.store import ABSENT, Change, Cursor, Row, Transaction
from yadokari.schema.collection import Collection
from yadokari.schema.fields import NumberField, SelectField, TextField, Value
from yadokari.stores.sqlite.console import cell_text
from yadokari.stores.sqlite.settings import SqliteSettings
from yadokari.stores.sqlite.store import SqliteStore, open_sqlite
from yadokari.testing.fake_entropy import FakeEntropy
from yadokari.testing.suite_data import use

POSTS = Collection(
    id="c_posts",
    name="posts",
    fields=(
        TextField(id="f_id", name="id", primary_key=True),
        TextField(id="f_title", name="title"),
        NumberField(id="f_n", name="n"),
        SelectField(id="f_tags", name="tags", max_select=3, values=("a", "b", "c")),
    ),
    indexes=("CREATE UNIQUE INDEX one_title ON posts (title)",),
)


class World:
    """A store with three posts, and what its listeners heard."""

    def __init__(self, store: SqliteStore) -> None:
        self.store = store
        self.heard: list[Change] = []
        store.watch(self.heard.extend)

    async def add(self, id: str, *tags: str) -> None:
        """A post the usual way."""
        values: dict[str, Value] = {"id": id, "title": f"t{id}", "n": 1, "tags": tags}

        async def work(tx: Transaction) -> None:
            await tx.put(Row(POSTS.id, values), expected=ABSENT)

        await self.store.transact(work)

    async def rows(self) -> dict[str, Row]:
        """All posts by id."""
        return {row.id: row for row in await self.store.all_of(self.posts)}

    @property
    def posts(self) -> Collection:
        """As it is in force."""
        found = self.store.schema.find("posts")
        assert found is not None
        return found

    async def said(self) -> list[tuple[str, str]]:
        """Operations and ids in the stored change log."""
        changes = await self.store.changes(Cursor(epoch=1, position=0), entries_max=1_000)
        return [(change.op, change.record_id) for change in changes.entries]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """Three posts."""
    made = await made_world(tmp_path)
    yield made
    await made.store.close()


async def made_world(folder: Path) -> World:
    """Three posts in a new file."""
    store = await open_sqlite(
        folder / "data.db",
        clock=SystemClock(),
        entropy=FakeEntropy(),
        settings=SqliteSettings(view_timeout_ms=300, query_timeout_ms=300),
    )
    await use(store, POSTS)
    world = World(store)
    await world.add("1", "a", "b")
    await world.add("2", "c")
    await world.add("3")
    world.heard.clear()
    return world


def side_items(folder: Path) -> dict[int, list[str]]:
    """What the side table has, by creation stamp."""
    connection = apsw.Connection(str(folder / "data.db"))
    found = connection.execute(
        'SELECT record, value FROM "$multi c_posts f_tags" ORDER BY record, pos'
    ).fetchall()
    connection.close()
    items: dict[int, list[str]] = {}
    for record, value in found:
        items.setdefault(int(str(record)), []).append(str(value))
    return items


async def assert_whole(world: World, folder: Path) -> None:
    """Side tables hold what the records hold."""
    expected = {
        row.stamp: list(row.values["tags"])  # type: ignore[arg-type]  # a list field
        for row in (await world.rows()).values()
        if row.values["tags"]
    }
    assert side_items(folder) == expected


async def test_a_read_has_columns_and_texts(world: World):
    """Types as declared; hidden columns stay hidden."""
    outcome = await world.store.run_sql("SELECT *, n + 0.5 AS more FROM posts ORDER BY id LIMIT 1")

    assert [(column.name, column.type) for column in outcome.columns] == [
        ("id", "TEXT"), ("title", "TEXT"), ("n", "NUMERIC"), ("tags", "JSON"), ("more", ""),
    ]  # fmt: skip
    assert outcome.rows == (("1", "t1", "1", '["a","b"]', "1.5"),)


async def test_a_read_is_bounded_in_rows_and_time(world: World):
    """SC1: nobody waits for a join of everything with everything."""
    numbers = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c{}) "

    many = await world.store.run_sql(numbers.format(" WHERE x < 5000") + "SELECT x FROM c")
    with pytest.raises(BadRequest, match="too long"):
        await world.store.run_sql(numbers.format("") + "SELECT max(x) FROM c")

    assert len(many.rows) == ROWS_MAX


async def test_a_write_counts_like_any_other(world: World, tmp_path: Path):
    """SC2: version, list items, change log, listeners."""
    before = await world.rows()

    outcome = await world.store.run_sql(
        """UPDATE posts SET tags = '["c","a"]', n = 5 WHERE id IN ('1', '3')"""
    )

    after = await world.rows()
    assert outcome.affected == 2
    assert after["1"].values["tags"] == after["3"].values["tags"] == ("c", "a")
    assert after["1"].version > before["1"].version
    assert after["2"] == before["2"]
    assert [(change.op, change.record_id) for change in world.heard] == [
        ("update", "1"), ("update", "3"),
    ]  # fmt: skip
    assert world.heard[0].before == before["1"]
    assert world.heard[0].after == after["1"]
    await assert_whole(world, tmp_path)


async def test_made_and_removed_records_are_noted(world: World, tmp_path: Path):
    """Also those that a DELETE of all rows, or REPLACE, removes."""
    made = await world.store.run_sql(
        """INSERT INTO posts (title, tags) VALUES ('x', '["a"]'), ('y', '[]') RETURNING id"""
    )
    await assert_whole(world, tmp_path)
    replaced = await world.store.run_sql("REPLACE INTO posts (id, title) VALUES ('1', 't2')")
    await assert_whole(world, tmp_path)
    gone = await world.store.run_sql("DELETE FROM posts")
    await assert_whole(world, tmp_path)

    assert (made.affected, made.rows, replaced.affected, gone.affected) == (2, (), 1, 4)
    ops = [change.op for change in world.heard]
    assert ops[:2] == ["create", "create"]
    assert sorted(ops[2:5]) == ["create", "delete", "delete"]
    assert ops[5:] == ["delete"] * 4
    assert await world.rows() == {}


async def test_another_id_is_another_record(world: World):
    """H3: followers know records by their ids."""
    await world.store.run_sql("UPDATE posts SET id = 'new' WHERE id = '2'")

    assert [(change.op, change.record_id) for change in world.heard] == [
        ("delete", "2"), ("create", "new"),
    ]  # fmt: skip


async def test_statements_are_kept_together_or_not_at_all(world: World, tmp_path: Path):
    """An error in the last one undoes the first."""
    before = await world.rows()

    with pytest.raises(BadRequest, match="nope"):
        await world.store.run_sql("UPDATE posts SET n = 9; UPDATE posts SET nope = 1")
    with pytest.raises(BadRequest, match="UNIQUE"):
        await world.store.run_sql("UPDATE posts SET n = 9; UPDATE posts SET title = 'same'")

    assert await world.rows() == before
    assert world.heard == []
    await assert_whole(world, tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        'SELECT * FROM "$meta"',
        'SELECT count(*) FROM "$changes"',
        'DELETE FROM "$changes"',
        """INSERT INTO "$multi c_posts f_tags" VALUES (1, 2, '3')""",
        'UPDATE posts SET "$v" = 1',
        'UPDATE posts SET "$c" = 1',
        """INSERT INTO posts ("$c", title) VALUES (9223372036854775807, 'x')""",
        """UPDATE posts SET rowid = 5 WHERE id = '1'""",
        "CREATE TABLE x (a)",
        "CREATE TEMP TABLE x (a)",
        "CREATE INDEX x ON posts (n)",
        "DROP TABLE posts",
        "ALTER TABLE posts ADD COLUMN x",
        "CREATE TRIGGER x AFTER INSERT ON posts BEGIN SELECT 1; END",
        "ATTACH 'other.db' AS other",
        "BEGIN",
        "COMMIT",
        "SAVEPOINT x",
        "VACUUM",
        "VACUUM INTO 'copy.db'",
        "PRAGMA writable_schema = 1",
        "PRAGMA user_version = 5",
        "PRAGMA journal_mode = DELETE",
        "UPDATE sqlite_schema SET sql = ''",
        "SELECT load_extension('x')",
        "SELECT 1; SELECT 2 FROM posts; COMMIT",
        "UPDATE posts SET n = 3; ROLLBACK",
        "nonsense",
    ],
)
async def test_everything_else_is_refused_and_changes_nothing(
    world: World, tmp_path: Path, text: str
):
    """SC3: our tables, the schema, transactions, files, settings."""
    before = await world.rows()

    with pytest.raises(BadRequest):
        await world.store.run_sql(text)

    assert await world.rows() == before
    assert world.heard == []
    await assert_whole(world, tmp_path)
    await world.add("later")


async def test_a_write_that_takes_too_long_is_undone(world: World, tmp_path: Path):
    """Others wait for it; then they go on."""
    before = await world.rows()

    with pytest.raises(BadRequest, match="too long"):
        await world.store.run_sql(
            "UPDATE posts SET n = (WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c)"
            " SELECT max(x) FROM c)"
        )

    assert await world.rows() == before
    await world.add("later")
    await assert_whole(world, tmp_path)


STATEMENTS = st.lists(
    st.sampled_from(
        (
            """UPDATE posts SET tags = '["b"]' WHERE n < 3""",
            """UPDATE posts SET tags = '[]', n = n + 1""",
            """UPDATE posts SET tags = 'not a list' WHERE id = '2'""",
            """UPDATE posts SET tags = '["a","a"]' WHERE id = '3'""",
            """DELETE FROM posts WHERE id = '1'""",
            """DELETE FROM posts""",
            """INSERT OR IGNORE INTO posts (id, title, tags) VALUES ('1', 'z', '["c","b"]')""",
            """REPLACE INTO posts (id, title, tags) VALUES ('3', 't1', '["a"]')""",
            """INSERT INTO posts (id, title) VALUES ('2', 'u') ON CONFLICT DO NOTHING""",
            """UPDATE posts SET id = 'q' WHERE id = '2'""",
            """SELECT * FROM posts""",
        )
    ),
    min_size=1,
    max_size=6,
)


@given(STATEMENTS)
@settings(max_examples=40, deadline=None)
async def test_whatever_is_written_the_log_tells_it(
    tmp_path_factory: pytest.TempPathFactory, statements: list[str]
):
    """SC2: who follows the log has the same records in the end, and side tables agree."""
    folder = tmp_path_factory.mktemp("console")
    world = await made_world(folder)
    try:
        known = {id: row.version for id, row in (await world.rows()).items()}
        try:
            await world.store.run_sql("; ".join(statements))
        except BadRequest as error:
            assert "constraint" in str(error)  # noqa: PT017 - the only reason there may be
        for change in world.heard:
            if change.op == "delete":
                del known[change.record_id]
            else:
                assert known.get(change.record_id, 0) < change.version
                known[change.record_id] = change.version
        assert known == {id: row.version for id, row in (await world.rows()).items()}
        await assert_whole(world, folder)
        assert (await world.said())[3:] == [(c.op, c.record_id) for c in world.heard]
    finally:
        await world.store.close()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, None), ("x", "x"), (5, "5"), (1.5, "1.5"), (5.0, "5"), (1_000_000.0, "1e+06"),
        (123_456.0, "123456"), (1e21, "1e+21"), (0.1, "0.1"), (1e-7, "1e-07"), (0.0001, "0.0001"),
        (0.0, "0"), (-2.5e-10, "-2.5e-10"), (b"AB", "AB"), (b"\xffA", "\ufffdA"),
    ],
)  # fmt: skip
def test_cells_are_texts(value: object, text: str | None):
    """Numbers as Go writes them: the dashboard shows what PocketBase's shows."""
    assert cell_text(value) == text
    assert json.dumps(text)
