"""What is confirmed by mail: addresses, new passwords, new addresses; and impersonating."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from pathlib import Path

import pytest

from tests.api.program import PASSWORD, House, Json, Letter, Reply, opened

USERS = "/api/collections/users"
ANNA = "anna@example.com"
NEW = "new-password-1"


async def post(house: House, name: str, *, token: str = "", **body: Json) -> Reply:
    """A request to an endpoint of the users."""
    return await house("POST", f"{USERS}/{name}", body, token=token)


async def stored(house: House, user: str) -> dict[str, Json]:
    """A user as superusers see it."""
    return (await house("GET", f"{USERS}/records/{user}", token=house.root)).record


async def can_sign_in(house: House, email: str, password: str) -> bool:
    """Whether this password opens."""
    return (
        await post(house, "auth-with-password", identity=email, password=password)
    ).status == 200


def claims(token: str) -> dict[str, Json]:
    """What a token says."""
    said: dict[str, Json] = json.loads(urlsafe_b64decode(token.split(".")[1] + "=="))
    return said


# --- verification --------------------------------------------------------------------------------


async def test_a_link_verifies_the_address(house: House) -> None:
    """Twice does no harm, and nobody is signed out."""
    user, token = await house.user(ANNA)

    assert (await post(house, "request-verification", email=ANNA)).status == 204
    letter = await house.mail(1)

    assert letter.to == ANNA
    for _ in range(2):
        reply = await house("POST", f"{USERS}/confirm-verification", {"token": letter.token})
        assert (reply.status, reply.body) == (204, b"")
    assert (await stored(house, user))["verified"] is True
    assert (await post(house, "auth-refresh", token=token)).status == 200


async def test_the_same_mail_is_not_sent_twice_within_two_minutes(house: House) -> None:
    """CF3: for each account and kind by itself."""
    await house.user(ANNA)
    await house.user("ben@example.com")
    for email in (ANNA, ANNA, "ben@example.com"):
        await post(house, "request-verification", email=email)
    await post(house, "request-password-reset", email=ANNA)
    await house.mail(3)

    house.clock.advance(120_000)
    await post(house, "request-verification", email=ANNA)

    await house.mail(4)
    assert [mail.to.address for mail in house.mailer.sent] == [ANNA, "ben@example.com", ANNA, ANNA]


async def test_a_mail_that_was_not_sent_may_be_asked_for_again(house: House) -> None:
    """CF3 is about mails, not about tries."""
    await house.user(ANNA)
    house.mailer.refuses = True
    assert (await post(house, "request-verification", email=ANNA)).status == 204
    house.mailer.refuses = False

    await post(house, "request-password-reset", email=ANNA)  # Goes through the queue behind it.
    await house.mail(1)
    await post(house, "request-verification", email=ANNA)

    await house.mail(2)


@pytest.mark.parametrize("name", ["request-verification", "request-password-reset"])
async def test_an_unknown_address_is_answered_like_a_known_one(house: House, name: str) -> None:
    """CF1."""
    await house.user(ANNA)

    known = await post(house, name, email=ANNA)
    unknown = await post(house, name, email="nobody@example.com")

    assert (known.status, known.body) == (unknown.status, unknown.body) == (204, b"")
    await house.mail(1)


async def test_who_is_verified_gets_no_mail(house: House) -> None:
    """There is nothing to confirm."""
    await house.user(ANNA, verified=True)
    await post(house, "request-verification", email=ANNA)
    await post(house, "request-password-reset", email=ANNA)

    assert "confirm-password-reset" in (await house.mail(1)).body


async def test_verifying_without_password_sign_in_ends_older_tokens(house: House) -> None:
    """Whoever made the account before its owner came loses it."""
    _, token = await house.user(ANNA)
    changed = {
        "passwordAuth": {"enabled": False, "identityFields": ["email"]},
        "otp": {"enabled": True, "duration": 300, "length": 8},
    }
    await house("PATCH", USERS, changed, token=house.root)
    await post(house, "request-verification", email=ANNA)
    letter = await house.mail(1)

    await house("POST", f"{USERS}/confirm-verification", {"token": letter.token})

    assert (await post(house, "auth-refresh", token=token)).status == 401


# --- password reset ------------------------------------------------------------------------------


async def test_a_link_lets_one_choose_a_new_password(house: House) -> None:
    """Once: the new password ends the link, the sessions and the known devices."""
    user, token = await house.user(ANNA)
    await post(house, "request-password-reset", email=ANNA)
    letter = await house.mail(1)
    body = {"token": letter.token, "password": NEW, "passwordConfirm": NEW}

    first = await house("POST", f"{USERS}/confirm-password-reset", body)
    second = await house("POST", f"{USERS}/confirm-password-reset", body)

    assert (first.status, second.status) == (204, 400)
    assert second.codes == {"token": "validation_invalid_token"}
    assert (await post(house, "auth-refresh", token=token)).status == 401
    assert not await can_sign_in(house, ANNA, PASSWORD)
    path = f"/api/collections/_authOrigins/records?filter=recordRef=%27{user}%27"
    assert (await house("GET", path, token=house.root)).items == []
    assert await can_sign_in(house, ANNA, NEW)
    assert (await stored(house, user))["verified"] is True


@pytest.mark.parametrize(
    ("changed", "codes"),
    [
        ({"token": ""}, {"token": "validation_required"}),
        ({"token": "x"}, {"token": "validation_invalid_token"}),
        ({"passwordConfirm": "no"}, {"passwordConfirm": "validation_values_mismatch"}),
        ({"passwordConfirm": ""}, {"passwordConfirm": "validation_required"}),
        (dict.fromkeys(("password", "passwordConfirm"), "short"),
         {"password": "validation_length_out_of_range"}),
        (dict.fromkeys(("password", "passwordConfirm"), "x" * 72),
         {"password": "validation_max_text_constraint"}),
    ],
)  # fmt: skip
async def test_a_reset_is_checked_as_a_whole(
    house: House, changed: dict[str, str], codes: Json
) -> None:
    """And spoils nothing: the link stays good."""
    await house.user(ANNA)
    await post(house, "request-password-reset", email=ANNA)
    good = {"token": (await house.mail(1)).token, "password": NEW, "passwordConfirm": NEW}

    refused = await house("POST", f"{USERS}/confirm-password-reset", {**good, **changed})

    assert (refused.status, refused.codes) == (400, codes)
    assert (await house("POST", f"{USERS}/confirm-password-reset", good)).status == 204


async def test_a_reset_after_the_address_changed_does_not_verify_the_new_one(house: House) -> None:
    """The link ends with the address it was sent to."""
    user, _ = await house.user(ANNA)
    await post(house, "request-password-reset", email=ANNA)
    letter = await house.mail(1)
    path = f"{USERS}/records/{user}"
    await house("PATCH", path, {"email": "new@example.com"}, token=house.root)

    body = {"token": letter.token, "password": NEW, "passwordConfirm": NEW}
    reply = await house("POST", f"{USERS}/confirm-password-reset", body)

    assert reply.codes == {"token": "validation_invalid_token"}


# --- e-mail change -------------------------------------------------------------------------------


async def test_an_address_changes_once_its_owner_says_so(house: House) -> None:
    """The mail goes to the new address; the password is asked for once more."""
    user, token = await house.user(ANNA)
    path = f"{USERS}/confirm-email-change"

    asked = await post(house, "request-email-change", token=token, newEmail="new@example.com")
    letter = await house.mail(1)
    wrong = await house("POST", path, {"token": letter.token, "password": "wrong"})
    right = await house("POST", path, {"token": letter.token, "password": PASSWORD})
    again = await house("POST", path, {"token": letter.token, "password": PASSWORD})

    assert (asked.status, letter.to) == (204, "new@example.com")
    assert wrong.codes == {"password": "validation_invalid_password"}
    assert right.status == 204
    assert again.codes == {
        "password": "validation_invalid_password",
        "token": "validation_invalid_token",
    }
    record = await stored(house, user)
    assert (record["email"], record["verified"]) == ("new@example.com", True)
    assert (await post(house, "auth-refresh", token=token)).status == 401


@pytest.mark.parametrize(
    ("new_email", "code"),
    [
        ("", "validation_required"),
        ("bad", "validation_is_email"),
        (ANNA, "validation_not_in_invalid"),
        ("ben@example.com", "validation_invalid_new_email"),
    ],
)
async def test_a_new_address_must_be_new(house: House, new_email: str, code: str) -> None:
    """And nobody else's."""
    _, token = await house.user(ANNA)
    await house.user("ben@example.com")

    reply = await post(house, "request-email-change", token=token, newEmail=new_email)

    assert (reply.status, reply.codes) == (400, {"newEmail": code})


