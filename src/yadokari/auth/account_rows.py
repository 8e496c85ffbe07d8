"""Rows that belong to an auth record: codes, half-done sign-ins, known devices, linked accounts.

They are rows of the helper collections, written by the program and read by their owner over the
API. Here they are made and found.

Not here: when they go (records/belongings.py), what they mean (the modules that write them).
"""

from __future__ import annotations

from yadokari.base.dates import date_text
from yadokari.ports.clock import Clock
from yadokari.ports.entropy import Entropy
from yadokari.ports.store import Reads, Row
from yadokari.records.service import Records
from yadokari.schema.autogenerate import generate
from yadokari.schema.collection import Collection, Schema
from yadokari.schema.fields import AutodateField, TextField, Value

ROWS_MAX = 1_000  # Nobody has that many codes or devices; expired ones are pruned.

DECOYS = Collection(
    id="$decoys",
    name="$decoys",
    fields=(
        TextField(id="id", name="id", primary_key=True),
        TextField(id="value", name="value"),
    ),
    system=True,
)
"""Reserved: one row, written where a code would have been if there were an account."""


class AccountRows:
    """Makes and finds rows of the helper collections."""

    def __init__(self, *, records: Records, clock: Clock, entropy: Entropy) -> None:
        self._records = records
        self._clock, self._entropy = clock, entropy

    def new(self, helper: Collection, collection: Collection, row: Row, **values: Value) -> Row:
        """A row of ``helper`` that belongs to ``row``, ready to be put as ABSENT.

        Args:
            values: By field name, canonical; a password is a hash.
        """
        now = date_text(self._clock.unix_ms())
        made = dict(helper.zeros)
        for field in helper.fields:
            if isinstance(field, TextField) and field.autogenerate_pattern:
                made[field.name] = generate(field.autogenerate_pattern, self._entropy)
            elif isinstance(field, AutodateField) and (field.on_create or field.on_update):
                made[field.name] = now
        made |= {"collectionRef": collection.id, "recordRef": row.id, **values}
        return Row(helper.id, made)

    def new_id(self, helper: Collection) -> str:
        """An id as ``new`` would draw it."""
        return self._records.writing.new_id(helper)

    async def of(
        self, reads: Reads, helper: Collection, collection: Collection, row: Row
    ) -> list[Row]:
        """The rows of ``helper`` that belong to ``row``, the one made last first."""
        found = await self._records.belongings.of(reads, helper, collection, row, rows_max=ROWS_MAX)
        return sorted(found, key=lambda one: one.stamp, reverse=True)


def helper_named(schema: Schema, name: str) -> Collection:
    """A helper collection; every schema has them all."""
    found = schema.named(name)
    assert found is not None, "helper collections cannot be deleted"
    return found
