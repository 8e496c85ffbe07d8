"""Operations of a migration: what changes in a schema, by the ids of collections and fields; pure.

OP1  Ids, never names, say what is meant, so a rename is never a loss of data.
OP2  ``operations_between`` and ``applied`` are inverse: going from A to B and back gives A again,
     but for times, secrets and the drawn ids in views.
OP3  No operation holds a secret.
OP4  Operations are judged together: between two of them the schema may be wrong.

Not here: files (collections/migration_files.py), checks and tables (collections/unit.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias, assert_never

import msgspec
from msgspec.structs import replace

from yadokari.base.errors import BadRequest, YadokariError
from yadokari.collections.importing import imported
from yadokari.schema.collection import Collection, Schema
from yadokari.schema.collection_json import collection_to_wire, merge_collection
from yadokari.schema.field_wire import field_to_wire
from yadokari.schema.ids import Draw

Wire: TypeAlias = dict[str, object]


class _Operation(msgspec.Struct, frozen=True, tag_field="op", forbid_unknown_fields=True):
    """One operation; the key ``op`` says which."""


class CreateCollection(_Operation, frozen=True, tag="create_collection"):
    """Make a collection from its JSON."""

    collection: Wire


class DeleteCollection(_Operation, frozen=True, tag="delete_collection"):
    """Delete a collection with its records."""

    collection: str


class UpdateCollection(_Operation, frozen=True, tag="update_collection"):
    """Put keys over a collection: name, rules, indexes, options, view query."""

    collection: str
    set: Wire


class AddField(_Operation, frozen=True, tag="add_field"):
    """Add a field, at a place or at the end."""

    collection: str
    field: Wire
    at: int | None = None


class ChangeField(_Operation, frozen=True, tag="change_field"):
    """Put keys over a field."""

    collection: str
    field: str
    set: Wire


class RenameField(_Operation, frozen=True, tag="rename_field"):
    """Give a field another name; its values stay."""

    collection: str
    field: str
    name: str


class DropField(_Operation, frozen=True, tag="drop_field"):
    """Remove a field with its values."""

    collection: str
    field: str


class OrderFields(_Operation, frozen=True, tag="order_fields"):
    """Put the fields in this order; ones that are not listed follow."""

    collection: str
    fields: list[str]


class ImportCollections(_Operation, frozen=True, tag="import_collections"):
    """As the API's import; snapshots are made of it."""

    collections: list[Wire]
    delete_missing: bool = False


Operation: TypeAlias = (
    CreateCollection
    | DeleteCollection
    | UpdateCollection
    | AddField
    | ChangeField
    | RenameField
    | DropField
    | OrderFields
    | ImportCollections
)

_FieldOperation: TypeAlias = AddField | ChangeField | RenameField | DropField | OrderFields


class OperationError(YadokariError):
    """An operation does not fit the schema it meets. Correct the one at ``position`` (from 1)."""

    def __init__(self, reason: str, *, position: int, name: str) -> None:
        super().__init__(f"operation {position} ({name}): {reason}")
        self.position = position


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a list of operations makes of a schema."""

    changed: tuple[Collection, ...]
    removed: frozenset[str]
    """Ids of collections that go."""


def applied(schema: Schema, operations: Sequence[Operation], *, draw: Draw, now: str) -> Outcome:
    """The collections as they shall be; not checked yet (OP4).

    Raises:
        OperationError: an operation means something that is not there, or is already.
    """
    working = {item.id: item for item in schema.collections}
    for position, operation in enumerate(operations, start=1):
        name = str(type(operation).__struct_config__.tag)
        try:
            _apply(operation, working, draw=draw, now=now)
        except BadRequest as error:
            reason = error.message or "it is not valid"
            raise OperationError(reason, position=position, name=name) from error
    changed = [item for item in working.values() if schema.by_id.get(item.id) is not item]
    removed = frozenset(schema.by_id) - frozenset(working)
    return Outcome(changed=tuple(changed), removed=removed)


def operations_between(before: Schema, after: Schema) -> list[Operation]:
    """The operations that lead from one schema to another; empty when nothing counts as changed."""
    found: list[Operation] = []
    for new in after.collections:
        old = before.by_id.get(new.id)
        if old is None:
            found.append(CreateCollection(_definition(new)))
        elif old is not new:
            found += _changes(old, new)
    for old in before.collections:
        if old.id not in after.by_id:
            found.append(DeleteCollection(old.id))
    return found


def definition_of(collection: Collection) -> Wire:
    """A collection's JSON as migrations hold it: no secrets, no times, no inferred fields."""
    return _definition(collection)


def _changes(old: Collection, new: Collection) -> Iterator[Operation]:
    before, after = _definition(old), _definition(new)
    if not new.is_view:
        yield from _field_changes(old, new)
    changed = {
        key: value
        for key, value in after.items()
        if key not in ("id", "type", "fields") and before.get(key) != value
    }
    if changed:
        yield UpdateCollection(new.id, changed)


