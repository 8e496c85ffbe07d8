"""Imports: many collections at once, all or nothing."""

from __future__ import annotations

import pytest

from tests.unit.collections.world import World, codes, relation, text
from yadokari.base.errors import BadRequest

INDEX = "CREATE INDEX i ON n (b)"
VIEW = "select id from users"
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
        [{"id": "k1", "name": "k"}, {"id": "k1", "name": "m"}],
        [{"id": "k1", "name": "k1"}],
        [{"id": "other", "name": "users"}],
        [{"id": "users", "name": "k"}],
        [{"id": None, "name": "users"}],
        [{"id": "", "name": "users"}],
        [{"id": "a/b", "name": "k"}],
        [{"id": "a\\b", "name": "k"}],
        [{"id": "..", "name": "k"}],
        [{"name": "users", "listRule": "nope = 1"}, {"name": "users"}],
        [{"name": "users"}, {"name": "users", "listRule": "nope = 1"}],
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


@pytest.mark.parametrize("given_id", ["x" * 300, "a b", "é", "a'b", 'a"b', "a`b", "...", "?"])
async def test_a_new_one_keeps_the_id_it_brings(world: World, given_id: str) -> None:
    """IM4; tables and indexes are named by ids, so this is where quotes would hurt."""
    fields = [text("t"), relation("r", given_id), relation("rs", given_id, maxSelect=3)]

    await world.collections.import_all(
        [{"name": "k", "id": given_id, "fields": fields}], delete_missing=False
    )
    await world.add("k", "a", {"r": "a", "rs": ("a",)})
    await world.collections.update("k", {"fields": [text("u")]})
    await world.collections.delete("k")

    assert world.deleted == ["k"]


async def test_a_collection_may_be_listed_twice(world: World) -> None:
    """IM5: each starts from what was there, the last one counts."""
    await world.collections.create({"name": "n", "fields": [text("a")]})
    await world.add("n", "r", {"a": "1"})

    await world.collections.import_all(
        [
            {"name": "n", "fields": [text("b")], "listRule": "b = 1", "indexes": [INDEX]},
            {"name": "N", "fields": [text("c")], "viewRule": "c = 1"},
        ],
        delete_missing=False,
    )

    found = world.collections.get("n")
    assert [field.name for field in found.fields] == ["c", "id", "a"]
    assert (found.name, found.list_rule, found.view_rule) == ("N", None, "c = 1")
    assert found.indexes == ()
    [row] = await world.store.all_of(found)
    assert row.values == {"c": "", "id": "r", "a": "1"}
    assert world.store.schema.collections == await world.reloaded()


async def test_what_an_earlier_item_drops_comes_back_empty(world: World) -> None:
    """IM5 with deletions: tables pass through every shape, as with the reference."""
    await world.collections.create({"name": "n", "fields": [text("a")]})
    await world.add("n", "r", {"a": "1"})

    await world.collections.import_all(
        [{"name": "n", "fields": [text("b")]}, {"name": "n", "fields": [text("a")]}],
        delete_missing=True,
    )

    [row] = await world.store.all_of(world.collections.get("n"))
    assert row.values == {"a": "", "id": "r"}


async def test_a_view_may_be_listed_twice(world: World) -> None:
    """IM5 for what has no table of its own."""
    await world.collections.create({"name": "v", "type": "view", "viewQuery": VIEW})

    await world.collections.import_all(
        [
            {"name": "v", "viewQuery": "select id, email from users"},
            {"name": "v", "viewQuery": "select id, verified from users"},
        ],
        delete_missing=False,
    )

    fields = world.collections.get("v").fields
    assert [field.name for field in fields] == ["id", "verified"]


async def test_items_are_taken_by_age(world: World) -> None:
    """IM3: a name is free once its holder gave it up, and new ones come before old ones."""
    await world.collections.create({"name": "n", "id": "n_id"})
    renamed = {"id": "n_id", "name": "m"}

    with pytest.raises(BadRequest):
        await world.collections.import_all(
            [renamed, {"id": "k1", "name": "n"}], delete_missing=False
        )
    await world.collections.import_all(
        [renamed, {"id": "k1", "name": "n", "created": "2099-01-01"}], delete_missing=False
    )

    assert [world.collections.get(name).id for name in ("m", "n")] == ["n_id", "k1"]
    assert world.collections.get("n").created < "2099"


async def test_the_name_of_a_deleted_collection_is_free(world: World) -> None:
    """It goes before the others come."""
    await world.collections.create({"name": "n", "fields": [text("a")]})
    await world.add("n", "r", {"a": "1"})

    await world.collections.import_all([{"id": "k1", "name": "N"}], delete_missing=True)

    assert world.collections.get("n").id == "k1"
    assert await world.ids("n") == []
    assert sorted(world.deleted) == ["n", "users"]


@pytest.mark.parametrize("listed", ["text", "number"])
async def test_a_field_is_found_again_by_name_and_type(world: World, listed: str) -> None:
    """IM2: under another id it is the one that is there, as long as it has the same type."""
    made = await world.collections.create({"name": "n", "fields": [text("a", max=3)]})
    field = {"id": "other", "name": "a", "type": listed, "max": 9}

    imported = world.collections.import_all(
        [{"name": "n", "fields": [text("b"), field]}], delete_missing=False
    )

    if listed == "number":
        with pytest.raises(BadRequest):
            await imported
        return
    await imported
    found = world.collections.get("n")
    assert [one.name for one in found.fields] == ["b", "a", "id"]
    assert found.by_name["a"] == made.by_name["a"]


@pytest.mark.parametrize("index", ["create index i on k (nope)", "drop table users", "bad"])
async def test_index_that_cannot_be_made_is_named_by_place(world: World, index: str) -> None:
    """As the reference: the store's refusal comes through; nothing else is ever run."""
    wire = {"name": "k", "indexes": [index]}

    with pytest.raises(BadRequest) as caught:
        await world.collections.import_all([wire], delete_missing=False)

    assert codes(caught.value) == {"indexes.0": "validation_invalid_index_expression"}


async def test_an_index_names_columns_in_any_letter_case(world: World) -> None:
    """As a single creation, where the store decides."""
    wire = {"name": "k", "fields": [text("T")], "indexes": ["create index i on k (t)"]}

    await world.collections.import_all([wire], delete_missing=False)

    assert world.collections.get("k").indexes


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


async def test_names_of_required_indexes_are_cut(world: World) -> None:
    """Ids of imports may be long; the names of their indexes are not."""
    wire = {"name": "staff", "type": "auth", "id": "x" * 60 + "é"}

    await world.collections.import_all([wire], delete_missing=False)

    indexes = world.collections.get("staff").indexes
    assert f"`idx_tokenKey_{'x' * 51}`" in indexes[0]
    assert f"`idx_email_{'x' * 54}`" in indexes[1]
