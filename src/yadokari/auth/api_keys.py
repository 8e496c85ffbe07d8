"""API keys: long-lived credentials for programs, narrow and revocable.

Y1  A key acts as one record, within its scope: some collections, some actions on their records,
    nothing else of the API. Rules apply to it as they do to that record.
Y2  The key of a superuser needs no rule in its collections. What it reaches from there (expanded
    records, names in filters) is judged by rules, and hidden fields stay hidden.
Y3  The key itself is told once, when it is made. Only a digest is kept, a plain one: there are 256
    random bits to guess.
Y4  A key ends with its date, with its record, and at once when it is revoked.

Not here: which request needs what of the scope (api/door.py).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

import msgspec

from yadokari.base.errors import invalid
from yadokari.base.problems import Problem, Problems, required
from yadokari.contract import messages
from yadokari.ports.clock import Clock
from yadokari.ports.entropy import Entropy
from yadokari.ports.store import ABSENT, Row, Store, Transaction
from yadokari.records.caller import Caller, KeyScope
from yadokari.schema.collection import Collection, Schema
from yadokari.schema.fields import NumberField, TextField

if TYPE_CHECKING:
    from yadokari.ports.erasable import Traces

KeyAction: TypeAlias = Literal["list", "view", "create", "update", "delete"]

PREFIX = "yk_"
"""So that people and secret scanners know one when they see it."""
ANY = "*"
NAME_CHARS_MAX = 100
SCOPE_ITEMS_MAX = 100
SECRET_CHARS = 43
"""256 bits of the alphabet below."""

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_ID_CHARS = 15
_ACTIONS = get_args(KeyAction)

API_KEYS = Collection(
    id="$api_keys",
    name="$api_keys",
    fields=(
        TextField(id="id", name="id", primary_key=True),
        TextField(id="digest", name="digest", hidden=True),
        TextField(id="facts", name="facts"),
        NumberField(id="expires_ms", name="expires_ms"),
    ),
    system=True,
)
"""Reserved: one row a key; ``facts`` is JSON of what is told about it."""


class KeyFacts(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What is told about a key."""

    name: str
    collections: tuple[str, ...]
    """Names; ``*`` = every collection that is not a system one."""
    actions: tuple[str, ...]
    """KeyActions; ``*`` = all of them."""
    networks: tuple[str, ...] = ()
    """Addresses or networks it may come from; none = anywhere."""
    expires_ms: int = 0
    """Unix milliseconds; 0 = never."""
    created_ms: int = 0
    actor_collection_id: str = ""
    actor_id: str = ""


class ApiKey(msgspec.Struct, frozen=True):
    """A stored key."""

    id: str
    facts: KeyFacts


