"""Realtime from the client's side: events by permission, in order, and the life of a connection."""

from __future__ import annotations

import asyncio
from urllib.parse import quote

import pytest

from tests.api.program import House
from yadokari.api.realtime import LIFE_MS

NOTES = "/api/collections/notes/records"
TITLE = {"type": "text", "name": "title"}
MEMBERS = '@request.auth.id != ""'


async def notes(house: House, **rules: str | None) -> None:
    """A collection that everybody may write to, with these rules for reading."""
    writing = {"createRule": "", "updateRule": "", "deleteRule": ""}
    await house.collection("notes", [TITLE], **{**writing, **rules})


async def test_subscribers_hear_what_their_rule_shows(house: House) -> None:
    """H2: lists by the list rule, single records by the view rule."""
    await notes(house, listRule='title != "secret"', viewRule=None)
    shown = await house.record("notes", title="a")
    async with house.listening() as ear:
        assert (await ear.subscribe("notes/*", f"notes/{shown}", "nope")).status == 204

        await house.record("notes", title="secret")
        await house("PATCH", f"{NOTES}/{shown}", {"title": "b"}, token=house.root)
        await house("DELETE", f"{NOTES}/{shown}", token=house.root)
        last = await house.record("notes", title="c")

        assert await ear.heard(3) == [
            ("notes/*", "update", shown),
            ("notes/*", "delete", shown),
            ("notes/*", "create", last),
        ]


async def test_a_deletion_is_judged_while_the_record_exists(house: House) -> None:
    """H2: a rule over relations still finds them; children are heard before their parent."""
    authors = await house.collection("authors", [TITLE], listRule="")
    relation = {
        "type": "relation",
        "name": "author",
        "collectionId": authors.id,
        "cascadeDelete": True,
    }
    await house.collection("posts", [relation], listRule='author.title = "A"')
    author = await house.record("authors", title="A")
    post = await house.record("posts", author=author)
    async with house.listening() as ear:
        await ear.subscribe("posts", "authors")

        await house("DELETE", f"/api/collections/authors/records/{author}", token=house.root)

        assert await ear.heard(2) == [("posts", "delete", post), ("authors", "delete", author)]


async def test_what_is_rolled_back_is_not_heard(house: House) -> None:
    """H1: a failing batch sends nothing, a refused deletion neither."""
    await notes(house, listRule="")
    await house.settings(batch={"enabled": True})
    kept = await house.record("notes", title="k")
    nothing: dict[str, object] = {}
    items = [
        {"method": "DELETE", "url": f"{NOTES}/{kept}"},
        {"method": "PATCH", "url": f"{NOTES}/nope", "body": nothing},
    ]
    async with house.listening() as ear:
        await ear.subscribe("notes/*")

        assert (await house("POST", "/api/batch", {"requests": items})).status == 400
        last = await house.record("notes", title="l")

        assert await ear.heard(1) == [("notes/*", "create", last)]


async def test_options_of_a_topic_filter_nest_and_pick(house: House) -> None:
    """T1: they are part of its name; rules see them as query and headers."""
    await notes(house, listRule='@request.headers.x_key = "k" && @request.context = "realtime"')
    options = '{"query":{"filter":"title=\'a\'","fields":"title","n":1},"headers":{"X-Key":"k"}}'
    topic = f"notes/*?options={quote(options)}"
    broken = f"notes/*?options={quote('{{')}"
    wrong = f"notes/*?options={quote(options.replace('title=', 'nope='))}"
    async with house.listening() as ear:
        await ear.subscribe(topic, broken, wrong, f"notes?options={quote('5')}", "notes?x=1")

        await house.record("notes", title="b")
        await house.record("notes", title="a")

        event = await ear.next()
        assert (event.topic, event.data) == (topic, {"record": {"title": "a"}, "action": "create"})
        assert await ear.heard(0) == []


