"""Signing in by password, staying signed in, and what ends it."""

from __future__ import annotations

import pytest

from tests.api.program import PASSWORD, ROOT_EMAIL, House, Json

USERS = "/api/collections/users"
DAY_MS = 24 * 60 * 60 * 1_000


async def sign_in(
    house: House, identity: str, *, password: str = PASSWORD, field: str = "", ip: str = ""
) -> tuple[int, Json]:
    """Status, and codes when it failed."""
    body = {"identity": identity, "password": password, "identityField": field}
    reply = await house("POST", f"{USERS}/auth-with-password", body, ip=ip or "198.51.100.1")
    return reply.status, None if reply.status == 200 else reply.codes


@pytest.mark.parametrize(
    ("identity", "password", "field", "expected"),
    [
        ("anna@example.com", PASSWORD, "", (200, None)),
        ("ANNA@example.com", PASSWORD, "email", (400, {})),
        ("anna@example.com", "wrong", "", (400, {})),
        ("nobody@example.com", PASSWORD, "", (400, {})),
        ("it's", PASSWORD, "", (400, {})),
        ("", "", "", (400, dict.fromkeys(("identity", "password"), "validation_required"))),
        ("x" * 256, PASSWORD, "", (400, {"identity": "validation_length_out_of_range"})),
        ("anna@example.com", PASSWORD, "name", (400, {"identityField": "validation_in_invalid"})),
    ],
)
async def test_password_opens_the_account_it_belongs_to(
    house: House, identity: str, password: str, field: str, expected: tuple[int, Json]
) -> None:
    """I1: all failures of content look alike."""
    await house.user("anna@example.com")

    assert await sign_in(house, identity, password=password, field=field) == expected


async def test_an_identity_that_ignores_case_is_found_in_any(house: House) -> None:
    """As the unique index compares."""
    fields = [{"type": "text", "name": "nick"}]
    known = (await house("GET", USERS, token=house.root)).record
    old_fields, old_indexes = known["fields"], known["indexes"]
    assert isinstance(old_fields, list)
    assert isinstance(old_indexes, list)
    changed = await house(
        "PATCH",
        USERS,
        {
            "fields": [*old_fields, *fields],
            "indexes": [
                *old_indexes,
                "CREATE UNIQUE INDEX i_nick ON users (nick COLLATE NOCASE) WHERE nick != ''",
            ],
            "passwordAuth": {"enabled": True, "identityFields": ["nick", "email"]},
        },
        token=house.root,
    )
    assert changed.status == 200, changed.body
    await house.user("anna@example.com", nick="Anna")

    assert await sign_in(house, "aNNA") == (200, None)
    assert await sign_in(house, "anna@example.com") == (200, None)


@pytest.mark.parametrize(
    ("rule", "status"), [("", 200), (None, 403), ("verified = true", 403), ("name = 'anna'", 200)]
)
async def test_the_auth_rule_decides_who_comes_in(
    house: House, rule: str | None, status: int
) -> None:
    """I2: and whoever came in under another rule is signed out."""
    _, token = await house.user("anna@example.com", name="anna")
    await house("PATCH", USERS, {"authRule": rule}, token=house.root)

    refreshed = await house("POST", f"{USERS}/auth-refresh", token=token)

    assert (await sign_in(house, "anna@example.com"))[0] == status
    assert refreshed.status == (200 if rule == "" else 401)


async def test_the_auth_rule_is_judged_again_at_every_refresh(house: House) -> None:
    """I2: an account that no longer fits cannot stay."""
    await house("PATCH", USERS, {"authRule": "name = 'in'"}, token=house.root)
    anna, token = await house.user("anna@example.com", name="in")
    path = f"{USERS}/records/{anna}"

    async def refreshed(name: str) -> int:
        await house("PATCH", path, {"name": name}, token=house.root)
        return (await house("POST", f"{USERS}/auth-refresh", token=token)).status

    assert [await refreshed(name) for name in ("in", "out")] == [200, 403]


async def test_password_sign_in_can_be_off(house: House) -> None:
    """And the methods say so."""
    await house.user("anna@example.com")
    await house("PATCH", USERS, {"passwordAuth": {"enabled": False}}, token=house.root)

    methods = await house("GET", f"{USERS}/auth-methods")

    assert (await sign_in(house, "anna@example.com"))[0] == 403
    assert methods.record["password"] == {"enabled": False, "identityFields": ["email"]}


@pytest.mark.parametrize("path", ["_otps", "nope"])
async def test_only_auth_collections_sign_in(house: House, path: str) -> None:
    """Others have no such endpoint."""
    body = {"identity": "a", "password": "b"}

    reply = await house("POST", f"/api/collections/{path}/auth-with-password", body)

    assert reply.status == 404


async def test_a_token_lives_until_its_time_is_over(house: House) -> None:
    """Five days; a refresh gives another five."""
    _, token = await house.user("anna@example.com")
    house.clock.advance(4 * DAY_MS)
    renewed = (await house("POST", f"{USERS}/auth-refresh", token=token)).record["token"]
    house.clock.advance(2 * DAY_MS)

    statuses = [
        (await house("POST", f"{USERS}/auth-refresh", token=str(one))).status
        for one in (token, renewed)
    ]

    assert statuses == [401, 200]


