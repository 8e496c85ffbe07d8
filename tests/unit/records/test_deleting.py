"""Deleting with everything that hangs on a record."""

import pytest
from msgspec.structs import replace

from tests.unit.records.world import NOTES, PEOPLE, SUPERUSERS, TEAMS, World, made
from yadokari.base.errors import BadRequest
from yadokari.schema.collection import Collection
from yadokari.schema.fields import RelationField


def notes(*, cascade: bool = False, required: bool = False) -> Collection:
    """Notes whose authors and readers are bound to them like this."""
    fields = [
        replace(field, cascade_delete=cascade, required=required)
        if isinstance(field, RelationField) and field.collection_id == PEOPLE.id
        else field
        for field in NOTES.fields
    ]
    return replace(NOTES, fields=tuple(fields))


async def filled(collection: Collection) -> World:
    """Ann and Bob with a note of Ann's."""
    world = await made(PEOPLE, TEAMS, collection)
    await world.put("people", "ann")
    await world.put("people", "bob")
    await world.put("notes", "n1", author="ann", readers=("ann", "bob"), updated="before")
    return world


async def test_a_loose_reference_is_emptied_and_the_rest_of_a_list_stays():
    """D1: neighbours change, their autodates move, nothing else of them does."""
    world = await filled(notes())

    changes = await world.delete("people", "ann")

    note = await world.stored("notes", "n1")
    assert note is not None
    assert note.values["author"] == ""
    assert note.values["readers"] == ("bob",)
    assert note.values["updated"] != "before"
    assert note.values["created"] == ""
    assert (changes[-1].op, changes[-1].record_id) == ("delete", "ann")


async def test_a_required_reference_stops_the_whole_deletion():
    """D2: nothing is left half done."""
    world = await filled(notes(required=True))
    head = await world.store.head()

    with pytest.raises(BadRequest):
        await world.delete("people", "ann")

    assert await world.value("notes", "n1", "readers") == ("ann", "bob")
    assert await world.stored("people", "ann") is not None
    assert await world.store.head() == head


async def test_a_required_list_may_lose_all_but_its_last():
    """D2: a list that still has an item is not empty."""
    world = await made(PEOPLE, TEAMS, notes(required=True))
    await world.put("people", "ann")
    await world.put("people", "bob")
    await world.put("notes", "n1", author="bob", readers=("ann", "bob"))

    await world.delete("people", "ann")

    assert await world.value("notes", "n1", "readers") == ("bob",)


async def test_cascades_delete_children_before_their_parents():
    """D1: a reader of the log never meets an orphan."""
    linked = RelationField(
        id="f_note", name="note", collection_id="c_notes", max_select=1, cascade_delete=True
    )
    marks = replace(TEAMS, id="c_marks", name="marks", fields=(*TEAMS.fields, linked))
    world = await made(PEOPLE, TEAMS, notes(cascade=True), marks)
    await world.put("people", "ann")
    await world.put("notes", "n1", author="ann")
    await world.put("marks", "m1", note="n1")

    changes = await world.delete("people", "ann")

    assert [(one.op, one.record_id) for one in changes] == [
        ("delete", "m1"),
        ("delete", "n1"),
        ("delete", "ann"),
    ]


async def test_a_cascade_spares_a_list_that_still_names_others():
    """D1: only the last reference takes the record with it."""
    world = await made(PEOPLE, TEAMS, notes(cascade=True))
    await world.put("people", "ann")
    await world.put("people", "bob")
    await world.put("notes", "n1", author="bob", readers=("ann", "bob"))

    await world.delete("people", "ann")

    assert await world.value("notes", "n1", "readers") == ("bob",)


async def test_records_that_cascade_in_a_circle_go_together():
    """D1: a circle ends where it began."""
    peer = RelationField(
        id="f_peer", name="peer", collection_id="c_teams", max_select=1, cascade_delete=True
    )
    world = await made(replace(TEAMS, fields=(*TEAMS.fields, peer)))
    await world.put("teams", "a", peer="b")
    await world.put("teams", "b", peer="a")

    await world.delete("teams", "a")

    assert await world.stored("teams", "a") is await world.stored("teams", "b") is None


async def test_the_last_superuser_stays():
    """Nobody could sign in to make another."""
    world = await made(TEAMS)
    await world.put(SUPERUSERS.name, "root")
    await world.put(SUPERUSERS.name, "other")

    await world.delete(SUPERUSERS.name, "other")

    with pytest.raises(BadRequest):
        await world.delete(SUPERUSERS.name, "root")
