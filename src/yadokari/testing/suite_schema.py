"""Part of the store suite: schema steps, and that they are part of their unit of work."""

from __future__ import annotations

from contextlib import suppress

import pytest
from msgspec.structs import replace

from yadokari.base.errors import BadRequest
from yadokari.ports.store import ABSENT, Store, Transaction
from yadokari.schema.collection import Collection
from yadokari.schema.diff import diff_schemas
from yadokari.schema.fields import (
    BoolField,
    Field,
    FileField,
    GeoPointField,
    JsonField,
    NumberField,
    RelationField,
    SelectField,
    TextField,
    zero,
)
from yadokari.testing.suite_data import (
    PEOPLE,
    TEAMS,
    add,
    change,
    ids_of,
    needs,
    one,
    person,
    team,
    use,
)


def reshaped(collection: Collection, **fields: Field | None) -> Collection:
    """The collection with fields replaced by name; None drops one; new names are added."""
    kept = [fields.pop(f.name, f) for f in collection.fields]
    return replace(collection, fields=tuple(f for f in (*kept, *fields.values()) if f is not None))


def resized(collection: Collection, name: str, *, max_select: int) -> Field:
    """The collection's list field of that name with room for so many values."""
    field = collection.by_name[name]
    assert isinstance(field, SelectField | FileField | RelationField)
    return replace(field, max_select=max_select)


class Refused(Exception):
    """What a unit of the tests raises."""


