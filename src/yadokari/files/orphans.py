"""Files that no record names: found, and removed when somebody says so.

They are left by a process that died between storing a file and committing its record, or before it
could sweep; and by a bucket that did not answer then.

OR1  Nothing is removed unasked: after a database was restored from yesterday, today's files are
     orphans too, and somebody may want both back.
OR2  A file younger than a day is none: its record may be about to be committed.
OR3  Only what lies where files of a collection lie is looked at; whatever else shares the bucket
     stays.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

import msgspec

from yadokari.base.errors import NotFound
from yadokari.files.keys import THUMBS, collection_prefix
from yadokari.files.sweeping import file_names
from yadokari.ports.bucket import BlobKey, Bucket
from yadokari.ports.clock import Clock
from yadokari.ports.store import Store
from yadokari.schema.collection import Collection

AGE_MS = 24 * 60 * 60 * 1_000  # An upload and its record are minutes apart at most.
RECORDS_AT_ONCE = 200  # Read from the store in one go.
SHOWN_MAX = 1_000  # Keys in an answer; the count is of all.


class OrphansFound(msgspec.Struct, frozen=True):
    """What was found."""

    count: int
    removed: bool
    keys: tuple[str, ...]
    """The first of them."""


class Orphans:
    """Compares the bucket with the records."""

    def __init__(self, *, store: Store, bucket: Bucket, clock: Clock) -> None:
        self._store, self._bucket, self._clock = store, bucket, clock

    async def collect(self, *, remove: bool) -> OrphansFound:
        """Find all, and remove them if told so (OR1).

        Raises:
            Unavailable: the bucket or the store does not answer; what was removed is removed.
        """
        count, shown = 0, list[str]()
        for collection in self._store.schema.collections:
            if collection.is_view:
                continue
            async for key in self._of(collection):
                count += 1
                if len(shown) < SHOWN_MAX:
                    shown.append(key)
                if remove:
                    await self._bucket.delete(key)
        return OrphansFound(count, remove, tuple(shown))

    async def _of(self, collection: Collection) -> AsyncIterator[BlobKey]:
        waiting: dict[str, list[tuple[BlobKey, str]]] = {}
        # Listed before the first is removed: not every bucket likes both at once.
        keys = [key async for key in self._bucket.list(collection_prefix(collection.id))]
        for key in keys:
            found = _owner(collection, key)
            if found is None:
                continue
            record_id, name = found
            if record_id not in waiting and len(waiting) == RECORDS_AT_ONCE:
                async for orphan in self._judged(collection, waiting):
                    yield orphan
                waiting.clear()
            waiting.setdefault(record_id, []).append((key, name))
        async for orphan in self._judged(collection, waiting):
            yield orphan

    async def _judged(
        self, collection: Collection, files: dict[str, list[tuple[BlobKey, str]]]
    ) -> AsyncIterator[BlobKey]:
        rows = await self._store.get(collection, tuple(files))
        for record_id, stored in files.items():
            row = rows.get(record_id)
            named = set[str]() if row is None else file_names(collection, row)
            async for key in self._old(key for key, name in stored if name not in named):
                yield key

    async def _old(self, keys: Iterable[BlobKey]) -> AsyncIterator[BlobKey]:
        for key in keys:
            try:
                info = await self._bucket.head(key)
            except NotFound:
                continue
            if self._clock.unix_ms() - info.modified_ms >= AGE_MS:
                yield key


def _owner(collection: Collection, key: BlobKey) -> tuple[str, str] | None:
    """The record's id and the file's name that a key belongs to, None for a stranger (OR3)."""
    parts = key.removeprefix(collection_prefix(collection.id)).split("/")
    if len(parts) == 2:
        return parts[0], parts[1]
    if len(parts) == 3 and parts[1].startswith(THUMBS):
        return parts[0], parts[1].removeprefix(THUMBS)
    return None
