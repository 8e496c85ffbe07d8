"""Power loss: what was not synced is gone, in parts; what was acknowledged is not."""

import asyncio
import random
from pathlib import Path

import pytest

from tests.simulation.lossy_disk import LossyDisk
from tests.simulation.soundness import assert_sound
from tests.simulation.storm import opened, write_one
from yadokari.stores.sqlite.settings import SqliteSettings

LOSSES = 8
LOSSES_OF_PROOF = 200
WRITES_BETWEEN = 25


async def test_power_loss_keeps_what_was_acknowledged(tmp_path: Path, seed: int) -> None:
    """synchronous=FULL: an acknowledged write is on the disk."""
    await lose_power(tmp_path, losses=LOSSES, chance=random.Random(seed))


@pytest.mark.proof
@pytest.mark.timeout(900)
async def test_power_loss_keeps_what_was_acknowledged_many_times(tmp_path: Path, seed: int) -> None:
    """The same at many more moments."""
    await lose_power(tmp_path, losses=LOSSES_OF_PROOF, chance=random.Random(seed))


async def lose_power(folder: Path, *, losses: int, chance: random.Random) -> None:
    """Write on a lossy disk, and look at what many moments would have left."""
    disk = LossyDisk("lossy")
    live = folder / "live"
    live.mkdir()
    acknowledged: set[str] = set()
    moments: list[tuple[Path, set[str]]] = []
    try:
        settings = SqliteSettings(checkpoint_pages=40)
        store = await opened(live / "data.db", vfs="lossy", settings=settings)

        async def write(number: int) -> None:
            acknowledged.add(await write_one(store, number))
            if chance.random() < 1 / WRITES_BETWEEN and len(moments) < losses:
                place = folder / f"loss{len(moments)}"
                place.mkdir()
                disk.after_power_loss(place, chance)
                moments.append((place, set(acknowledged)))

        number = 0
        while len(moments) < losses:
            async with asyncio.TaskGroup() as group:
                for _ in range(8):
                    group.create_task(write(number))
                    number += 1
        await store.close()
    finally:
        disk.unregister()

    for place, known in moments:
        await assert_sound(place / "data.db", known)
    assert len(acknowledged) > losses
