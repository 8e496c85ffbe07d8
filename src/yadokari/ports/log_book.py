"""The log book: what is kept of requests, apart from the store and never replicated.

LB1  It may lose entries; nothing else may suffer from it.
LB2  Entries are read in the order in which they were added.

Not here: what an entry says (upkeep/log_entries.py), who may read it (api).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from yadokari.ports.store import Counted, Page, Row, Rows
from yadokari.rules.bind import Binding
from yadokari.rules.plan import Plan


class LogEntry(msgspec.Struct, frozen=True, gc=False):
    """One entry, ready to be kept."""

    id: str
    created: str
    """Canonical date text."""
    level: int
    """-4 debug, 0 info, 4 warning, 8 error."""
    message: str
    data: str
    """A JSON object."""


class HourCount(msgspec.Struct, frozen=True):
    """How many entries one hour has."""

    date: str
    """The hour's beginning, canonical date text."""
    total: int


class LogBook(Protocol):
    """Where entries are kept. Every method raises Unavailable when the disk says no."""

    async def add(self, entries: Sequence[LogEntry]) -> None:
        """Keep these."""
        ...

    async def get(self, id: str) -> Row | None:
        """One entry."""
        ...

    async def select(self, plan: Plan, binding: Binding, *, page: Page) -> Rows:
        """A page of what the plan finds; see ports.store.Reads.select."""
        ...

    async def select_counted(self, plan: Plan, binding: Binding, *, page: Page) -> Counted:
        """As ``select``, and how many there are."""
        ...

    async def per_hour(self, plan: Plan, binding: Binding) -> list[HourCount]:
        """How many the plan finds in each hour that has any, oldest first."""
        ...

    async def forget(self, *, before: str | None) -> int:
        """Remove entries older than a date, or all with None; how many."""
        ...

    async def forget_texts(self, texts: Sequence[str], *, dry_run: bool) -> int:
        """Remove entries that hold one of these texts, so that no file has them any more; how many.

        With ``dry_run`` they are only counted.
        """
        ...

    async def close(self) -> None:
        """Finish and let go of the file."""
        ...
