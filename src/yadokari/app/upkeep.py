"""What keeps an installation in order, put together: jobs, request logs, backups.

Not here: the rest of the program (app/build.py), what each of them does (upkeep).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from yadokari.app.jobs import add_log_job, add_store_jobs, follow_schedule
from yadokari.app.parts import Late, Surroundings
from yadokari.app.restart import Restart, Restores
from yadokari.app.upkeep_routes import Upkeep
from yadokari.app.web import Services
from yadokari.ports.bucket import Bucket
from yadokari.stores.sqlite.log_book import SqliteLogBook
from yadokari.stores.sqlite.store import SqliteStore
from yadokari.upkeep.crons import Crons
from yadokari.upkeep.log_queue import LogQueue
from yadokari.upkeep.logs import LOGS, RequestLogs

if TYPE_CHECKING:
    from yadokari.upkeep.backups import Backups


class Keeping(msgspec.Struct, frozen=True):
    """Upkeep as the program needs it."""

    doors: Upkeep
    notes: LogQueue
    """Where requests are noted."""
    restart: Restart
    book: SqliteLogBook
    restores: Restores

    async def run(self) -> None:
        """Jobs, logs and restores, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.doors.crons.run())
            tasks.create_task(self.notes.run())
            tasks.create_task(self.restores.run())

    async def close(self) -> None:
        """Let go of files."""
        await self.book.close()


def build_upkeep(
    surroundings: Surroundings,
    services: Services,
    store: SqliteStore,
    *,
    storage: Callable[[], Bucket | None],
) -> Keeping:
    """Jobs, request logs and backups of this program; ``storage`` as for ``build_backups``."""
    clock, log, keeper = surroundings.clock, surroundings.log, services.keeper
    book = SqliteLogBook(surroundings.dir.logs, collection=LOGS, clock=clock)
    notes = LogQueue(
        book=book,
        entropy=surroundings.entropy,
        log=log,
        clean=surroundings.redactor.clean_text,
    )
    keeper.on_change(notes.follow)
    logs = RequestLogs(book=book, queue=notes, clock=clock)

    def made() -> Backups:
        from yadokari.app.backing_up import build_backups  # Loaded when one is asked for.
        from yadokari.stores.sqlite.snapshot import SqliteSnapshots

        return build_backups(
            surroundings,
            store=store,
            snapshots=SqliteSnapshots(surroundings.dir.database),
            storage=storage,
            keeper=keeper,
            sweeper=services.sweeper,
        )

    backups = Late(made)
    crons = Crons(clock=clock, log=log)
    add_store_jobs(crons, optimize=store, accounts=services.accounts)
    add_log_job(crons, logs=logs, keeper=keeper)
    follow_schedule(crons, keeper, backups)
    restart = Restart()
    restores = Restores(backups, restart, log=log)
    doors = Upkeep(
        crons=crons,
        logs=logs,
        backups=backups,
        restore=restores.begin,
        console=store if store.capabilities.raw_sql else None,
    )
    return Keeping(doors, notes, restart, book, restores)
