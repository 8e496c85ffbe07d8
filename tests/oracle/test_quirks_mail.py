"""Links in mails, and test mails, played on both servers with a mail server behind them."""

from __future__ import annotations

import pytest

from tests.oracle.client import Json
from tests.oracle.mail_scene import NO_PASSWORD, OTP, TWICE, Z, people, the_record
from tests.oracle.scene import PASSWORD, Scene
from tests.oracle.test_quirks_auth import claims
from tests.smtp_sink import Sink

NEW = "new-password-1"


@pytest.mark.parametrize("name", ["request-verification", "request-password-reset", "request-otp"])
def test_requests_check_the_address(scene: Scene, name: str):
    """One form for the three of them."""
    collection = name.replace("-", "")
    people(scene, collection, otp=OTP)

    def codes(body: Json) -> dict[str, Json]:
        answer = scene.ask("POST", f"…/{collection}/{name}", body)
        assert answer.status == 400
        return answer.codes

    assert codes({}) == {"email": "validation_required"}
    assert codes({"email": ""}) == {"email": "validation_required"}
    assert codes({"email": "bad"}) == {"email": "validation_is_email"}
    assert codes({"email": "x" * 260 + "@e.com"}) == {"email": "validation_length_out_of_range"}
    assert codes({"email": 5}) == {}


def test_a_verification_link_verifies(scene: Scene, post: Sink):
    """Mail, token and what comes after."""
    people(scene, "verify")
    people(scene, "verify2")
    token = scene.sign_up("verify", Z)
    scene.sign_up("verify2", Z)
    path = "…/verify/confirm-verification"

    for email in ("no@example.com", Z):
        answer = scene.ask("POST", "…/verify/request-verification", {"email": email})
        assert (answer.status, answer.raw.body) == (204, b"")
    mail = post.wait(1)
    assert post.stays(1)
    assert scene.ask("POST", "…/verify/request-verification", {"email": Z}).status == 204

    assert mail.recipients == (Z,)
    assert {**claims(mail.token), "exp": 0, "id": ""} == {
        "collectionId": claims(token)["collectionId"],
        "email": Z, "exp": 0, "id": "", "type": "verification",
    }  # fmt: skip
    other = scene.ask("POST", "…/verify2/confirm-verification", {"token": mail.token})
    assert other.codes == {"token": "validation_token_collection_mismatch"}
    bad: tuple[tuple[Json, str], ...] = (
        ({}, "validation_required"),
        ({"token": "x"}, "validation_invalid_token_claims"),
        ({"token": token}, "validation_invalid_token_claims"),
        ({"token": mail.token[:-1]}, "validation_invalid_token"),
    )
    for body, code in bad:
        assert scene.ask("POST", path, body).codes == {"token": code}
    assert scene.ask("POST", path, {"token": mail.token}).status == 204
    assert scene.ask("POST", path, {"token": mail.token}).status == 204
    assert scene.ask("POST", "…/verify/auth-refresh", by=token).has({"record": {"verified": True}})
    assert scene.ask("POST", "…/verify/request-verification", {"email": Z}).status == 204
    assert post.stays(1)


def test_a_verification_without_passwords_ends_older_tokens(scene: Scene, post: Sink):
    """Somebody else may have made the account."""
    people(scene, "vnp", passwordAuth=NO_PASSWORD, otp=OTP)
    record = scene.root("POST", "…/vnp/records", {"email": Z, **TWICE})["id"]
    token = str(scene.root("POST", f"…/vnp/impersonate/{record}", {})["token"])

    scene.ask("POST", "…/vnp/request-verification", {"email": Z})
    link = post.wait(1).token

    assert scene.ask("POST", "…/vnp/auth-refresh", by=token).status == 200
    assert scene.ask("POST", "…/vnp/confirm-verification", {"token": link}).status == 204
    assert scene.ask("POST", "…/vnp/auth-refresh", by=token).status == 401


