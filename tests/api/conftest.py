"""The program that scenarios knock at."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.api.program import House, opened


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A fresh program with one superuser."""
    async with opened(tmp_path) as house:
        yield house