class SchemaSuite:
    """Schema steps."""

    async def test_the_schema_in_force_is_the_one_committed(self, store: Store) -> None:
        """Inside the unit it is there at once, outside after the commit."""

        async def work(tx: Transaction) -> int:
            schema = tx.schema.with_collections([TEAMS])
            await tx.apply(diff_schemas(tx.schema, schema), schema=schema)
            await tx.put(team("a"), expected=ABSENT)
            assert store.schema.named("teams") is None
            return tx.schema.version

        version = (await store.transact(work)).value

        assert store.schema.version == version
        assert store.schema.named("teams") is TEAMS
        assert await ids_of(store, TEAMS) == ["a"]

    @needs("schema_in_transaction")
    async def test_a_failing_unit_takes_its_schema_back(self, store: Store) -> None:
        """A half-made collection is worse than none."""
        await use(store, TEAMS)
        [kept] = await add(store, team("a", "x"))
        before = store.schema

        async def work(tx: Transaction) -> None:
            schema = tx.schema.with_collections([reshaped(TEAMS, label=None), PEOPLE])
            await tx.apply(diff_schemas(tx.schema, schema), schema=schema)
            await tx.put(person("p1"), expected=ABSENT)
            raise Refused

        with pytest.raises(Refused):
            await store.transact(work)

        assert store.schema is before
        assert await store.all_of(TEAMS) == [kept]
        await use(store, TEAMS, PEOPLE)
        assert await store.all_of(PEOPLE) == []

    @needs("schema_in_transaction")
    async def test_a_savepoint_takes_its_schema_back(self, store: Store) -> None:
        """What is around it goes on with the old one."""
        await use(store, TEAMS)

        async def work(tx: Transaction) -> None:
            before = tx.schema
            with suppress(Refused):
                async with tx.savepoint():
                    schema = before.with_collections([TEAMS, PEOPLE])
                    await tx.apply(diff_schemas(before, schema), schema=schema)
                    raise Refused
            assert tx.schema is before
            await tx.put(team("a"), expected=ABSENT)

        await store.transact(work)

        assert store.schema.named("people") is None
        assert await ids_of(store, TEAMS) == ["a"]

    @pytest.mark.parametrize(
        "field",
        [
            TextField(id="f_new", name="fresh"),
            NumberField(id="f_new", name="fresh"),
            BoolField(id="f_new", name="fresh"),
            JsonField(id="f_new", name="fresh"),
            GeoPointField(id="f_new", name="fresh"),
            SelectField(id="f_new", name="fresh", max_select=1),
            FileField(id="f_new", name="fresh", max_select=5),
        ],
        ids=lambda field: f"{field.type}",
    )
    async def test_a_new_field_is_zero_in_old_rows(self, store: Store, field: Field) -> None:
        """No NULLs in user fields; the row can be written at once."""
        await use(store, TEAMS)
        await add(store, team("a", "x"))
        grown = reshaped(TEAMS, fresh=field)

        await use(store, grown)

        row = await one(store, grown, "a")
        assert row is not None
        assert row.values == {"id": "a", "label": "x", "fresh": zero(field)}
        assert (await change(store, row, label="y")).values["fresh"] == zero(field)

    async def test_a_dropped_field_is_gone_and_its_name_free(self, store: Store) -> None:
        """A field of the same name made later begins empty."""
        await use(store, TEAMS, PEOPLE)
        await add(store, person("p1", tags=("a",), mates=("m",), mood="good"))
        without = reshaped(PEOPLE, tags=None, mates=None, mood=None)

        await use(store, TEAMS, without)
        again = reshaped(without, tags=SelectField(id="other", name="tags", max_select=3))
        await use(store, TEAMS, again)

        row = await one(store, again, "p1")
        assert row is not None
        assert row.values["tags"] == ()
        assert "mates" not in row.values

    async def test_a_renamed_field_keeps_its_values(self, store: Store) -> None:
        """Also lists with their side data, swapped names, and names that differ in case only."""
        await use(store, TEAMS, PEOPLE)
        [row] = await add(store, person("p1", mates=("m",), name="N", mail="M", age=7))
        fields = {f.name: f for f in PEOPLE.fields}
        renamed = reshaped(
            PEOPLE,
            mates=replace(fields["mates"], name="friends"),
            name=replace(fields["name"], name="mail"),
            mail=replace(fields["mail"], name="name"),
            age=replace(fields["age"], name="Age"),
        )

        await use(store, TEAMS, renamed)

        found = await one(store, renamed, "p1")
        assert found is not None
        values = found.values
        assert (values["friends"], values["mail"], values["name"]) == (("m",), "N", "M")
        assert values["Age"] == 7
        assert await store.pointing_at(renamed, "friends", ["m"]) == [found]
        assert found.stamp == row.stamp

    async def test_single_values_become_lists_and_lists_their_last(self, store: Store) -> None:
        """The contract's conversion, both ways, with what points at what."""
        await use(store, TEAMS, PEOPLE)
        await add(
            store,
            person("p1", team="t1", tags=("a", "c"), mates=("m1", "m2")),
            person("p2"),
        )
        turned = reshaped(
            PEOPLE,
            team=resized(PEOPLE, "team", max_select=2),
            tags=resized(PEOPLE, "tags", max_select=1),
            mates=resized(PEOPLE, "mates", max_select=1),
        )

        await use(store, TEAMS, turned)

        found = await store.get(turned, ["p1", "p2"])
        assert [found["p1"].values[k] for k in ("team", "tags", "mates")] == [("t1",), "c", "m2"]
        assert [found["p2"].values[k] for k in ("team", "tags", "mates")] == [(), "", ""]
        assert await store.pointing_at(turned, "team", ["t1"]) == [found["p1"]]
        assert await store.pointing_at(turned, "mates", ["m1"]) == []
        assert await store.pointing_at(turned, "mates", ["m2"]) == [found["p1"]]

    async def test_a_renamed_collection_keeps_its_rows(self, store: Store) -> None:
        """Also when only the case of its name changes."""
        await use(store, TEAMS, PEOPLE)
        [row] = await add(store, person("p1", mates=("m",)))
        persons = replace(PEOPLE, name="persons", indexes=())
        capital = replace(persons, name="Persons")

        await use(store, TEAMS, persons)
        assert await store.all_of(persons) == [row]
        await use(store, TEAMS, capital)

        assert await store.all_of(capital) == [row]
        assert await store.pointing_at(capital, "mates", ["m"]) == [row]
        await change(store, row, age=3)

    async def test_a_dropped_collection_is_gone_and_its_name_free(self, store: Store) -> None:
        """A later one of the same name and id begins empty."""
        await use(store, TEAMS, PEOPLE)
        await add(store, person("p1", mates=("m",)))

        await use(store, TEAMS)
        await use(store, TEAMS, PEOPLE)

        assert await store.all_of(PEOPLE) == []
        assert await store.pointing_at(PEOPLE, "mates", ["m"]) == []

    async def test_a_unique_index_over_equal_values_is_refused(self, store: Store) -> None:
        """The answer names the position of the index; nothing changed."""
        await use(store, TEAMS)
        await add(store, team("a", "same"), team("b", "same"))
        index = "CREATE UNIQUE INDEX idx_label ON teams (label)"

        with pytest.raises(BadRequest) as caught:
            await use(store, replace(TEAMS, indexes=(index,)))

        assert list(caught.value.problems) == ["indexes"]
        assert list(caught.value.problems["indexes"]) == ["0"]  # type: ignore[arg-type]
        await add(store, team("c", "same"))

    async def test_an_index_on_a_missing_column_is_refused(self, store: Store) -> None:
        """Same answer as for one that cannot be made."""
        await use(store, TEAMS)
        good = "CREATE INDEX idx_a ON teams (label)"
        bad = "CREATE INDEX idx_b ON teams (nowhere)"

        with pytest.raises(BadRequest) as caught:
            await use(store, replace(TEAMS, indexes=(good, bad)))

        assert list(caught.value.problems["indexes"]) == ["1"]  # type: ignore[arg-type]

    async def test_indexes_come_and_go(self, store: Store) -> None:
        """A dropped unique index holds nobody back any more."""
        index = "CREATE UNIQUE INDEX idx_label ON teams (label)"
        await use(store, replace(TEAMS, indexes=(index,)))
        await add(store, team("a", "same"))

        await use(store, TEAMS)

        await add(store, team("b", "same"))