async def test_an_address_that_was_taken_meanwhile_is_refused(house: House) -> None:
    """The store has the last word on what is unique."""
    _, token = await house.user(ANNA)
    await post(house, "request-email-change", token=token, newEmail="new@example.com")
    letter = await house.mail(1)
    await house.user("new@example.com")

    body = {"token": letter.token, "password": PASSWORD}
    reply = await house("POST", f"{USERS}/confirm-email-change", body)

    assert reply.codes == {
        "password": "validation_invalid_password",
        "token": "validation_invalid_token_email",
    }


async def test_a_mail_to_a_new_address_that_cannot_be_sent_is_told(house: House) -> None:
    """The only request that waits for its mail."""
    _, token = await house.user(ANNA)
    house.mailer.refuses = True

    reply = await post(house, "request-email-change", token=token, newEmail="new@example.com")

    assert (reply.status, reply.record["message"]) == (400, "Failed to request email change.")


async def test_superusers_change_and_verify_nothing_by_mail(house: House) -> None:
    """They do so directly."""
    for name in ("request-verification", "confirm-verification", "confirm-email-change"):
        reply = await house("POST", f"/api/collections/_superusers/{name}", {})
        assert (reply.status, reply.codes) == (400, {})
    path = "/api/collections/_superusers/request-email-change"
    assert (await house("POST", path, {})).status == 401
    assert (await house("POST", path, {}, token=house.root)).status == 400


