"""A view's columns are described as PocketBase describes them.

``view_columns.json`` was answered by PocketBase 0.40 (dry-run-view) over collections of this shape;
null stands for a refusal.
"""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from yadokari.base.errors import BadRequest
from yadokari.ports.store import Row, Store, Transaction, ViewColumn
from yadokari.schema.collection import Collection, Schema
from yadokari.schema.fields import (
    BoolField,
    FileField,
    GeoPointField,
    JsonField,
    NumberField,
    RelationField,
    SelectField,
    TextField,
    Value,
    zero,
)
from yadokari.stores.sqlite.settings import SqliteSettings
from yadokari.stores.sqlite.store import open_sqlite
from yadokari.testing.fake_clock import FakeClock
from yadokari.testing.fake_entropy import FakeEntropy
from yadokari.testing.suite_data import add, use

GOLDEN = json.loads((Path(__file__).parent / "view_columns.json").read_text())

ID = TextField(id="id", name="id", primary_key=True)
TEAM = Collection(id="team_id", name="team", fields=(ID, TextField(id="t1", name="label")))
PERSON = Collection(
    id="person_id",
    name="person",
    fields=(
        ID,
        TextField(id="p1", name="name"),
        SelectField(id="p2", name="tags", max_select=3),
        SelectField(id="p3", name="one", max_select=1),
        RelationField(id="p4", name="team", collection_id="team_id", max_select=1),
        NumberField(id="p5", name="age"),
        BoolField(id="p6", name="ok"),
        JsonField(id="p7", name="meta"),
        GeoPointField(id="p8", name="at"),
        FileField(id="p9", name="pics", max_select=4),
    ),
)
VIEW = Collection(
    id="vw_id",
    name="vw",
    type="view",
    fields=(ID, TextField(id="v1", name="name"), NumberField(id="v2", name="years")),
    view_query="select id, name, age as years from person;",
)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """A store with the oracle's collections."""
    settings = SqliteSettings(synchronous="OFF")
    store = await open_sqlite(
        tmp_path / "data.db", clock=FakeClock(), entropy=FakeEntropy(), settings=settings
    )
    store.adopt(Schema())
    await use(store, TEAM, PERSON, VIEW)
    values: dict[str, Value] = {field.name: zero(field) for field in PERSON.fields}
    await add(
        store,
        Row(TEAM.id, {"id": "t1", "label": "T"}),
        Row(PERSON.id, values | {"id": "p1", "name": "N", "team": "t1"}),
    )
    yield store
    await store.close()


async def test_columns_are_what_the_oracle_says(store: Store) -> None:
    """The contract's table of inference has many unwritten corners; these are the measured ones."""
    different = []

    for case in GOLDEN:
        told = await described(store, case["query"])
        if told != case["columns"]:
            different.append((case["query"], told, case["columns"]))

    assert not different, "\n".join(map(repr, different))
    assert len(GOLDEN) > 90


async def described(store: Store, query: str) -> list[list[str]] | None:
    """Name and kind of each column; None for a refusal."""

    async def work(tx: Transaction) -> tuple[ViewColumn, ...]:
        return await tx.describe_view(query)

    try:
        return [[column.name, kind_of(column)] for column in (await store.transact(work)).value]
    except BadRequest:
        return None


def kind_of(column: ViewColumn) -> str:
    """What the golden file calls such a column."""
    if column.name == "id":
        return "text"
    if column.source is None:
        return column.kind
    if column.source.name == "id":
        return f"id of {column.collection}"
    return f"plain {column.source.type}"
