"""What PocketBase needs to open a snapshot of ours: three small tables beside the records.

Tables of records have PocketBase's columns already; hidden ones and our own tables do not disturb
it. So it finds collections, rules, records, password hashes and settings.

PT1  No secret leaves: tokens get new secrets (everybody signs in anew there), passwords and keys of
     mail, storage and providers are left out.

Not here: the zip (upkeep/backup_zip.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from yadokari.ports.entropy import Entropy
from yadokari.ports.snapshot import SideTable
from yadokari.schema.collection import Collection
from yadokari.schema.collection_json import collection_to_wire
from yadokari.schema.ids import ALPHANUMERIC
from yadokari.upkeep.app_settings import AppSettings

NAMES = ("_collections", "_params", "_migrations")
SECRET_CHARS = 50  # As many as PocketBase draws.

_COLUMNS = (
    "id", "system", "type", "name", "fields", "indexes",
    "listRule", "viewRule", "createRule", "updateRule", "deleteRule",
    "options", "created", "updated",
)  # fmt: skip
_TOKENS = ("authToken", "passwordResetToken", "emailChangeToken", "verificationToken", "fileToken")
_DONE = (
    "1640988000_aux_init.go",
    "1640988000_init.go",
    "1717233556_v0.23_migrate.go",
    "1717233557_v0.23_migrate2.go",
    "1717233558_v0.23_migrate3.go",
    "1717233559_v0.23_migrate4.go",
    "1763020353_update_default_auth_alert_templates.go",
    "1778828400_normalize_indexes.go",
)
"""Its own migrations up to 0.40: their work is done."""
_ID = "TEXT PRIMARY KEY DEFAULT ('r'||lower(hex(randomblob(7)))) NOT NULL"
_NOW = "TEXT DEFAULT (strftime('%Y-%m-%d %H:%M:%fZ')) NOT NULL"
_COLLECTIONS = (
    f"CREATE TABLE _collections (id {_ID}, system BOOLEAN DEFAULT FALSE NOT NULL,"
    " type TEXT DEFAULT 'base' NOT NULL, name TEXT UNIQUE NOT NULL,"
    " fields JSON DEFAULT '[]' NOT NULL, indexes JSON DEFAULT '[]' NOT NULL,"
    " listRule TEXT DEFAULT NULL, viewRule TEXT DEFAULT NULL, createRule TEXT DEFAULT NULL,"
    " updateRule TEXT DEFAULT NULL, deleteRule TEXT DEFAULT NULL,"
    f" options JSON DEFAULT '{{}}' NOT NULL, created {_NOW}, updated {_NOW})"
)
_PARAMS = (
    f"CREATE TABLE _params (id {_ID}, value JSON DEFAULT NULL, created {_NOW}, updated {_NOW})"
)
_MIGRATIONS = (
    "CREATE TABLE _migrations (file VARCHAR(255) PRIMARY KEY NOT NULL, applied INTEGER NOT NULL)"
)


def pocketbase_tables(
    collections: Sequence[Collection], settings: AppSettings, *, entropy: Entropy, now: str
) -> tuple[SideTable, ...]:
    """The tables for these collections and settings; ``now`` is canonical date text."""
    return (
        SideTable(
            name="_collections",
            statements=(
                _COLLECTIONS,
                "CREATE INDEX idx__collections_type ON _collections (type)",
            ),
            columns=_COLUMNS,
            rows=[_row(collection, entropy) for collection in collections],
        ),
        SideTable(
            name="_params",
            statements=(_PARAMS,),
            columns=("id", "value", "created", "updated"),
            rows=[("settings", settings.to_json(), now, now)],
        ),
        SideTable(
            name="_migrations",
            statements=(_MIGRATIONS,),
            columns=("file", "applied"),
            rows=[(file, applied) for applied, file in enumerate(_DONE, start=1)],
        ),
    )


def _row(collection: Collection, entropy: Entropy) -> tuple[str | int | None, ...]:
    wire: dict[str, object] = dict(collection_to_wire(collection))
    options = {name: value for name, value in wire.items() if name not in _COLUMNS}
    for token in _TOKENS:
        given = options.get(token)
        if isinstance(given, Mapping):
            secret = entropy.text(SECRET_CHARS, alphabet=ALPHANUMERIC)
            options[token] = {**given, "secret": secret}
    return (
        collection.id,
        int(collection.system),
        collection.type,
        collection.name,
        _json(wire["fields"]),
        _json(wire["indexes"]),
        collection.list_rule,
        collection.view_rule,
        collection.create_rule,
        collection.update_rule,
        collection.delete_rule,
        _json(options),
        collection.created,
        collection.updated,
    )


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
