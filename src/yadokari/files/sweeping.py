"""Removing the blobs of records that are gone or name them no longer.

S1  Blobs go after the change is durable, never before: a write that fails keeps its files.
S2  A blob that cannot be removed is an orphan, logged and left; it is never served.
"""

from __future__ import annotations

import asyncio

from yadokari.base.errors import YadokariError
from yadokari.base.log import Log
from yadokari.files.keys import collection_prefix, file_key, record_prefix, thumbs_prefix
from yadokari.ports.bucket import Bucket
from yadokari.ports.store import Change, Row, Store
from yadokari.schema.collection import Collection
from yadokari.schema.fields import FileField

WAITING_MAX = 100_000  # removals waiting at once; beyond it blobs are left as orphans


class Sweeper:
    """Follows a store's changes and removes what nobody names any more."""

    def __init__(self, *, store: Store, bucket: Bucket, log: Log) -> None:
        self._store = store
        self._bucket = bucket
        self._log = log
        self._waiting: asyncio.Queue[str] = asyncio.Queue(WAITING_MAX)

    def heard(self, changes: tuple[Change, ...]) -> None:
        """Take note of durable changes; never waits."""
        for change in changes:
            collection = self._store.schema.by_id.get(change.collection_id)
            if collection is None or change.before is None:
                continue
            for prefix in _gone(collection, change):
                if self._waiting.full():
                    self._log.warning("blob_left", key=prefix)
                    return
                self._waiting.put_nowait(prefix)

    async def collection_deleted(self, collection: Collection) -> None:
        """Every file of a collection goes with it."""
        if not self._waiting.full():
            self._waiting.put_nowait(collection_prefix(collection.id))

    async def run(self) -> None:
        """Remove what waits, until cancelled."""
        while True:
            prefix = await self._waiting.get()
            try:
                await self._bucket.delete_prefix(prefix)
            except YadokariError as error:
                self._log.warning("blob_left", key=prefix, reason=str(error))


def _gone(collection: Collection, change: Change) -> list[str]:
    fields = [field for field in collection.fields if isinstance(field, FileField)]
    if not fields or change.before is None:
        return []
    if change.op == "delete":
        return [record_prefix(collection.id, change.record_id)]
    if change.after is None:
        return []
    before, after = _names(fields, change.before), _names(fields, change.after)
    gone = before - after
    return [
        prefix
        for name in gone
        for prefix in (
            file_key(collection.id, change.record_id, name),
            thumbs_prefix(collection.id, change.record_id, name),
        )
    ]


def _names(fields: list[FileField], row: Row) -> set[str]:
    names: set[str] = set()
    for field in fields:
        value = row.values.get(field.name, "")
        names.update(value if isinstance(value, tuple) else [str(value)] if value else [])
    return names
