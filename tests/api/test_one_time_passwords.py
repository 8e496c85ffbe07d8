"""One-time passwords: asked for, mailed, used once, and telling nobody who has an account."""

from __future__ import annotations

import asyncio

import pytest

from tests.api.program import PASSWORD, House, Reply

USERS = "/api/collections/users"
ANNA = "anna@example.com"
ON = {"otp": {"enabled": True, "duration": 300, "length": 6}}
TWO_METHODS = {**ON, "mfa": {"enabled": True, "duration": 300, "rule": ""}}


@pytest.fixture(autouse=True)
async def users(house: House) -> None:
    """Users may sign in by one-time passwords."""
    await change_users(house, **ON)


async def change_users(house: House, **changed: object) -> None:
    """Change the collection of users."""
    reply = await house("PATCH", USERS, changed, token=house.root)
    assert reply.status == 200, reply.body


async def ask(house: House, email: str = ANNA) -> str:
    """The id of a one-time password."""
    reply = await house("POST", f"{USERS}/request-otp", {"email": email})
    assert reply.status == 200, reply.body
    return str(reply.record["otpId"])


async def use(house: House, id: str, code: str, *, more: str = "", ip: str = "") -> Reply:
    """Sign in."""
    body = {"otpId": id, "password": code}
    return await house("POST", f"{USERS}/auth-with-otp{more}", body, ip=ip or "198.51.100.1")


async def otps(house: House) -> list[object]:
    """Ids of all stored codes."""
    reply = await house("GET", "/api/collections/_otps/records?sort=created", token=house.root)
    return [item["id"] for item in reply.items]


async def test_a_code_signs_in_once(house: House) -> None:
    """O2: it goes with its use."""
    user, _ = await house.user(ANNA, verified=True)
    id = await ask(house)
    letter = await house.mail(1)

    first = await use(house, id, letter.code)
    second = await use(house, id, letter.code)

    assert (letter.to, len(letter.code)) == (ANNA, 6)
    assert first.status == 200
    record = first.record["record"]
    assert isinstance(record, dict)
    assert record["id"] == user
    assert second.status == 400
    assert second.record["message"] == "Invalid or expired OTP."
    assert await otps(house) == []


async def test_of_two_at_once_with_one_code_one_gets_in(house: House) -> None:
    """O2: whoever reads the mail over a shoulder is too late, or its owner notices."""
    await house.user(ANNA, verified=True)
    id = await ask(house)
    code = (await house.mail(1)).code

    replies = await asyncio.gather(*(use(house, id, code) for _ in range(4)))

    assert sorted(reply.status for reply in replies) == [200, 400, 400, 400]


async def test_a_code_ends_with_its_time(house: House) -> None:
    """O2."""
    await house.user(ANNA)
    id = await ask(house)
    code = (await house.mail(1)).code

    house.clock.advance(300_001)

    assert (await use(house, id, code)).status == 400


async def test_a_code_is_for_its_own_collection(house: House) -> None:
    """O2: the same id elsewhere is no id."""
    await house.user(ANNA)
    await house.collection("staff", type="auth", **ON)
    id = await ask(house)
    code = (await house.mail(1)).code

    body = {"otpId": id, "password": code}
    reply = await house("POST", "/api/collections/staff/auth-with-otp", body)

    assert reply.status == 400


async def test_a_code_proves_the_address_and_ends_what_others_knew(house: House) -> None:
    """O4: whoever made the account before its owner came loses it."""
    _, token = await house.user(ANNA)
    id = await ask(house)

    reply = await use(house, id, (await house.mail(1)).code)

    record = reply.record["record"]
    assert isinstance(record, dict)
    assert record["verified"] is True
    assert (await house("POST", f"{USERS}/auth-refresh", token=token)).status == 401
    new = reply.record["token"]
    assert isinstance(new, str)
    assert (await house("POST", f"{USERS}/auth-refresh", token=new)).status == 200
    body = {"identity": ANNA, "password": PASSWORD}
    assert (await house("POST", f"{USERS}/auth-with-password", body)).status == 400


async def test_a_verified_account_keeps_its_password(house: House) -> None:
    """O4: it was its owner's already."""
    _, token = await house.user(ANNA, verified=True)
    id = await ask(house)

    assert (await use(house, id, (await house.mail(1)).code)).status == 200
    assert (await house("POST", f"{USERS}/auth-refresh", token=token)).status == 200


async def test_a_code_sent_to_a_former_address_proves_nothing_about_the_new_one(
    house: House,
) -> None:
    """O4: and it goes with the old address."""
    user, _ = await house.user(ANNA)
    id = await ask(house)
    code = (await house.mail(1)).code
    path = f"{USERS}/records/{user}"
    await house("PATCH", path, {"email": "new@example.com"}, token=house.root)

    assert (await use(house, id, code)).status == 400
    assert (await house("GET", path, token=house.root)).record["verified"] is False


