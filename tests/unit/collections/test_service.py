"""Changes of collections: each one whole or not at all, with the contract's codes."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.unit.collections.world import World, codes, opened, relation, text
from yadokari.base.errors import BadRequest, Forbidden, NotFound
from yadokari.collections.reserved import COLLECTIONS
from yadokari.collections.unit import References
from yadokari.schema.ids import collection_id


async def test_first_start_makes_the_built_in_collections_in_order(world: World) -> None:
    """Clients know these ids; sorting by time gives this order."""
    names = [item.name for item in world.store.schema.collections]

    assert names == [
        "_mfas",
        "_otps",
        "_externalAuths",
        "_authOrigins",
        "_superusers",
        "users",
    ]
    assert sorted(item.created for item in world.store.schema.collections) == [
        item.created for item in world.store.schema.collections
    ]


async def test_schema_survives_a_restart_with_its_secrets(tmp_path: Path) -> None:
    """RC2: what is stored is the whole collection."""
    async with opened(tmp_path) as world:
        await world.collections.create({"name": "notes", "fields": [text("title")]})
        before = world.store.schema.collections

    async with opened(tmp_path) as world:
        assert world.store.schema.collections == before


async def test_secrets_are_sealed_in_the_stored_rows(world: World) -> None:
    """A copy of the database file must not give away what signs tokens."""
    users = world.collections.get("users")
    assert users.auth is not None

    rows = await world.store.all_of(COLLECTIONS)

    assert rows
    assert not any(users.auth.auth_token.secret in str(row.values["definition"]) for row in rows)


async def test_created_collection_is_usable_at_once(world: World) -> None:
    """Row, table and schema in force change together (SU1)."""
    made = await world.collections.create({"name": "notes", "fields": [text("title")]})

    await world.add("notes", "a", {"title": "one"})

    assert made.id == collection_id(type="base", name="notes")
    assert [field.name for field in made.fields] == ["id", "title"]
    assert await world.ids("notes") == ["a"]


async def test_refused_collection_leaves_nothing(world: World) -> None:
    """CS1: an index that cannot be made takes table and row with it."""
    wire = {"name": "notes", "indexes": ["create index i1 on notes (gone)"]}

    with pytest.raises(BadRequest) as caught:
        await world.collections.create(wire)

    assert codes(caught.value) == {"indexes.0": "validation_invalid_index_expression"}
    assert world.store.schema.find("notes") is None
    assert world.store.schema.collections == await world.reloaded()


async def test_every_wrong_key_is_named(world: World) -> None:
    """A.8: positions are counted with the id field in front."""
    wire = {"name": "r1", "listRule": "nope=1", "fields": [text("expand")]}

    with pytest.raises(BadRequest) as caught:
        await world.collections.create(wire)

    assert codes(caught.value) == {
        "fields.1.name": "validation_not_in_invalid",
        "listRule": "validation_invalid_rule",
    }


async def test_name_of_a_renamed_collection_can_come_again(world: World) -> None:
    """The id made from the name is taken then, so a number is appended."""
    first = await world.collections.create({"name": "aa"})
    await world.collections.update("aa", {"name": "bb"})

    second = await world.collections.create({"name": "aa"})

    assert second.id == f"{first.id}2"


async def test_update_keeps_data_of_a_renamed_field_and_drops_unlisted_ones(world: World) -> None:
    """A.34: the id is the identity of a column; what is not listed goes."""
    made = await world.collections.create({"name": "n", "fields": [text("a"), text("b")]})
    await world.add("n", "r1", {"a": "kept", "b": "lost"})

    fields = [{"id": made.by_name["a"].id, **text("title")}]
    await world.collections.update("n", {"fields": fields})

    [row] = await world.store.all_of(world.collections.get("n"))
    assert row.values == {"id": "r1", "title": "kept"}


async def test_another_id_in_an_update_is_not_found(world: World) -> None:
    """An id names a collection for life."""
    await world.collections.create({"name": "n"})

    with pytest.raises(NotFound):
        await world.collections.update("n", {"id": "other"})


async def test_rule_may_use_the_old_name_while_its_collection_is_renamed(world: World) -> None:
    """As PocketBase: other rules may still say the old name at that moment."""
    await world.collections.create({"name": "se"})

    await world.collections.update("se", {"name": "se2", "listRule": "@collection.se.id = ''"})
    with pytest.raises(BadRequest) as caught:
        await world.collections.update("se2", {"viewRule": "@collection.gone.id = ''"})

    assert codes(caught.value)["viewRule"] == "validation_invalid_rule"


async def test_changed_auth_rule_ends_every_session(world: World) -> None:
    """The token's key depends on the secret; whoever may not sign in must not stay in."""
    before = world.collections.get("users")

    await world.collections.update("users", {"authRule": "verified = true"})

    after = world.collections.get("users")
    assert before.auth is not None
    assert after.auth is not None
    assert after.auth.auth_token.secret != before.auth.auth_token.secret
    assert after.auth.file_token.secret == before.auth.file_token.secret


