"""What every store must do: subclass ``StoreSuite`` with one ``store`` fixture.

    class TestMyStore(StoreSuite):
        @pytest.fixture
        async def store(self, clock: FakeClock) -> AsyncIterator[Store]:
            store = await open_my_store(clock=clock)   # empty, the empty schema in force
            yield store
            await store.close()

A test that needs a capability is skipped where the store says it has not; nothing else is.
"""

from __future__ import annotations

import pytest

from yadokari.ports.store import Store
from yadokari.testing.fake_clock import FakeClock
from yadokari.testing.suite_log import LogSuite
from yadokari.testing.suite_records import RecordsSuite
from yadokari.testing.suite_schema import SchemaSuite
from yadokari.testing.suite_units import UnitsSuite
from yadokari.testing.suite_views import ViewsSuite


class StoreSuite(RecordsSuite, UnitsSuite, LogSuite, SchemaSuite, ViewsSuite):
    """Every promise of ports/store.py."""

    @pytest.fixture
    def clock(self) -> FakeClock:
        """The clock of the store under test."""
        return FakeClock()

    @pytest.fixture(autouse=True)
    def only_with_capability(self, request: pytest.FixtureRequest, store: Store) -> None:
        """Skip what the store says it cannot do."""
        for mark in request.node.iter_markers("needs"):
            if not getattr(store.capabilities, mark.args[0]):
                pytest.skip(f"the store has no {mark.args[0]}")
