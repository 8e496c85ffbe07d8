"""The wish that a program ends and begins anew.

Not here: who wishes it (app/backing_up.py), who does it (app/run.py, app/embedded.py).
"""

from __future__ import annotations

import asyncio


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