async def test_signing_in_widens_what_is_heard(house: House) -> None:
    """C2: a guest may sign in once; nobody else takes the connection over."""
    await notes(house, listRule=MEMBERS)
    await house.collection("open", [TITLE], listRule="")
    _, anna = await house.user("anna@example.com")
    _, otto = await house.user("otto@example.com")
    async with house.listening() as ear:
        await ear.subscribe("notes/*", "open")
        await house.record("notes", title="unheard")
        public = await house.record("open", title="x")
        assert await ear.heard(1) == [("open", "create", public)]

        statuses = [
            (await ear.subscribe("notes/*", token=anna)).status,
            (await ear.subscribe("notes/*", token=otto)).status,
            (await ear.subscribe("notes/*")).status,
            (await ear.subscribe("notes/*", token=anna, ip="198.51.100.9")).status,
        ]
        heard = await house.record("notes", title="heard")

        assert statuses == [204, 403, 403, 400]
        assert await ear.heard(1) == [("notes/*", "create", heard)]


@pytest.mark.parametrize("ending", ["password", "deletion"])
async def test_whoever_loses_the_account_becomes_a_guest(house: House, ending: str) -> None:
    """A changed token key or a deleted record ends the identity, not the connection."""
    await notes(house, listRule=MEMBERS)
    id, anna = await house.user("anna@example.com")
    path = f"/api/collections/users/records/{id}"
    async with house.listening() as ear:
        await ear.subscribe("notes/*", token=anna)
        await house("PATCH", path, {"name": "still me"}, token=house.root)
        heard = await house.record("notes", title="heard")
        if ending == "deletion":
            await house("DELETE", path, token=house.root)
        else:
            new = {"password": "another-1234", "passwordConfirm": "another-1234"}
            await house("PATCH", path, new, token=house.root)

        await house.record("notes", title="unheard")
        await house.collection("open", [TITLE], listRule="")
        await ear.subscribe("open")
        last = await house.record("open", title="x")

        assert await ear.heard(2) == [("notes/*", "create", heard), ("open", "create", last)]


async def test_superusers_hear_everything_with_hidden_fields(house: House) -> None:
    """Their rule is empty."""
    await house.collection("notes", [{**TITLE, "hidden": True}], listRule=None)
    async with house.listening() as ear:
        await ear.subscribe("notes", token=house.root)

        await house.record("notes", title="x")

        record = (await ear.next()).data["record"]
        assert isinstance(record, dict)
        assert record["title"] == "x"


@pytest.mark.parametrize(
    ("body", "status", "codes"),
    [
        ({}, 400, {"clientId": "validation_required"}),
        ({"clientId": "x" * 256}, 400, {"clientId": "validation_length_out_of_range"}),
        ({"clientId": "nope"}, 404, {}),
        (
            {"clientId": "x", "subscriptions": ["a"] * 1_001},
            400,
            {"subscriptions": "validation_length_too_long"},
        ),
        (
            {"clientId": "x", "subscriptions": ["a", "b" * 2_501]},
            400,
            {"subscriptions": {"1": "validation_length_too_long"}},
        ),
    ],
)
async def test_subscriptions_are_checked(
    house: House, body: object, status: int, codes: object
) -> None:
    """The contract's limits."""
    reply = await house("POST", "/api/realtime", body)

    assert (reply.status, reply.codes) == (status, codes)


async def test_a_client_that_leaves_is_forgotten(house: House) -> None:
    """Its id means nothing any more."""
    async with house.listening() as ear:
        await ear.subscribe("notes")
        ear.left.set()
        await ear.ended.wait()

        assert (await ear.subscribe("notes")).status == 404


async def test_old_connections_end_after_their_next_message(house: House) -> None:
    """E2: clients come back, perhaps to another server."""
    await notes(house, listRule="")
    async with house.listening() as ear:
        await ear.subscribe("notes")
        house.clock.advance(LIFE_MS)
        await house.record("notes", title="x")

        async with asyncio.timeout(5):
            await ear.ended.wait()
        assert (await ear.next()).topic == "notes"


async def test_stopping_ends_connections(house: House) -> None:
    """They would never end by themselves."""
    async with house.listening() as ear:
        house.program.end_streams()

        async with asyncio.timeout(5):
            await ear.ended.wait()
