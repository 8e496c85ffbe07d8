"""The store in memory keeps every promise of the port, so it may stand in for any store."""

from collections.abc import AsyncIterator

import pytest

from yadokari.ports.store import Store
from yadokari.testing.fake_clock import FakeClock
from yadokari.testing.fake_store import FakeStore
from yadokari.testing.store_suite import StoreSuite


class TestFakeStore(StoreSuite):
    @pytest.fixture
    async def store(self, clock: FakeClock) -> AsyncIterator[Store]:
        store = FakeStore(clock=clock)
        yield store
        await store.close()