# --- tokens --------------------------------------------------------------------------------------


async def every_token(house: House) -> dict[str, str]:
    """A good token of each kind, of one user."""
    _, auth = await house.user(ANNA)
    await post(house, "request-verification", email=ANNA)
    await post(house, "request-password-reset", email=ANNA)
    await post(house, "request-email-change", token=auth, newEmail="new@example.com")
    await house.mail(3)
    links = [Letter(mail).token for mail in house.mailer.sent]
    mailed = {str(claims(token)["type"]): token for token in links}
    file = (await house("POST", "/api/files/token", token=auth)).record["token"]
    assert isinstance(file, str)
    return {"auth": auth, "file": file, **mailed}


async def test_a_token_is_good_for_its_own_kind_only(house: House) -> None:
    """CF2: a link in a mail is no session, a session no link."""
    tokens = await every_token(house)
    used: dict[str, tuple[str, dict[str, Json]]] = {
        "auth": ("auth-refresh", {}),
        "verification": ("confirm-verification", {}),
        "passwordReset": ("confirm-password-reset", {"password": NEW, "passwordConfirm": NEW}),
        "emailChange": ("confirm-email-change", {"password": PASSWORD}),
    }
    assert set(tokens) == {*used, "file"}

    for kind, (name, body) in used.items():
        for other, token in tokens.items():
            if other != kind:
                sent = {**body, "token": token}
                reply = await house("POST", f"{USERS}/{name}", sent, token=token)
                assert reply.status in (400, 401), (kind, other)


