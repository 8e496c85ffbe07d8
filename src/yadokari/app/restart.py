"""The wish that a program ends and begins anew, as a restore has it.

Not here: who fulfils it (app/run.py, app/embedded.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from yadokari.base.errors import YadokariError
from yadokari.base.log import Log

if TYPE_CHECKING:
    from yadokari.upkeep.backups import Backups

RESTART_AFTER_S = 1.0  # The answer to who asked for it leaves first.


class Restart:
    """Whether this program shall end and begin anew, as after a restore."""

    def __init__(self) -> None:
        self._asked = asyncio.Event()

    @property
    def is_asked(self) -> bool:
        """Whether somebody asked."""
        return self._asked.is_set()

    def ask(self) -> None:
        """Let whoever runs the program begin it anew."""
        self._asked.set()

    async def wait(self) -> None:
        """Wait until somebody asks."""
        await self._asked.wait()


class Restores:
    """Restores in the background: the answer leaves, the data is prepared, the program restarts."""

    def __init__(self, backups: Callable[[], Backups], restart: Restart, *, log: Log) -> None:
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
                await self._backups().prepare_restore(key)
            except (YadokariError, OSError) as exc:
                self._log.error("restore_refused", error=exc, backup=key)
            else:
                self._restart.ask()
