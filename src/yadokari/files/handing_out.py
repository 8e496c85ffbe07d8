"""Handing files out: which blob a URL means, and who may have it.

H1  Only a name that the record holds now is served.
H2  A protected file is there for those who may view its record, and for nobody else. A view's row
    is a record of its own here: its own rule counts, as where the values are read.
"""

from __future__ import annotations

import msgspec

from yadokari.base.errors import NotFound
from yadokari.contract import messages
from yadokari.files.keys import file_key
from yadokari.files.origins import Origins, holds
from yadokari.ports.bucket import BlobInfo, BlobKey, Bucket
from yadokari.ports.store import Row, Store
from yadokari.records.caller import Asking
from yadokari.records.reading import Reading
from yadokari.schema.collection import Collection
from yadokari.schema.fields import FileField


class Found(msgspec.Struct, frozen=True):
    """A file that may be served; whether the bucket has it is another question."""

    key: BlobKey
    field: FileField
    """The field that names it."""


class Stored(msgspec.Struct, frozen=True):
    """A blob that is there."""

    key: BlobKey
    info: BlobInfo
    content: bytes | None
    """All of it when that is little, None when it is to be read."""


class HandingOut:
    """Finds files for those who may have them."""

    def __init__(self, *, store: Store, reading: Reading, origins: Origins, bucket: Bucket) -> None:
        self._store = store
        self._origins = origins
        self._reading = reading
        self._bucket = bucket

    async def find(
        self, asking: Asking, collection: Collection, record_id: str, name: str
    ) -> Found:
        """The file of this name.

        Raises:
            NotFound: no such record or file, or it is not for this caller (H2).
        """
        row = (await self._store.get(collection, (record_id,))).get(record_id)
        field = None if row is None else _field_of(collection, row, name)
        if row is None or field is None:
            raise NotFound(messages.NOT_FOUND)
        if field.protected and not await self._may_view(asking, collection, record_id):
            raise NotFound(messages.NOT_FOUND)
        if collection.is_view:
            row = await self._origins.of(collection, row, field.name, name)
            if row is None:
                raise NotFound(messages.NOT_FOUND)
        return Found(file_key(row.collection_id, row.id, name), field)

    async def stored(self, found: Found, *, bytes_max: int) -> Stored:
        """The blob of a file; up to ``bytes_max`` with its content. Raises NotFound when lost."""
        return Stored(found.key, *await self._bucket.fetch(found.key, bytes_max=bytes_max))

    async def _may_view(self, asking: Asking, collection: Collection, record_id: str) -> bool:
        if asking.caller.is_superuser:
            return True
        if collection.view_rule is None:
            return False
        found = await self._reading.visible(
            self._store,
            asking.within("protectedFile"),
            collection,
            record_id,
            rule=collection.view_rule,
        )
        return found is not None


def _field_of(collection: Collection, row: Row, name: str) -> FileField | None:
    for field in collection.fields:
        if isinstance(field, FileField) and holds(row.values[field.name], name):
            return field
    return None