def test_a_reset_link_sets_a_password(scene: Scene, post: Sink):
    """All its checks come together, and it works once."""
    people(scene, "reset")
    people(scene, "reset2")
    scene.sign_up("reset", Z)
    path = "…/reset/confirm-password-reset"

    for email in ("no@example.com", Z):
        answer = scene.ask("POST", "…/reset/request-password-reset", {"email": email})
        assert (answer.status, answer.raw.body) == (204, b"")
    link = post.wait(1).token
    assert post.stays(1)
    assert scene.ask("POST", "…/reset/request-password-reset", {"email": Z}).status == 204

    def refused(password: str, confirm: str, token: str = link) -> tuple[int, dict[str, Json]]:
        body: Json = {"token": token, "password": password, "passwordConfirm": confirm}
        answer = scene.ask("POST", path, body)
        return answer.status, answer.codes

    assert scene.ask("POST", path, {}).codes == dict.fromkeys(
        ("password", "passwordConfirm", "token"), "validation_required"
    )
    assert refused("1", "2", "x") == (400, {
        "password": "validation_length_out_of_range",
        "passwordConfirm": "validation_values_mismatch",
        "token": "validation_invalid_token",
    })  # fmt: skip
    assert refused("1", "1") == (400, {"password": "validation_length_out_of_range"})
    assert refused("x" * 72, "x" * 72) == (400, {"password": "validation_max_text_constraint"})
    assert refused("x" * 256, "x" * 256) == (400, {"password": "validation_length_out_of_range"})
    assert refused("あ" * 60, "あ" * 60) == (400, {"password": "validation_invalid_value"})
    assert refused(NEW, "no") == (400, {"passwordConfirm": "validation_values_mismatch"})
    assert refused(NEW, "") == (400, {"passwordConfirm": "validation_required"})
    good: Json = {"token": link, "password": NEW, "passwordConfirm": NEW}
    assert scene.ask("POST", "…/reset2/confirm-password-reset", good).codes == {
        "token": "validation_token_collection_mismatch"
    }
    assert scene.ask("POST", path, good).status == 204
    assert scene.ask("POST", path, good).codes == {"token": "validation_invalid_token"}
    assert the_record(scene, "reset")["verified"] is True
    assert scene.sign_in("reset", Z, NEW)
    assert post.stays(1)
    scene.ask("POST", "…/reset/request-password-reset", {"email": Z})
    post.wait(2)


def test_a_reset_needs_password_sign_in(scene: Scene):
    """There would be nothing to sign in with."""
    people(scene, "noreset", passwordAuth=NO_PASSWORD, otp=OTP)

    answer = scene.ask("POST", "…/noreset/request-password-reset", {"email": Z})

    assert (answer.status, answer.data) == (400, {})


def test_an_address_changes_by_a_link_and_the_password(scene: Scene, post: Sink):
    """Token and password are checked together; a bad token makes any password wrong."""
    people(scene, "change")
    people(scene, "change2")
    token, other = scene.sign_up("change", Z), scene.sign_up("change2", Z)
    scene.sign_up("change", "taken@example.com")
    ask, confirm = "…/change/request-email-change", "…/change/confirm-email-change"

    assert scene.ask("POST", ask, {"newEmail": "q@example.com"}).status == 401
    assert scene.ask("POST", ask, {"newEmail": "q@example.com"}, by=other).status == 403
    for email, code in (
        ("", "validation_required"),
        ("bad", "validation_is_email"),
        (Z, "validation_not_in_invalid"),
        ("taken@example.com", "validation_invalid_new_email"),
    ):
        assert scene.ask("POST", ask, {"newEmail": email}, by=token).codes == {"newEmail": code}
    assert scene.ask("POST", ask, {"newEmail": "q@example.com"}, by=token).status == 204
    mail = post.wait(1)
    assert mail.recipients == ("q@example.com",)
    assert claims(mail.token)["newEmail"] == "q@example.com"
    assert claims(mail.token)["email"] == Z

    def codes(body: Json, path: str = confirm) -> dict[str, Json]:
        answer = scene.ask("POST", path, body)
        assert answer.status == 400
        return answer.codes

    wrong = "validation_invalid_password"
    assert codes({}) == {"password": "validation_required", "token": "validation_required"}
    assert codes({"token": "x", "password": "y"}) == {
        "password": wrong, "token": "validation_invalid_token_payload",
    }  # fmt: skip
    assert codes({"token": mail.token}) == {"password": "validation_required"}
    assert codes({"token": mail.token, "password": "x" * 101}) == {
        "password": "validation_length_out_of_range"
    }
    assert codes({"token": mail.token, "password": "bad"}) == {"password": wrong}
    good: dict[str, Json] = {"token": mail.token, "password": PASSWORD}
    assert codes(good, "…/change2/confirm-email-change") == {
        "password": wrong, "token": "validation_token_collection_mismatch",
    }  # fmt: skip
    meanwhile = scene.root("POST", "…/change/records", {
        "email": "q@example.com", "password": PASSWORD, "passwordConfirm": PASSWORD,
    })["id"]  # fmt: skip
    taken = {"password": wrong, "token": "validation_invalid_token_email"}
    assert codes(good) == taken
    assert scene.root("DELETE", f"…/change/records/{meanwhile}").status == 204
    assert scene.ask("POST", confirm, good).status == 204
    assert codes(good) == {"password": wrong, "token": "validation_invalid_token"}
    assert scene.ask("POST", "…/change/auth-refresh", by=token).status == 401
    assert scene.sign_in("change", "q@example.com")