async def test_collection_that_others_refer_to_stays(world: World) -> None:
    """SU3: the message names who refers."""
    made = await world.collections.create({"name": "team"})
    await world.collections.create({"name": "p1", "fields": [relation("t", made.id)]})
    await world.collections.create({"name": "p2", "fields": [relation("t", made.id)]})

    with pytest.raises(References) as caught:
        await world.collections.delete("team")

    assert caught.value.names == ("p1", "p2")
    assert world.deleted == []


async def test_own_relations_do_not_hold_a_collection(world: World) -> None:
    """A tree of records can be deleted as a whole."""
    made = await world.collections.create({"name": "node"})
    fields = [{"id": "r", **relation("parent", made.id)}]
    await world.collections.update("node", {"fields": fields})

    await world.collections.delete("node")

    assert world.store.schema.find("node") is None
    assert world.deleted == ["node"]


async def test_system_collections_are_not_deleted(world: World) -> None:
    """The program could not run without them."""
    with pytest.raises(BadRequest):
        await world.collections.delete("_mfas")


async def test_helper_rows_go_with_their_auth_collection(world: World) -> None:
    """Nobody could ever reach them again; a new collection of that id must not inherit them."""
    users = world.collections.get("users")
    await world.add("_mfas", "m1", {"collectionRef": users.id, "recordRef": "u", "method": "otp"})
    await world.add("_mfas", "m2", {"collectionRef": "other", "recordRef": "u", "method": "otp"})

    await world.collections.delete("users")

    assert await world.ids("_mfas") == ["m2"]


async def test_truncate_is_all_or_nothing(world: World) -> None:
    """A required reference to the last record must bring the first one back."""
    await world.collections.create({"name": "n"})
    for record in ("a", "b", "c"):
        await world.add("n", record)
    world.remover.held = {"c"}

    with pytest.raises(BadRequest):
        await world.collections.truncate("n")
    assert await world.ids("n") == ["a", "b", "c"]

    world.remover.held = set()
    await world.collections.truncate("n")
    assert await world.ids("n") == []


async def test_superusers_and_views_are_not_truncated(world: World) -> None:
    """Nobody could sign in; a view has no records of its own."""
    await world.add("_superusers", "s1", {"email": "a@b.co", "tokenKey": "k"})
    query = "select id from users"
    await world.collections.create({"name": "v", "type": "view", "viewQuery": query})

    for name in ("_superusers", "v"):
        with pytest.raises(BadRequest):
            await world.collections.truncate(name)

    assert await world.ids("_superusers") == ["s1"]


async def test_locked_schema_refuses_every_change_but_not_truncation(tmp_path: Path) -> None:
    """CS2: production is changed by migrations; records are no schema."""
    async with opened(tmp_path, is_locked=True) as world:
        collections = world.collections
        changes = (
            lambda: collections.create({"name": "n"}),
            lambda: collections.update("users", {"listRule": None}),
            lambda: collections.delete("users"),
            lambda: collections.import_all([{"name": "n"}], delete_missing=False),
        )

        for change in changes:
            with pytest.raises(Forbidden, match="locked"):
                await change()

        await collections.truncate("users")


async def test_changes_at_the_same_time_are_all_kept(world: World) -> None:
    """Units of work see each other's schema; no change is made from a stale one."""
    names = [f"c{number}" for number in range(8)]

    await asyncio.gather(*(world.collections.create({"name": name}) for name in names))

    assert {item.name for item in world.store.schema.collections} >= set(names)
    assert world.store.schema.collections == await world.reloaded()