def _field_changes(old: Collection, new: Collection) -> Iterator[Operation]:
    order = [field.id for field in old.fields if field.id in new.by_id]
    for field in old.fields:
        if field.id not in new.by_id:
            yield DropField(new.id, field.id)
    for at, field in enumerate(new.fields):
        former = old.by_id.get(field.id)
        if former is None:
            yield AddField(new.id, field_to_wire(field), at)
            order.insert(at, field.id)
            continue
        was, now = field_to_wire(former), field_to_wire(field)
        changed = {key: value for key, value in now.items() if was.get(key) != value}
        name = changed.pop("name", None)
        if name is not None:
            yield RenameField(new.id, field.id, field.name)
        if changed:
            yield ChangeField(new.id, field.id, changed)
    if order != [field.id for field in new.fields]:
        yield OrderFields(new.id, [field.id for field in new.fields])


def _definition(collection: Collection) -> Wire:
    wire = collection_to_wire(collection)
    del wire["created"], wire["updated"]
    if collection.is_view:
        del wire["fields"]
    return wire


def _apply(operation: Operation, working: dict[str, Collection], *, draw: Draw, now: str) -> None:
    match operation:
        case CreateCollection():
            new = merge_collection(None, _usable(operation.collection, None), draw=draw)
            if new.id in working:
                raise BadRequest(f"a collection with the id {new.id!r} is there already")
            working[new.id] = replace(new, created=now, updated=now)
        case DeleteCollection():
            if _known(working, operation.collection).system:
                raise BadRequest("system collections cannot be deleted")
            del working[operation.collection]
        case UpdateCollection():
            old = _known(working, operation.collection)
            new = merge_collection(old, _usable(operation.set, old), draw=draw)
            working[old.id] = replace(new, updated=now)
        case ImportCollections():
            schema = Schema(collections=tuple(working.values()))
            plan = imported(
                schema,
                [_usable(wire, None) for wire in operation.collections],
                delete_missing=operation.delete_missing,
                draw=draw,
                now=now,
            )
            working.update({item.id: item for item in plan.changed})
            for gone in plan.removed:
                del working[gone]
        case AddField() | ChangeField() | RenameField() | DropField() | OrderFields():
            old = _known(working, operation.collection)
            if old.is_view:
                raise BadRequest("the fields of a view come from its query")
            fields = _fields_after(operation, old)
            new = merge_collection(old, {"fields": fields}, draw=draw)
            working[old.id] = replace(new, updated=now)
        case _:
            assert_never(operation)


def _fields_after(operation: _FieldOperation, old: Collection) -> list[Wire]:
    fields = [dict(field_to_wire(field)) for field in old.fields]
    ids = [str(field["id"]) for field in fields]
    match operation:
        case AddField():
            field = dict(operation.field)
            if field.get("id") in ids:
                raise BadRequest(f"a field with the id {field['id']!r} is there already")
            fields.insert(len(fields) if operation.at is None else operation.at, field)
        case ChangeField():
            fields[_place(ids, operation.field)].update(operation.set)
        case RenameField():
            fields[_place(ids, operation.field)]["name"] = operation.name
        case DropField():
            del fields[_place(ids, operation.field)]
        case OrderFields():
            places = {field_id: place for place, field_id in enumerate(operation.fields)}
            fields.sort(key=lambda field: places.get(str(field["id"]), len(places)))
        case _:
            assert_never(operation)
    return fields


def _known(working: Mapping[str, Collection], collection_id: str) -> Collection:
    found = working.get(collection_id)
    if found is None:
        raise BadRequest(f"there is no collection with the id {collection_id!r}")
    return found


def _place(ids: Sequence[str], field_id: str) -> int:
    if field_id not in ids:
        raise BadRequest(f"there is no field with the id {field_id!r}")
    return ids.index(field_id)


def _usable(wire: Wire, old: Collection | None) -> Wire:
    """The keys without OAuth2 providers whose secret is unknown here (OP3)."""
    oauth2 = wire.get("oauth2")
    providers = oauth2.get("providers") if isinstance(oauth2, dict) else None
    if not isinstance(oauth2, dict) or not isinstance(providers, list):
        return wire
    auth = old.auth if old is not None else None
    known = {item.name for item in auth.oauth2.providers} if auth is not None else set[str]()
    kept = [
        item
        for item in providers
        if isinstance(item, dict) and (item.get("clientSecret") or item.get("name") in known)
    ]
    enabled = bool(oauth2.get("enabled")) and (bool(kept) or not providers)
    return {**wire, "oauth2": {**oauth2, "providers": kept, "enabled": enabled}}