async def test_a_refresh_is_for_the_callers_own_collection(house: House) -> None:
    """Guests have none to refresh."""
    statuses = [
        (await house("POST", f"{USERS}/auth-refresh")).status,
        (await house("POST", f"{USERS}/auth-refresh", token=house.root)).status,
        (await house("POST", f"{USERS}/auth-refresh", token="junk")).status,
    ]

    assert statuses == [401, 403, 401]


async def test_an_answer_to_a_sign_in_shows_the_own_email_and_nests(house: House) -> None:
    """V: whatever emailVisibility says."""
    await house.user("anna@example.com", emailVisibility=False)
    body = {"identity": "anna@example.com", "password": PASSWORD}

    reply = await house("POST", f"{USERS}/auth-with-password?expand=nope&fields=record.email", body)

    assert reply.json == {"record": {"email": "anna@example.com"}}


async def test_superusers_sign_in_from_listed_addresses_only(house: House) -> None:
    """The right password is not enough elsewhere."""
    await house.settings(superuserIPs=["203.0.113.0/24"])
    path = "/api/collections/_superusers/auth-with-password"
    body = {"identity": ROOT_EMAIL, "password": PASSWORD}

    statuses = [
        (await house("POST", path, body, ip=ip)).status for ip in ("203.0.113.9", "198.51.100.1")
    ]

    assert statuses == [200, 403]


async def test_the_last_superuser_stays(house: House) -> None:
    """Nobody could make another one from outside."""
    path = "/api/collections/_superusers/records"
    new = {"email": "two@example.com", "password": PASSWORD, "passwordConfirm": PASSWORD}
    second = await house.made(path, new)

    statuses = [
        (await house("DELETE", f"{path}/{second.id}", token=house.root)).status,
        (await house("DELETE", f"{path}/{await own_id(house)}", token=house.root)).status,
    ]

    assert statuses == [204, 400]


async def own_id(house: House) -> str:
    """The superuser's id."""
    return (await house.signed_in("_superusers", ROOT_EMAIL))[0]


async def test_helper_records_point_at_accounts_and_go_with_them(house: House) -> None:
    """D: another sign-in method's records name a collection and a record by text."""
    anna, _ = await house.user("anna@example.com")
    path = "/api/collections/_externalAuths/records"
    users = (await house("GET", USERS, token=house.root)).id
    good = {"collectionRef": users, "recordRef": anna, "provider": "google", "providerId": "1"}

    refused = [
        (await house("POST", path, {**good, **wrong}, token=house.root)).codes
        for wrong in ({"collectionRef": "nope"}, {"recordRef": "nope"})
    ]
    made = await house("POST", path, good, token=house.root)
    await house("DELETE", f"{USERS}/records/{anna}", token=house.root)
    left = await house("GET", path, token=house.root)

    assert refused == [
        {"collectionRef": "validation_invalid_collection"},
        {"recordRef": "validation_invalid_record"},
    ]
    assert made.status == 200
    assert left.items == []


HELPERS: dict[str, dict[str, str]] = {
    "_authOrigins": {"fingerprint": "f"},
    "_mfas": {"method": "password"},
    "_otps": {"password": PASSWORD, "sentTo": "a@example.com"},
    "_externalAuths": {"provider": "google"},
}


async def with_helpers(house: House, account: Json, id: str) -> None:
    """One row of each helper collection for an account."""
    for helper, values in HELPERS.items():
        body = {"collectionRef": account, "recordRef": id, "providerId": id, **values}
        await house.made(f"/api/collections/{helper}/records", body)


async def left(house: House, id: str) -> list[str]:
    """Helper collections that still have rows of an account."""
    counts = {
        helper: (
            await house(
                "GET",
                f"/api/collections/{helper}/records?filter=recordRef='{id}'",
                token=house.root,
            )
        ).record["totalItems"]
        for helper in HELPERS
    }
    return [helper for helper, count in counts.items() if count]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"name": "new"}, [*HELPERS]),
        ({"email": "new@example.com"}, ["_authOrigins", "_mfas", "_externalAuths"]),
        ({"password": "other-horse-1", "passwordConfirm": "other-horse-1"}, ["_externalAuths"]),
    ],
)
async def test_a_new_password_ends_known_devices_and_codes(
    house: House, change: dict[str, str], expected: list[str]
) -> None:
    """BL2: whoever got in with the old one is out."""
    id, _ = await house.user("anna@example.com")
    other, _ = await house.user("bert@example.com")
    for account in (id, other):
        await with_helpers(house, "_pb_users_auth_", account)

    reply = await house("PATCH", f"{USERS}/records/{id}", change, token=house.root)

    assert reply.status == 200
    assert await left(house, id) == expected
    assert await left(house, other) == [*HELPERS]


async def test_commands_on_superusers_leave_nothing_of_theirs(house: House) -> None:
    """A14: as changing and deleting them over the API."""
    superusers = house.program.superusers
    await superusers.create("other@example.com", PASSWORD)
    id, _ = await house.signed_in("_superusers", "other@example.com")
    account = (await house("GET", "/api/collections/_superusers", token=house.root)).record["id"]
    await with_helpers(house, account, id)

    await superusers.update("other@example.com", "other-horse-1")
    updated = await left(house, id)
    await superusers.delete("other@example.com")

    assert updated == ["_externalAuths"]
    assert await left(house, id) == []
