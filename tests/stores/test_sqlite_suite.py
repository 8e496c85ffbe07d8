"""The SQLite store keeps every promise of the port."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from yadokari.ports.store import Store
from yadokari.schema.collection import Schema
from yadokari.stores.sqlite.settings import SqliteSettings
from yadokari.stores.sqlite.store import open_sqlite
from yadokari.testing.fake_clock import FakeClock
from yadokari.testing.fake_entropy import FakeEntropy
from yadokari.testing.store_suite import StoreSuite


class TestSqliteStore(StoreSuite):
    @pytest.fixture
    async def store(self, tmp_path: Path, clock: FakeClock) -> AsyncIterator[Store]:
        store = await open_sqlite(
            tmp_path / "data.db",
            clock=clock,
            entropy=FakeEntropy(),
            settings=SqliteSettings(synchronous="OFF"),
        )
        store.adopt(Schema())
        yield store
        await store.close()
