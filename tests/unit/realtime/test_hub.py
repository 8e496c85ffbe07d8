"""Who hears of which change, and in what order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import msgspec
import pytest
from msgspec.structs import replace

from tests.unit.records.world import NOTES, PEOPLE, SUPERUSER, TEAMS, World, made
from yadokari.base.errors import BadRequest, Forbidden, NotFound
from yadokari.base.log import SilentLog
from yadokari.ports.store import ABSENT, Row, Transaction
from yadokari.realtime.client import Client
from yadokari.realtime.hub import Hub
from yadokari.records.caller import GUEST, Caller
from yadokari.records.presenting import Presented
from yadokari.schema.collection import Collection
from yadokari.schema.fields import RelationField, TextField
from yadokari.testing.fake_clock import FakeClock
from yadokari.testing.fake_entropy import FakeEntropy
from yadokari.testing.fake_store import FakeStore
from yadokari.testing.suite_data import change

IP = "203.0.113.7"
MARKS = Collection(
    id="c_marks",
    name="marks",
    list_rule="",
    fields=(TextField(id="f_id", name="id", primary_key=True),),
)
MARKS_TOPIC = "marks/*"
MINE = "author = @request.auth.id && @request.auth.id != ''"
IDLE_S = 5.0

Event = tuple[str, str, str]
"""Topic, action and id."""


def framed(_client: str, topic: str, data: bytes) -> bytes:
    """One line for each message."""
    return topic.encode() + b"\t" + data + b"\n"


def unpicked(_fields: str, record: Presented) -> object:
    """The record whole."""
    return record


@dataclass(slots=True)
class Air:
    """A hub that runs, over a world."""

    hub: Hub
    world: World
    _marks: int = 0

    def listen(self, *topics: str, by: Caller = GUEST) -> Client:
        """A new client with these topics."""
        client = self.hub.connect(IP)
        self.hub.subscribe(client.id, [*topics, MARKS_TOPIC], caller=by, ip=IP)
        return client

    async def heard(self, client: Client) -> list[Event]:
        """What a client was sent so far; a mark, sent last, says that all has come."""
        self._marks += 1
        mark = f"mark{self._marks}"
        await self.world.put("marks", mark)
        events: list[Event] = []
        while True:
            sent = await client.messages(idle_s=IDLE_S)
            assert sent, "the mark has not come"
            for line in sent.splitlines():
                topic, _, data = line.partition(b"\t")
                message = msgspec.json.decode(data)
                if message["record"]["id"] == mark:
                    return events
                if topic != MARKS_TOPIC.encode():
                    events.append((topic.decode(), message["action"], message["record"]["id"]))


@asynccontextmanager
async def on_air(*collections: Collection) -> AsyncIterator[Air]:
    """A running hub over these collections."""
    clock = FakeClock()
    store = FakeStore(clock=clock)
    hub = Hub(
        store=store,
        clock=clock,
        entropy=FakeEntropy(),
        log=SilentLog(),
        pick=unpicked,
        frame=framed,
    )
    world = await made(*collections, MARKS, witness=hub, store=store, clock=clock)
    hub.records = world.records
    store.watch(hub.heard)
    running = asyncio.create_task(hub.run())  # A group would hide what a test asserts.
    try:
        yield Air(hub, world)
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def test_events_come_in_the_order_of_the_log():
    """H1: of one record and of many."""
    async with on_air(PEOPLE, TEAMS, replace(NOTES, list_rule="")) as air:
        client = air.listen("notes/*")
        await air.world.put("notes", "n1")
        await air.world.put("notes", "n2")
        await air.world.update("notes", "n1", {"title": "a"}, by=SUPERUSER)
        await air.world.delete("notes", "n2")

        assert await air.heard(client) == [
            ("notes/*", "create", "n1"),
            ("notes/*", "create", "n2"),
            ("notes/*", "update", "n1"),
            ("notes/*", "delete", "n2"),
        ]


async def test_nobody_hears_of_records_they_may_not_see():
    """H2: a null rule is for superusers; another is judged for each caller."""
    closed = replace(NOTES, list_rule=None, view_rule=None)
    for notes in (closed, replace(NOTES, list_rule=MINE, view_rule=MINE)):
        async with on_air(PEOPLE, TEAMS, notes) as air:
            await air.world.put("people", "ann")
            await air.world.put("people", "bob")
            ann, bob = await air.world.caller("ann"), await air.world.caller("bob")
            clients = [air.listen("notes/*", "notes/n1", by=by) for by in (GUEST, bob, ann)]
            root = air.listen("notes/*", by=SUPERUSER)
            await air.world.put("notes", "n1", author="ann")

            heard = [len(await air.heard(client)) for client in clients]

            assert heard == ([0, 0, 0] if notes is closed else [0, 0, 2])
            assert await air.heard(root) == [("notes/*", "create", "n1")]


async def test_one_record_is_under_the_view_rule_and_all_under_the_list_rule():
    """H2: as reading them would be."""
    async with on_air(PEOPLE, TEAMS, replace(NOTES, list_rule="", view_rule=None)) as air:
        client = air.listen("notes/*", "notes/n1")
        await air.world.put("notes", "n1")

        assert await air.heard(client) == [("notes/*", "create", "n1")]


async def test_a_deletion_is_judged_while_everything_still_exists():
    """H2: with the author gone in the same unit nobody could be told afterwards."""
    fields = tuple(
        replace(field, cascade_delete=True)
        if isinstance(field, RelationField) and field.name == "author"
        else field
        for field in NOTES.fields
    )
    notes = replace(NOTES, fields=fields, list_rule="author.name = 'ann'")
    async with on_air(PEOPLE, TEAMS, notes) as air:
        await air.world.put("people", "p1", name="ann")
        await air.world.put("people", "p2", name="bob")
        await air.world.put("notes", "n1", author="p1")
        await air.world.put("notes", "n2", author="p2")
        client = air.listen("notes/*")
        await air.world.delete("people", "p1")
        await air.world.delete("people", "p2")

        assert await air.heard(client) == [("notes/*", "delete", "n1")]


async def test_work_that_is_rolled_back_says_nothing():
    """H1: neither a write nor a judged deletion of a unit that failed."""
    notes = replace(NOTES, list_rule="")
    async with on_air(PEOPLE, TEAMS, notes) as air:
        row = await air.world.put("notes", "n1")
        client = air.listen("notes/*")

        async def failing(tx: Transaction) -> None:
            await tx.put(Row(notes.id, {**row.values, "id": "n2"}), expected=ABSENT)
            await air.world.records.deleting.remove(tx, notes, row)
            raise NotFound

        with pytest.raises(NotFound):
            await air.world.store.transact(failing)

        assert await air.heard(client) == []


async def test_leaving_somebodys_sight_sends_nothing():
    """H4: no delete is made up; coming back is an update."""
    async with on_air(PEOPLE, TEAMS, replace(NOTES, list_rule="public = true")) as air:
        client = air.listen("notes/*")
        row = await air.world.put("notes", "n1", public=True)
        row = await change(air.world.store, row, public=False)
        await change(air.world.store, row, public=True)

        assert [action for _, action, _ in await air.heard(client)] == ["create", "update"]


async def test_a_renewed_token_key_makes_its_clients_guests():
    """H2: whoever was signed out hears no more than a guest."""
    async with on_air(PEOPLE, TEAMS, replace(NOTES, list_rule=MINE)) as air:
        ann = await air.world.put("people", "ann", tokenKey="old")
        client = air.listen("notes/*", by=await air.world.caller("ann"))
        await air.world.put("notes", "n1", author="ann")
        await change(air.world.store, ann, tokenKey="new")
        await air.world.put("notes", "n2", author="ann")

        assert await air.heard(client) == [("notes/*", "create", "n1")]


async def test_events_are_judged_with_what_the_caller_has_become():
    """H2: identity is looked at anew, not remembered from the subscription."""
    notes = replace(NOTES, list_rule="@request.auth.name = 'boss'")
    async with on_air(PEOPLE, TEAMS, notes) as air:
        ann = await air.world.put("people", "ann", name="ann")
        client = air.listen("notes/*", by=await air.world.caller("ann"))
        await air.world.put("notes", "n1")
        await change(air.world.store, ann, name="boss")
        await air.world.put("notes", "n2")

        assert await air.heard(client) == [("notes/*", "create", "n2")]


async def test_a_subscription_hears_only_of_what_comes_after_it():
    """H5: changes are told after they were answered; one that came in between is not for it."""
    async with on_air(PEOPLE, TEAMS, replace(NOTES, list_rule="")) as air:
        earlier = air.listen("notes/*")
        await air.world.put("notes", "n1")
        later = air.listen("notes/*")
        await air.world.put("notes", "n2")

        assert await air.heard(later) == [("notes/*", "create", "n2")]
        assert await air.heard(earlier) == [
            ("notes/*", "create", "n1"),
            ("notes/*", "create", "n2"),
        ]


async def test_topics_that_stay_lose_nothing_when_others_are_added():
    """H5: official clients send the whole list anew for each topic."""
    async with on_air(PEOPLE, TEAMS, replace(NOTES, list_rule="", view_rule="")) as air:
        client = air.listen("notes/*")
        await air.world.put("notes", "n1")
        air.hub.subscribe(client.id, ["notes/*", "notes/n1", MARKS_TOPIC], caller=GUEST, ip=IP)

        assert await air.heard(client) == [("notes/*", "create", "n1")]


async def test_signing_in_opens_nothing_that_was_committed_before():
    """H5: what a guest could not hear stays unheard, what comes later is heard."""
    async with on_air(PEOPLE, TEAMS, replace(NOTES, list_rule=MINE)) as air:
        await air.world.put("people", "ann")
        client = air.listen("notes/*")
        await air.world.put("notes", "n1", author="ann")
        ann = await air.world.caller("ann")
        air.hub.subscribe(client.id, ["notes/*", MARKS_TOPIC], caller=ann, ip=IP)
        await air.world.put("notes", "n2", author="ann")

        assert await air.heard(client) == [("notes/*", "create", "n2")]


async def test_a_change_from_before_signing_in_signs_nobody_out():
    """C2: the sign-in knew of it already."""
    async with on_air(PEOPLE, TEAMS, replace(NOTES, list_rule=MINE)) as air:
        ann = await air.world.put("people", "ann", tokenKey="first")
        client = air.listen()
        ann = await change(air.world.store, ann, tokenKey="second")
        await change(air.world.store, ann, tokenKey="third")
        signed_in = await air.world.caller("ann")
        air.hub.subscribe(client.id, ["notes/*", MARKS_TOPIC], caller=signed_in, ip=IP)
        await air.world.put("notes", "n1", author="ann")

        assert await air.heard(client) == [("notes/*", "create", "n1")]


async def test_a_topic_may_narrow_what_is_heard():
    """A client's filter is under a client's restrictions."""
    everyone = replace(NOTES, list_rule="")
    async with on_air(PEOPLE, TEAMS, everyone) as air:
        options = 'notes/*?options={"query":{"filter":"%s"}}'
        narrow, nosy = options % "title='a'", options % "remark='x'"
        client = air.listen(narrow, nosy)
        await air.world.put("notes", "n1", title="a", remark="x")
        await air.world.put("notes", "n2", title="b", remark="x")

        assert await air.heard(client) == [(narrow, "create", "n1")]


async def test_a_client_belongs_to_who_signed_in_with_it():
    """C2: nobody else subscribes for it, nor from elsewhere."""
    async with on_air(PEOPLE) as air:
        await air.world.put("people", "ann")
        await air.world.put("people", "bob")
        ann, bob = await air.world.caller("ann"), await air.world.caller("bob")
        client = air.listen()

        air.hub.subscribe(client.id, [], caller=ann, ip=IP)
        for other in (bob, GUEST, SUPERUSER):
            with pytest.raises(Forbidden):
                air.hub.subscribe(client.id, ["people/*"], caller=other, ip=IP)
        with pytest.raises(BadRequest):
            air.hub.subscribe(client.id, [], caller=ann, ip="203.0.113.8")
        air.hub.disconnect(client)
        with pytest.raises(NotFound):
            air.hub.subscribe(client.id, [], caller=ann, ip=IP)
