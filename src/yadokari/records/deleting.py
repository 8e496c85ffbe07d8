"""Deleting records with everything that hangs on them, inside a unit of work.

D1  Children go, or lose the reference, before the parent goes: the log has them in that order.
D2  A required reference that would become empty stops the whole deletion.
D3  Who may hear of a deletion is judged while the record still exists (DeleteWitness).
"""

from __future__ import annotations

from typing import Protocol

from yadokari.base.errors import BadRequest, NotFound
from yadokari.contract import messages
from yadokari.ports.store import Row, Transaction
from yadokari.records.belongings import Belongings
from yadokari.records.caller import Asking
from yadokari.records.reading import Reading, applied_rule
from yadokari.records.writing import Writing
from yadokari.schema.collection import SUPERUSERS_ID, Collection
from yadokari.schema.field_list import packed, unpacked
from yadokari.schema.fields import RelationField

REQUIRED_REFERENCE = (
    "Failed to delete record. Make sure that the record is not part of a required relation "
    "reference."
)
LAST_SUPERUSER = "You can't delete the only existing superuser."


class DeleteWitness(Protocol):
    """Somebody who must see a record before it goes."""

    async def before_delete(self, tx: Transaction, collection: Collection, row: Row) -> None:
        """The record is about to be deleted in this unit of work."""
        ...


class Deleting:
    """Deletes records."""

    def __init__(
        self,
        *,
        belongings: Belongings,
        reading: Reading,
        writing: Writing,
        witness: DeleteWitness | None,
    ) -> None:
        self._belongings = belongings
        self._reading = reading
        self._writing = writing
        self._witness = witness

    async def delete(
        self,
        tx: Transaction,
        asking: Asking,
        collection: Collection,
        id: str,
    ) -> None:
        """Delete a record that this caller may delete.

        Raises:
            Forbidden: the delete rule is null and the caller no superuser.
            NotFound: no such record, or the rule is not met.
            BadRequest: D2, a view, or the last superuser.
        """
        if collection.is_view:
            raise BadRequest(messages.COLLECTION_TYPE_UNSUPPORTED)
        rule = applied_rule(collection.delete_rule, asking, collection)
        row = await self._reading.visible(tx, asking, collection, id, rule=rule)
        if row is None:
            raise NotFound
        if collection.id == SUPERUSERS_ID and len(await tx.all_of(collection, rows_max=2)) < 2:
            raise BadRequest(LAST_SUPERUSER)
        await self.remove(tx, collection, row)

    async def remove(
        self,
        tx: Transaction,
        collection: Collection,
        row: Row,
        *,
        also: DeleteWitness | None = None,
    ) -> None:
        """Delete a record whatever the rules say (D1, D2); ``also`` sees every one that goes."""
        await self._remove(tx, collection, row, also, going=set())

    async def _remove(
        self,
        tx: Transaction,
        collection: Collection,
        row: Row,
        also: DeleteWitness | None,
        *,
        going: set[tuple[str, str]],
    ) -> None:
        key = (collection.id, row.id)
        if key in going:
            return
        going.add(key)
        for witness in (self._witness, also):
            if witness is not None:
                await witness.before_delete(tx, collection, row)
        for other in tx.schema.collections:
            if other.is_view:
                continue
            for field in other.fields:
                if isinstance(field, RelationField) and field.collection_id == collection.id:
                    await self._release(tx, other, field, row, also, going=going)
        await self._belongings.of_removed(tx, collection, row)
        current = (await tx.get(collection, (row.id,))).get(row.id)
        if current is not None:
            await tx.remove(current)

    async def _release(
        self,
        tx: Transaction,
        other: Collection,
        field: RelationField,
        row: Row,
        also: DeleteWitness | None,
        *,
        going: set[tuple[str, str]],
    ) -> None:
        """Take the record out of the references of one field."""
        for pointing in await tx.pointing_at(other, field.name, (row.id,)):
            if (other.id, pointing.id) in going:
                continue
            current = (await tx.get(other, (pointing.id,))).get(pointing.id)
            if current is None:
                continue
            left = tuple(one for one in unpacked(current.values[field.name]) if one != row.id)
            if not left and field.cascade_delete:
                await self._remove(tx, other, current, also, going=going)
            elif not left and field.required:
                raise BadRequest(REQUIRED_REFERENCE)
            else:
                await self._writing.touch(tx, other, current, {field.name: packed(field, left)})
