"""The end of every sign-in: auth rule, second factor, known devices."""

from __future__ import annotations

import hashlib

import pytest

from tests.api.program import PASSWORD, ROOT_EMAIL, House, Json, Reply

USERS = "/api/collections/users"
BY_PASSWORD = f"{USERS}/auth-with-password"
ANNA = "anna@example.com"
TWO_METHODS = {
    "mfa": {"enabled": True, "duration": 300, "rule": ""},
    "otp": {"enabled": True, "duration": 300, "length": 8},
}


async def by_password(
    house: House,
    *,
    more: dict[str, Json] | None = None,
    query: str = "",
    agent: str = "",
    by: str = "",
) -> Reply:
    """Anna signs in by her password."""
    body = {"identity": ANNA, "password": PASSWORD, **(more or {})}
    return await house(
        "POST", BY_PASSWORD + query, body, token=by, headers={"user-agent": agent} if agent else {}
    )


async def change_users(house: House, **changed: object) -> None:
    """Change the collection of users."""
    reply = await house("PATCH", USERS, changed, token=house.root)
    assert reply.status == 200, reply.body


async def fingerprints(house: House, user: str) -> list[Json]:
    """Of the known devices of a user, in the order in which they came."""
    path = f"/api/collections/_authOrigins/records?sort=created&filter=recordRef='{user}'"
    reply = await house("GET", path.replace("'", "%27"), token=house.root)
    return [item["fingerprint"] for item in reply.items]


async def test_a_first_method_alone_gives_the_id_of_a_half_done_sign_in(house: House) -> None:
    """F2: 401, no error's body, and nothing is picked from it."""
    await house.user(ANNA)
    await change_users(house, **TWO_METHODS)

    reply = await by_password(house, query="?fields=token")

    assert reply.status == 401
    assert list(reply.record) == ["mfaId"]
    mfas = await house("GET", "/api/collections/_mfas/records", token=house.root)
    assert [(one["id"], one["method"]) for one in mfas.items] == [
        (reply.record["mfaId"], "password")
    ]


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ("unknown", "Invalid or expired MFA session."),
        (5, "Failed to read MFA Id."),
    ],
)
async def test_a_half_done_sign_in_that_is_none_is_refused(
    house: House, named: Json, message: str
) -> None:
    """F2: nothing is begun anew instead."""
    await house.user(ANNA)
    await change_users(house, **TWO_METHODS)

    reply = await by_password(house, more={"mfaId": named})

    assert (reply.status, reply.record["message"]) == (400, message)


async def test_the_same_method_twice_is_no_second_factor(house: House) -> None:
    """F2: named in the query or in the body, the query first."""
    await house.user(ANNA)
    await change_users(house, **TWO_METHODS)
    begun = (await by_password(house)).record["mfaId"]

    for reply in (
        await by_password(house, more={"mfaId": begun}),
        await by_password(house, query=f"?mfaId={begun}", more={"mfaId": "unknown"}),
    ):
        assert reply.status == 400
        assert reply.record["message"] == "A different authentication method is required."


async def test_a_half_done_sign_in_is_for_its_own_record(house: House) -> None:
    """F2: what one account began does not help another."""
    await house.user(ANNA)
    await house.user("ben@example.com")
    await change_users(house, **TWO_METHODS)
    begun = (await by_password(house)).record["mfaId"]

    body = {"identity": "ben@example.com", "password": PASSWORD, "mfaId": begun}
    reply = await house("POST", BY_PASSWORD, body)

    assert (reply.status, reply.record["message"]) == (400, "Invalid MFA session.")


async def test_a_half_done_sign_in_ends_with_its_time(house: House) -> None:
    """F2: and its row goes when it is met late."""
    await house.user(ANNA)
    await change_users(house, **TWO_METHODS)
    begun = (await by_password(house)).record["mfaId"]

    house.clock.advance(300_001)
    reply = await by_password(house, more={"mfaId": begun})

    assert reply.record["message"] == "Invalid or expired MFA session."
    path = f"/api/collections/_mfas/records/{begun}"
    assert (await house("GET", path, token=house.root)).status == 404


async def test_only_records_of_the_mfa_rule_need_two_methods(house: House) -> None:
    """Others sign in as ever."""
    await house.user(ANNA)
    mfa = {"enabled": True, "duration": 300, "rule": "verified = true"}
    await change_users(house, **{**TWO_METHODS, "mfa": mfa})

    assert (await by_password(house)).status == 200


async def test_exchanging_a_token_needs_no_second_method(house: House) -> None:
    """It was asked for when the token was made."""
    _, token = await house.user(ANNA)
    await change_users(house, **TWO_METHODS)

    assert (await house("POST", f"{USERS}/auth-refresh", token=token)).status == 200


async def test_the_body_of_a_sign_in_can_be_asked_by_the_auth_rule(house: House) -> None:
    """F1: as in every rule."""
    await house.user(ANNA)
    await change_users(house, authRule="@request.body.code = 'x' && @request.context = 'password'")

    assert (await by_password(house)).status == 403
    assert (await by_password(house, more={"code": "x"})).status == 200


@pytest.mark.parametrize("rule", [None, "verified = true"])
async def test_a_superuser_signs_in_anybody(house: House, rule: str | None) -> None:
    """Rules do not bind superusers; whose sign-in it is does not matter."""
    await house.user(ANNA)
    await change_users(house, authRule=rule)

    assert (await by_password(house)).status == 403
    assert (await by_password(house, by=house.root)).status == 200


async def test_an_account_knows_the_five_devices_it_met_last(house: House) -> None:
    """D2: a device met again does not become a newer one."""
    user, _ = await house.user(ANNA)
    for agent in ("one", "two", "three", "four", "one", "five", "six"):
        house.clock.advance(1_000)
        assert (await by_password(house, agent=agent)).status == 200

    expected = [
        hashlib.md5(f"203.0.113.7{agent}".encode()).hexdigest()
        for agent in ("two", "three", "four", "five", "six")
    ]
    assert await fingerprints(house, user) == expected


async def test_no_device_is_kept_while_alerts_are_off(house: House) -> None:
    """There is nothing to compare with."""
    await change_users(house, authAlert={"enabled": False})
    user, _ = await house.user(ANNA)

    assert await fingerprints(house, user) == []


async def test_superusers_sign_in_from_their_addresses_only(house: House) -> None:
    """Before anything else is looked at; a wrong password still says nothing else."""
    await house.settings(superuserIPs=["203.0.113.7"])
    path = "/api/collections/_superusers/auth-with-password"
    body = {"identity": ROOT_EMAIL, "password": PASSWORD}

    assert (await house("POST", path, body, ip="198.51.100.9")).status == 403
    assert (await house("POST", path, {**body, "password": "x"}, ip="198.51.100.9")).status == 400
    assert (await house("POST", path, body)).status == 200
