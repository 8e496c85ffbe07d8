"""Ways to open a SQLite store for one test."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from yadokari.base.errors import Unavailable
from yadokari.schema.collection import Schema
from yadokari.stores.sqlite.settings import SqliteSettings
from yadokari.stores.sqlite.store import SqliteStore, open_sqlite
from yadokari.testing.fake_clock import FakeClock
from yadokari.testing.fake_entropy import FakeEntropy

Opener = Callable[..., Awaitable[SqliteStore]]


@pytest.fixture
def clock() -> FakeClock:
    """The clock of every store that the test opens."""
    return FakeClock()


@pytest.fixture
async def open_store(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Opener]:
    """Open the database in the test's folder, closed at the end; options are settings."""
    opened: list[SqliteStore] = []

    async def opener(
        *,
        schema: Schema | None = None,
        settings: SqliteSettings | None = None,
        vfs: str | None = None,
    ) -> SqliteStore:
        store = await open_sqlite(
            tmp_path / "data.db",
            clock=clock,
            entropy=FakeEntropy(),
            settings=settings or SqliteSettings(synchronous="OFF"),
            vfs=vfs,
        )
        store.adopt(schema or Schema())
        opened.append(store)
        return store

    yield opener
    for store in opened:
        await store.close()


async def failing(work: Awaitable[object]) -> Unavailable | None:
    """The Unavailable of something awaited, or None."""
    try:
        await work
    except Unavailable as exc:
        return exc
    return None
