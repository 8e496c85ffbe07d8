"""Part of the store suite: view collections, a capability."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from yadokari.base.errors import BadRequest
from yadokari.ports.store import Row, Store, Transaction, ViewColumn
from yadokari.rules.bind import NOTHING
from yadokari.rules.plan import Plan
from yadokari.schema.collection import Collection, Schema
from yadokari.schema.diff import diff_schemas
from yadokari.schema.fields import JsonField, NumberField, TextField
from yadokari.schema.steps import SchemaStep
from yadokari.testing.suite_data import (
    PEOPLE,
    TEAMS,
    add,
    count_of,
    needs,
    page_of,
    person,
    team,
    use,
)

ID = TextField(id="v_id", name="id", primary_key=True)


def view(query: str, *fields: TextField | NumberField | JsonField) -> Collection:
    """A view collection over a query."""
    return Collection(
        id="pbc_view", name="board", type="view", fields=(ID, *fields), view_query=query
    )


async def described(store: Store, query: str) -> tuple[ViewColumn, ...]:
    """Columns of a query in a unit of its own."""

    async def work(tx: Transaction) -> tuple[ViewColumn, ...]:
        return await tx.describe_view(query)

    return (await store.transact(work)).value


class ViewsSuite:
    """View collections."""

    @needs("view_queries")
    async def test_a_view_is_read_like_any_collection(self, store: Store) -> None:
        """Rows by id, by plan and by count; its id is text; rows have no version."""
        await use(store, TEAMS, PEOPLE)
        await add(store, team("a", "x"), team("b", "y"))
        board = view(
            "SELECT (ROW_NUMBER() OVER ()) AS id, label FROM teams",
            TextField(id="v_label", name="label"),
        )

        await use(store, TEAMS, PEOPLE, board)

        plan = Plan(collection=board)
        assert await page_of(store, plan) == ["1", "2"]
        assert await count_of(store, plan) == 2
        assert await store.get(board, ["2"]) == {"2": Row(board.id, {"id": "2", "label": "y"})}
        assert await store.first(plan, NOTHING, id="1") is not None

    @needs("view_queries")
    async def test_a_views_values_are_canonical_whatever_comes(self, store: Store) -> None:
        """Expressions give any storage class; the collection's fields decide."""
        await use(store, TEAMS)
        await add(store, team("a", "x"))
        query = "SELECT id, 5 AS t, 'x' AS n, NULL AS m, (upper(label)) AS j, 2.5 AS k FROM teams"
        board = view(
            query,
            TextField(id="v1", name="t"),
            NumberField(id="v2", name="n"),
            NumberField(id="v3", name="m"),
            JsonField(id="v4", name="j"),
            JsonField(id="v5", name="k"),
        )

        await use(store, TEAMS, board)

        [row] = await store.all_of(board)
        assert row.values == {"id": "a", "t": "5", "n": 0, "m": 0, "j": '"X"', "k": "2.5"}

    @needs("view_queries")
    async def test_a_column_that_a_view_lost_reads_as_zero(self, store: Store) -> None:
        """A field was renamed; the view's text follows, its collection does not until saved."""
        await use(store, TEAMS)
        await add(store, team("a", "x"))
        board = view("SELECT id, label FROM teams", TextField(id="v_label", name="label"))
        await use(store, TEAMS, board)
        renamed = replace(TEAMS, fields=(TEAMS.fields[0], replace(TEAMS.fields[1], name="title")))

        async def rename(tx: Transaction) -> None:
            schema = tx.schema.with_collections([renamed, board])
            await tx.apply(_steps(tx, renamed), schema=schema)

        await store.transact(rename)

        [row] = await store.all_of(board)
        assert row.values == {"id": "a", "label": ""}

    @needs("view_queries")
    async def test_dropping_what_a_view_reads_is_refused(self, store: Store) -> None:
        """The column and the table alike; both stay."""
        await use(store, TEAMS, PEOPLE)
        board = view("SELECT id, label FROM teams", TextField(id="v_label", name="label"))
        await use(store, TEAMS, PEOPLE, board)
        narrow = replace(TEAMS, fields=TEAMS.fields[:1])

        async def apply(tx: Transaction, *tables: Collection) -> None:
            schema = tx.schema.with_collections([*tables, board])
            await tx.apply(_steps(tx, *tables), schema=schema)

        with pytest.raises(BadRequest):
            await store.transact(lambda tx: apply(tx, narrow, PEOPLE))
        with pytest.raises(BadRequest):
            await store.transact(lambda tx: apply(tx, PEOPLE))

        await add(store, team("a", "x"), person("p"))
        assert len(await store.all_of(board)) == 1

    @needs("view_queries")
    async def test_columns_are_described_with_what_is_behind_them(self, store: Store) -> None:
        """Plain columns know their field; the rest a kind."""
        await use(store, TEAMS, PEOPLE)
        query = (
            "SELECT p.id, t.id AS team_id, p.name AS who, count(p.id) AS n, total(p.age) AS sum,"
            " cast(p.age AS int) AS whole, (p.name) AS other"
            " FROM people p LEFT JOIN teams AS t ON t.id = p.team GROUP BY p.id"
        )

        columns = await described(store, query)

        told = [(c.name, c.collection, c.source and c.source.name, c.kind) for c in columns]
        assert told == [
            ("id", "people", "id", "json"),
            ("team_id", "teams", "id", "json"),
            ("who", "people", "name", "json"),
            ("n", None, None, "integer"),
            ("sum", None, None, "number"),
            ("whole", None, None, "integer"),
            ("other", None, None, "json"),
        ]

    @needs("view_queries")
    @pytest.mark.parametrize(
        "query",
        [
            "SELECT * FROM teams",
            "SELECT t.* FROM teams t",
            "SELECT label FROM teams",
            "SELECT id FROM nowhere",
            "SELECT id, nothing FROM teams",
            "DELETE FROM teams",
            "SELECT id FROM teams; DELETE FROM teams",
            "SELECT id FROM teams) ; DELETE FROM teams; SELECT * FROM (SELECT 1",
            "SELECT id FROM teams WHERE id = ?",
            "SELECT '' AS id",
            "SELECT NULL AS id",
            "SELECT id, label || 'x' AS y FROM teams",
            "",
            "(",
        ],
    )
    async def test_what_is_no_view_is_refused_with_a_reason(self, store: Store, query: str) -> None:
        """And nothing of it ran."""
        await use(store, TEAMS)
        await add(store, team("a", "x"))

        with pytest.raises(BadRequest) as caught:
            await described(store, query)

        assert caught.value.message
        assert len(await store.all_of(TEAMS)) == 1

    @needs("view_queries")
    async def test_an_endless_query_is_stopped(self, store: Store) -> None:
        """A recursive query without an end costs a bounded time."""
        await use(store, TEAMS)
        query = (
            "WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n)"
            " SELECT max(id) AS id FROM n"
        )

        with pytest.raises(BadRequest):
            await described(store, query)

        await add(store, team("a"))

    @needs("view_queries")
    async def test_a_sample_gives_the_first_rows_raw(self, store: Store) -> None:
        """What the dry run shows."""
        await use(store, TEAMS)
        await add(store, team("a", "x"), team("b", "y"), team("c", "z"))

        async def work(tx: Transaction) -> list[dict[str, object]]:
            return await tx.sample_view("SELECT id, label AS l FROM teams;", rows_max=2)

        rows = (await store.transact(work)).value

        assert rows == [{"id": "a", "l": "x"}, {"id": "b", "l": "y"}]

    @needs("view_queries")
    async def test_columns_are_read_from_a_views_text_alone(self, store: Store) -> None:
        """Who serves a view's files asks where a column comes from, and must not run the view."""
        await use(store, TEAMS)

        columns = store.view_columns("SELECT id, t.label AS l, nope(1) AS n FROM teams AS t")

        assert [(c.name, c.collection, c.source and c.source.name) for c in columns] == [
            ("id", "teams", "id"),
            ("l", "teams", "label"),
            ("n", None, None),
        ]

    async def test_a_store_without_views_says_so(self, store: Store) -> None:
        """Absence of the capability is an answer, not a crash."""
        await use(store, TEAMS)
        if store.capabilities.view_queries:
            assert await described(store, "SELECT id FROM teams")
            return

        assert store.view_columns("SELECT id FROM teams") == ()
        with pytest.raises(BadRequest):
            await described(store, "SELECT id FROM teams")


def _steps(tx: Transaction, *tables: Collection) -> list[SchemaStep]:
    """Steps for the tables alone, as if no view were there."""
    old = Schema(collections=tuple(c for c in tx.schema.collections if not c.is_view))
    return list(diff_schemas(old, Schema(collections=tables)))
