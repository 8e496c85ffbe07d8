"""Writes sent twice with an Idempotency-Key: done once, answered twice."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.api.program import House, Part, Reply, opened

NOTES = "/api/collections/notes/records"
DAY_MS = 24 * 60 * 60 * 1_000
RULES = dict.fromkeys(("listRule", "viewRule", "createRule", "updateRule", "deleteRule"), "")
FIELDS = [
    {"type": "text", "name": "title", "required": True},
    {"type": "file", "name": "file", "maxSize": 50_000_000},
]


async def post(house: House, key: str, body: object, *, token: str = "", ip: str = "") -> Reply:
    """A create with this key."""
    return await house(
        "POST", NOTES, body, token=token, ip=ip or "198.51.100.1", headers={"Idempotency-Key": key}
    )


async def titles(house: House) -> list[object]:
    """What is stored, in order."""
    return [item["title"] for item in (await house("GET", f"{NOTES}?sort=@rowid")).items]


async def test_the_first_answer_comes_again(house: House) -> None:
    """The write happened once."""
    await house.collection("notes", FIELDS, **RULES)

    first = await post(house, "k", {"title": "a"})
    again = await post(house, "k", {"title": "a"})

    assert (again.status, again.body) == (200, first.body)
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert await titles(house) == ["a"]


async def test_deletes_and_updates_are_replayed_too(house: House) -> None:
    """Without the key the second delete would be a 404."""
    await house.collection("notes", FIELDS, **RULES)
    id = await house.record("notes", title="a")
    key = {"Idempotency-Key": "d"}

    replies = [await house("DELETE", f"{NOTES}/{id}", headers=key) for _ in range(2)]

    assert [(reply.status, reply.body) for reply in replies] == [(204, b"")] * 2
    assert "content-length" not in replies[1].headers


async def test_a_key_belongs_to_one_request_of_one_caller(house: House) -> None:
    """Y1: another body is a mistake, another caller's key another key."""
    await house.collection("notes", FIELDS, **RULES)
    _, token = await house.user("a@example.com")

    statuses = [
        (await post(house, "k", {"title": "a"})).status,
        (await post(house, "k", {"title": "b"})).status,
        (await post(house, "k", {"title": "b"}, ip="198.51.100.2")).status,
        (await post(house, "k", {"title": "c"}, token=token)).status,
        (await post(house, "é", {"title": "c"})).status,
        (await post(house, "k" * 256, {"title": "c"})).status,
    ]

    assert statuses == [200, 400, 200, 200, 400, 400]
    assert await titles(house) == ["a", "b", "c"]


async def test_refused_writes_are_judged_anew(house: House) -> None:
    """They changed nothing, so there is nothing to repeat."""
    await house.collection("notes", FIELDS, **RULES)
    await house("PATCH", "/api/collections/notes", {"createRule": None}, token=house.root)
    refused = await post(house, "k", {"title": "a"})
    await house("PATCH", "/api/collections/notes", {"createRule": ""}, token=house.root)

    allowed = await post(house, "k", {"title": "a"})

    assert (refused.status, allowed.status) == (403, 200)


async def test_two_at_once_are_one(house: House) -> None:
    """The second waits for the first and gets its answer."""
    await house.collection("notes", FIELDS, **RULES)

    replies = await asyncio.gather(*[post(house, "k", {"title": "a"}) for _ in range(4)])

    assert {(reply.status, reply.body) for reply in replies} == {(200, replies[0].body)}
    assert await titles(house) == ["a"]


async def test_a_restart_forgets_nothing_and_a_day_everything(tmp_path: Path) -> None:
    """Kept with the data, for a day."""
    async with opened(tmp_path) as house:
        await house.collection("notes", FIELDS, **RULES)
        first = await post(house, "k", {"title": "a"})
        clock = house.clock

    async with opened(tmp_path, clock=clock, seed=2) as house:
        again = await post(house, "k", {"title": "a"})
        clock.advance(DAY_MS + 1_000)
        later = await post(house, "k", {"title": "a"})

        assert again.body == first.body
        assert later.id != first.id
        assert await titles(house) == ["a", "a"]


async def test_large_uploads_may_carry_a_key(house: House) -> None:
    """The key takes no room away: the limit of a body is that of the collection."""
    await house.collection("notes", FIELDS, **RULES)
    content = b"x" * (33 * 1024 * 1024)
    body = [Part("title", b"a"), Part("file", content, "a.txt")]

    replies = [await post(house, "k", body) for _ in range(2)]

    assert [reply.status for reply in replies] == [200, 200]
    assert replies[0].id == replies[1].id


async def test_uploads_of_other_content_are_other_requests(house: House) -> None:
    """Y1: name and size do not make a file."""
    await house.collection("notes", FIELDS, **RULES)

    statuses = [
        (await post(house, "k", [Part("title", b"a"), Part("file", content, "a.txt")])).status
        for content in (b"one", b"two", b"one")
    ]

    assert statuses == [200, 400, 200]


async def test_batches_carry_keys_within_their_own_limit(house: House) -> None:
    """One key for all items; a body beyond the batch's limit is refused while it is read."""
    await house.settings(batch={"enabled": True, "maxBodySize": 300})
    await house.collection("notes", FIELDS, **RULES)
    item = {"method": "POST", "url": NOTES, "body": {"title": "a"}}
    key = {"Idempotency-Key": "b"}

    done = [await house("POST", "/api/batch", {"requests": [item]}, headers=key) for _ in range(2)]
    big = await house("POST", "/api/batch", {"requests": [item] * 9}, headers=key)

    assert [reply.body for reply in done] == [done[0].body] * 2
    assert big.status == 413
    assert await titles(house) == ["a"]
