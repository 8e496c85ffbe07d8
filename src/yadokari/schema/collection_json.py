"""Collections as JSON: for answers, for storage, and from what a client sends.

CJ1  The keys of a collection come in one fixed order, the keys of its fields sorted.
CJ2  Secrets are only in the stored form.
CJ3  A sent list of fields replaces the present one; a field without id gets the id made from its
     type and name, which is how it finds its old column.
CJ4  What comes out of merging has its system fields, its required indexes and an id, but may still
     break every other rule.

Not here: those other rules (schema/collection_check.py), fields of views, which the store infers.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from typing import cast

from msgspec.structs import replace

from yadokari.base.dates import parse_date
from yadokari.base.errors import BadRequest
from yadokari.schema.auth_wire import auth_merged, auth_to_wire
from yadokari.schema.collection import (
    COLLECTION_TYPES,
    SUPERUSERS_NAME,
    AuthOptions,
    Collection,
    CollectionType,
    OAuth2,
    OAuth2MappedFields,
)
from yadokari.schema.defaults import (
    ID_FIELD,
    new_auth_options,
    new_collection,
    new_secret,
    with_required_indexes,
    with_system_fields,
)
from yadokari.schema.field_wire import field_from_wire, field_to_wire
from yadokari.schema.fields import Field
from yadokari.schema.ids import Draw, collection_id, field_id
from yadokari.schema.index import parse_index
from yadokari.schema.wire_values import (
    INVALID_TYPE_FORMATTING,
    read_flag,
    read_list,
    read_nullable_text,
    read_text,
    read_texts,
    with_changes,
)

RULE_KEYS: Mapping[str, str] = {
    "listRule": "list_rule",
    "viewRule": "view_rule",
    "createRule": "create_rule",
    "updateRule": "update_rule",
    "deleteRule": "delete_rule",
}
"""Keys of the five rules that every collection has, each with its attribute."""

_DEFAULT_AUTH = new_auth_options(None)


def collection_to_wire(collection: Collection, *, with_secrets: bool = False) -> dict[str, object]:
    """The collection as a JSON object for ``base/json_text`` to write.

    Args:
        collection: What to write.
        with_secrets: For storage only; an answer never has them.
    """
    written: dict[str, object] = {"id": collection.id}
    for key, attribute in RULE_KEYS.items():
        written[key] = getattr(collection, attribute)
    written["name"] = collection.name
    written["type"] = collection.type
    written["fields"] = [field_to_wire(field) for field in collection.fields]
    written["indexes"] = list(collection.indexes)
    written["created"] = collection.created
    written["updated"] = collection.updated
    written["system"] = collection.system
    if collection.auth is not None:
        written |= auth_to_wire(collection.auth, with_secrets=with_secrets)
    if collection.is_view:
        written["viewQuery"] = collection.view_query
    return written


def collection_from_storage(wire: Mapping[str, object]) -> Collection:
    """The collection that ``collection_to_wire`` wrote with secrets; nothing is added or changed.

    Raises:
        BadRequest: it is no such object.
    """
    kind = cast(CollectionType, read_text(wire.get("type")))
    fields = tuple(field_from_wire(item) for item in read_list(wire.get("fields")))
    empty = new_collection(type=kind, draw=None)
    stored = _with_plain_keys(replace(empty, type=kind), wire)
    return replace(stored, id=read_text(wire.get("id")), fields=fields)


def merge_collection(
    existing: Collection | None,
    wire: Mapping[str, object],
    *,
    draw: Draw,
    keep_unlisted_fields: bool = False,
    taken_ids: Container[str] = (),
) -> Collection:
    """What a collection becomes when a client's keys are put over it; not checked yet.

    Args:
        existing: The collection to change, None for a new one.
        wire: The decoded body.
        draw: For secrets.
        keep_unlisted_fields: Whether existing fields that the body leaves out stay (import).
        taken_ids: Ids of all collections, so that a made one is new.

    Raises:
        BadRequest: a value of the wrong JSON type, an unknown type of field, another id than the
            existing one's. It carries no data.
    """
    if existing is None:
        kind, name = _type_and_name(wire)
        start = replace(new_collection(type=kind, draw=draw), name=name)
        if kind not in COLLECTION_TYPES:
            start = replace(start, fields=(ID_FIELD,))  # Its fields are right until it lists some.
    else:
        start = existing
        if "id" in wire and read_text(wire["id"]) != existing.id:
            raise BadRequest("Failed to update collection.")
    merged = _with_plain_keys(start, wire)
    named_for = ""
    if existing is None:
        given_id = read_text(wire.get("id"))
        made_id = collection_id(type=merged.type, name=merged.name, taken=taken_ids)
        merged = replace(merged, id=given_id or made_id)
        named_for = made_id  # Even where an id was given: index names are made before it counts.
    fields = merged_fields(read_list(wire.get("fields"))) if "fields" in wire else ()
    if "fields" in wire and not merged.is_view:
        if keep_unlisted_fields and existing is not None:
            fields = _with_unlisted(fields, existing.fields)
        merged = replace(merged, fields=fields)
    merged = with_system_fields(merged)
    merged = replace(merged, indexes=tuple(_own_indexes(merged)))
    merged = with_required_indexes(merged, named_for=named_for)
    return _with_settled_auth(merged, existing, draw=draw)


def merged_fields(wires: Iterable[object]) -> tuple[Field, ...]:
    """The fields of a sent list; a later one replaces an earlier one of the same id or name.

    Raises:
        BadRequest: as ``field_from_wire``.
    """
    fields: list[Field] = []
    for wire in wires:
        _add(fields, field_from_wire(wire))
    return tuple(fields)


def _add(fields: list[Field], field: Field) -> None:
    for at, present in enumerate(fields):
        if field.id and present.id == field.id:
            fields[at] = field
            return
        if not field.id and field.name and present.name == field.name:
            fields[at] = replace(field, id=present.id)
            return
    if not field.id:
        taken = {present.id for present in fields}
        field = replace(field, id=field_id(type=field.type, name=field.name, taken=taken))
    fields.append(field)


def _with_unlisted(listed: tuple[Field, ...], existing: tuple[Field, ...]) -> tuple[Field, ...]:
    ids = {field.id for field in listed}
    return (*listed, *(field for field in existing if field.id not in ids))


def _type_and_name(wire: Mapping[str, object]) -> tuple[CollectionType, str]:
    """Both keys are found in any letter case, but each only once."""
    found: dict[str, str] = {}
    for key, value in wire.items():
        lower = key.lower()
        if lower in ("type", "name"):
            if lower in found or not (value is None or isinstance(value, str)):
                raise BadRequest(INVALID_TYPE_FORMATTING)
            found[lower] = value or ""
    return cast(CollectionType, found.get("type") or "base"), found.get("name", "")


def _with_plain_keys(collection: Collection, wire: Mapping[str, object]) -> Collection:
    """Every key but ``id`` and ``fields``; all are read, so that each has the right JSON type."""
    changes: dict[str, object] = {}
    for key, attribute in RULE_KEYS.items():
        if key in wire:
            changes[attribute] = read_nullable_text(wire[key])
    if "name" in wire:
        changes["name"] = read_text(wire["name"])
    if "type" in wire:
        changes["type"] = read_text(wire["type"]) or (
            collection.type if not collection.id else "base"
        )
    if "indexes" in wire:
        changes["indexes"] = read_texts(wire["indexes"])
    for key in ("created", "updated"):
        if key in wire:
            changes[key] = parse_date(read_text(wire[key]))
    if "system" in wire:
        changes["system"] = read_flag(wire["system"])
    auth = auth_merged(collection.auth or _DEFAULT_AUTH, wire)
    if collection.auth is not None:
        changes["auth"] = auth
    query = read_text(wire.get("viewQuery"))
    if collection.is_view and "viewQuery" in wire:
        changes["view_query"] = query
    return with_changes(collection, changes)


def _own_indexes(collection: Collection) -> Iterable[str]:
    for text in collection.indexes:
        index = parse_index(text)
        is_kept = index is None or not collection.name
        yield text if is_kept else index.on_table(collection.name).text


def _with_settled_auth(
    collection: Collection, existing: Collection | None, *, draw: Draw
) -> Collection:
    auth = collection.auth
    if auth is None:
        return collection
    before = existing.auth if existing is not None else None
    if before is not None and before.auth_rule != auth.auth_rule:
        # Whoever could not sign in any more must not stay signed in.
        auth = replace(auth, auth_token=replace(auth.auth_token, secret=new_secret(draw)))
    if collection.name == SUPERUSERS_NAME:
        auth = _of_superusers(auth)
    mapped = auth.oauth2.mapped_fields
    names = collection.by_name
    settled = OAuth2MappedFields(
        id=mapped.id if mapped.id in names else "",
        name=mapped.name if mapped.name in names else "",
        username=mapped.username if mapped.username in names else "",
        avatar_url=mapped.avatar_url if mapped.avatar_url in names else "",
    )
    auth = replace(auth, oauth2=replace(auth.oauth2, mapped_fields=settled))
    return replace(collection, auth=auth)


def _of_superusers(auth: AuthOptions) -> AuthOptions:
    """No OAuth2, always passwords, and never a one-time password alone."""
    return replace(
        auth,
        oauth2=OAuth2(),
        password_auth=replace(auth.password_auth, enabled=True),
        mfa=replace(auth.mfa, enabled=True) if auth.otp.enabled else auth.mfa,
    )
