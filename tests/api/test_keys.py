"""API keys: what they may do, how they end."""

from __future__ import annotations

import pytest

from tests.api.program import HOME_IP, House, Reply

POSTS = "/api/collections/posts/records"
PLANS = "/api/collections/plans/records"


@pytest.fixture
async def posts(house: House) -> House:
    """Posts for members, with an author and a secret; and plans for superusers only."""
    users = (await house("GET", "/api/collections/users", token=house.root)).id
    relation = {"type": "relation", "name": "author", "collectionId": users, "maxSelect": 1}
    title = {"type": "text", "name": "title"}
    secret = {"type": "text", "name": "secret", "hidden": True}
    member = "@request.auth.collectionName = 'users'"
    await house.collection(
        "posts", [title, secret, relation], listRule=member, viewRule=member, createRule=member
    )
    await house.collection("plans", [title])
    return house


async def made(house: House, **form: object) -> tuple[str, str]:
    """Id and text of a new key of the superuser."""
    given = {"name": "ci", "collections": ["posts"], "actions": ["list", "create"], **form}
    reply = await house.made("/api/keys", given)
    text = reply.record["key"]
    assert isinstance(text, str)
    return reply.id, text


async def listed(house: House, key: str, *, path: str = POSTS, ip: str = HOME_IP) -> Reply:
    """A list by a key."""
    return await house("GET", path, token=f"Bearer {key}", ip=ip)


async def test_a_key_does_what_its_scope_says(posts: House) -> None:
    """Y1: these collections, these actions, nothing else of the API."""
    post = await posts.record("posts", title="a")
    _, key = await made(posts)

    answers = [
        await listed(posts, key),
        await posts("POST", POSTS, {"title": "b"}, token=key),
        await posts("GET", f"{POSTS}/{post}", token=key),
        await posts("PATCH", f"{POSTS}/{post}", {"title": "c"}, token=key),
        await posts("DELETE", f"{POSTS}/{post}", token=key),
        await listed(posts, key, path=PLANS),
        await listed(posts, key, path="/api/collections/_superusers/records"),
        await listed(posts, key, path="/api/collections"),
        await listed(posts, key, path="/api/settings"),
        await posts("POST", "/api/batch", {"requests": []}, token=key),
        await posts("POST", "/api/collections/_superusers/auth-refresh", token=key),
        await posts("POST", "/api/keys", {"name": "more"}, token=key),
    ]

    assert [answer.status for answer in answers] == [200, 200, *[403] * 10]


async def test_a_superusers_key_needs_no_rule_in_its_collections(posts: House) -> None:
    """Y2: and elsewhere it is judged as any caller; hidden fields stay hidden."""
    user, _ = await posts.user("ann@example.com", name="Ann")
    await posts.record("posts", title="a", secret="s", author=user)
    _, key = await made(posts, collections=["*"], actions=["*"])
    _, narrow = await made(posts)

    [post] = (await listed(posts, key, path=f"{POSTS}?expand=author")).items
    plans = await listed(posts, key, path=PLANS)
    by_hidden = await listed(posts, narrow, path=f"{POSTS}?filter=secret='s'")
    [expanded] = (await listed(posts, narrow, path=f"{POSTS}?expand=author")).items
    superusers = await listed(posts, key, path="/api/collections/_superusers/records")

    assert "secret" not in post
    assert plans.status == 200
    assert by_hidden.status == 400
    assert expanded.get("expand") in (None, {})
    assert superusers.status == 403


async def test_a_members_key_keeps_to_the_members_rules(posts: House) -> None:
    """Y1."""
    id, _ = await posts.user("ann@example.com")
    scope = {"collections": ["posts", "plans"], "actions": ["*"]}
    _, key = await made(posts, actorCollection="users", actorId=id, **scope)

    assert (await listed(posts, key)).status == 200
    assert (await listed(posts, key, path=PLANS)).status == 403
    assert (await posts("POST", POSTS, {"title": "b"}, token=key)).status == 200


async def test_a_key_ends(posts: House) -> None:
    """Y4: with its date, with its record, or when it is revoked."""
    id, _ = await posts.user("ann@example.com")
    await posts.record("posts", title="a")
    other = await made(posts)
    soon = await posts.made(
        "/api/keys",
        {
            "name": "soon",
            "collections": ["posts"],
            "actions": ["list"],
            "expires": _in_an_hour(posts),
            "actorCollection": "users",
            "actorId": id,
        },
    )
    dated = str(soon.record["key"])
    _, orphan = await made(posts, actorCollection="users", actorId=id)

    assert len((await listed(posts, dated)).items) == 1
    posts.clock.advance(3_600_000)
    assert (await listed(posts, dated)).items == []
    assert len((await listed(posts, orphan)).items) == 1
    await posts("DELETE", f"/api/collections/users/records/{id}", token=posts.root)
    assert (await listed(posts, orphan)).items == []
    assert (await posts("DELETE", f"/api/keys/{other[0]}", token=posts.root)).status == 204
    assert (await posts("POST", POSTS, {"title": "x"}, token=other[1])).status == 400
    assert (await posts("DELETE", f"/api/keys/{other[0]}", token=posts.root)).status == 404


def _in_an_hour(house: House) -> str:
    from yadokari.base.dates import date_text

    return date_text(house.clock.unix_ms() + 3_600_000)


async def test_a_key_may_be_bound_to_networks(posts: House) -> None:
    """A stolen one is worth nothing elsewhere."""
    _, key = await made(posts, networks=["203.0.113.0/24"])

    assert (await listed(posts, key)).status == 200
    assert (await listed(posts, key, ip="198.51.100.1")).status == 403


async def test_a_key_of_a_superuser_comes_from_where_superusers_may(posts: House) -> None:
    """The list of their addresses counts for their keys."""
    _, key = await made(posts)
    await posts.settings(superuserIPs=[HOME_IP])

    assert (await listed(posts, key)).status == 200
    assert (await listed(posts, key, ip="198.51.100.1")).status == 403


async def test_a_key_is_told_once(posts: House) -> None:
    """Y3: neither the list nor the database has it."""
    id, key = await made(posts)
    await posts.record("posts", title="a")

    shown = await posts("GET", "/api/keys", token=posts.root)

    assert [item["id"] for item in shown.items] == [id]
    assert key.encode() not in shown.body
    assert key.rpartition("_")[2].encode() not in shown.body
    assert len((await listed(posts, key)).items) == 1
    assert (await listed(posts, key[:-1] + "~")).items == []
    assert (await posts("GET", "/api/keys")).status == 401


@pytest.mark.parametrize(
    ("wrong", "key"),
    [
        ({"name": " "}, "name"),
        ({"collections": []}, "collections"),
        ({"collections": ["_superusers"]}, "collections"),
        ({"collections": ["nope"]}, "collections"),
        ({"actions": ["truncate"]}, "actions"),
        ({"networks": ["10.0.0.0/99"]}, "networks"),
        ({"expires": "soon"}, "expires"),
        ({"expires": "2001-01-01"}, "expires"),
        ({"actorCollection": "posts", "actorId": "x"}, "actorId"),
    ],
)
async def test_a_senseless_key_is_refused(posts: House, wrong: dict[str, object], key: str) -> None:
    """With what is wrong."""
    form = {"name": "ci", "collections": ["posts"], "actions": ["list"], **wrong}

    reply = await posts("POST", "/api/keys", form, token=posts.root)

    assert reply.status == 400
    assert isinstance(reply.codes, dict)
    assert [*reply.codes] == [key]
