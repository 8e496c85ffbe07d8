"""Who may do what to records: rule outcomes for every action and caller."""

from __future__ import annotations

import pytest

from tests.api.program import House

TEXT = {"type": "text", "name": "title"}
MEMBERS = '@request.auth.id != ""'
BODY = {"title": "new"}

# Rule, then the statuses of list, view, create, update and delete for guest, user and superuser.
OUTCOMES: list[tuple[str | None, list[int], list[int], list[int]]] = [
    (None, [403] * 5, [403] * 5, [200, 200, 200, 200, 204]),
    ("", [200, 200, 200, 200, 204], [200, 200, 200, 200, 204], [200, 200, 200, 200, 204]),
    (MEMBERS, [200, 404, 400, 404, 404], [200, 200, 200, 200, 204], [200, 200, 200, 200, 204]),
    ('title = "other"', [200, 404, 400, 404, 404], [200, 404, 400, 404, 404], [200] * 4 + [204]),
]


@pytest.mark.parametrize(("rule", "guest", "user", "superuser"), OUTCOMES)
async def test_each_action_answers_by_its_rule(
    house: House, rule: str | None, guest: list[int], user: list[int], superuser: list[int]
) -> None:
    """G1 to G3: null lets superusers in, a rule that fails hides what is there."""
    actions = ("list", "view", "create", "update", "delete")
    await house.collection("notes", [TEXT], **{f"{action}Rule": rule for action in actions})
    _, token = await house.user("a@example.com")

    seen = [await outcomes(house, asked_by) for asked_by in ("", token, house.root)]

    assert seen == [guest, user, superuser]


async def outcomes(house: House, token: str) -> list[int]:
    """Statuses of the five actions."""
    notes = "/api/collections/notes/records"
    id = await house.record("notes", title="old")
    replies = [
        await house("GET", notes, token=token),
        await house("GET", f"{notes}/{id}", token=token),
        await house("POST", notes, BODY, token=token),
        await house("PATCH", f"{notes}/{id}", BODY, token=token),
        await house("DELETE", f"{notes}/{id}", token=token),
    ]
    return [reply.status for reply in replies]


async def test_a_list_shows_what_the_rule_lets_through(house: House) -> None:
    """The rule and the filter both count."""
    await house.collection("notes", [TEXT], listRule='title != "secret"')
    for title in ("secret", "a", "b"):
        await house.record("notes", title=title)
    path = "/api/collections/notes/records?sort=-title&fields=title"

    everybody = await house("GET", path)
    filtered = await house("GET", f"{path}&filter=title<'b'&skipTotal=1")

    assert everybody.items == [{"title": "b"}, {"title": "a"}]
    assert filtered.items == [{"title": "a"}]
    assert (everybody.record["totalItems"], filtered.record["totalItems"]) == (2, -1)


async def test_hidden_fields_are_for_superusers(house: House) -> None:
    """V: not shown to others, and no filter of theirs may ask for them."""
    hidden = {"type": "text", "name": "inner", "hidden": True}
    await house.collection("notes", [TEXT, hidden], listRule="", viewRule="", updateRule="")
    id = await house.record("notes", title="t", inner="x")
    path = "/api/collections/notes/records"

    plain = await house("GET", f"{path}/{id}")
    asked = await house("GET", f"{path}?filter=inner='x'")
    root = await house("GET", f"{path}/{id}", token=house.root)
    await house("PATCH", f"{path}/{id}", {"inner": "y", "title": "u"})
    after = await house("GET", f"{path}/{id}", token=house.root)

    assert "inner" not in plain.record
    assert asked.status == 400
    assert root.record["inner"] == "x"
    assert (after.record["inner"], after.record["title"]) == ("x", "u")


async def test_emails_are_shown_to_their_owner_and_to_those_who_manage(house: House) -> None:
    """V: emailVisibility hides; superusers, owners and managers see all the same."""
    users = "/api/collections/users"
    rules = {"listRule": "", "viewRule": "", "manageRule": '@request.auth.name = "boss"'}
    assert (await house("PATCH", users, rules, token=house.root)).status == 200
    anna, own = await house.user("anna@example.com")
    _, other = await house.user("otto@example.com")
    _, boss = await house.user("boss@example.com", name="boss")
    shown, _ = await house.user("vera@example.com", emailVisibility=True)

    async def sees(token: str, id: str) -> bool:
        return "email" in (await house("GET", f"{users}/records/{id}", token=token)).record

    assert [await sees(token, anna) for token in ("", other, own, boss, house.root)] == [
        False,
        False,
        True,
        True,
        True,
    ]
    assert await sees("", shown)


