"""PocketBase's own tables: its collections, and what else lies in the file.

DF1  A collection is taken as it is stored: ids, rules, options, secrets, times, order.
DF2  What belongs to no collection is not carried, and is told.

Not here: rows of collections (importing/canonical.py), settings (importing/stored_settings.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from yadokari.base.errors import BadRequest
from yadokari.base.json_text import MalformedJson, decode, decode_object
from yadokari.importing.errors import ImportRefused
from yadokari.importing.findings import Findings
from yadokari.importing.source import Source, Stored, batches
from yadokari.schema.collection import COLLECTION_TYPES, SUPERUSERS_ID, Collection
from yadokari.schema.collection_json import collection_from_storage
from yadokari.schema.field_wire import field_from_wire
from yadokari.schema.index import parse_indexes

COLLECTIONS_TABLE = "_collections"
PARAMS_TABLE = "_params"
MIGRATIONS_TABLE = "_migrations"
_OWN_TABLES = frozenset([COLLECTIONS_TABLE, PARAMS_TABLE, MIGRATIONS_TABLE])
_COLUMNS = (
    *("id", "system", "type", "name", "fields", "indexes", "options", "created", "updated"),
    *("listRule", "viewRule", "createRule", "updateRule", "deleteRule"),
)
_UNSAFE_ID = re.compile(r"[/\\\0]|\A\.{0,2}\Z")
"""Such an id could not name a folder of files."""


def collections_of(source: Source, findings: Findings) -> tuple[Collection, ...]:
    """The collections, in the order in which they were made.

    Raises:
        ImportRefused: this is no folder of PocketBase 0.23 or later, or it is damaged.
    """
    columns = source.columns(COLLECTIONS_TABLE)
    if not columns or not source.columns(PARAMS_TABLE):
        raise ImportRefused("There are no collections in it: is it a data folder of PocketBase?")
    if "fields" not in columns:
        raise ImportRefused(
            "It was written by PocketBase before 0.23. Start it once with PocketBase 0.23 or "
            "later, which brings it up to date, then import it."
        )
    found = [
        _collection(dict(zip(_COLUMNS, row, strict=True)), findings)
        for rows in batches(source, COLLECTIONS_TABLE, _COLUMNS)
        for row in rows
    ]
    if all(item.id != SUPERUSERS_ID for item in found):
        raise ImportRefused("The collection of superusers is missing; the folder is damaged.")
    return tuple(found)


def note_foreign_parts(
    source: Source, collections: Sequence[Collection], findings: Findings
) -> None:
    """Tell of everything in the file that belongs to no collection (DF2)."""
    tables = {item.name.lower(): item for item in collections}
    for kind, name, table in source.objects():
        holder = tables.get(table.lower())
        if kind == "trigger":
            findings.left_out("Triggers written in SQL.", f"{name} on {table}")
        elif name.lower().startswith("sqlite_") or table in _OWN_TABLES:
            continue
        elif kind == "index":
            if holder is not None and not _is_listed(name, holder):
                findings.left_out("Indexes that no collection lists.", f"{name} on {table}")
        elif holder is None and kind == "table":
            findings.left_out(
                "Tables that belong to no collection, with their rows.",
                f"{name} ({source.count(name)} rows)",
            )
        elif holder is None or holder.is_view != (kind == "view"):
            findings.left_out("Views that belong to no collection.", name)
    for item in collections:
        if not item.is_view:
            _note_columns(source, item, findings)
    if source.columns(MIGRATIONS_TABLE):
        for rows in batches(source, MIGRATIONS_TABLE, ("file",)):
            for [file] in rows:
                if not str(file).endswith(".go"):
                    findings.left_out(
                        "The history of applied migrations; what they did is in the collections.",
                        str(file),
                    )


def _note_columns(source: Source, item: Collection, findings: Findings) -> None:
    columns = source.columns(item.name)
    if not columns:
        findings.look_at("Collections without a table: carried over empty.", item.name)
        return
    there = {name.lower() for name in columns}
    known = {field.name.lower() for field in item.fields}
    for name in columns:
        if name.lower() not in known:
            findings.left_out("Columns that are no fields.", f"{item.name}.{name}")
    for field in item.fields:
        if field.name.lower() not in there:
            findings.look_at("Fields without a column: carried over unset.", _named(item, field))


def _named(item: Collection, field: object) -> str:
    return f"{item.name}.{getattr(field, 'name', '')}"


def _is_listed(name: str, holder: Collection) -> bool:
    return any(index.name.lower() == name.lower() for index in parse_indexes(holder.indexes))


def _collection(row: dict[str, Stored], findings: Findings) -> Collection:
    name = str(row["name"])
    try:
        wire: dict[str, object] = {key: _text(row[key]) for key in _COLUMNS if row[key] is not None}
        wire["system"] = bool(row["system"])
        wire["indexes"] = decode(_text(row["indexes"] or "[]").encode())
        wire["fields"] = list(_fields(name, _text(row["fields"]), findings))
        made = collection_from_storage({**decode_object(_text(row["options"]).encode()), **wire})
    except (BadRequest, MalformedJson) as exc:
        raise ImportRefused(f"The definition of the collection {name!r} cannot be read.") from exc
    if made.type not in COLLECTION_TYPES:
        raise ImportRefused(f"The collection {name!r} is of the unknown type {made.type!r}.")
    if _UNSAFE_ID.search(made.id):
        raise ImportRefused(
            f"The collection {name!r} has the id {made.id!r}, which cannot name a folder of files."
        )
    return made


def _fields(collection: str, text: str, findings: Findings) -> Iterator[object]:
    """The fields that we know too."""
    listed = decode(text.encode())
    for wire in listed if isinstance(listed, list) else ():
        try:
            field_from_wire(wire)
        except BadRequest:
            name = wire.get("name") if isinstance(wire, dict) else wire
            kind = wire.get("type") if isinstance(wire, dict) else ""
            findings.left_out(
                "Fields that this program cannot read, with their values.",
                f"{collection}.{name} ({kind})",
            )
        else:
            yield wire


def _text(value: Stored) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
