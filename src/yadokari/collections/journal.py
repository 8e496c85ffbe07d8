"""The journal of a development server: each change of the schema becomes a migration file.

JO1  The history row is committed with the change, so the file is never run again here.
JO2  The file is written after the commit, before the answer; it holds no secrets. When that fails
     the change stands, so it is logged: the answer must not say that nothing happened.
JO3  Names never clash: each change has its own second, later than every file's.

Not here: running migrations (collections/migrations.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from yadokari.base.log import Log
from yadokari.collections.history import remember
from yadokari.collections.migration_files import (
    MigrationDocument,
    MigrationError,
    document_bytes,
    file_name,
    migration_names,
    seconds_of,
    write_new,
)
from yadokari.collections.operations import (
    CreateCollection,
    DeleteCollection,
    ImportCollections,
    Operation,
    operations_between,
)
from yadokari.ports.clock import Clock
from yadokari.ports.store import Transaction
from yadokari.schema.collection import Schema


class Slot(msgspec.Struct):
    """Where one change will be written."""

    newest_s: int
    """Seconds of the newest file when the change began."""
    name: str = ""
    content: bytes = b""


class Journal(Protocol):
    """Writes changes of the schema down."""

    async def slot(self) -> Slot:
        """A place for one change; unused ones cost nothing."""
        ...

    async def note(self, tx: Transaction, slot: Slot, *, before: Schema, after: Schema) -> None:
        """Take note of a change inside its unit of work; may be called again for the same slot."""
        ...

    async def keep(self, slot: Slot) -> None:
        """The change is committed: write it; never fails (JO2)."""
        ...


class FileJournal:
    """Writes JSON migrations into a folder."""

    def __init__(self, *, folder: Path, clock: Clock, log: Log) -> None:
        self._folder, self._clock, self._log = folder, clock, log
        self._last_seconds = 0

    async def slot(self) -> Slot:
        """See Journal."""
        names = await asyncio.to_thread(migration_names, self._folder)
        return Slot(seconds_of(names[-1]) if names else 0)

    async def note(self, tx: Transaction, slot: Slot, *, before: Schema, after: Schema) -> None:
        """See Journal."""
        up = operations_between(before, after)
        if not up:
            slot.name, slot.content = "", b""
            return
        down = operations_between(after, before)
        # Units run one after another, so no other change gets the same second.
        seconds = max(self._clock.unix_ms() // 1_000, slot.newest_s + 1, self._last_seconds + 1)
        self._last_seconds = seconds
        slot.name = file_name(seconds, _words(up, before, after))
        slot.content = document_bytes(MigrationDocument(up=up, down=down))
        await remember(tx, slot.name, applied_us=self._clock.unix_ms() * 1_000)

    async def keep(self, slot: Slot) -> None:
        """See Journal."""
        if not slot.name:
            return
        try:
            await asyncio.to_thread(write_new, self._folder, slot.name, slot.content)
        except MigrationError as error:
            self._log.error("migration_not_written", error=error, file=slot.name)


def _words(operations: Sequence[Operation], before: Schema, after: Schema) -> str:
    """What the file is called: after the one collection that it creates, deletes or updates."""
    verbs: dict[str, str] = {}
    for operation in operations:
        match operation:
            case CreateCollection():
                verbs[str(operation.collection["id"])] = "created"
            case DeleteCollection():
                verbs[operation.collection] = "deleted"
            case ImportCollections():
                pass
            case _:
                verbs[operation.collection] = "updated"
    if len(verbs) != 1:
        return "collections_import"
    [(collection_id, verb)] = verbs.items()
    collection = after.by_id.get(collection_id) or before.by_id[collection_id]
    return f"{verb}_{collection.name}"


_: type[Journal] = FileJournal
