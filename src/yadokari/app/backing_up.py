"""Backups of this program: what goes into them, and the restart that follows a restore.

Not here: making and reading them (upkeep/backups.py), swapping data (app/data_swap.py).
"""

from __future__ import annotations

import asyncio
from importlib.metadata import PackageNotFoundError, version

from yadokari.app.data_swap import DataSwap
from yadokari.app.parts import Surroundings
from yadokari.app.restart import Restart
from yadokari.base.errors import YadokariError
from yadokari.base.log import Log
from yadokari.blobs.local.bucket import LocalBucket
from yadokari.files.sweeping import Sweeper
from yadokari.ports.bucket import Bucket
from yadokari.ports.snapshot import SideTable, Snapshots
from yadokari.ports.store import Store
from yadokari.upkeep.app_settings import AppSettings
from yadokari.upkeep.backups import Backups, Parts
from yadokari.upkeep.crons import Crons
from yadokari.upkeep.settings_keeper import SettingsKeeper

AUTO_BACKUP = "__pbAutoBackup__"
RESTART_AFTER_S = 1.0  # The answer to who asked for it leaves first.


def build_backups(
    surroundings: Surroundings,
    *,
    store: Store,
    snapshots: Snapshots,
    storage: Bucket,
    keeper: SettingsKeeper,
    sweeper: Sweeper,
) -> Backups:
    """Backups of this data folder, kept in it."""
    folder, entropy, clock = surroundings.dir, surroundings.entropy, surroundings.clock
    kept = LocalBucket(folder.backups, entropy=entropy)

    def side_tables() -> tuple[SideTable, ...]:
        from yadokari.base.dates import date_text
        from yadokari.upkeep.pocketbase_tables import pocketbase_tables

        return pocketbase_tables(
            store.schema.collections,
            keeper.current,
            entropy=entropy,
            now=date_text(clock.unix_ms()),
        )

    def secret_key() -> bytes | None:
        if surroundings.settings.secrets.secret_key or not folder.secret_key.exists():
            return None
        return folder.secret_key.read_bytes()

    parts = Parts(
        snapshots=snapshots,
        side_tables=side_tables,
        storage=lambda: storage,
        secret_key=secret_key,
        hold_files=sweeper.held,
        program=f"yadokari {_version()}",
    )
    return Backups(
        parts=parts,
        bucket=lambda: kept,
        staging=DataSwap(folder.root),
        scratch=folder.scratch,
        app_name=lambda: keeper.current.meta.app_name,
        clock=clock,
        entropy=entropy,
        log=surroundings.log,
    )


def follow_schedule(crons: Crons, keeper: SettingsKeeper, backups: Backups) -> None:
    """The automatic backup comes, moves and goes with the settings."""

    async def run() -> None:
        await backups.create_scheduled(keep_max=max(1, keeper.current.backups.cron_max_keep))

    def follow(settings: AppSettings) -> None:
        crons.remove(AUTO_BACKUP)
        if settings.backups.cron:
            crons.add(AUTO_BACKUP, settings.backups.cron, run)

    keeper.on_change(follow)


class Restores:
    """Restores in the background: the answer leaves, the data is prepared, the program restarts."""

    def __init__(self, backups: Backups, restart: Restart, *, log: Log) -> None:
        self._backups, self._restart, self._log = backups, restart, log
        self._wanted: asyncio.Queue[str] = asyncio.Queue(1)

    def begin(self, key: str) -> None:
        """Restore this one, soon; another one that waits comes first and makes it needless."""
        if not self._wanted.full():
            self._wanted.put_nowait(key)

    async def run(self) -> None:
        """Restore what is wanted, until cancelled."""
        while True:
            key = await self._wanted.get()
            await asyncio.sleep(RESTART_AFTER_S)
            try:
                await self._backups.prepare_restore(key)
            except (YadokariError, OSError) as exc:
                self._log.error("restore_refused", error=exc, backup=key)
            else:
                self._restart.ask()


def _version() -> str:
    try:
        return version("yadokari-backend")
    except PackageNotFoundError:
        return "unknown"
