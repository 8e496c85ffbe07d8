"""Part of the store suite: rows in, rows out, versions, unique values."""

from __future__ import annotations

import pytest

from yadokari.base.errors import Conflict, Stale
from yadokari.ports.store import ABSENT, Page, Row, Store, Transaction
from yadokari.rules.bind import NOTHING, RequestContext, bind
from yadokari.rules.plan import (
    ROOT,
    And,
    By,
    ByCreation,
    Column,
    Compare,
    FilterLiteral,
    Follow,
    Join,
    Op,
    Plan,
    SlotRef,
)
from yadokari.schema.fields import Value
from yadokari.testing.fake_clock import FakeClock
from yadokari.testing.suite_data import (
    PEOPLE,
    TEAMS,
    add,
    change,
    count_of,
    drop,
    ids_of,
    one,
    page_of,
    person,
    team,
    use,
)


class RecordsSuite:
    """Rows."""

    @pytest.mark.parametrize(
        ("value", "exact", "any_case"),
        [
            ("Ann@example.com", "a", "a"),
            ("ANN@EXAMPLE.COM", None, "a"),
            ("\u00e9@example.com", "e", "e"),
            ("\u00c9@example.com", None, None),
            ("x' OR 1=1 --", None, None),
            ("nobody@example.com", None, None),
            ("", None, None),
        ],
    )
    async def test_a_record_is_found_by_its_unique_value(
        self, store: Store, value: str, exact: str | None, any_case: str | None
    ) -> None:
        """Only ASCII letters have two cases; blank values are nobody's."""
        await use(store, PEOPLE)
        await add(
            store,
            person("a", mail="Ann@example.com"),
            person("b"),
            person("e", mail="\u00e9@example.com"),
        )

        found = [
            await store.by_unique(PEOPLE, "mail", value, any_case=either)
            for either in (False, True)
        ]

        assert [row and row.id for row in found] == [exact, any_case]

    @pytest.mark.parametrize(
        "values",
        [
            {"name": "日本語 🍣 é"},
            {"name": "nul \x00 inside", "mail": " leading, trailing "},
            {"name": "x' OR 1=1 --", "mail": '"`['},
            {"age": 2**53},
            {"age": -(2**53)},
            {"age": 1e300},
            {"age": 0.1},
            {"age": -1.5e-9},
            {"age": 1e16},
            {"active": True, "mood": "good"},
            {"tags": ("c", "a")},
            {"tags": ('qu"ote', "<b>&", "")},
            {"mates": tuple(f"id{n}" for n in range(9)), "team": "t1"},
            {"meta": '{"b":1,"a":[true,null,"x"]}'},
            {"meta": '"text"'},
            {"meta": "5"},
            {"meta": "-0.5"},
            {"meta": "1e+21"},
            {"meta": "true"},
            {"meta": '"5"'},
            {"meta": "[]"},
            {"at": '{"lon":1.5,"lat":-2}'},
        ],
        ids=repr,
    )
    async def test_values_come_back_as_they_were_put(
        self, store: Store, values: dict[str, Value]
    ) -> None:
        """P5: nothing is folded, trimmed, rounded or turned into another type."""
        await use(store, TEAMS, PEOPLE)
        row = person("p1", **values)

        [stored] = await add(store, row)

        found = await one(store, PEOPLE, "p1")
        assert found == stored
        assert found is not None
        assert {k: (type(v), v) for k, v in found.values.items()} == {
            k: (type(v), v) for k, v in row.values.items()
        }

    async def test_get_gives_those_that_exist_by_id(self, store: Store) -> None:
        """Missing ids are left out; asking for none is allowed; an id twice is one row."""
        await use(store, TEAMS)
        a, b = await add(store, team("a"), team("b"))

        assert await store.get(TEAMS, ["a", "nobody", "b", "a"]) == {"a": a, "b": b}
        assert await store.get(TEAMS, ["nobody"]) == {}
        assert await store.get(TEAMS, []) == {}

    async def test_ids_are_compared_as_bytes(self, store: Store) -> None:
        """P5: ids that differ in case or width only are different records."""
        await use(store, TEAMS)

        await add(store, team("a"), team("A"), team("ａ"), team("a "))

        assert await one(store, TEAMS, "a") != await one(store, TEAMS, "A")
        assert len(await store.all_of(TEAMS)) == 4

    async def test_versions_and_stamps_grow_even_when_the_clock_goes_back(
        self, store: Store, clock: FakeClock
    ) -> None:
        """P3: a move and offline sync put rows in order by version alone."""
        await use(store, TEAMS)

        [first] = await add(store, team("a"))
        clock.set_back(60_000)
        second = await change(store, first, label="x")
        [later] = await add(store, team("b"))
        await drop(store, second)
        [again] = await add(store, team("a"))

        assert 0 < first.version < second.version < again.version
        assert first.stamp == second.stamp
        assert 0 < first.stamp < later.stamp < again.stamp

    async def test_versions_follow_the_clock(self, store: Store, clock: FakeClock) -> None:
        """Versions double as last-writer-wins stamps: milliseconds times 1024."""
        await use(store, TEAMS)
        clock.advance(5_000)

        [row] = await add(store, team("a"))

        assert row.version == clock.unix_ms() * 1_024

    async def test_writing_over_another_version_is_refused(self, store: Store) -> None:
        """A decision made on old values must be made again."""
        await use(store, TEAMS)
        [old] = await add(store, team("a"))
        new = await change(store, old, label="first")

        with pytest.raises(Stale):
            await change(store, old, label="second")
        with pytest.raises(Stale):
            await drop(store, old)

        assert await one(store, TEAMS, "a") == new

    async def test_writing_over_a_missing_row_is_refused(self, store: Store) -> None:
        """It was deleted since it was read."""
        await use(store, TEAMS)
        [row] = await add(store, team("a"))
        await drop(store, row)

        with pytest.raises(Stale):
            await change(store, row, label="x")
        with pytest.raises(Stale):
            await drop(store, row)

    async def test_a_taken_id_is_a_conflict(self, store: Store) -> None:
        """Two creates with one id: the second is told which value to change."""
        await use(store, TEAMS)
        await add(store, team("a"))

        with pytest.raises(Conflict) as caught:
            await add(store, team("a"))

        assert (caught.value.collection, caught.value.fields) == ("teams", ("id",))

    async def test_a_unique_violation_names_every_column_of_the_index(self, store: Store) -> None:
        """The contract reports it on each of them."""
        await use(store, TEAMS, PEOPLE)
        await add(store, person("p1", name="n", age=1))

        with pytest.raises(Conflict) as caught:
            await add(store, person("p2", name="n", age=1))

        assert caught.value.fields == ("name", "age")
        assert await ids_of(store, PEOPLE) == ["p1"]

    async def test_unique_obeys_collation_and_condition(self, store: Store) -> None:
        """``COLLATE NOCASE`` folds ASCII only; the condition leaves blank values out."""
        await use(store, TEAMS, PEOPLE)

        await add(store, person("p1"), person("p2"), person("p3", mail="É@x"))
        await add(store, person("p4", mail="é@x"), person("p5", mail="A@x"))

        with pytest.raises(Conflict) as caught:
            await add(store, person("p6", mail="a@X"))
        assert caught.value.fields == ("mail",)

    async def test_an_update_may_keep_its_own_unique_values(self, store: Store) -> None:
        """A record does not stand in its own way."""
        await use(store, TEAMS, PEOPLE)
        [row, _] = await add(store, person("p1", mail="a@x"), person("p2", mail="b@x"))

        row = await change(store, row, age=5, mail="A@x")

        with pytest.raises(Conflict):
            await change(store, row, mail="B@x")
        assert await one(store, PEOPLE, "p1") == row

    async def test_relations_are_found_from_the_other_side(self, store: Store) -> None:
        """Cascades and back-relations; single and multiple, in creation order, each row once."""
        await use(store, TEAMS, PEOPLE)
        await add(
            store,
            person("p3", team="t1", mates=("m1", "m2")),
            person("p1", team="t2", mates=("m2", "m1")),
            person("p2", team="t1"),
        )

        team_of = [row.id for row in await store.pointing_at(PEOPLE, "team", ["t1", "tx"])]
        mates_of = [row.id for row in await store.pointing_at(PEOPLE, "mates", ["m1", "m2"])]
        first = [row.id for row in await store.pointing_at(PEOPLE, "team", ["t1"], rows_max=1)]

        assert team_of == ["p3", "p2"]
        assert mates_of == ["p3", "p1"]
        assert first == ["p3"]
        assert await store.pointing_at(PEOPLE, "team", []) == []

    async def test_pointing_follows_updates_and_deletes(self, store: Store) -> None:
        """No dangling item stays behind a changed list or a deleted record."""
        await use(store, TEAMS, PEOPLE)
        [a, b] = await add(store, person("a", mates=("x", "y")), person("b", mates=("x",)))

        a = await change(store, a, mates=("y", "z"))
        await drop(store, b)

        assert await store.pointing_at(PEOPLE, "mates", ["x"]) == []
        assert await store.pointing_at(PEOPLE, "mates", ["z"]) == [a]

    async def test_all_rows_come_in_creation_order(self, store: Store) -> None:
        """Also within one unit and one millisecond."""
        await use(store, TEAMS)
        await add(store, team("c"), team("a"))
        await add(store, team("b"))

        assert await ids_of(store, TEAMS) == ["c", "a", "b"]
        assert [row.id for row in await store.all_of(TEAMS, rows_max=2)] == ["c", "a"]

    async def test_plans_give_pages_and_counts(self, store: Store) -> None:
        """Paging by offset, ties and no order at all by creation stamp, newest first on wish."""
        await use(store, TEAMS)
        await add(store, *map(team, "cab"))
        plan = Plan(collection=TEAMS)
        newest = Plan(collection=TEAMS, order=(ByCreation(descending=True),))

        assert await page_of(store, plan) == ["c", "a", "b"]
        assert await page_of(store, plan, offset=1, limit=1) == ["a"]
        assert await page_of(store, plan, offset=9) == []
        assert await page_of(store, newest) == ["b", "a", "c"]
        assert await count_of(store, plan) == 3

    async def test_a_page_comes_with_the_total(self, store: Store) -> None:
        """Of all pages, whichever is asked for."""
        await use(store, TEAMS)
        await add(store, *map(team, "abcde"))
        label = Column(ROOT, "id", "text")
        plan = Plan(
            collection=TEAMS,
            where=Compare(label, Op.NE, SlotRef(0), every=True),
            order=(By(label, descending=True),),
            slots=(FilterLiteral(0),),
        )
        binding = bind(plan, RequestContext(), ["b"])

        for offset, ids in ((0, "ed"), (2, "ca"), (3, "a"), (4, ""), (99, "")):
            page = Page(offset=offset, limit=2)
            found = await store.select_counted(plan, binding, page=page)
            assert [row.id for row in found.rows] == list(ids)
            assert found.total == 4

    async def test_plans_find_what_their_condition_says(self, store: Store) -> None:
        """The compiler and the reference evaluator agree on rows, order, counts and one id."""
        await use(store, TEAMS, PEOPLE)
        await add(
            store,
            team("t1", "Blue"),
            person("a", age=3, active=True, team="t1", tags=("a", "b")),
            person("b", age=1, active=True),
            person("c", age=2, mates=("a",), tags=("b",)),
        )
        age = Column(ROOT, "age", "number")
        over_one = Compare(age, Op.GT, SlotRef(0), every=True)
        blue = Compare(Column(1, "label", "text"), Op.LIKE, SlotRef(1), every=True)
        join = Join(1, ROOT, Follow("team"), TEAMS, many=False)
        slots = (FilterLiteral(0), FilterLiteral(1))
        grown = Plan(
            collection=PEOPLE, where=over_one, order=(By(age, descending=True),), slots=slots
        )
        blues = Plan(collection=PEOPLE, joins=(join,), where=And((over_one, blue)), slots=slots)
        binding = bind(grown, RequestContext(), [1.0, "BLU"])
        page = Page(offset=0, limit=10)

        assert [r.id for r in await store.select(grown, binding, page=page)] == ["a", "c"]
        assert [r.id for r in await store.select(blues, binding, page=page)] == ["a"]
        assert await count_of(store, grown, binding) == 2
        assert await store.first(grown, binding, id="c") is not None
        assert await store.first(grown, binding, id="b") is None

    async def test_first_looks_for_an_id_inside_the_plan(self, store: Store) -> None:
        """Rules are judged for one record this way."""
        await use(store, TEAMS)
        [a, b] = await add(store, team("a"), team("b"))
        plan = Plan(collection=TEAMS)

        assert await store.first(plan, NOTHING) == a
        assert await store.first(plan, NOTHING, id="b") == b
        assert await store.first(plan, NOTHING, id="nobody") is None

    async def test_a_unit_reads_its_own_writes(self, store: Store) -> None:
        """By id, by plan, by relation, and by count."""
        await use(store, TEAMS, PEOPLE)

        async def work(tx: Transaction) -> list[object]:
            made = await tx.put(person("p1", team="t1", mates=("m",)), expected=ABSENT)
            found = await tx.get(PEOPLE, ["p1"])
            return [
                found == {"p1": made},
                await count_of(tx, Plan(collection=PEOPLE)),
                await tx.first(Plan(collection=PEOPLE), NOTHING) == made,
                await tx.pointing_at(PEOPLE, "mates", ["m"]) == [made],
                await tx.all_of(PEOPLE) == [made],
            ]

        assert (await store.transact(work)).value == [True, 1, True, True, True]

    async def test_a_record_written_twice_in_a_unit_is_written_twice(self, store: Store) -> None:
        """Its second writer read the first one's version."""
        await use(store, TEAMS)

        async def work(tx: Transaction) -> Row:
            first = await tx.put(team("a", "1"), expected=ABSENT)
            second = Row(first.collection_id, {"id": "a", "label": "2"}, first.version, first.stamp)
            return await tx.put(second, expected=first.version)

        row = (await store.transact(work)).value

        assert await one(store, TEAMS, "a") == row
        assert row.values["label"] == "2"
