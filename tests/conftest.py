"""What every test gets: hypothesis profiles and a printed seed.

`YADOKARI_SEED=N` repeats the generated data of a run; hypothesis prints its own reproduction.
"""

import os
import random

import pytest
from hypothesis import HealthCheck, Phase, settings

settings.register_profile("quick", max_examples=50, deadline=None)
settings.register_profile(
    "thorough",
    max_examples=2_000,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.register_profile(  # For planted faults: the same examples each time, none made smaller.
    "planted",
    max_examples=200,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

SEED = int(os.environ.get("YADOKARI_SEED") or random.SystemRandom().randrange(1, 1_000_000))


def pytest_report_header() -> str:
    """Print the seed, so that a red run can be repeated."""
    return f"seed of generated data: {SEED} (YADOKARI_SEED={SEED} repeats it)"


@pytest.fixture(scope="session")
def seed() -> int:
    """Seed of this run's generated data."""
    return SEED
