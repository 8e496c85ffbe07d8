"""Maintenance: the site closed for a while, or open for reading only.

M1  What an operator set is kept in the store and holds after a restart, until it is set again.
M2  What the process was started with holds as long as the process runs, whatever is stored: it is
    for moments in which the store itself is being mended.

Not here: which requests are refused (api/maintenance.py).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

import msgspec

from yadokari.base.errors import BadRequest
from yadokari.ports.store import ABSENT, Row, Store, Transaction
from yadokari.upkeep.settings_keeper import SETTINGS

Mode: TypeAlias = Literal["off", "on", "read-only"]
MODES: tuple[Mode, ...] = ("off", "on", "read-only")
ROW_ID = "maintenance"


class State(msgspec.Struct, frozen=True):
    """What is in force."""

    mode: Mode
    forced: bool
    """Whether the process was started so (M2)."""


class Maintenance:
    """Keeps and changes the mode."""

    def __init__(self, *, store: Store, forced: Mode = "off") -> None:
        self._store = store
        self._forced = forced
        self._stored: Mode = "off"
        self._listeners: list[Callable[[State], None]] = []

    @property
    def state(self) -> State:
        """What is in force now."""
        if self._forced != "off":
            return State(self._forced, forced=True)
        return State(self._stored, forced=False)

    def on_change(self, listener: Callable[[State], None]) -> None:
        """Call ``listener`` with the state, now and after each change."""
        self._listeners.append(listener)
        listener(self.state)

    async def load(self) -> None:
        """Take over what is stored; once, at the start."""
        row = (await self._store.get(SETTINGS, [ROW_ID])).get(ROW_ID)
        if row is not None:
            self._enforce(mode_of(str(row.values["value"])))

    async def set(self, mode: Mode) -> State:
        """Keep a mode and enforce it; returns what is in force then.

        Raises:
            BadRequest: the process was started in another mode (M2).
        """
        if self._forced not in ("off", mode):
            raise BadRequest(
                f"The server was started with maintenance {self._forced}; start it without."
            )

        async def work(tx: Transaction) -> None:
            row = (await tx.get(SETTINGS, [ROW_ID])).get(ROW_ID)
            version, stamp = (row.version, row.stamp) if row is not None else (ABSENT, 0)
            kept = Row(SETTINGS.id, {"id": ROW_ID, "value": mode}, version, stamp)
            await tx.put(kept, expected=version)

        committed = await self._store.transact(work)
        await committed.settled()
        self._enforce(mode)
        return self.state

    def _enforce(self, mode: Mode) -> None:
        self._stored = mode
        for listener in self._listeners:
            listener(self.state)


def mode_of(text: str) -> Mode:
    """The mode that a text names; a switch's words are understood, too.

    Raises:
        BadRequest: it names none.
    """
    word = text.strip().lower()
    if word in ("1", "true", "yes"):
        return "on"
    if word in ("", "0", "false", "no"):
        return "off"
    for mode in MODES:
        if word == mode:
            return mode
    raise BadRequest(f"Maintenance can be {', '.join(MODES)}.")