class ApiKeys:
    """Makes, finds, lists and revokes keys."""

    def __init__(self, *, store: Store, clock: Clock, entropy: Entropy) -> None:
        self._store, self._clock, self._entropy = store, clock, entropy

    async def actor(self, collection: str, id: str) -> Caller:
        """The auth record that a key is to act as. Raises Invalid when there is none."""
        found = self._store.schema.find(collection)
        if found is not None and found.is_auth:
            row = (await self._store.get(found, [id])).get(id)
            if row is not None:
                return Caller(row, found)
        problem = Problem("validation_invalid_record", "There is no such auth record.")
        raise invalid(messages.NOT_VALID, {"actorId": problem})

    async def make(self, facts: KeyFacts, *, actor: Caller) -> tuple[ApiKey, str]:
        """A new key and its text, which nobody can read again.

        Raises:
            Invalid: the facts do not make sense; ``problems`` says which.
        """
        assert actor.row is not None, "a guest has nothing to lend"
        now_ms = self._clock.unix_ms()
        problems = _problems(facts, self._store.schema, now_ms=now_ms)
        if problems:
            raise invalid(messages.NOT_VALID, problems)
        facts = msgspec.structs.replace(
            facts,
            created_ms=now_ms,
            actor_collection_id=actor.row.collection_id,
            actor_id=actor.row.id,
        )
        id = self._entropy.text(_ID_CHARS, alphabet=_ALPHABET)
        secret = self._entropy.text(SECRET_CHARS, alphabet=_ALPHABET)
        row = Row(
            API_KEYS.id,
            {
                "id": id,
                "digest": _digest(secret),
                "facts": msgspec.json.encode(facts).decode(),
                "expires_ms": facts.expires_ms,
            },
        )

        async def work(tx: Transaction) -> None:
            await tx.put(row, expected=ABSENT)

        await (await self._store.transact(work)).settled()
        return ApiKey(id, facts), f"{PREFIX}{id}_{secret}"

    async def all(self) -> Sequence[ApiKey]:
        """Every key, the oldest first; those that ended, too."""
        return [_of(row) for row in await self._store.all_of(API_KEYS)]

    async def revoke(self, id: str) -> bool:
        """End a key at once; whether there was one."""

        async def work(tx: Transaction) -> bool:
            row = (await tx.get(API_KEYS, [id])).get(id)
            if row is not None:
                await tx.remove(row)
            return row is not None

        return await (await self._store.transact(work)).settled()

    async def forget(self, traces: Traces, *, dry_run: bool) -> int:
        """Revoke the keys that act as one of these records, as names tell of them; how many."""
        records = frozenset(traces.records)

        async def work(tx: Transaction) -> int:
            rows = [row for row in await tx.all_of(API_KEYS) if _actor_of(row) in records]
            for row in () if dry_run else rows:
                await tx.remove(row)
            return len(rows)

        return await (await self._store.transact(work)).settled()

    async def caller(self, text: str) -> Caller | None:
        """Who a key acts as, with its scope; None when it is none or has ended."""
        id, _, secret = text.removeprefix(PREFIX).partition("_")
        if not text.startswith(PREFIX) or len(id) != _ID_CHARS or len(secret) != SECRET_CHARS:
            return None
        row = (await self._store.get(API_KEYS, [id])).get(id)
        kept = "" if row is None else str(row.values["digest"])
        if not hmac.compare_digest(_digest(secret), kept) or row is None:
            return None
        facts = _of(row).facts
        if facts.expires_ms and self._clock.unix_ms() >= facts.expires_ms:
            return None
        collection = self._store.schema.by_id.get(facts.actor_collection_id)
        if collection is None:
            return None
        actor = (await self._store.get(collection, [facts.actor_id])).get(facts.actor_id)
        if actor is None:
            return None
        scope = KeyScope(facts.collections, facts.actions, facts.networks)
        return Caller(actor, collection, scope)


def _of(row: Row) -> ApiKey:
    facts = msgspec.json.decode(str(row.values["facts"]), type=KeyFacts)
    return ApiKey(str(row.values["id"]), facts)


def _actor_of(row: Row) -> tuple[str, str]:
    facts = _of(row).facts
    return facts.actor_collection_id, facts.actor_id


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _too_long(most: int) -> Problem:
    return Problem("validation_length_too_long", f"At most {most}.", {"max": most})


def _problems(facts: KeyFacts, schema: Schema, *, now_ms: int) -> Problems:
    problems: Problems = {}
    if not facts.name.strip():
        problems["name"] = required()
    elif len(facts.name) > NAME_CHARS_MAX:
        problems["name"] = _too_long(NAME_CHARS_MAX)
    for key, given in (("collections", facts.collections), ("actions", facts.actions)):
        if not given:
            problems[key] = required()
        elif len(given) > SCOPE_ITEMS_MAX:
            problems[key] = _too_long(SCOPE_ITEMS_MAX)
    for name in facts.collections:
        found = schema.find(name)
        if name != ANY and (found is None or found.system or found.name != name):
            problems["collections"] = Problem(
                "validation_in_invalid", f"There is no collection {name!r} for keys."
            )
    if not set(facts.actions) <= {*_ACTIONS, ANY}:
        problems["actions"] = Problem(
            "validation_in_invalid", f"Actions are {', '.join(_ACTIONS)} and {ANY}."
        )
    if facts.expires_ms and facts.expires_ms <= now_ms:
        problems["expires"] = Problem("validation_invalid_value", "This moment is over.")
    return problems
