"""Part of the store suite: the change log."""

from __future__ import annotations

import asyncio

from yadokari.ports.store import Cursor, Store
from yadokari.testing.suite_data import (
    PEOPLE,
    START,
    TEAMS,
    add,
    adding,
    change,
    drop,
    person,
    team,
    use,
)

MANY = 30


class LogSuite:
    """The change log."""

    async def test_every_write_adds_one_entry_in_commit_order(self, store: Store) -> None:
        """P2: op, record and version of each, one transaction number for a unit."""
        await use(store, TEAMS)
        [a, b] = await add(store, team("a"), team("b"))
        a2 = await change(store, a, label="x")
        await drop(store, b)

        log = await store.changes(START, entries_max=100)

        told = [(e.op, e.collection_id, e.record_id) for e in log.entries]
        assert told == [
            ("create", TEAMS.id, "a"),
            ("create", TEAMS.id, "b"),
            ("update", TEAMS.id, "a"),
            ("delete", TEAMS.id, "b"),
        ]
        assert [e.version for e in log.entries[:3]] == [a.version, b.version, a2.version]
        assert log.entries[3].version > b.version
        numbers = [e.transaction for e in log.entries]
        assert numbers[0] == numbers[1]
        assert len(set(numbers)) == 3
        positions = [e.position for e in log.entries]
        assert positions == sorted(set(positions))
        assert not log.lost

    async def test_reading_goes_on_where_it_stopped(self, store: Store) -> None:
        """A reader that takes a few at a time misses nothing and repeats nothing."""
        await use(store, TEAMS)
        await add(store, *(team(f"t{n}") for n in range(7)))
        seen: list[str] = []
        cursor = START

        while True:
            part = await store.changes(cursor, entries_max=3)
            if not part.entries:
                break
            assert len(part.entries) <= 3
            seen += [entry.record_id for entry in part.entries]
            cursor = part.cursor

        assert seen == [f"t{n}" for n in range(7)]
        assert cursor == await store.head()

    async def test_committed_tells_its_entries_and_place(self, store: Store) -> None:
        """Read-your-writes elsewhere waits for this cursor."""
        await use(store, TEAMS)

        done = await adding(store, team("a"), team("b"))

        assert [entry.record_id for entry in done.changes] == ["a", "b"]
        assert [entry.after for entry in done.changes] == done.value
        assert done.cursor == await store.head()
        log = await store.changes(START, entries_max=10)
        assert [e.position for e in log.entries] == [e.position for e in done.changes]

    async def test_order_of_entries_is_order_of_dependencies(self, store: Store) -> None:
        """P2: of many writers of one record, the log ends with the version that stands."""
        await use(store, TEAMS)

        async def write(number: int) -> None:
            await add(store, team(f"t{number}"))

        await asyncio.gather(*map(write, range(MANY)))

        log = await store.changes(START, entries_max=1_000)
        versions = [entry.version for entry in log.entries]
        assert len(versions) == MANY
        assert versions == sorted(set(versions))

    async def test_a_delete_keeps_the_row_without_secrets(self, store: Store) -> None:
        """Other processes judge realtime rules with it; hashes and keys never leave the table."""
        await use(store, TEAMS, PEOPLE)
        row = person(
            "p1",
            password="$2a$10$hash",  # noqa: S106
            tokenKey="key",
            age=1.5,
            active=True,
            tags=("a", "b"),
            meta='{"x":1}',
        )
        [stored] = await add(store, row)
        await drop(store, stored)

        log = await store.changes(START, entries_max=10)

        before = log.entries[-1].before
        assert before is not None
        assert before.values == row.values | {"password": "", "tokenKey": ""}
        assert "hash" not in repr(log)

    async def test_no_entry_carries_secrets(self, store: Store) -> None:
        """P2: creates and updates name the record only."""
        await use(store, TEAMS, PEOPLE)
        [row] = await add(store, person("p1", password="hash1", tokenKey="key1"))  # noqa: S106
        await change(store, row, password="hash2", tokenKey="key2")  # noqa: S106

        log = await store.changes(START, entries_max=10)

        assert [(e.before, e.after) for e in log.entries] == [(None, None), (None, None)]

    async def test_a_cursor_of_another_epoch_is_lost(self, store: Store) -> None:
        """After a restore or a move positions mean something else."""
        await use(store, TEAMS)
        await add(store, team("a"))

        log = await store.changes(Cursor(epoch=99, position=0), entries_max=10)

        assert log.lost
        assert log.entries == ()
        assert log.cursor == await store.head()

    async def test_the_fence_is_open(self, store: Store) -> None:
        """Nothing has moved: this store may be written."""
        fence = await store.fence()

        assert fence.state == "open"
        assert fence.epoch == (await store.head()).epoch
