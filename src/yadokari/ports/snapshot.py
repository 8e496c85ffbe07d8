"""Snapshots: one file with everything a store holds at one moment, while it goes on writing.

N1  A snapshot is of one moment, whatever is written meanwhile.
N2  Taking one never keeps writers waiting for longer than a commit.
N3  What comes back from elsewhere is examined before it is used.

Not here: files around it, and where copies are kept (upkeep/backups.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from yadokari.base.errors import YadokariError
from yadokari.rules.bind import Scalar


class Unfit(YadokariError):
    """The file is damaged, newer than this program, or no snapshot. Use another one."""


class SideTable(msgspec.Struct, frozen=True, kw_only=True):
    """A table that goes into a snapshot only, for other programs to read."""

    name: str
    statements: tuple[str, ...]
    """Make it."""
    columns: tuple[str, ...]
    rows: Sequence[tuple[Scalar | bytes, ...]]


class Snapshots(Protocol):
    """What takes snapshots of one store."""

    async def take(self, path: Path, *, tables: Sequence[SideTable] = ()) -> None:
        """Write a snapshot to a new file.

        Args:
            path: The file; its folder exists.
            tables: Added to it, unless the store has tables of these names itself.

        Raises:
            Unavailable: the disk says no.
        """
        ...

    async def counts(self, path: Path) -> Mapping[str, int]:
        """The number of rows of a snapshot by table, side tables too. Raises Unfit."""
        ...

    async def examine(self, path: Path) -> None:
        """Make sure that a snapshot is whole, and of a format that can be opened. Raises Unfit."""
        ...

    async def adopt(self, path: Path, *, tables: Sequence[str]) -> None:
        """Make a snapshot a store's file: take side tables out. Raises Unfit."""
        ...
