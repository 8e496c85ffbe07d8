"""Limits of who, from where and how often: rate limits, addresses, the list throttle, bodies."""

from __future__ import annotations

import pytest

from tests.api.program import HOME_IP, House, Part

NOTES = "/api/collections/notes/records"
TITLE = {"type": "text", "name": "title"}
PROXY = "198.51.100.7"


def limit(label: str, *, most: int, audience: str = "") -> dict[str, object]:
    """At most that many requests in ten seconds."""
    return {"label": label, "maxRequests": most, "duration": 10, "audience": audience}


async def limited(house: House, *rules: dict[str, object], **more: object) -> None:
    """Rate limits switched on."""
    await house.settings(rateLimits={"enabled": True, "rules": [*rules], **more})


async def statuses(
    house: House, count: int, path: str = NOTES, *, token: str = "", ip: str = HOME_IP
) -> list[int]:
    """That many equal reads."""
    return [(await house("GET", path, token=token, ip=ip)).status for _ in range(count)]


@pytest.mark.parametrize(
    ("label", "path"),
    [
        ("/api/", NOTES),
        (f"GET {NOTES}", NOTES),
        ("*:list", NOTES),
        ("notes:list", NOTES),
        ("notes:view", f"{NOTES}/nope"),
    ],
)
async def test_beyond_a_limit_is_too_many(house: House, label: str, path: str) -> None:
    """By path prefix, exact route, action, and action of one collection; until time has passed."""
    await house.collection("notes", [TITLE], listRule="", viewRule="")
    await limited(house, limit(label, most=2))

    first = await statuses(house, 3, path)
    elsewhere = await statuses(house, 1, path, ip="198.51.100.1")
    root = await statuses(house, 3, path, token=house.root)
    house.clock.advance(20_000)
    later = await statuses(house, 1, path)

    usual = elsewhere[0]
    assert first == [usual, usual, 429]
    assert 429 not in root
    assert later == [usual]


async def test_limits_tell_guests_from_members(house: House) -> None:
    """A rule may be for one of them."""
    await house.collection("notes", [TITLE], listRule="")
    _, token = await house.user("a@example.com")
    await limited(house, limit("*:list", most=1, audience="@guest"))

    assert await statuses(house, 2) == [200, 429]
    assert await statuses(house, 3, token=token) == [200] * 3


async def test_items_of_a_batch_count(house: House) -> None:
    """A batch is no way around a limit; nothing of it is kept."""
    await house.collection("notes", [TITLE], createRule="", listRule="")
    await house.settings(batch={"enabled": True})
    await limited(house, limit("notes:create", most=2))
    item = {"method": "POST", "url": NOTES, "body": {"title": "a"}}

    done = [
        (await house("POST", "/api/batch", {"requests": [item] * count})).status for count in (2, 1)
    ]

    assert done == [200, 400]
    assert len((await house("GET", NOTES)).items) == 2


async def test_switching_limits_off_takes_effect_at_once(house: House) -> None:
    """The guard follows the settings."""
    await house.collection("notes", [TITLE], listRule="")
    await limited(house, limit("*:list", most=1))
    assert await statuses(house, 2) == [200, 429]

    await house.settings(rateLimits={"enabled": False})

    assert await statuses(house, 3) == [200] * 3


async def test_superusers_come_from_listed_addresses_only(house: House) -> None:
    """Elsewhere their token opens nothing, not even what is public."""
    await house.collection("notes", [TITLE], listRule="")
    await house.settings(superuserIPs=["203.0.113.0/24"])

    inside = await house("GET", NOTES, token=house.root)
    outside = await house("GET", NOTES, token=house.root, ip="198.51.100.1")
    guest = await house("GET", NOTES, ip="198.51.100.1")

    assert [inside.status, outside.status, guest.status] == [200, 403, 200]


async def test_addresses_behind_a_trusted_proxy_count(house: House) -> None:
    """Only with the header that was configured."""
    await house.collection("notes", [TITLE], listRule="")
    await limited(house, limit("*:list", most=1))
    await house.settings(trustedProxy={"headers": ["X-Forwarded-For"]})

    async def status(forwarded: str) -> int:
        headers = {"X-Forwarded-For": forwarded}
        return (await house("GET", NOTES, ip=PROXY, headers=headers)).status

    assert [await status(one) for one in ("192.0.2.1", "192.0.2.1", "192.0.2.2")] == [200, 429, 200]


async def test_fruitless_filters_slow_down_but_answer(house: House) -> None:
    """T1: whoever guesses protected values waits; the answer is the same."""
    await house.collection("notes", [TITLE], listRule="title != 'x'")

    assert await statuses(house, 5, f"{NOTES}?filter=title='guess'") == [200] * 5
    assert await statuses(house, 5, f"{NOTES}?filter=title='guess'", token=house.root) == [200] * 5


@pytest.mark.parametrize(
    ("path", "bytes_max"),
    [
        (NOTES, 32 * 1024 * 1024 + 10),
        ("/api/collections/nope/records", 32 * 1024 * 1024),
        ("/api/realtime", 32 * 1024 * 1024),
    ],
)
async def test_bodies_have_a_limit_of_their_route(house: House, path: str, bytes_max: int) -> None:
    """Records have room for their fields; a body that says it is larger is not read."""
    await house.collection(
        "notes", [{"type": "file", "name": "file", "maxSize": 10}], createRule=""
    )

    body = b"{" + b" " * bytes_max
    reply = await house("POST", path, body, headers={"content-type": "application/json"})

    assert reply.status == (404 if "nope" in path else 413)


async def test_a_body_may_be_as_large_as_its_fields(house: House) -> None:
    """The field's own limit answers, not the body's."""
    field = {"type": "file", "name": "file", "maxSize": 2 * 1024 * 1024}
    await house.collection("notes", [field, {"type": "editor", "name": "e"}], createRule="")
    content = b"x" * (35 * 1024 * 1024)

    reply = await house("POST", NOTES, [Part("file", content, "a.txt")])

    assert (reply.status, reply.codes) == (400, {"file": "validation_file_size_limit"})
