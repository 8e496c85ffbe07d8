"""Imports: many collections at once, all or nothing."""

from __future__ import annotations

import pytest

from tests.unit.collections.world import World, codes, relation, text
from yadokari.base.errors import BadRequest

FAILED = {"collections": "validation_collections_import_failure"}


async def test_items_may_refer_to_each_other_in_any_order(world: World) -> None:
    """Rules and relations are judged after all are written."""
    await world.collections.import_all(
        [
            {"name": "v", "type": "view", "viewQuery": "select id, t from late"},
            {
                "name": "first",
                "listRule": "late.t != '' && @collection.late.id != ''",
                "fields": [relation("late", "late_id")],
            },
            {"name": "late", "id": "late_id", "fields": [text("t"), relation("up", "late_id")]},
        ],
        delete_missing=False,
    )

    assert [field.name for field in world.collections.get("v").fields] == ["id", "t"]
    assert world.store.schema.collections == await world.reloaded()


async def test_imported_fields_come_first_and_others_stay(world: World) -> None:
    """IM2; matching by name ignores case."""
    await world.collections.create({"name": "n", "fields": [text("a"), text("b")]})
    await world.add("n", "r", {"a": "1", "b": "2"})

    await world.collections.import_all([{"name": "N", "fields": [text("c")]}], delete_missing=False)

    found = world.collections.get("n")
    assert found.name == "N"
    assert [field.name for field in found.fields] == ["c", "id", "a", "b"]
    [row] = await world.store.all_of(found)
    assert row.values == {"c": "", "id": "r", "a": "1", "b": "2"}


async def test_delete_missing_leaves_listed_and_system_ones(world: World) -> None:
    """Unlisted fields and collections go; files of deleted collections are told of."""
    await world.collections.create({"name": "n", "fields": [text("a")]})
    await world.collections.create({"name": "gone"})

    await world.collections.import_all([{"name": "n", "fields": [text("b")]}], delete_missing=True)

    assert [item.name for item in world.store.schema.collections if not item.system] == ["n"]
    assert [field.name for field in world.collections.get("n").fields] == ["b", "id"]
    assert sorted(world.deleted) == ["gone", "users"]


@pytest.mark.parametrize(
    "wires",
    [
        [{}],
        [{"name": 5}],
        [{"NAME": "k"}],
        [{"name": "k", "fields": [{"type": "nope"}]}],
        [{"name": "k"}, {"name": "k"}],
        [{"id": "_pb_users_auth_", "name": "k"}, {"name": "m"}, {"id": "k1", "name": "K"}],
        [{"id": "k1", "name": "users2"}, {"id": "_pb_users_auth_", "name": "Users2"}],
        [{"name": "k"}, {"name": "m", "listRule": "nope = 1"}],
        [{"name": "k"}, {"name": "users", "type": "base"}],
        [{"name": "k"}, {"name": "v", "type": "view", "viewQuery": "select id from nope"}],
        [{"name": "k", "fields": [relation("r", "nope")]}],
    ],
)
async def test_one_bad_item_undoes_all(world: World, wires: list[dict[str, object]]) -> None:
    """One code for everything; the reason is in the text."""
    before = world.store.schema.collections

    with pytest.raises(BadRequest) as caught:
        await world.collections.import_all(wires, delete_missing=False)

    assert codes(caught.value) == FAILED
    assert world.store.schema.collections == before == await world.reloaded()


@pytest.mark.parametrize("index", ["create index i on k (nope)", "drop table users", "bad"])
async def test_index_that_cannot_be_made_is_named_by_place(world: World, index: str) -> None:
    """As the reference: the store's refusal comes through; nothing else is ever run."""
    wire = {"name": "k", "indexes": [index]}

    with pytest.raises(BadRequest) as caught:
        await world.collections.import_all([wire], delete_missing=False)

    assert codes(caught.value) == {"indexes.0": "validation_invalid_index_expression"}


async def test_broken_view_does_not_stand_in_the_way(world: World) -> None:
    """A view that lost a column is its owner's trouble, not that of every import."""
    made = await world.collections.create({"name": "n", "fields": [text("a")]})
    await world.collections.create(
        {"name": "v", "type": "view", "viewQuery": "select id, a from n"}
    )
    fields = [{"id": made.by_name["a"].id, **text("b")}]
    await world.collections.update("n", {"fields": fields})

    await world.collections.import_all(
        [{"name": "n", "fields": [text("c")]}, {"name": "m"}], delete_missing=False
    )

    assert "c" in world.collections.get("n").by_name
    assert world.collections.get("m")


async def test_required_indexes_carry_the_imported_id(world: World) -> None:
    """As the reference, which names them otherwise when a single collection is created."""
    wire = {"name": "staff", "type": "auth", "id": "staff_id"}

    await world.collections.import_all([wire], delete_missing=False)

    indexes = world.collections.get("staff").indexes
    assert ["`idx_tokenKey_staff_id`" in indexes[0], "`idx_email_staff_id`" in indexes[1]] == [
        True,
        True,
    ]
