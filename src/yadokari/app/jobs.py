"""The jobs that every program has, under the ids that PocketBase gives them.

Not here: when and how jobs run (upkeep/crons.py).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from yadokari.ports.clock import Clock
from yadokari.ports.store import Store
from yadokari.records.plans import Plans
from yadokari.upkeep.crons import Crons
from yadokari.upkeep.expired import Expired
from yadokari.upkeep.logs import RequestLogs
from yadokari.upkeep.settings_keeper import SettingsKeeper

OPTIMIZE = "__pbDBOptimize__"
MFA_CLEANUP = "__pbMFACleanup__"
OTP_CLEANUP = "__pbOTPCleanup__"
LOGS_CLEANUP = "__pbLogsCleanup__"


class Optimizing(Protocol):
    """A store that can bring its statistics up to date."""

    async def optimize(self) -> None:
        """Look at what changed much. Raises Unavailable."""
        ...


def add_store_jobs(crons: Crons, *, store: Store, optimize: Optimizing, clock: Clock) -> None:
    """What keeps the store small and quick."""
    expired = Expired(store=store, plans=Plans(lambda: store.schema), clock=clock)
    crons.add(OPTIMIZE, "0 0 * * *", optimize.optimize)
    crons.add(MFA_CLEANUP, "0 * * * *", _counted(lambda: expired.forget("_mfas")))
    crons.add(OTP_CLEANUP, "0 * * * *", _counted(lambda: expired.forget("_otps")))


def add_log_job(crons: Crons, *, logs: RequestLogs, keeper: SettingsKeeper) -> None:
    """Request logs are kept for so many days as the settings say."""

    async def forget() -> None:
        await logs.forget_old(days_max=keeper.current.logs.max_days)

    crons.add(LOGS_CLEANUP, "0 */6 * * *", forget)


def _counted(work: Callable[[], Awaitable[int]]) -> Callable[[], Awaitable[None]]:
    async def run() -> None:
        await work()

    return run
