"""Expanding relations: related records nested under ``expand``.

E1  A related record is shown when its own collection's view rule allows it for this caller.
E2  A path with an unknown or closed name (a null view rule) is ignored whole, as soon as there is a
    record to ask it of; one that gives nothing leaves ``expand`` empty.
E3  Each related record is read once for a whole page, however many rows point at it.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

import msgspec

from yadokari.ports.store import Reads, Row
from yadokari.records.caller import Asking
from yadokari.records.presenting import Presented
from yadokari.records.reading import Reading
from yadokari.schema.collection import Collection, Schema
from yadokari.schema.field_list import unpacked
from yadokari.schema.fields import RelationField, is_list
from yadokari.schema.index import single_unique_columns

EXPAND_DEPTH_MAX = 6  # the contract's limit
BACK_RELATIONS_MAX = 1_000  # the contract's limit
_BACK = re.compile(r"^(\w+?)_via_(\w+)$", re.ASCII)

_Shown: TypeAlias = tuple[Row, Presented]
Present: TypeAlias = Callable[[Collection, Row], Awaitable[Presented]]


class _Relation(msgspec.Struct, frozen=True):
    """Where one name leads."""

    collection: Collection
    field: RelationField
    back: bool
    many: bool


class _LeadsNowhere(Exception):
    """A path of names that cannot be followed."""


def expand_paths(text: str) -> list[list[str]]:
    """The dotted paths of a comma list; one that a longer one contains is left out."""
    written = (path.strip(".") for path in text.replace(" ", "").split(","))
    paths = dict.fromkeys(path for path in written if path)
    return [
        path.split(".")[:EXPAND_DEPTH_MAX]
        for path in paths
        if not any(other.startswith(path + ".") for other in paths)
    ]


class Expanding:
    """Adds ``expand`` to presented records of one answer."""

    def __init__(
        self, reading: Reading, reads: Reads, schema: Schema, asking: Asking, present: Present
    ) -> None:
        self._reading = reading
        self._reads = reads
        self._schema = schema
        self._asking = asking.within("expand")
        self._present = present
        self._seen: dict[tuple[str, str], Row | None] = {}
        self._expanded: dict[tuple[int, str], Sequence[_Shown]] = {}
        """What was nested under which shown record, by its identity: all live as long as this."""

    async def expand(
        self, collection: Collection, rows: Sequence[Row], shown: Sequence[Presented], text: str
    ) -> None:
        """Fill ``expand`` of each shown record that has something to fill in."""
        records = list(zip(rows, shown, strict=True))
        for path in expand_paths(text):
            try:
                await self._follow(collection, records, path)
            except _LeadsNowhere:
                continue

    async def _follow(
        self, collection: Collection, records: Sequence[_Shown], path: Sequence[str]
    ) -> None:
        """Expand one path for records of one collection.

        Raises:
            _LeadsNowhere: a name on the way that there were records to ask is no open relation;
                nothing was expanded then (E2).
        """
        relation = self._relation(collection, path[0])
        if relation is None or self._is_closed(relation.collection):
            raise _LeadsNowhere
        related = [await self._nested(row, record, relation, path[0]) for row, record in records]
        if len(path) > 1:
            below = [one for nested in related for one in nested]
            if below:
                await self._follow(relation.collection, below, path[1:])
        for (_, record), nested in zip(records, related, strict=True):
            expanded = record.setdefault("expand", {})
            assert isinstance(expanded, dict), "expand is ours"
            if nested:
                self._expanded[(id(record), path[0])] = nested
                shown = [one for _, one in nested]
                expanded[path[0]] = shown if relation.many else shown[0]

    async def _nested(
        self, row: Row, record: Presented, relation: _Relation, name: str
    ) -> Sequence[_Shown]:
        """The related records of one record; those that an earlier path has shown already."""
        known = self._expanded.get((id(record), name))
        if known is not None:
            return known
        return [
            (one, await self._present(relation.collection, one))
            for one in await self._related(row, relation)
        ]

    def _is_closed(self, collection: Collection) -> bool:
        return collection.view_rule is None and not self._asking.caller.is_superuser

    def _relation(self, collection: Collection, name: str) -> _Relation | None:
        found = collection.by_name.get(name)
        if isinstance(found, RelationField):
            if found.hidden and not self._asking.caller.is_superuser:
                return None
            target = self._schema.by_id.get(found.collection_id)
            return _Relation(target, found, False, is_list(found)) if target else None
        parts = _BACK.match(name)
        other = self._schema.find(parts.group(1)) if parts else None
        back = other.by_name.get(parts.group(2)) if parts and other else None
        if other is None or not isinstance(back, RelationField):
            return None
        if back.collection_id != collection.id:
            return None
        if back.hidden and not self._asking.caller.is_superuser:
            return None
        return _Relation(other, back, True, back.name not in single_unique_columns(other))

    async def _related(self, row: Row, relation: _Relation) -> list[Row]:
        """The related records this caller may see."""
        collection = relation.collection
        if relation.back:
            pointing = await self._reads.pointing_at(
                collection, relation.field.name, (row.id,), rows_max=BACK_RELATIONS_MAX
            )
            ids = tuple(one.id for one in pointing)
            if not self._rule(collection):
                self._seen.update(((collection.id, one.id), one) for one in pointing)
        else:
            ids = unpacked(row.values[relation.field.name])
        return [one for one in [await self._one(collection, id) for id in ids] if one]

    def _rule(self, collection: Collection) -> str:
        return "" if self._asking.caller.is_superuser else collection.view_rule or ""

    async def _one(self, collection: Collection, id: str) -> Row | None:
        key = (collection.id, id)
        if key not in self._seen:
            self._seen[key] = await self._reading.visible(
                self._reads, self._asking, collection, id, rule=self._rule(collection)
            )
        return self._seen[key]
