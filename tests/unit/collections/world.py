"""A store with the first collections and a service over them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from yadokari.base.errors import BadRequest, Invalid
from yadokari.base.problems import Problem, Problems
from yadokari.collections.journal import Journal
from yadokari.collections.reserved import RESERVED, Box, bootstrap, load_schema
from yadokari.collections.service import Collections
from yadokari.ports.store import ABSENT, Row, Transaction
from yadokari.schema.collection import Collection
from yadokari.schema.fields import Value, zero
from yadokari.stores.sqlite.store import SqliteStore, open_sqlite
from yadokari.testing.fake_clock import FakeClock
from yadokari.testing.fake_entropy import FakeEntropy

FILE = "data.db"


class FakeBox:
    """Seals by turning the text round, bound to its place."""

    def seal(self, text: str, *, context: str) -> str:
        """See Box."""
        return f"sealed:{context}:{text[::-1]}"

    def open(self, sealed: str, *, context: str) -> str:
        """See Box."""
        start = f"sealed:{context}:"
        assert sealed.startswith(start), "a secret was moved"
        return sealed.removeprefix(start)[::-1]


class FakeRemover:
    """Removes records plainly; ids in ``held`` are held by a required reference."""

    def __init__(self) -> None:
        self.held: set[str] = set()

    async def remove(self, tx: Transaction, collection: Collection, row: Row) -> None:
        """See RecordRemover."""
        if row.id in self.held:
            raise BadRequest(f"{collection.name} is referred to")
        await tx.remove(row)


@dataclass(slots=True)
class World:
    """What a test works with."""

    store: SqliteStore
    collections: Collections
    clock: FakeClock
    remover: FakeRemover
    box: Box
    deleted: list[str]

    async def add(self, name: str, record: str, values: Mapping[str, Value] | None = None) -> None:
        """Store a record."""
        collection = self.collections.get(name)
        row = {field.name: zero(field) for field in collection.fields}
        row |= {**(values or {}), "id": record}

        async def work(tx: Transaction) -> None:
            await tx.put(Row(collection.id, row), expected=ABSENT)

        await self.store.transact(work)

    async def ids(self, name: str) -> list[str]:
        """Ids of all records, in the order of creation."""
        return [row.id for row in await self.store.all_of(self.collections.get(name))]

    async def reloaded(self) -> object:
        """The collections as the stored rows say."""
        return (await load_schema(self.store, box=self.box)).collections


@asynccontextmanager
async def opened(
    folder: Path,
    *,
    journal: Journal | None = None,
    is_locked: bool = False,
    extra: tuple[Collection, ...] = (),
) -> AsyncIterator[World]:
    """A world over the file in a folder, made when it is not there.

    Args:
        extra: Further reserved collections.
    """
    clock, entropy, box, remover = FakeClock(), FakeEntropy(), FakeBox(), FakeRemover()
    store = await open_sqlite(folder / FILE, clock=clock, entropy=entropy)
    await store.ensure([*RESERVED, *extra])
    version = store.stored_schema_version
    store.adopt(await load_schema(store, version=version, box=box))
    await bootstrap(store, clock=clock, draw=entropy, box=box)
    deleted: list[str] = []

    async def on_deleted(collection: Collection) -> None:
        deleted.append(collection.name)

    collections = Collections(
        store=store,
        clock=clock,
        draw=entropy,
        remover=remover,
        box=box,
        journal=journal,
        is_locked=is_locked,
        on_deleted=on_deleted,
    )
    yield World(store, collections, clock, remover, box, deleted)
    await store.close()


def text(name: str, **options: object) -> dict[str, object]:
    """A text field as a client sends it."""
    return {"type": "text", "name": name, **options}


def relation(name: str, target: str, **options: object) -> dict[str, object]:
    """A relation field as a client sends it."""
    return {"type": "relation", "name": name, "collectionId": target, **options}


def codes(error: BadRequest) -> dict[str, str]:
    """Codes of an error's problems by their dotted place."""
    assert isinstance(error, Invalid | BadRequest)
    return dict(_flat(error.problems, inside=""))


def _flat(problems: Problems, *, inside: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for key, problem in problems.items():
        place = f"{inside}.{key}" if inside else key
        if isinstance(problem, Problem):
            found.append((place, problem.code))
        else:
            found += _flat(problem, inside=place)
    return found
