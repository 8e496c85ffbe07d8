"""Erasing, connected to everything that keeps things about records; loaded when it is asked for.

Not here: what erasing does (upkeep/erasing.py).
"""

from __future__ import annotations

from yadokari.app.data_dir import DataDir
from yadokari.app.web import Services
from yadokari.auth.api_keys import ApiKeys
from yadokari.base.dates import date_text
from yadokari.stores.sqlite.store import SqliteStore
from yadokari.upkeep.erasing import Backup, Erasing
from yadokari.upkeep.logs import RequestLogs


def build_erasing(
    folder: DataDir, store: SqliteStore, services: Services, logs: RequestLogs
) -> Erasing:
    """Erasing over the services of a program."""
    return Erasing(
        store=store,
        erasable=store,
        records=services.records,
        idempotency=services.idempotency,
        remove_files=services.sweeper.remove,
        api_keys=ApiKeys(store=store, clock=services.clock, entropy=services.entropy),
        logs=logs,
        backups=lambda: made_backups(folder),
    )


def made_backups(folder: DataDir) -> list[Backup]:
    """The backups in the data folder, the oldest first; nothing is opened."""
    backups = folder.backups
    found = [(path.stat().st_mtime_ns, path.name) for path in backups.glob("*.zip")]
    return [
        Backup(name=name, made=date_text(made_ns // 1_000_000)) for made_ns, name in sorted(found)
    ]
