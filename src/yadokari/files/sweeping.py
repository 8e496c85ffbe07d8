"""Removing the blobs of records that are gone or name them no longer.

S1  Blobs go after the change is durable, never before: a write that fails keeps its files.
S2  A blob that cannot be removed is an orphan, logged and left; it is never served.
S3  While somebody holds the sweeper, as a backup does, what is to be removed waits.
S4  Only what the gone record or collection held is removed: another one under the same id may have
    been made meanwhile, and its files stay.
S4  A file goes before its thumbnails: one that is just being made finds it gone and goes, too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from yadokari.base.errors import YadokariError
from yadokari.base.log import Log
from yadokari.files.keys import collection_prefix, file_key, thumbs_prefix
from yadokari.ports.bucket import BlobKey, Bucket
from yadokari.ports.store import Change, Row, Store
from yadokari.schema.collection import Collection
from yadokari.schema.fields import FileField

KEYS_PER_FILE = 2  # the file itself and the folder of its thumbnails
WAITING_MAX = 100_000  # records with files to remove at once; beyond it blobs are left as orphans


class Sweeper:
    """Follows a store's changes and removes what nobody names any more."""

    def __init__(self, *, store: Store, bucket: Bucket, log: Log) -> None:
        self._store = store
        self._bucket = bucket
        self._log = log
        self._free = asyncio.Event()
        self._free.set()
        self._held = 0
        self._waiting: asyncio.Queue[tuple[str, ...]] = asyncio.Queue(WAITING_MAX)

    def heard(self, changes: tuple[Change, ...]) -> None:
        """Take note of durable changes; never waits."""
        for change in changes:
            collection = self._store.schema.by_id.get(change.collection_id)
            gone = () if collection is None else _gone(collection, change)
            if gone:
                self._note(gone)

    async def collection_deleted(self, collection: Collection) -> None:
        """Every file that a collection has by now goes with it."""
        prefix = collection_prefix(collection.id)
        try:
            gone = tuple([key async for key in self._bucket.list(prefix)])
        except YadokariError as error:
            self._log.warning("blob_left", key=prefix, reason=str(error))
            return
        if gone:
            self._note(gone)

    async def remove(self, collection: Collection, row: Row) -> int:
        """Remove the files of a record that is gone, at once; how many keys were tried.

        Raises: Unavailable.
        """
        keys = _keys(collection, row.id, file_names(collection, row))
        for key in keys:
            await self._remove(key)
        return len(keys) // KEYS_PER_FILE

    @contextmanager
    def held(self) -> Iterator[None]:
        """Remove nothing as long as the block lasts (S3)."""
        self._held += 1
        self._free.clear()
        try:
            yield
        finally:
            self._held -= 1
            if not self._held:
                self._free.set()

    async def run(self) -> None:
        """Remove what waits, until cancelled."""
        while True:
            for key in await self._waiting.get():
                await self._free.wait()
                try:
                    await self._remove(key)
                except YadokariError as error:
                    self._log.warning("blob_left", key=key, reason=str(error))

    async def _remove(self, key: str) -> None:
        if key.endswith("/"):
            await self._bucket.delete_prefix(key)
        else:
            await self._bucket.delete(BlobKey(key))

    def _note(self, keys: tuple[str, ...]) -> None:
        if self._waiting.full():
            self._log.warning("blob_left", key=keys[0], count=len(keys))
            return
        self._waiting.put_nowait(keys)


def _gone(collection: Collection, change: Change) -> tuple[str, ...]:
    """Keys of the blobs that a change took the last name from; those of thumbnails end in /."""
    if change.before is None or (change.after is None and change.op != "delete"):
        return ()
    kept = set[str]() if change.after is None else file_names(collection, change.after)
    return _keys(collection, change.record_id, file_names(collection, change.before) - kept)


def _keys(collection: Collection, record_id: str, names: set[str]) -> tuple[str, ...]:
    """Where the files of these names lie, with their thumbnails."""
    return tuple(
        key
        for name in sorted(names)
        for key in (
            file_key(collection.id, record_id, name),
            thumbs_prefix(collection.id, record_id, name),
        )
    )


def file_names(collection: Collection, row: Row) -> set[str]:
    """Names of all files that a record holds."""
    names: set[str] = set()
    for field in collection.each(FileField):
        value = row.values.get(field.name, "")
        names.update(value if isinstance(value, tuple) else [str(value)] if value else [])
    return names
