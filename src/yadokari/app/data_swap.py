"""Putting prepared data in the place of the present data, so that a crash leaves one or the other.

A restore prepares ``.restore/new`` beside the data and writes ``.restore/phase``. Whoever next owns
the folder goes on from the phase that stands there, before anything is opened:

1. ``out``: what is about to be replaced moves to ``.restore/old``;
2. ``in``: what was prepared moves to its place;
3. ``placed``: both are done. The program opens the new data, and says ``confirm``: the old is
   removed. When it cannot be opened, ``undo`` goes back the same way: the new leaves (``back``),
   the old comes home (``home``).

W1  Each step is a rename that is left out when it was done already, so a phase may be repeated
    from its start after a crash.
W2  The old data stays until the new was opened.

Not here: what is prepared (upkeep/backups.py).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec

FOLDER = ".restore"
COMPANIONS = ("data.db-wal", "data.db-shm")
"""Go with the database, and are never prepared."""

Phase = Literal["out", "in", "placed", "back", "home"]


class _State(msgspec.Struct, frozen=True):
    phase: Phase
    names: tuple[str, ...]
    """What is replaced, prepared or companion."""


class DataSwap:
    """The swap of one data folder; its methods block."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._folder = root / FOLDER
        self._new, self._old = self._folder / "new", self._folder / "old"

    def folder(self) -> Path:
        """As upkeep.backups.Staging.folder."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._new.mkdir(parents=True)
        self._old.mkdir()
        return self._new

    def ready(self) -> None:
        """As upkeep.backups.Staging.ready: from here on the next owner goes on."""
        for path in self._new.rglob("*"):
            _sync(path)
        names = sorted(path.name for path in self._new.iterdir())
        self._write(_State("out", (*names, *COMPANIONS)))

    @property
    def is_placed(self) -> bool:
        """Whether restored data is in place and waits for ``confirm``."""
        state = self._read()
        return state is not None and state.phase == "placed"

    def finish(self) -> bool:
        """Go on with what was begun; whether data was put in place that is not confirmed yet.

        Whoever calls owns the folder, and has nothing in it open. Raises OSError.
        """
        state = self._read()
        if state is None:
            shutil.rmtree(self._folder, ignore_errors=True)  # Prepared in part, by who then died.
            return False
        if state.phase in ("back", "home"):
            self._go_back(state)
            return False
        if state.phase == "out":
            _move(state.names, self._root, self._old)
            state = self._write(_State("in", state.names))
        if state.phase == "in":
            _move(state.names, self._new, self._root)
            state = self._write(_State("placed", state.names))
        return True

    def confirm(self) -> None:
        """The new data was opened: the old is removed."""
        if not self._folder.exists():
            return
        (self._folder / "phase").unlink(missing_ok=True)
        _sync(self._folder)
        shutil.rmtree(self._folder, ignore_errors=True)

    def undo(self) -> bool:
        """Put the old data back, as the new cannot be opened; whether there was any."""
        state = self._read()
        if state is None or state.phase != "placed":
            return False
        self._go_back(self._write(_State("back", state.names)))
        return True

    def _go_back(self, state: _State) -> None:
        if state.phase == "back":
            _move(state.names, self._root, self._new)
            state = self._write(_State("home", state.names))
        _move(state.names, self._old, self._root)
        self.confirm()

    def _read(self) -> _State | None:
        try:
            return msgspec.json.decode((self._folder / "phase").read_bytes(), type=_State)
        except (FileNotFoundError, msgspec.DecodeError):
            return None

    def _write(self, state: _State) -> _State:
        part = self._folder / "phase.part"
        part.write_bytes(msgspec.json.encode(state))
        _sync(part)
        part.replace(self._folder / "phase")
        for folder in (self._new, self._old, self._root, self._folder):
            _sync(folder)
        return state


def _move(names: Sequence[str], source: Path, target: Path) -> None:
    """Move what is still there."""
    for name in names:
        _replace(source / name, target / name)


def _replace(source: Path, target: Path) -> None:
    if source.exists():
        source.rename(target)


def _sync(path: Path) -> None:
    """Let a file, or a folder's names, survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
