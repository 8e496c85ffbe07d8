"""A storm of writes on a SQLite store; run as a program it prints what was acknowledged.

    python -m tests.simulation.storm FILE FIRST

Each line is the id of a record whose write was acknowledged and durable. It runs until killed.
"""

import asyncio
import itertools
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from yadokari.app.system_clock import SystemClock, SystemEntropy
from yadokari.ports.store import ABSENT, Store, Transaction
from yadokari.schema.collection import Schema
from yadokari.stores.sqlite.settings import SqliteSettings
from yadokari.stores.sqlite.store import SqliteStore, open_sqlite
from yadokari.testing.suite_data import PEOPLE, TEAMS, person, use, with_values

WRITERS = 16
STAMPED = Schema(collections=(TEAMS, PEOPLE), version=1)


async def opened(file: Path, *, vfs: str | None = None, settings: SqliteSettings) -> SqliteStore:
    """The store with the storm's collections, made when the file is new."""
    store = await open_sqlite(
        file, clock=SystemClock(), entropy=SystemEntropy(), settings=settings, vfs=vfs
    )
    if store.stored_schema_version:
        store.adopt(STAMPED)
    else:
        store.adopt(Schema())
        await use(store, TEAMS, PEOPLE)
    return store


async def write_one(store: Store, number: int) -> str:
    """One acknowledged unit: a new record, and sometimes a change or a removal of an older one."""
    id_ = f"r{number:08}"

    async def work(tx: Transaction) -> None:
        row = await tx.put(person(id_, mates=(f"m{number % 7}", "x"), age=number), expected=ABSENT)
        if number % 3 == 0:
            row = await tx.put(with_values(row, mates=("y",)), expected=row.version)
        passing = await tx.put(person(f"p{number:08}", mates=("z",)), expected=ABSENT)
        if number % 2 == 0:
            await tx.remove(passing)

    done = await store.transact(work)
    if done.durable is not None:
        await done.durable()
    return id_


async def storm(file: Path, numbers: Iterator[int]) -> None:
    """Write without end."""
    settings = SqliteSettings(checkpoint_pages=50, log_entries_max=5_000)
    store = await opened(file, settings=settings)

    async def writer() -> None:
        for number in numbers:
            acknowledged = await write_one(store, number)
            os.write(1, f"{acknowledged}\n".encode())

    async with asyncio.TaskGroup() as group:
        for _ in range(WRITERS):
            group.create_task(writer())


if __name__ == "__main__":
    asyncio.run(storm(Path(sys.argv[1]), itertools.count(int(sys.argv[2]))))
