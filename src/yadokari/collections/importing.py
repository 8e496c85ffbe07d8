"""What an import makes of the collections that are there; pure.

IM1  An item is matched by id, else by name in any letter case, else it is new.
IM2  Imported fields come first, matched by id or name; existing ones that are not listed follow,
     all of them, or only system fields when what is missing is to be deleted.
IM3  Names are taken in the order of the list: two collections cannot swap theirs in one import.

Not here: writing it (collections/unit.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from msgspec.structs import replace

from yadokari.base.errors import BadRequest
from yadokari.schema.collection import Collection, Schema
from yadokari.schema.collection_json import merge_collection, merged_fields
from yadokari.schema.defaults import with_required_indexes
from yadokari.schema.field_wire import field_to_wire
from yadokari.schema.ids import Draw
from yadokari.schema.wire_values import read_list, read_text, read_texts

_FOLDED_KEYS = frozenset(("name", "type"))


class ImportPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What an import changes."""

    changed: tuple[Collection, ...]
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
        BadRequest: a value has the wrong JSON type, or the type of a collection would change.
    """
    changed: list[Collection] = []
    taken = set(schema.by_id)
    for item in wires:
        wire = _exact_keys(item)
        old = _match(schema, wire)
        whole = _with_kept_fields(wire, old, system_only=delete_missing)
        if old is None:
            new = merge_collection(None, _with_index_names(whole), draw=draw, taken_ids=taken)
            taken.add(new.id)
            changed.append(replace(new, created=now, updated=now))
            continue
        new = merge_collection(old, {**whole, "id": old.id}, draw=draw)
        if new.type != old.type:
            raise BadRequest("The type of a collection cannot change.")
        changed.append(replace(new, updated=now))
    listed = {item.id for item in changed}
    missing = [item.id for item in schema.collections if not item.system and item.id not in listed]
    removed = frozenset(missing if delete_missing else ())
    _check_names(schema, changed, removed)
    return ImportPlan(changed=tuple(changed), removed=removed)


def _check_names(schema: Schema, changed: Sequence[Collection], removed: frozenset[str]) -> None:
    """Each item takes its name in turn (IM3)."""
    names = {item.name.lower(): item.id for item in schema.collections if item.id not in removed}
    for item in changed:
        former = schema.by_id.get(item.id)
        holder = names.setdefault(item.name.lower(), item.id)
        if holder != item.id:
            raise BadRequest(f"The name {item.name!r} is taken.")
        if former is not None and former.name.lower() != item.name.lower():
            del names[former.name.lower()]


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
    given_id, name = wire.get("id"), wire.get("name")
    found = schema.by_id.get(given_id) if isinstance(given_id, str) else None
    if found is None and isinstance(name, str):
        found = schema.find(name)
    return found


def _with_kept_fields(
    wire: Mapping[str, object], old: Collection | None, *, system_only: bool
) -> Mapping[str, object]:
    """The item with the existing fields that stay though they are not listed (IM2)."""
    if old is None or old.is_view or (not system_only and "fields" not in wire):
        return wire
    listed = read_list(wire.get("fields"))
    ids = {field.id for field in merged_fields(listed)}
    kept = [
        field_to_wire(field)
        for field in old.fields
        if field.id not in ids and (field.system or not system_only)
    ]
    return {**wire, "fields": [*listed, *kept]}
