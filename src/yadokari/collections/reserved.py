"""Reserved collections: system data as rows behind the same store, and the schema read from them.

RC1  Names begin with ``$``, which no user's name can; they are not part of any Schema.
RC2  ``$collections`` has one row for each collection, in the order in which they were made; its
     definition is the whole collection, secrets sealed when there is a box.
RC3  Whoever changes the schema changes these rows and the tables in one unit of work.

Not here: deciding about changes (collections/service.py), the reserved collections of settings and
idempotency keys (upkeep/settings_keeper.py, upkeep/idempotency.py).
"""

from __future__ import annotations

from typing import Protocol, cast

from msgspec.structs import replace

from yadokari.base.dates import date_text
from yadokari.base.json_text import JsonValue, decode_object, encode
from yadokari.ports.clock import Clock
from yadokari.ports.store import ABSENT, Reads, Row, Store, Transaction
from yadokari.schema.collection import Collection, Schema
from yadokari.schema.collection_json import collection_from_storage, collection_to_wire
from yadokari.schema.diff import diff_schemas
from yadokari.schema.fields import BoolField, NumberField, TextField, Value
from yadokari.schema.ids import Draw
from yadokari.schema.system import system_collections, users_collection


class Box(Protocol):
    """What seals and opens secrets; auth/secret_key.py has one."""

    def seal(self, text: str, *, context: str) -> str:
        """The sealed form, good in this place only."""
        ...

    def open(self, sealed: str, *, context: str) -> str:
        """What was sealed. Raises an error of ours when it cannot be opened."""
        ...


COLLECTIONS = Collection(
    id="$collections",
    name="$collections",
    fields=(
        TextField(id="id", name="id", primary_key=True),
        TextField(id="name", name="name"),
        TextField(id="type", name="type"),
        BoolField(id="system", name="system"),
        TextField(id="created", name="created"),
        TextField(id="updated", name="updated"),
        TextField(id="definition", name="definition", hidden=True),
        BoolField(id="sealed", name="sealed"),
    ),
    system=True,
)
"""One row for each collection; ``definition`` is its JSON with secrets, ``sealed`` or plain."""

MIGRATIONS = Collection(
    id="$migrations",
    name="$migrations",
    fields=(
        TextField(id="id", name="id", primary_key=True),
        NumberField(id="applied", name="applied"),
    ),
    system=True,
)
"""Applied migrations: the id is the file's name, ``applied`` in microseconds since 1970."""

PROVIDER_TOKENS = Collection(
    id="$provider_tokens",
    name="$provider_tokens",
    fields=(
        TextField(id="id", name="id", primary_key=True),
        TextField(id="sealed", name="sealed", hidden=True),
    ),
    system=True,
)
"""Sealed tokens of other services; the id is that of the link in ``_externalAuths``.

Source: auth/oauth2/provider_tokens.py.
"""

RESERVED = (COLLECTIONS, MIGRATIONS, PROVIDER_TOKENS)

_TOKEN_KEYS = (
    "authToken",
    "passwordResetToken",
    "emailChangeToken",
    "verificationToken",
    "fileToken",
)


async def load_schema(reads: Reads, *, version: int = 0, box: Box | None = None) -> Schema:
    """The schema as the rows of ``$collections`` say.

    Args:
        version: The version it has, as the store remembers it.
        box: Opens sealed secrets.

    Raises:
        BadRequest, MalformedJson: a row is damaged.
        YadokariError: what ``box`` raises for a secret that it cannot open.
    """
    rows = await reads.all_of(COLLECTIONS)
    return Schema(collections=tuple(collection_of(row, box) for row in rows), version=version)


async def bootstrap(store: Store, *, clock: Clock, draw: Draw, box: Box | None = None) -> bool:
    """Make the first collections in an empty store; whether there was anything to do."""

    async def make(tx: Transaction) -> bool:
        if await tx.all_of(COLLECTIONS, rows_max=1):
            return False
        now_ms = clock.unix_ms()
        system = system_collections(draw=draw, now="")
        users = users_collection(draw=draw, now="")
        # A millisecond apart, so that sorting by time gives the order of creation.
        first = [
            replace(made, created=date_text(now_ms + at), updated=date_text(now_ms + at))
            for at, made in enumerate(system, start=-len(system))
        ]
        # The reference saves this one twice; a filter can tell.
        first.append(replace(users, created=date_text(now_ms), updated=date_text(now_ms + 1)))
        schema = tx.schema.with_collections(first)
        await tx.apply(diff_schemas(tx.schema, schema), schema=schema)
        for collection in first:
            await tx.put(row_of(collection, box), expected=ABSENT)
        return True

    committed = await store.transact(make)
    await committed.settled()
    return committed.value


async def write_row(tx: Transaction, collection: Collection, box: Box | None) -> None:
    """Keep a collection's row, new or changed."""
    known = (await tx.get(COLLECTIONS, (collection.id,))).get(collection.id)
    row = row_of(collection, box)
    if known is None:
        await tx.put(row, expected=ABSENT)
        return
    changed = Row(COLLECTIONS.id, row.values, known.version, known.stamp)
    await tx.put(changed, expected=known.version)


async def remove_row(tx: Transaction, collection_id: str) -> None:
    """Forget a collection's row."""
    known = (await tx.get(COLLECTIONS, (collection_id,))).get(collection_id)
    if known is not None:
        await tx.remove(known)


def row_of(collection: Collection, box: Box | None) -> Row:
    """The row of a collection, not stored yet."""
    wire = collection_to_wire(collection, with_secrets=True)
    if box is not None:
        _each_secret(wire, collection.id, box.seal)
    values: dict[str, Value] = {
        "id": collection.id,
        "name": collection.name,
        "type": collection.type,
        "system": collection.system,
        "created": collection.created,
        "updated": collection.updated,
        "definition": encode(wire).decode(),
        "sealed": box is not None,
    }
    return Row(COLLECTIONS.id, values)


def collection_of(row: Row, box: Box | None) -> Collection:
    """The collection of a row; errors as ``load_schema``."""
    wire = decode_object(str(row.values["definition"]).encode())
    if row.values["sealed"]:
        if box is None:
            raise SealedWithoutKey
        _each_secret(cast("dict[str, object]", wire), row.id, box.open)
    return collection_from_storage(wire)


class SealedWithoutKey(RuntimeError):
    """The schema holds sealed secrets and nothing to open them was given: an error in app."""


class _Change(Protocol):
    def __call__(self, text: str, /, *, context: str) -> str: ...


def _each_secret(wire: dict[str, object], collection_id: str, change: _Change) -> None:
    """Seal or open every secret of a collection's JSON in place; empty ones stay."""
    for key in _TOKEN_KEYS:
        _one_secret(wire.get(key), "secret", f"collections.{collection_id}.{key}", change)
    oauth2 = wire.get("oauth2")
    providers = oauth2.get("providers") if isinstance(oauth2, dict) else None
    for provider in providers if isinstance(providers, list) else ():
        place = f"collections.{collection_id}.oauth2.{provider.get('name')}"
        _one_secret(provider, "clientSecret", place, change)


def _one_secret(holder: object, key: str, context: str, change: _Change) -> None:
    if not isinstance(holder, dict):
        return
    secrets = cast("dict[str, JsonValue]", holder)
    text = secrets.get(key)
    if isinstance(text, str) and text:
        secrets[key] = change(text, context=context)
