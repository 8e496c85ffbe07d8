"""Backups of this program: what goes into them, and the restart that follows a restore.

Not here: making and reading them (upkeep/backups.py), swapping data (app/data_swap.py).
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version

from yadokari.app.data_swap import DataSwap
from yadokari.app.parts import Surroundings
from yadokari.app.storage import Storage
from yadokari.blobs.local.bucket import LocalBucket
from yadokari.files.sweeping import Sweeper
from yadokari.ports.bucket import Bucket
from yadokari.ports.snapshot import SideTable, Snapshots
from yadokari.ports.store import Store
from yadokari.upkeep.backups import Backups, Parts
from yadokari.upkeep.settings_keeper import SettingsKeeper


def build_backups(
    surroundings: Surroundings,
    *,
    store: Store,
    snapshots: Snapshots,
    storage: Callable[[], Bucket | None],
    keeper: SettingsKeeper,
    sweeper: Sweeper,
) -> Backups:
    """Backups of this data folder.

    Args:
        storage: Uploaded files to take along; None when they lie elsewhere.
    """
    folder, entropy, clock = surroundings.dir, surroundings.entropy, surroundings.clock
    kept = Storage(
        lambda: LocalBucket(folder.backups, entropy=entropy),
        s3=lambda settings: settings.backups.s3,
    )
    keeper.on_change(kept.follow)

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
        storage=storage,
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


def _version() -> str:
    try:
        return version("yadokari-backend")
    except PackageNotFoundError:
        return "unknown"