async def test_managers_change_what_owners_cannot(house: House) -> None:
    """AF: another's e-mail and password without the old one."""
    users = "/api/collections/users"
    rules = {"updateRule": "", "manageRule": '@request.auth.name = "boss"'}
    await house("PATCH", users, rules, token=house.root)
    anna, own = await house.user("anna@example.com")
    _, boss = await house.user("boss@example.com", name="boss")
    new = {"password": "another-1234", "passwordConfirm": "another-1234"}

    async def change(token: str, **fields: object) -> tuple[int, object]:
        reply = await house("PATCH", f"{users}/records/{anna}", fields, token=token)
        return reply.status, None if reply.status == 200 else reply.codes

    assert await change(own, email="x@example.com") == (
        400,
        {"email": "validation_values_mismatch"},
    )
    assert await change(own, verified=True) == (400, {"verified": "validation_values_mismatch"})
    assert await change(own, **new) == (400, {"oldPassword": "validation_required"})
    assert await change(own, **new, oldPassword="wrong") == (
        400,
        {"oldPassword": "validation_invalid_old_password"},
    )
    assert await change(boss, email="x@example.com", verified=True, **new) == (200, None)
    assert (await house("POST", f"{users}/auth-refresh", token=own)).status == 401


async def test_rules_know_what_is_asked(house: House) -> None:
    """@request: body, query, headers, method and context of the request at hand."""
    rule = (
        "@request.body.title:isset = true && @request.body.nope:isset = false "
        '&& @request.query.door = "open" && @request.headers.x_key = "k" '
        '&& @request.method = "POST" && @request.context = "default"'
    )
    await house.collection("notes", [TEXT], createRule=rule)
    path = "/api/collections/notes/records"
    headers = {"X-Key": "k"}

    good = await house("POST", f"{path}?door=open", {"title": "ab"}, headers=headers)
    shut = await house("POST", path, {"title": "ab"}, headers=headers)
    bare = await house("POST", f"{path}?door=open", {"title": "ab"})

    assert [good.status, shut.status, bare.status] == [200, 400, 400]


async def test_rules_know_every_kind_of_field_of_the_caller(house: House) -> None:
    """JSON and places are read from the caller's record as filters read them."""
    users = (await house("GET", "/api/collections/users", token=house.root)).record
    old = users["fields"]
    assert isinstance(old, list)
    fields = [*old, {"type": "json", "name": "meta"}, {"type": "geoPoint", "name": "place"}]
    await house("PATCH", "/api/collections/users", {"fields": fields}, token=house.root)
    rule = (
        "@request.auth.meta.level = 3 && @request.auth.place.lon > 10 "
        '&& @request.auth.meta ~ "level" && @request.auth.place ~ "lon"'
    )
    await house.collection("notes", [TEXT], listRule=rule)
    await house.record("notes", title="x")
    place = {"lon": 12, "lat": 50}
    _, inside = await house.user("in@example.com", meta={"level": 3}, place=place)
    _, outside = await house.user("out@example.com", meta={"level": 2}, place=place)

    seen = [
        len((await house("GET", "/api/collections/notes/records", token=token)).items)
        for token in (inside, outside, "")
    ]

    assert seen == [1, 0, 0]


async def test_a_list_that_was_not_sent_has_no_items(house: House) -> None:
    """``:length`` of what is missing is 0."""
    tags = {"type": "select", "name": "tags", "values": ["a", "b"], "maxSelect": 2}
    await house.collection("notes", [tags], createRule="@request.body.tags:length < 2")
    bodies: list[dict[str, object]] = [{}, {"tags": ["a"]}, {"tags": ["a", "b"]}]

    statuses = [
        (await house("POST", "/api/collections/notes/records", body)).status for body in bodies
    ]

    assert statuses == [200, 200, 400]
