"""The change log in the file: entries written with their group, read by position.

L1  Entries get their positions when the group commits, in the order its units finished.
L2  Only deletes carry a before-image, without passwords and token keys; values go by field id.
L3  Positions are never used twice, not even when the end of the log was pruned (AUTOINCREMENT).

Not here: when a group commits (stores/sqlite/writer.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Literal, cast

import apsw
import msgspec

from yadokari.ports.store import Change, Changes, Cursor, Row
from yadokari.rules.bind import Scalar
from yadokari.schema.collection import Collection, Schema
from yadokari.schema.fields import PasswordField, Value, is_list, zero

PRUNE_SLICE = 500  # Entries removed at once: under a millisecond, so no commit feels it.
_CHUNK = 16  # Entries in one INSERT; measured: beyond it nothing is gained.

_INSERT = (
    'INSERT INTO "$changes" (position, tx, op, collection, record, version, schema_version, at,'
    " before) VALUES "
)
_MARKS = "(?, ?, ?, ?, ?, ?, ?, ?, ?)"
_SELECT = (
    'SELECT position, tx, op, collection, record, version, before FROM "$changes"'
    " WHERE position > ? ORDER BY position LIMIT ?"
)
_ENCODER = msgspec.json.Encoder()

Op = Literal["create", "update", "delete"]


class Entry(msgspec.Struct, frozen=True):
    """A write that waits for its position."""

    op: Op
    collection: Collection
    before: Row | None
    after: Row | None
    version: int


class Log:
    """The writer's end of the change log."""

    def __init__(self, connection: apsw.Connection, *, epoch: int, entries_max: int) -> None:
        self.epoch = epoch
        self._entries_max = entries_max
        self._execute = connection.cursor().execute
        rows = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = '$changes'")
        self.position = int(next(iter(rows.fetchall()), (0,))[0])
        [[oldest, version]] = connection.execute(
            'SELECT coalesce(min(position), 0), coalesce(max(version), 0) FROM "$changes"'
        ).fetchall()
        self.oldest = int(oldest) or self.position + 1
        self._oldest_next = self.oldest
        self.version_max = int(version)

    @property
    def cursor(self) -> Cursor:
        """The end of the log."""
        return Cursor(epoch=self.epoch, position=self.position)

    def write(
        self, units: Sequence[Sequence[Entry]], *, schema_version: int, at_ms: int
    ) -> list[tuple[Change, ...]]:
        """Write the entries of a group's units; they count once ``settle`` was called.

        Raises: SQLite's errors.
        """
        position = self.position
        rows: list[tuple[Scalar, ...]] = []
        written: list[tuple[Change, ...]] = []
        for entries in units:
            first = position + 1
            changes: list[Change] = []
            for entry in entries:
                position += 1
                change = _change(entry, position=position, transaction=first)
                changes.append(change)
                image = before_image(entry) if entry.op == "delete" else None
                place = (position, first, entry.op, change.collection_id, change.record_id)
                rows.append((*place, entry.version, schema_version, at_ms, image))
            written.append(tuple(changes))
        for start in range(0, len(rows), _CHUNK):
            chunk = rows[start : start + _CHUNK]
            flat = tuple([value for row in chunk for value in row])
            self._execute(_insert(len(chunk)), flat)
        if rows:
            self._prune(position)
        return written

    def settle(self, written: Sequence[tuple[Change, ...]]) -> None:
        """The entries are committed."""
        for changes in written:
            if changes:
                self.position = changes[-1].position
        self.oldest = self._oldest_next

    def forget(self) -> None:
        """The entries were rolled back."""
        self._oldest_next = self.oldest

    def _prune(self, position: int) -> None:
        """Remove the oldest entries when the log is over its cap."""
        if position - self.oldest < self._entries_max + PRUNE_SLICE:
            return
        keep_from = min(position - self._entries_max, self.oldest + 2 * PRUNE_SLICE)
        self._execute('DELETE FROM "$changes" WHERE position < ?', (keep_from,))
        self._oldest_next = keep_from


def read_changes(
    rows: Sequence[tuple[Scalar, ...]], after: Cursor, *, log: Log, schema: Schema
) -> Changes:
    """Entries from the log's rows."""
    if after.epoch != log.epoch or after.position < log.oldest - 1:
        return Changes(entries=(), cursor=log.cursor, lost=True)
    entries = tuple([_stored_change(row, schema) for row in rows])
    position = entries[-1].position if entries else after.position
    return Changes(entries=entries, cursor=Cursor(epoch=log.epoch, position=position))


def changes_query() -> str:
    """Entries after a position; bindings: position, how many."""
    return _SELECT


def before_image(entry: Entry) -> str:
    """The row as it was, without secrets, as JSON by field id."""
    assert entry.before is not None
    values = entry.before.values
    public = {f.id: values[f.name] for f in entry.collection.fields if not _is_secret(f)}
    return _ENCODER.encode(public).decode()


@lru_cache(maxsize=_CHUNK)
def _insert(rows: int) -> str:
    return _INSERT + ", ".join([_MARKS] * rows)


def _is_secret(field: object) -> bool:
    return isinstance(field, PasswordField) or getattr(field, "name", "") == "tokenKey"


def _change(entry: Entry, *, position: int, transaction: int) -> Change:
    row = entry.before if entry.after is None else entry.after
    assert row is not None
    return Change(
        position=position,
        transaction=transaction,
        op=entry.op,
        collection_id=row.collection_id,
        record_id=row.id,
        version=entry.version,
        before=entry.before,
        after=entry.after,
    )


def _stored_change(row: tuple[Scalar, ...], schema: Schema) -> Change:
    position, transaction, op, collection_id, record_id, version, before = row
    assert isinstance(position, int)
    assert isinstance(transaction, int)
    assert isinstance(version, int)
    return Change(
        position=position,
        transaction=transaction,
        op=cast("Op", op),
        collection_id=str(collection_id),
        record_id=str(record_id),
        version=version,
        before=_row_of(str(before), str(collection_id), schema) if before else None,
    )


def _row_of(image: str, collection_id: str, schema: Schema) -> Row | None:
    collection = schema.by_id.get(collection_id)
    if collection is None:
        return None
    stored: dict[str, object] = msgspec.json.decode(image)
    values: dict[str, Value] = {}
    for field in collection.fields:
        value = stored.get(field.id, zero(field))
        if is_list(field) and isinstance(value, list):
            value = tuple(value)
        values[field.name] = cast("Value", value)
    return Row(collection_id, values)