async def test_a_token_is_good_for_its_own_collection_only(house: House) -> None:
    """CF2: even where a record of that id exists."""
    tokens = await every_token(house)
    await house.collection("staff", type="auth")

    for name, kind in (
        ("confirm-verification", "verification"),
        ("confirm-password-reset", "passwordReset"),
        ("confirm-email-change", "emailChange"),
    ):
        body = {"token": tokens[kind], "password": NEW, "passwordConfirm": NEW}
        reply = await house("POST", f"/api/collections/staff/{name}", body)
        data = reply.codes
        assert isinstance(data, dict)
        assert data["token"] == "validation_token_collection_mismatch"


async def test_a_token_ends_with_its_time_and_with_the_password(house: House) -> None:
    """CF2: whatever comes first."""
    tokens = await every_token(house)
    user = str(claims(tokens["auth"])["id"])

    house.clock.advance(30 * 60 * 1_000)
    body = {"token": tokens["passwordReset"], "password": NEW, "passwordConfirm": NEW}
    late = await house("POST", f"{USERS}/confirm-password-reset", body)
    changed = {"password": NEW, "passwordConfirm": NEW}
    await house("PATCH", f"{USERS}/records/{user}", changed, token=house.root)
    ended = await house("POST", f"{USERS}/confirm-verification", {"token": tokens["verification"]})

    assert late.codes == {"token": "validation_invalid_token"}
    assert ended.codes == {"token": "validation_invalid_token"}


async def test_a_token_of_another_algorithm_is_none(house: House) -> None:
    """Unsigned ones, and those whose header asks for another signature."""
    tokens = await every_token(house)
    _, payload, signature = tokens["verification"].split(".")
    heads = ("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0", "eyJhbGciOiJIUzUxMiIsInR5cCI6IkpXVCJ9")

    for head in heads:
        for end in ("", signature):
            forged = f"{head}.{payload}.{end}"
            reply = await house("POST", f"{USERS}/confirm-verification", {"token": forged})
            assert reply.status == 400, forged


# --- impersonating -------------------------------------------------------------------------------


async def test_a_superuser_gets_a_token_of_anybody(house: House) -> None:
    """For a limited time: it cannot be exchanged for a new one."""
    user, _ = await house.user(ANNA)
    path = f"{USERS}/impersonate/{user}"

    reply = await house("POST", path, {"duration": 10}, token=house.root)

    token = reply.record["token"]
    assert isinstance(token, str)
    assert claims(token)["refreshable"] is False
    again = await house("POST", f"{USERS}/auth-refresh", token=token)
    assert again.record["token"] == token
    house.clock.advance(10_000)
    assert (await house("POST", f"{USERS}/auth-refresh", token=token)).status == 401


async def test_only_superusers_impersonate(house: House) -> None:
    """401 for guests, 403 for users, 404 for nobody."""
    user, token = await house.user(ANNA)
    path = f"{USERS}/impersonate/{user}"

    assert (await house("POST", path, {})).status == 401
    assert (await house("POST", path, {}, token=token)).status == 403
    assert (await house("POST", f"{USERS}/impersonate/nobody", {}, token=house.root)).status == 404
    refused = await house("POST", path, {"duration": -1}, token=house.root)
    assert refused.codes == {"duration": "validation_min_greater_equal_than_required"}


async def test_mails_are_written_in_the_language_of_the_installation(tmp_path: Path) -> None:
    """Where nobody changed the template."""
    async with opened(tmp_path, flags={"language": "ja"}) as house:
        await house.user(ANNA)
        own = {"resetPasswordTemplate": {"subject": "Mine", "body": "<p>{APP_NAME}</p>"}}
        assert (await house("PATCH", USERS, own, token=house.root)).status == 200
        await post(house, "request-verification", email=ANNA)
        first = await house.mail(1)
        await post(house, "request-password-reset", email=ANNA)
        second = await house.mail(2)

        assert first.mail.subject == "【Acme】メールアドレスの確認"
        assert "メールアドレスを確認する" in first.body
        reply = await house("POST", f"{USERS}/confirm-verification", {"token": first.token})
        assert reply.status == 204
        assert (second.mail.subject, second.body) == ("Mine", "<p>Acme</p>")
