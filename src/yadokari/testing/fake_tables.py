"""Rows in memory, and what schema steps and unique indexes do to them.

Not here: units of work (testing/fake_store.py).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import assert_never

from yadokari.base.errors import BadRequest, Conflict
from yadokari.base.problems import Problem
from yadokari.ports.store import Row
from yadokari.schema.collection import Collection, Schema
from yadokari.schema.fields import Value, is_list, zero
from yadokari.schema.index import Index, parse_index, parse_indexes
from yadokari.schema.steps import (
    AddCollection,
    AddField,
    ChangeMultiplicity,
    CreateIndexes,
    DropCollection,
    DropField,
    DropIndexes,
    DropView,
    RenameCollection,
    RenameField,
    SchemaStep,
    SetView,
)

_NOT_BLANK = re.compile(r"[`\"\[]?(\w+)[`\"\]]?\s*(?:!=|<>)\s*(?:''|\"\")\Z")


class Tables:
    """Rows by collection and id."""

    def __init__(self, rows: dict[str, dict[str, Row]] | None = None) -> None:
        self._rows: dict[str, dict[str, Row]] = rows or {}

    def copied(self) -> Tables:
        """The same rows, to be changed apart."""
        return Tables({key: dict(rows) for key, rows in self._rows.items()})

    def rows(self, collection_id: str) -> dict[str, Row]:
        """Rows of a collection by id."""
        return self._rows.setdefault(collection_id, {})

    def in_order(self, collection_id: str) -> list[Row]:
        """Rows of a collection in creation order."""
        return sorted(self.rows(collection_id).values(), key=lambda row: row.stamp)

    def pointing_at(self, collection_id: str, field: str, ids: Sequence[str]) -> list[Row]:
        """Rows whose relation holds one of the ids, in creation order."""
        wanted = set(ids)
        found: list[Row] = []
        for row in self.in_order(collection_id):
            value = row.values[field]
            held = set(value) if isinstance(value, tuple) else {value}
            if held & wanted:
                found.append(row)
        return found

    def check_unique(self, collection: Collection, row: Row, *, new: bool) -> None:
        """Raises Conflict when another row has the values of a unique index."""
        if new and row.id in self.rows(collection.id):
            raise Conflict(collection=collection.name, fields=("id",))
        for index in parse_indexes(collection.indexes):
            key = _key(index, row.values) if index.unique else None
            if key is None:
                continue
            for other in self.rows(collection.id).values():
                if other.id != row.id and _key(index, other.values) == key:
                    names = tuple(column.name for column in index.columns)
                    raise Conflict(collection=collection.name, fields=names)

    def apply(self, step: SchemaStep, schema: Schema) -> None:
        """Change rows as a schema step says."""
        match step:
            case AddCollection():
                self._rows[step.collection.id] = {}
            case DropCollection():
                self._rows.pop(step.collection.id, None)
            case AddField():
                self._each(step.collection_id, {step.field.name: zero(step.field)}, None)
            case DropField():
                self._each(step.collection_id, {}, step.field.name)
            case RenameField():
                for row in list(self.rows(step.collection_id).values()):
                    value = row.values[step.old_name]
                    self._set(row, {step.new_name: value}, step.old_name)
            case ChangeMultiplicity():
                for row in list(self.rows(step.collection_id).values()):
                    value = _reshaped(row.values[step.new.name], many=is_list(step.new))
                    self._set(row, {step.new.name: value}, None)
            case CreateIndexes():
                self._check_indexes(step, schema)
            case RenameCollection() | DropIndexes() | DropView():
                pass
            case SetView():
                raise BadRequest("This store has no views.")
            case _:
                assert_never(step)

    def _check_indexes(self, step: CreateIndexes, schema: Schema) -> None:
        known = {field.name.lower() for field in schema.by_id[step.collection_id].fields}
        for wanted in step.indexes:
            index = parse_index(wanted.text)
            rows = self.rows(step.collection_id).values()
            keys = [_key(index, row.values) for row in rows] if index and index.unique else []
            present = [key for key in keys if key is not None]
            missing = index is None or any(c.name.lower() not in known for c in index.columns)
            if missing or len(set(present)) < len(present):
                problem = Problem("validation_invalid_index_expression", "Cannot be created.")
                raise BadRequest(problems={"indexes": {str(wanted.position): problem}})

    def _each(self, collection_id: str, added: dict[str, Value], dropped: str | None) -> None:
        for row in list(self.rows(collection_id).values()):
            self._set(row, added, dropped)

    def _set(self, row: Row, added: dict[str, Value], dropped: str | None) -> None:
        values = {name: value for name, value in row.values.items() if name != dropped} | added
        changed = Row(row.collection_id, values, row.version, row.stamp)
        self.rows(row.collection_id)[row.id] = changed


def _key(index: Index, values: dict[str, Value]) -> tuple[Value, ...] | None:
    """What must be unique; None when the index leaves the row out."""
    condition = _NOT_BLANK.match(index.where)
    if condition is not None and values.get(condition[1]) == "":
        return None
    found: list[Value] = []
    for column in index.columns:
        value = values.get(column.name, "")
        folds = column.collate.lower() == "nocase" and isinstance(value, str)
        found.append(folded(str(value)) if folds else value)
    return tuple(found)


def folded(text: str) -> str:
    """Without the case of ASCII letters, as a case-blind index sees it."""
    return "".join(char.lower() if char.isascii() else char for char in text)


def _reshaped(value: Value, *, many: bool) -> Value:
    if many:
        return value if isinstance(value, tuple) else (str(value),) if value else ()
    if isinstance(value, tuple):
        return value[-1] if value else ""
    return value
