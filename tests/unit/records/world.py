"""People, teams and notes in a store in memory, and the records service over them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from yadokari.base.problems import Problem
from yadokari.ports.store import Change, Row
from yadokari.records.caller import GUEST, Asking, Caller
from yadokari.records.deleting import DeleteWitness
from yadokari.records.service import Records
from yadokari.rules.bind import RequestContext
from yadokari.schema.collection import SUPERUSERS_ID, SUPERUSERS_NAME, AuthOptions, Collection
from yadokari.schema.defaults import AUTH_FIELDS
from yadokari.schema.fields import (
    AutodateField,
    BoolField,
    RelationField,
    TextField,
    Value,
    zero,
)
from yadokari.testing.fake_clock import FakeClock
from yadokari.testing.fake_entropy import FakeEntropy
from yadokari.testing.fake_store import FakeStore
from yadokari.testing.suite_data import add, one, use

ID = TextField(id="f_id", name="id", primary_key=True)
AUTODATES = (
    AutodateField(id="f_created", name="created"),
    AutodateField(id="f_updated", name="updated", on_update=True),
)
SUPERUSERS = Collection(
    id=SUPERUSERS_ID,
    name=SUPERUSERS_NAME,
    type="auth",
    system=True,
    auth=AuthOptions(),
    fields=(ID, *AUTH_FIELDS, *AUTODATES),
)
TEAMS = Collection(
    id="c_teams",
    name="teams",
    fields=(ID, TextField(id="f_name", name="name"), *AUTODATES),
)
PEOPLE = Collection(
    id="c_people",
    name="people",
    type="auth",
    auth=AuthOptions(),
    fields=(
        ID,
        *AUTH_FIELDS,
        TextField(id="f_name", name="name"),
        TextField(id="f_diary", name="diary", hidden=True),
        *AUTODATES,
    ),
)
NOTES = Collection(
    id="c_notes",
    name="notes",
    fields=(
        ID,
        TextField(id="f_title", name="title"),
        TextField(id="f_code", name="code", autogenerate_pattern="[0-9]{8}"),
        BoolField(id="f_public", name="public"),
        TextField(id="f_remark", name="remark", hidden=True),
        RelationField(id="f_author", name="author", collection_id="c_people", max_select=1),
        RelationField(id="f_readers", name="readers", collection_id="c_people", max_select=9),
        RelationField(id="f_team", name="team", collection_id="c_teams", max_select=1),
        *AUTODATES,
    ),
)
ROOT = Row(SUPERUSERS_ID, {field.name: zero(field) for field in SUPERUSERS.fields} | {"id": "root"})
SUPERUSER = Caller(ROOT, SUPERUSERS)


class FakeHashing:
    """Hashes that can be read."""

    async def hash(self, password: str, *, cost: int) -> str:
        """See records.submission.Hashing."""
        return f"hash of {password}"

    async def verify(self, password: str, hashed: str) -> bool:
        """See records.submission.Hashing."""
        return hashed == f"hash of {password}"


@dataclass(slots=True)
class World:
    """What a test works with."""

    store: FakeStore
    records: Records
    clock: FakeClock

    async def put(self, name: str, id: str, /, **values: Value) -> Row:
        """Store a record, whatever rules say."""
        collection = self.records.collection(name)
        blank = {field.name: zero(field) for field in collection.fields}
        [row] = await add(self.store, Row(collection.id, {**blank, **values, "id": id}))
        return row

    async def stored(self, name: str, id: str) -> Row | None:
        """The record as it stands, or None."""
        return await one(self.store, self.records.collection(name), id)

    async def value(self, name: str, id: str, field: str) -> Value:
        """One value of a record that exists."""
        row = await self.stored(name, id)
        assert row is not None
        return row.values[field]

    async def caller(self, id: str) -> Caller:
        """A person, signed in."""
        row = await self.stored("people", id)
        assert row is not None
        return Caller(row, self.records.collection("people"))

    async def create(
        self, name: str, body: Mapping[str, object], *, by: Caller = GUEST, id: str = "made"
    ) -> Row:
        """Create a record as this caller."""
        collection = self.records.collection(name)
        submission = await self.records.prepare(collection, body)
        asking = self.asking(by, method="POST")
        return (await self.records.create(asking, collection, submission, fresh_id=id)).value

    async def update(
        self, name: str, id: str, body: Mapping[str, object], *, by: Caller = GUEST
    ) -> Row:
        """Change a record as this caller."""
        collection = self.records.collection(name)
        submission = await self.records.prepare(collection, body, id=id)
        asking = self.asking(by, method="PATCH")
        return (await self.records.update(asking, collection, id, submission)).value

    async def delete(self, name: str, id: str, *, by: Caller = SUPERUSER) -> tuple[Change, ...]:
        """Delete a record as this caller; the changes it took."""
        collection = self.records.collection(name)
        asking = self.asking(by, method="DELETE")
        return (await self.records.delete(asking, collection, id)).changes

    async def shown(
        self, name: str, id: str, *, by: Caller = GUEST, expand: str = ""
    ) -> dict[str, object]:
        """A stored record as this caller sees it, view rule aside."""
        row = await self.stored(name, id)
        assert row is not None
        collection = self.records.collection(name)
        [found] = await self.records.present(self.asking(by), collection, [row], expand=expand)
        return found

    def asking(self, by: Caller, *, method: str = "GET") -> Asking:
        """A request of this caller."""
        now_ms = self.clock.unix_ms()
        return Asking(
            caller=by, context=RequestContext(method=method, auth=by.facts, now_ms=now_ms)
        )


async def made(
    *collections: Collection,
    witness: DeleteWitness | None = None,
    store: FakeStore | None = None,
    clock: FakeClock | None = None,
) -> World:
    """A world with these collections and the superusers'."""
    clock = clock or FakeClock()
    store = store or FakeStore(clock=clock)
    await use(store, SUPERUSERS, *collections)
    records = Records(
        store=store,
        clock=clock,
        entropy=FakeEntropy(),
        hashing=FakeHashing(),
        transact=store.transact,
        witness=witness,
    )
    return World(store, records, clock)


def codes(problems: Mapping[str, object]) -> dict[str, str]:
    """Codes of problems by field."""
    return {name: one.code for name, one in problems.items() if isinstance(one, Problem)}
