"""What a client submits, made ready before the unit of work: nothing in it waits later.

S1  Passwords are hashed, and an old password is compared, before the transaction begins.
S2  Keys that a caller may not write are dropped without a word.

Not here: judging and storing (records/writing.py), receiving files (files).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import msgspec

from yadokari.rules.bind import JsonText
from yadokari.schema.collection import Collection
from yadokari.schema.field_text import password_cost, text_of
from yadokari.schema.fields import AutodateField, FileField, GeoPointField, JsonField, Value
from yadokari.schema.modifiers import find_key
from yadokari.schema.uploaded_file import UploadedFile

PASSWORD_BYTES_MAX = 72  # bcrypt reads no further


class Hashing(Protocol):
    """Makes and compares password hashes without holding up the loop."""

    async def hash(self, password: str, *, cost: int) -> str:
        """The hash to store."""
        ...

    async def verify(self, password: str, hashed: str) -> bool:
        """Whether the password has this hash."""
        ...


class Submission(msgspec.Struct, frozen=True, kw_only=True):
    """Submitted keys and values, with hashes for the passwords among them."""

    fields: Mapping[str, object]
    """Decoded values by key as sent, modifiers included; new files are UploadedFile."""
    hashes: Mapping[str, str] = msgspec.field(default_factory=dict)
    """Hash by plain text."""
    old_password_of: str = ""
    """The stored hash that the submitted ``oldPassword`` was found to fit, "" for none."""
    made_passwords: frozenset[str] = frozenset()
    """Password fields whose value the program drew: no rule about what people choose applies."""


async def prepare(
    collection: Collection,
    fields: Mapping[str, object],
    hashing: Hashing,
    *,
    stored_hash: str = "",
) -> Submission:
    """Do the slow parts of a submission (S1).

    Args:
        stored_hash: On an update of an auth record, its present password hash.
    """
    hashes: dict[str, str] = {}
    for one in collection.recipe.passwords:
        if one.name in fields:
            plain = text_of(fields[one.name])
            if plain and not is_too_long(plain):
                hashes[plain] = await hashing.hash(plain, cost=password_cost(one))
    old_password_of = ""
    if stored_hash and (old := text_of(fields.get("oldPassword"))):
        old_password_of = stored_hash if await hashing.verify(old, stored_hash) else ""
    return Submission(fields=fields, hashes=hashes, old_password_of=old_password_of)


def writable(
    collection: Collection, fields: Mapping[str, object], *, is_superuser: bool
) -> Mapping[str, object]:
    """The submitted keys this caller may write (S2)."""
    if is_superuser or not collection.has_hidden_fields:
        return fields
    kept: dict[str, object] = {}
    for key, value in fields.items():
        found = find_key(collection, key)
        is_open = found is None or not found[0].hidden
        if is_open or (collection.is_auth and key == "password"):
            kept[key] = value
    return kept


def any_too_long(collection: Collection, resolved: Mapping[str, Value]) -> bool:
    """Whether a password among the new values is longer than can be hashed."""
    passwords = collection.recipe.passwords
    return any(is_too_long(str(resolved.get(one.name, ""))) for one in passwords)


def is_too_long(password: str) -> bool:
    """Whether bcrypt would not read all of it."""
    return len(password.encode("utf-8", "surrogatepass")) > PASSWORD_BYTES_MAX


def body_facts(
    collection: Collection,
    submitted: Mapping[str, object],
    resolved: Mapping[str, Value],
    stored: Mapping[str, Value],
) -> dict[str, object]:
    """The body as rules see it: known fields by name with their new values, the rest as sent.

    Args:
        stored: The record's values before; nothing for a new one.
    """
    facts: dict[str, object] = {
        key: value for key, value in submitted.items() if find_key(collection, key) is None
    }
    facts.update(resolved)
    for written in (*collection.each(JsonField), *collection.each(GeoPointField)):
        if written.name in resolved:
            facts[written.name] = JsonText(resolved[written.name])
    for one in collection.each(FileField):
        if one.name in facts:
            facts[one.name] = _file_facts(facts[one.name])
    for moment in collection.each(AutodateField):
        if moment.name in facts:  # Nobody sets one: a rule sees what it stays.
            facts[moment.name] = stored.get(moment.name, "")
    return facts


def _file_facts(value: object) -> object:
    if isinstance(value, UploadedFile):
        return {
            "name": str(value),
            "originalName": value.original_name,
            "size": value.size_bytes,
        }
    if isinstance(value, tuple):
        return [_file_facts(one) for one in value]
    return value
