"""Views: fields come from the query, and follow what the query reads."""

from __future__ import annotations

import pytest

from tests.unit.collections.world import World, codes, text
from yadokari.base.errors import BadRequest
from yadokari.schema.collection import Collection
from yadokari.schema.fields import JsonField, NumberField, RelationField, TextField


async def view(world: World, name: str, query: str, **keys: object) -> Collection:
    """Create a view."""
    wire = {"name": name, "type": "view", "viewQuery": query, **keys}
    return await world.collections.create(wire)


@pytest.fixture
async def notes(world: World) -> Collection:
    """A collection to read from."""
    fields = [text("a", max=7), {"type": "number", "name": "n"}]
    return await world.collections.create({"name": "notes", "fields": fields})


async def test_each_column_becomes_the_field_it_looks_like(world: World, notes: Collection) -> None:
    """VF1 to VF3, one column each."""
    made = await view(
        world,
        "v",
        "select notes.id, a, notes.id as other, count(n) as c, cast(n as text) as t, (n + 1) as j"
        " from notes group by notes.id",
    )

    id_field, copy, other, count, cast, computed = made.fields
    assert isinstance(id_field, TextField)
    assert (id_field.min, id_field.max, id_field.primary_key) == (0, 0, True)
    assert isinstance(copy, TextField)
    assert copy.id.startswith("_clone_")
    assert copy.max == 7
    assert isinstance(other, RelationField)
    assert (other.collection_id, other.max_select) == (notes.id, 1)
    assert isinstance(count, NumberField)
    assert count.only_int
    assert isinstance(cast, TextField)
    assert isinstance(computed, JsonField)
    assert computed.max_size == 1


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ("", {"fields": "validation_required", "viewQuery": "validation_required"}),
        (
            "select id, gone from notes",
            {"fields": "validation_required", "viewQuery": "validation_invalid_view_query"},
        ),
        (
            "select * from notes",
            {"fields": "validation_required", "viewQuery": "validation_invalid_view_query"},
        ),
        (
            "select a from notes",
            {
                "fields": "validation_missing_primary_key",
                "viewQuery": "validation_invalid_view_query",
            },
        ),
        ("select '' as id", {"viewQuery": "validation_invalid_view_query"}),
        (
            "select id, a as [null] from notes",
            {
                "fields.1.name": "validation_not_in_invalid",
                "viewQuery": "validation_invalid_view_query",
            },
        ),
    ],
)
@pytest.mark.usefixtures("notes")
async def test_query_that_makes_no_view_is_refused_as_the_reference_does(
    world: World, query: str, wrong: dict[str, str]
) -> None:
    """Codes and places are the contract."""
    with pytest.raises(BadRequest) as caught:
        await view(world, "v", query)

    assert codes(caught.value) == wrong


async def test_views_follow_the_fields_they_read_through_other_views(
    world: World, notes: Collection
) -> None:
    """SU2: an option such as hidden must not be lost on the way."""
    await view(world, "v1", "select id, a from notes")
    await view(world, "v2", "select id, a from v1")

    fields = [{"id": notes.by_name["a"].id, **text("a", hidden=True)}]
    await world.collections.update("notes", {"fields": fields})

    assert world.collections.get("v1").by_name["a"].hidden
    assert world.collections.get("v2").by_name["a"].hidden
    assert world.store.schema.collections == await world.reloaded()


async def test_views_that_show_the_same_are_not_saved_again(
    world: World, notes: Collection
) -> None:
    """Their drawn ids and times stay, so clients see no change."""
    before = await view(world, "v1", "select id, a from notes")

    await world.collections.update(notes.name, {"listRule": ""})

    assert world.collections.get("v1") is before


async def test_renamed_field_leaves_views_behind_until_they_are_saved(
    world: World, notes: Collection
) -> None:
    """A.30: the rename works; the view keeps its old text."""
    before = await view(world, "v1", "select id, a from notes")

    fields = [{"id": notes.by_name["a"].id, **text("a3")}]
    await world.collections.update("notes", {"fields": fields})

    assert world.collections.get("v1") == before
    with pytest.raises(BadRequest) as caught:
        await world.collections.update("v1", {"listRule": ""})
    assert codes(caught.value)["viewQuery"] == "validation_invalid_view_query"


async def test_field_that_a_view_reads_is_not_dropped(world: World, notes: Collection) -> None:
    """A.30: 400 without data, and nothing changed."""
    await view(world, "v1", "select id, a from notes")

    with pytest.raises(BadRequest) as caught:
        await world.collections.update("notes", {"fields": []})

    assert codes(caught.value) == {}
    assert "a" in world.collections.get("notes").by_name
    assert notes.id in world.store.schema.by_id


async def test_broken_view_blocks_deletions(world: World, notes: Collection) -> None:
    """A.30: even of unrelated collections; until the view is mended."""
    await world.collections.create({"name": "other"})
    await view(world, "v1", "select id, a from notes")
    fields = [{"id": notes.by_name["a"].id, **text("a3")}]
    await world.collections.update("notes", {"fields": fields})

    with pytest.raises(BadRequest):
        await world.collections.delete("other")
    assert world.collections.get("other")

    await world.collections.update("v1", {"viewQuery": "select id, a3 from notes"})
    await world.collections.delete("other")
    assert world.store.schema.find("other") is None


async def test_collection_that_a_view_reads_is_not_deleted(world: World, notes: Collection) -> None:
    """The view would have nothing to read."""
    await view(world, "v1", "select id, a from notes")

    with pytest.raises(BadRequest):
        await world.collections.delete(notes.id)
    await world.collections.delete("v1")
    await world.collections.delete(notes.id)

    assert world.store.schema.find("notes") is None


async def test_tried_view_shows_fields_and_rows_and_leaves_nothing(
    world: World, notes: Collection
) -> None:
    """A dry run is a look, not a change."""
    await world.add(notes.name, "r1", {"a": "x", "n": 2})
    before = world.store.schema

    trial = await world.collections.try_view("select id, a, (n + 1) as m from notes")

    assert trial.collection.name.startswith("temp_view_")
    assert [field.name for field in trial.collection.fields] == ["id", "a", "m"]
    assert [row.values for row in trial.rows] == [{"id": "r1", "a": "x", "m": "3"}]
    assert world.store.schema.collections == before.collections
