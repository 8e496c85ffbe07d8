"""kill -9 during a storm of writes: nothing acknowledged is lost, the database is sound."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.simulation.soundness import assert_sound

ROUNDS = 5
ROUNDS_OF_PROOF = 50
STORM_SECONDS = (0.05, 0.6)


async def test_a_killed_writer_loses_nothing_acknowledged(tmp_path: Path, seed: int) -> None:
    """Several kills of one database, each at another moment."""
    await kill_often(tmp_path / "data.db", rounds=ROUNDS, chance=random.Random(seed))


@pytest.mark.proof
@pytest.mark.timeout(900)
async def test_fifty_kills_lose_nothing_acknowledged(tmp_path: Path, seed: int) -> None:
    """The same, long enough to meet checkpoints, pruning and a growing file."""
    await kill_often(tmp_path / "data.db", rounds=ROUNDS_OF_PROOF, chance=random.Random(seed))


async def kill_often(file: Path, *, rounds: int, chance: random.Random) -> None:
    """Storm, kill and look, again and again on one file."""
    acknowledged: set[str] = set()
    for round_ in range(rounds):
        acknowledged |= storm_and_kill(file, round_ * 1_000_000, chance.uniform(*STORM_SECONDS))
        stored = await assert_sound(file, acknowledged)
        assert stored >= len(acknowledged) > 0


def storm_and_kill(file: Path, first: int, storm_s: float) -> set[str]:
    """Ids acknowledged before the process was killed."""
    command = [sys.executable, "-m", "tests.simulation.storm", str(file), str(first)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline()]
        time.sleep(storm_s)
        process.kill()
        lines += process.stdout.read().splitlines(keepends=True)
    return {line.decode().strip() for line in lines if line.endswith(b"\n")}
