"""The jobs that every program has, under the ids that PocketBase gives them.

Not here: when and how jobs run (upkeep/crons.py).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from yadokari.app.accounts import Accounts
from yadokari.upkeep.app_settings import AppSettings
from yadokari.upkeep.crons import Crons
from yadokari.upkeep.logs import RequestLogs
from yadokari.upkeep.settings_keeper import SettingsKeeper

if TYPE_CHECKING:
    from yadokari.upkeep.backups import Backups

OPTIMIZE = "__pbDBOptimize__"
MFA_CLEANUP = "__pbMFACleanup__"
OTP_CLEANUP = "__pbOTPCleanup__"
LOGS_CLEANUP = "__pbLogsCleanup__"
AUTO_BACKUP = "__pbAutoBackup__"


class Optimizing(Protocol):
    """A store that can bring its statistics up to date."""

    async def optimize(self) -> None:
        """Look at what changed much. Raises Unavailable."""
        ...


def add_store_jobs(crons: Crons, *, optimize: Optimizing, accounts: Accounts) -> None:
    """What keeps the store small and quick."""

    async def prune() -> None:
        # Both kinds: whichever job comes first does the other's work, too.
        await accounts.pruning.prune()

    crons.add(OPTIMIZE, "0 0 * * *", optimize.optimize)
    crons.add(MFA_CLEANUP, "0 * * * *", prune)
    crons.add(OTP_CLEANUP, "0 * * * *", prune)


def add_log_job(crons: Crons, *, logs: RequestLogs, keeper: SettingsKeeper) -> None:
    """Request logs are kept for so many days as the settings say."""

    async def forget() -> None:
        await logs.forget_old(days_max=keeper.current.logs.max_days)

    crons.add(LOGS_CLEANUP, "0 */6 * * *", forget)


def follow_schedule(crons: Crons, keeper: SettingsKeeper, backups: Callable[[], Backups]) -> None:
    """The automatic backup comes, moves and goes with the settings."""

    async def run() -> None:
        await backups().create_scheduled(keep_max=max(1, keeper.current.backups.cron_max_keep))

    def follow(settings: AppSettings) -> None:
        crons.remove(AUTO_BACKUP)
        if settings.backups.cron:
            crons.add(AUTO_BACKUP, settings.backups.cron, run)

    keeper.on_change(follow)
