"""Part of the store suite: units of work, what they keep, and how they stand beside each other."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from yadokari.base.errors import Conflict, Stale, Unavailable
from yadokari.ports.store import ABSENT, Change, Row, Store, Transaction
from yadokari.testing.suite_data import (
    PEOPLE,
    TEAMS,
    add,
    change,
    ids_of,
    one,
    person,
    team,
    use,
    with_values,
)

MANY = 40


class Refused(Exception):
    """What a unit of the tests raises."""


class UnitsSuite:
    """Units of work."""

    async def test_a_unit_that_fails_leaves_nothing_behind(self, store: Store) -> None:
        """P1: all or nothing, side tables and log included."""
        await use(store, TEAMS, PEOPLE)
        [kept] = await add(store, person("kept", mates=("x",)))
        head = await store.head()

        async def work(tx: Transaction) -> None:
            await tx.put(person("p1", mates=("x",)), expected=ABSENT)
            await tx.put(with_values(kept, mates=(), age=9), expected=kept.version)
            raise Refused

        with pytest.raises(Refused):
            await store.transact(work)

        assert await store.all_of(PEOPLE) == [kept]
        assert await store.pointing_at(PEOPLE, "mates", ["x"]) == [kept]
        assert await store.head() == head

    async def test_units_at_once_do_not_harm_each_other(self, store: Store) -> None:
        """P1: failing units between good ones, all started together."""
        await use(store, TEAMS)

        async def unit(number: int) -> str:
            async def work(tx: Transaction) -> str:
                row = await tx.put(team(f"t{number:02}"), expected=ABSENT)
                if number % 3 == 0:
                    raise Refused
                return row.id

            return (await store.transact(work)).value

        done = await asyncio.gather(*map(unit, range(MANY)), return_exceptions=True)

        good = [f"t{number:02}" for number in range(MANY) if number % 3]
        assert [result for result in done if isinstance(result, str)] == good
        assert sorted(await ids_of(store, TEAMS)) == good

    async def test_every_unit_fails_when_all_do(self, store: Store) -> None:
        """The first unit of a group has nothing before it to go back to."""
        await use(store, TEAMS)

        async def unit(number: int) -> None:
            async def work(tx: Transaction) -> None:
                await tx.put(team(f"t{number}"), expected=ABSENT)
                raise Refused

            await store.transact(work)

        done = await asyncio.gather(*map(unit, range(5)), return_exceptions=True)

        assert [type(error) for error in done] == [Refused] * 5
        assert await store.all_of(TEAMS) == []
        await add(store, team("after"))
        assert await ids_of(store, TEAMS) == ["after"]

    async def test_counting_up_together_loses_nothing(self, store: Store) -> None:
        """P1: decisions hold as if units ran one by one."""
        await use(store, TEAMS, PEOPLE)
        await add(store, person("p", age=0))

        async def up(tx: Transaction) -> None:
            row = (await tx.get(PEOPLE, ["p"]))["p"]
            age = row.values["age"]
            assert isinstance(age, int)
            await tx.put(with_values(row, age=age + 1), expected=row.version)

        await asyncio.gather(*(store.transact(up) for _ in range(MANY)))

        row = await one(store, PEOPLE, "p")
        assert row is not None
        assert row.values["age"] == MANY

    async def test_a_unit_may_wait_for_something_else(self, store: Store) -> None:
        """A user's hook awaits something: the unit still holds alone, others wait or go first."""
        await use(store, TEAMS, PEOPLE)
        await add(store, person("p", age=0))

        async def slow_up(tx: Transaction) -> None:
            row = (await tx.get(PEOPLE, ["p"]))["p"]
            await asyncio.sleep(0.002)
            age = row.values["age"]
            assert isinstance(age, int)
            await tx.put(with_values(row, age=age + 1), expected=row.version)
            await asyncio.sleep(0)

        async def quick(number: int) -> None:
            await add(store, team(f"t{number}"))

        await asyncio.gather(*(store.transact(slow_up) for _ in range(5)), *map(quick, range(5)))

        row = await one(store, PEOPLE, "p")
        assert row is not None
        assert row.values["age"] == 5
        assert len(await ids_of(store, TEAMS)) == 5

    async def test_a_waiting_unit_that_fails_leaves_nothing_behind(self, store: Store) -> None:
        """P1 for the slow way too."""
        await use(store, TEAMS)

        async def work(tx: Transaction) -> None:
            await tx.put(team("a"), expected=ABSENT)
            await asyncio.sleep(0)
            raise Refused

        with pytest.raises(Refused):
            await store.transact(work)

        assert await store.all_of(TEAMS) == []
        await add(store, team("b"))

    async def test_a_caller_that_goes_away_harms_nobody(self, store: Store) -> None:
        """A client closes its connection while its write is being committed."""
        await use(store, TEAMS)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(add(store, team(f"t{n}"))) for n in range(6)]
            await asyncio.sleep(0)
            tasks[2].cancel()

        others = [task.result() for number, task in enumerate(tasks) if number != 2]
        assert [rows[0].id for rows in others] == ["t0", "t1", "t3", "t4", "t5"]
        left = await ids_of(store, TEAMS)
        assert {f"t{n}" for n in range(6) if n != 2} <= set(left)

    async def test_a_savepoint_is_undone_alone(self, store: Store) -> None:
        """A batch may keep what stands around a part that failed."""
        await use(store, TEAMS, PEOPLE)

        async def work(tx: Transaction) -> None:
            await tx.put(team("before"), expected=ABSENT)
            with suppress(Refused):
                async with tx.savepoint():
                    await tx.put(person("inside", mates=("x",)), expected=ABSENT)
                    async with tx.savepoint():
                        await tx.put(team("deep"), expected=ABSENT)
                    raise Refused
            async with tx.savepoint():
                await tx.put(team("after"), expected=ABSENT)

        done = await store.transact(work)

        assert await ids_of(store, TEAMS) == ["before", "after"]
        assert await store.pointing_at(PEOPLE, "mates", ["x"]) == []
        assert [entry.record_id for entry in done.changes] == ["before", "after"]

    async def test_a_conflict_may_be_caught_inside_a_unit(self, store: Store) -> None:
        """A refused write has written nothing, so the unit can go on."""
        await use(store, TEAMS, PEOPLE)
        await add(store, person("p1", mail="a@x"))

        async def work(tx: Transaction) -> None:
            with pytest.raises(Conflict):
                await tx.put(person("p2", mail="a@x", mates=("m",)), expected=ABSENT)
            await tx.put(person("p3"), expected=ABSENT)

        await store.transact(work)

        assert await ids_of(store, PEOPLE) == ["p1", "p3"]
        assert await store.pointing_at(PEOPLE, "mates", ["m"]) == []

    async def test_reads_see_what_transact_returned(self, store: Store) -> None:
        """P4: read-your-writes for whoever awaited the unit."""
        await use(store, TEAMS)

        for number in range(10):
            [row] = await add(store, team(f"t{number}"))
            assert await one(store, TEAMS, row.id) == row

    async def test_reads_never_see_half_a_unit(self, store: Store) -> None:
        """Readers run between the steps of a waiting unit."""
        await use(store, TEAMS)
        seen: set[int] = set()
        going_on = True

        async def look() -> None:
            while going_on:
                seen.add(len(await store.all_of(TEAMS)))
                await asyncio.sleep(0)

        async def work(tx: Transaction) -> None:
            for number in range(4):
                await tx.put(team(f"t{number}"), expected=ABSENT)
                await asyncio.sleep(0)

        async with asyncio.TaskGroup() as group:
            group.create_task(look())
            await store.transact(work)
            await asyncio.sleep(0)
            going_on = False

        assert seen <= {0, 4}

    async def test_a_unit_that_only_reads_changes_nothing(self, store: Store) -> None:
        """It has no entries and moves no position."""
        await use(store, TEAMS)
        [row] = await add(store, team("a"))
        head = await store.head()

        async def work(tx: Transaction) -> dict[str, Row]:
            return await tx.get(TEAMS, ["a"])

        done = await store.transact(work)

        assert done.value == {"a": row}
        assert done.changes == ()
        assert await store.head() == head

    async def test_a_unit_that_ended_can_do_nothing_more(self, store: Store) -> None:
        """A hook that kept its transaction must not write into somebody else's."""
        await use(store, TEAMS)
        kept: list[Transaction] = []

        async def work(tx: Transaction) -> None:
            kept.append(tx)
            await tx.put(team("a"), expected=ABSENT)

        await store.transact(work)

        with pytest.raises(RuntimeError):
            await kept[0].put(team("b"), expected=ABSENT)
        assert await ids_of(store, TEAMS) == ["a"]

    async def test_an_unknown_collection_is_stale(self, store: Store) -> None:
        """The schema moved while the row was being prepared."""
        await use(store, TEAMS)

        with pytest.raises(Stale):
            await add(store, person("p1"))

    async def test_a_closed_store_refuses_politely(self, store: Store) -> None:
        """Requests that arrive while the server stops get 'try again', never a traceback."""
        await use(store, TEAMS)
        await store.close()

        with pytest.raises(Unavailable):
            await add(store, team("a"))
        await store.close()

    async def test_listeners_hear_units_in_order_after_their_commit(self, store: Store) -> None:
        """Realtime hangs on it; a listener that stopped hears nothing."""
        await use(store, TEAMS)
        heard: list[tuple[Change, ...]] = []
        stop = store.watch(heard.append)

        [row] = await add(store, team("a"))
        await change(store, row, label="x")
        await add(store, team("b"), team("c"))
        stop()
        await add(store, team("d"))

        assert [[(e.op, e.record_id) for e in unit] for unit in heard] == [
            [("create", "a")],
            [("update", "a")],
            [("create", "b"), ("create", "c")],
        ]
        assert heard[1][0].before == row
        assert heard[1][0].after is not None
        assert heard[1][0].after.values["label"] == "x"
