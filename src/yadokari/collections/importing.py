"""What an import makes of the collections that are there; pure.

IM1  An item is matched by its id, or, when it has none, by its name in any letter case; else it is
     new. An id may be another collection's name, but then it is refused.
IM2  Imported fields come first, matched by id or name; existing ones that are not listed follow,
     all of them, or only system fields when what is missing is to be deleted. One of the same name
     and type as a listed field takes its place.
IM3  Items are taken in turn: tables first, older ones (new ones first of all) before younger ones.
     Each finds the names as the ones before it left them, so two collections cannot swap theirs.
IM4  The id of a new one is kept whatever its length and characters, as long as it can name a folder
     of the bucket: the way from one server to another must not end there.
IM5  An existing collection may be listed several times; each item starts from what was there
     before the import, and the last one counts.

Not here: writing it (collections/unit.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import msgspec
from msgspec.structs import replace

from yadokari.base.errors import BadRequest
from yadokari.schema.collection import Collection, Schema
from yadokari.schema.collection_json import merge_collection, merged_fields
from yadokari.schema.defaults import with_required_indexes
from yadokari.schema.field_wire import field_to_wire
from yadokari.schema.fields import Field
from yadokari.schema.ids import Draw
from yadokari.schema.wire_values import read_list, read_text, read_texts

_UNSAFE_ID = re.compile(r"[/\\\0]|\A\.\.?\Z")
"""With such an id, deleting the files of one collection could delete those of another."""
_FOLDED_KEYS = frozenset(("name", "type"))


class ImportPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What an import changes."""

    changed: tuple[Collection, ...]
    """In their order (IM3); an existing one may come several times (IM5)."""
    removed: frozenset[str]
    """Ids of collections that go."""


def imported(
    schema: Schema,
    wires: Sequence[Mapping[str, object]],
    *,
    delete_missing: bool,
    draw: Draw,
    now: str,
) -> ImportPlan:
    """The collections as they shall be.

    Raises:
        BadRequest: a value has the wrong JSON type, an id or a name is taken, or the type of a
            collection would change.
    """
    changed: list[Collection] = []
    taken = set(schema.by_id)
    for item in wires:
        wire = _exact_keys(item)
        old = _match(schema, wire)
        whole = _with_kept_fields(wire, old, system_only=delete_missing)
        if old is None:
            new = merge_collection(None, _with_index_names(whole), draw=draw, taken_ids=taken)
            if new.id in taken:
                raise BadRequest(f"The id {new.id!r} is listed twice.")
            if _UNSAFE_ID.search(new.id):
                raise BadRequest(f"The id {new.id!r} could not name a folder of files.")
            taken.add(new.id)
        else:
            new = merge_collection(old, whole, draw=draw)
            if new.type != old.type:
                raise BadRequest("The type of a collection cannot change.")
        changed.append(new)
    changed.sort(key=lambda item: (item.is_view, item.created, item.updated))
    listed = {item.id for item in changed}
    missing = [item.id for item in schema.collections if not item.system and item.id not in listed]
    removed = frozenset(missing if delete_missing else ())
    _check_names(schema, changed, removed)
    stamped = (
        replace(item, updated=now, created=item.created if item.id in schema.by_id else now)
        for item in changed
    )
    return ImportPlan(changed=tuple(stamped), removed=removed)


def _check_names(schema: Schema, changed: Sequence[Collection], removed: frozenset[str]) -> None:
    """Each item takes its name in turn (IM3)."""
    names = {item.id: item.name.lower() for item in schema.collections if item.id not in removed}
    for item in changed:
        names.pop(item.id, None)
        if item.name.lower() in names.values():
            raise BadRequest(f"The name {item.name!r} is taken.")
        names[item.id] = item.name.lower()


def _with_index_names(wire: Mapping[str, object]) -> Mapping[str, object]:
    """A new item whose required indexes carry the id it brings along.

    Creating a single collection names them otherwise.
    """
    given_id, name = read_text(wire.get("id")), read_text(wire.get("name"))
    if wire.get("type") != "auth" or not given_id:
        return wire
    listed = read_texts(wire.get("indexes"))
    shell = Collection(id=given_id, name=name, type="auth", indexes=listed)
    return {**wire, "indexes": list(with_required_indexes(shell).indexes)}


def _exact_keys(wire: Mapping[str, object]) -> Mapping[str, object]:
    """Without the spellings of ``name`` and ``type`` that only a single new collection may use."""
    return {
        key: value
        for key, value in wire.items()
        if key in _FOLDED_KEYS or key.lower() not in _FOLDED_KEYS
    }


def _match(schema: Schema, wire: Mapping[str, object]) -> Collection | None:
    identifier = wire.get("id") or wire.get("name")
    return schema.find(identifier) if isinstance(identifier, str) else None


def _with_kept_fields(
    wire: Mapping[str, object], old: Collection | None, *, system_only: bool
) -> Mapping[str, object]:
    """The item with the existing fields that stay though they are not listed (IM2)."""
    if old is None or old.is_view or (not system_only and "fields" not in wire):
        return wire
    fields = list(merged_fields(read_list(wire.get("fields"))))
    listed = {field.id for field in fields}
    for kept in old.fields:
        if kept.id in listed or (system_only and not kept.system):
            continue
        place = _place_of(fields, kept)
        fields[place : place + 1] = [kept]
    return {**wire, "fields": [field_to_wire(field) for field in fields]}


def _place_of(fields: Sequence[Field], kept: Field) -> int:
    """Where a field of the same name and type stands, or the end."""
    for at, field in enumerate(fields):
        if field.name == kept.name:
            return at if field.type == kept.type else len(fields)
    return len(fields)