def test_a_change_waits_for_its_mail(scene: Scene, post: Sink):
    """The only request that does."""
    people(scene, "waits")
    token = scene.sign_up("waits", Z)
    post.refuses = True

    failed = scene.ask("POST", "…/waits/request-email-change", {"newEmail": "q@x.co"}, by=token)

    assert (failed.status, failed["message"]) == (400, "Failed to request email change.")


def test_superusers_have_no_links(scene: Scene):
    """They change and verify directly."""
    for name in ("request-verification", "confirm-verification", "confirm-email-change"):
        answer = scene.ask("POST", f"…/_superusers/{name}", {})
        assert (answer.status, answer.data) == (400, {})
    path = "…/_superusers/request-email-change"
    assert scene.ask("POST", path, {}).status == 401
    assert (scene.root("POST", path, {}).status, scene.root("POST", path, {}).data) == (400, {})


def test_unknown_collections_of_accounts(scene: Scene):
    """404 with one of two messages."""
    scene.collection("plainbase")
    for name in (
        "auth-with-password", "auth-with-otp", "request-otp", "request-verification",
        "confirm-verification", "request-password-reset", "confirm-password-reset",
        "confirm-email-change",
    ):  # fmt: skip
        nothing = scene.ask("POST", f"…/nothing/{name}", {})
        base = scene.ask("POST", f"…/plainbase/{name}", {})
        assert (nothing.status, base.status) == (404, 404)
        assert nothing["message"] == "Missing or invalid collection context."
        assert base["message"] == "Missing or invalid auth collection context."


def test_test_mails(scene: Scene, post: Sink):
    """Each template, of any auth collection."""
    path = "/api/settings/test/email"
    people(scene, "testmail")
    good: dict[str, Json] = {"email": "t@example.com", "template": "otp"}

    assert scene.ask("POST", path, good).status == 401
    assert scene.root("POST", path, {}).codes == dict.fromkeys(
        ("email", "template"), "validation_required"
    )
    assert scene.root("POST", path, {"email": "bad", "template": "x"}).codes == {
        "email": "validation_is_email", "template": "validation_in_invalid",
    }  # fmt: skip
    assert scene.root("POST", path, {**good, "collection": "nothing"}).codes == {
        "collection": "validation_invalid_auth_collection"
    }
    names = ("verification", "password-reset", "email-change", "otp", "login-alert")
    for count, template in enumerate(names, start=1):
        sent = {**good, "template": template, "collection": "testmail"}
        assert scene.root("POST", path, sent).status == 204
        assert post.wait(count).recipients == ("t@example.com",)
    assert scene.root("POST", path, good).status == 204
    assert post.wait(6).code == "123456"
    post.refuses = True
    refused = scene.root("POST", path, good)
    assert (refused.status, refused.data) == (400, {})
    assert str(refused["message"]).startswith("Failed to send the test email.")
    assert "550" in str(refused["message"])


def test_a_template_is_filled(scene: Scene, post: Sink):
    """Own templates, with what is known of the record; values stay values."""
    template: Json = {
        "subject": "{APP_NAME} for {RECORD:email}: {OTP} {NOTHING}",
        "body": "<p>{RECORD:nick}|{RECORD:id}|{RECORD:tokenKey}|{OTP}|{OTP_ID}|{TOKEN}</p>",
    }
    people(scene, "filled", otp={**OTP, "emailTemplate": template})
    nick = "<b>&{OTP}"
    scene.root("POST", "…/filled/records", {"email": Z, "nick": nick, "verified": True, **TWICE})
    record = the_record(scene, "filled")["id"]

    id = scene.ask("POST", "…/filled/request-otp", {"email": Z})["otpId"]

    mail = post.wait(1)
    code = mail.subject.split()[-2]
    assert mail.subject == f"Acme for {Z}: {code} {{NOTHING}}"
    words = f"&lt;b&gt;&amp;{{OTP}}|{record}|{{RECORD:tokenKey}}|{code}|{id}|{{TOKEN}}"
    assert words in mail.body("html")
    assert [part.get_content_type() for part in mail.message.walk()] == [
        "multipart/mixed", "multipart/alternative", "text/plain", "text/html",
    ]  # fmt: skip
    assert mail.message["Message-ID"].endswith("@example.com>")
    assert mail.message["From"] == "Support <support@example.com>"