async def test_a_code_is_a_second_method(house: House) -> None:
    """And keeps the password, which was the first one."""
    await house.user(ANNA)
    await change_users(house, **TWO_METHODS)
    body = {"identity": ANNA, "password": PASSWORD}
    mfa = (await house("POST", f"{USERS}/auth-with-password", body)).record["mfaId"]
    id = await ask(house)

    reply = await use(house, id, (await house.mail(1)).code, more=f"?mfaId={mfa}")

    assert reply.status == 200
    assert (await house("GET", "/api/collections/_mfas/records", token=house.root)).items == []
    assert (await house("POST", f"{USERS}/auth-with-password", body)).status == 401


async def test_a_password_is_a_second_method_after_a_code(house: House) -> None:
    """Either may come first."""
    await house.user(ANNA)
    await change_users(house, **TWO_METHODS)
    id = await ask(house)
    mfa = (await use(house, id, (await house.mail(1)).code)).record["mfaId"]

    body = {"identity": ANNA, "password": PASSWORD, "mfaId": mfa}
    first = await house("POST", f"{USERS}/auth-with-password", body)
    second = await house("POST", f"{USERS}/auth-with-password", body)

    assert (first.status, second.status) == (200, 400)


async def test_few_wrong_codes_are_heard(house: House) -> None:
    """O3: for three minutes, whichever of its codes is tried."""
    await house.user(ANNA)
    first, second = await ask(house), await ask(house)

    tried = [(await use(house, id, "000000")).status for id in (first, second) * 3]
    unknown = await use(house, "unknown", "000000")
    house.clock.advance(180_000)
    later = await use(house, first, "000000")

    assert tried == [400, 400, 400, 400, 400, 429]
    assert (unknown.status, later.status) == (400, 400)


async def test_many_addresses_together_are_not_heard_more_often(house: House) -> None:
    """O3: or whoever has a thousand addresses would have a thousand times as many guesses."""
    await house.user(ANNA)
    id = await ask(house)

    tried = [(await use(house, id, "000000", ip=f"192.0.2.{n}")).status for n in range(51)]

    assert tried == [400] * 50 + [429]


async def test_the_newest_of_ten_codes_is_used_again(house: House) -> None:
    """Nobody's mailbox is filled, nobody's hash is guessed in parallel for long."""
    await house.user(ANNA)

    ids = [await ask(house) for _ in range(12)]
    await house.mail(10)

    assert len(set(ids)) == 10
    assert ids[9:] == [ids[9]] * 3
    assert await otps(house) == ids[:10]
    assert len(house.mailer.sent) == 10


@pytest.mark.parametrize("email", [ANNA, "nobody@example.com"])
async def test_an_address_without_an_account_looks_like_one_with(house: House, email: str) -> None:
    """O1: repeated ids, attempts, and their ends tell nothing."""
    await house.user(ANNA)

    ids = [await ask(house, email) for _ in range(12)]
    tried = [(await use(house, id, "000000")).status for id in ids[4:10]]
    house.clock.advance(300_001)
    late = (await use(house, ids[0], "000000")).status
    again = await ask(house, email)

    assert ids[9:] == [ids[9]] * 3
    assert [len(id) for id in ids] == [15] * 12
    assert tried == [400, 400, 400, 400, 400, 429]
    assert late == 400
    assert again not in ids


async def test_an_address_without_an_account_gets_no_mail(house: House) -> None:
    """There is nobody to write to."""
    await house.user(ANNA)

    await ask(house, "nobody@example.com")
    await ask(house)

    assert (await house.mail(1)).to == ANNA


@pytest.mark.parametrize(
    ("body", "codes"),
    [
        ({}, {"email": "validation_required"}),
        ({"email": "bad"}, {"email": "validation_is_email"}),
        ({"email": f"{'x' * 250}@example.com"}, {"email": "validation_length_out_of_range"}),
        ({"email": 5}, {}),
    ],
)
async def test_a_request_needs_an_address(house: House, body: object, codes: object) -> None:
    """As every form of its kind."""
    reply = await house("POST", f"{USERS}/request-otp", body)

    assert (reply.status, reply.codes) == (400, codes)


async def test_what_is_off_is_refused(house: House) -> None:
    """403 before anything is read."""
    await change_users(house, otp={"enabled": False})

    for path in ("request-otp", "auth-with-otp"):
        assert (await house("POST", f"{USERS}/{path}", {"email": 5})).status == 403
