"""Collections, rows and short ways to write them, shared by the parts of the store suite."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import pytest

from yadokari.ports.store import ABSENT, Committed, Cursor, Page, Reads, Row, Store, Transaction
from yadokari.rules.bind import NOTHING, Binding
from yadokari.rules.plan import Plan
from yadokari.schema.collection import AuthOptions, Collection
from yadokari.schema.diff import diff_schemas
from yadokari.schema.fields import (
    GEO_ZERO,
    JSON_NULL,
    BoolField,
    GeoPointField,
    JsonField,
    NumberField,
    PasswordField,
    RelationField,
    SelectField,
    TextField,
    Value,
)

T = TypeVar("T")

TEAMS = Collection(
    id="pbc_teams",
    name="teams",
    fields=(
        TextField(id="text_id", name="id", primary_key=True),
        TextField(id="text_label", name="label"),
    ),
)
PEOPLE = Collection(
    id="pbc_people",
    name="people",
    type="auth",
    auth=AuthOptions(),
    fields=(
        TextField(id="text_id", name="id", primary_key=True),
        PasswordField(id="password_1", name="password", hidden=True),
        TextField(id="text_key", name="tokenKey", hidden=True),
        TextField(id="text_name", name="name"),
        TextField(id="text_mail", name="mail"),
        NumberField(id="number_age", name="age"),
        BoolField(id="bool_active", name="active"),
        SelectField(id="select_mood", name="mood", values=("good", "bad"), max_select=1),
        SelectField(id="select_tags", name="tags", values=("a", "b", "c"), max_select=3),
        RelationField(id="rel_team", name="team", collection_id="pbc_teams", max_select=1),
        RelationField(id="rel_mates", name="mates", collection_id="pbc_people", max_select=9),
        JsonField(id="json_meta", name="meta"),
        GeoPointField(id="geo_at", name="at"),
    ),
    indexes=(
        "CREATE UNIQUE INDEX idx_mail ON people (mail COLLATE NOCASE) WHERE mail != ''",
        "CREATE UNIQUE INDEX idx_pair ON people (name, age)",
    ),
)
START = Cursor(epoch=1, position=0)

_BLANK: dict[str, Value] = {
    "password": "",
    "tokenKey": "",
    "name": "",
    "mail": "",
    "age": 0,
    "active": False,
    "mood": "",
    "tags": (),
    "team": "",
    "mates": (),
    "meta": JSON_NULL,
    "at": GEO_ZERO,
}


def needs(capability: str) -> pytest.MarkDecorator:
    """Run the test only on stores with this capability."""
    return pytest.mark.needs(capability)


def person(id: str, **values: Value) -> Row:
    """A row of PEOPLE that is not stored yet; ``name`` is its id, so that pairs are unique."""
    return Row(PEOPLE.id, {"id": id, **_BLANK, "name": id, **values})


def team(id: str, label: str = "") -> Row:
    """A row of TEAMS that is not stored yet."""
    return Row(TEAMS.id, {"id": id, "label": label})


def with_values(row: Row, **values: Value) -> Row:
    """The row with other values, to be put again."""
    return Row(row.collection_id, row.values | values, row.version, row.stamp)


async def use(store: Store, *collections: Collection) -> None:
    """Make exactly these collections the schema in force."""

    async def work(tx: Transaction) -> None:
        schema = tx.schema.with_collections(collections)
        await tx.apply(diff_schemas(tx.schema, schema), schema=schema)

    await store.transact(work)


async def add(store: Store, *rows: Row) -> list[Row]:
    """Put new rows in one unit of work; returns them as stored."""
    return (await adding(store, *rows)).value


async def adding(store: Store, *rows: Row) -> Committed[list[Row]]:
    """Put new rows in one unit of work."""

    async def work(tx: Transaction) -> list[Row]:
        return [await tx.put(row, expected=ABSENT) for row in rows]

    return await store.transact(work)


async def change(store: Store, row: Row, **values: Value) -> Row:
    """Write other values over a stored row in a unit of its own."""

    async def work(tx: Transaction) -> Row:
        return await tx.put(with_values(row, **values), expected=row.version)

    return (await store.transact(work)).value


async def drop(store: Store, *rows: Row) -> None:
    """Remove stored rows in one unit of work."""

    async def work(tx: Transaction) -> None:
        for row in rows:
            await tx.remove(row)

    await store.transact(work)


async def one(store: Store, collection: Collection, id: str) -> Row | None:
    """The stored row with this id, or None."""
    return (await store.get(collection, [id])).get(id)


async def ids_of(store: Store, collection: Collection) -> list[str]:
    """Ids of all rows in creation order."""
    return [row.id for row in await store.all_of(collection)]


async def page_of(
    store: Store, plan: Plan, *, offset: int = 0, limit: int = 1_000
) -> Sequence[str]:
    """Ids that a plan without slots finds."""
    rows = await store.select(plan, NOTHING, page=Page(offset=offset, limit=limit))
    return [row.id for row in rows]


async def count_of(reads: Reads, plan: Plan, binding: Binding = NOTHING) -> int:
    """How many rows a plan finds."""
    return (await reads.select_counted(plan, binding, page=Page(offset=0, limit=1))).total
