"""Quirks of password sign-in, tokens and auth records, each as a short scenario (A.35 to A.42)."""

import base64
import json

from tests.oracle.client import Json
from tests.oracle.scene import PASSWORD, Scene, text

SHORT: dict[str, Json] = {"email": "bad", "password": "1"}


def claims(token: str) -> dict[str, Json]:
    """The payload of a token."""
    payload: dict[str, Json] = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    return payload


def test_a35_errors_come_in_phases(scene: Scene):
    """The rule first, then the form, then the fields."""
    scene.people("a35")
    path = "…/a35/records"

    form = scene.ask("POST", path, SHORT)
    unequal = scene.ask("POST", path, {**SHORT, "passwordConfirm": "2"})
    fields = scene.ask("POST", path, {**SHORT, "passwordConfirm": "1"})
    scene.change("a35", createRule="email = 'x'")
    rule = scene.ask("POST", path, SHORT)

    assert form.codes == {"passwordConfirm": "validation_required"}
    assert unequal.codes == {"passwordConfirm": "validation_values_mismatch"}
    assert fields.codes == {
        "email": "validation_is_email",
        "password": "validation_min_text_constraint",
    }
    password = fields.data["password"]
    assert isinstance(password, dict)
    assert "params" not in password
    assert (rule.status, rule.data) == (400, {})


def test_a35_ordinary_callers_cannot_verify_themselves(scene: Scene):
    """Only managers set `verified`, at creation and later."""
    scene.people("a35v")
    both: Json = {"password": PASSWORD, "passwordConfirm": PASSWORD}
    assert isinstance(both, dict)

    made = scene.ask("POST", "…/a35v/records", {**both, "email": "a@b.co", "verified": True})
    token = scene.sign_up("a35v", "c@b.co")
    record = scene.ask("GET", "…/a35v/records", by=token).values("id")[0]
    path = f"…/a35v/records/{record}"

    assert made.codes == {"verified": "validation_values_mismatch"}
    assert scene.ask("PATCH", path, {"verified": True}, by=token).codes == {
        "verified": "validation_values_mismatch"
    }
    assert scene.ask("PATCH", path, {"email": "d@b.co"}, by=token).codes == {
        "email": "validation_values_mismatch"
    }
    assert scene.ask("PATCH", path, {"email": "c@b.co", "verified": False}, by=token).status == 200
    assert scene.root("PATCH", path, {"verified": True}).has({"verified": True})


def test_a38_a_new_password_or_mail_revokes_every_token(scene: Scene):
    """There is no session to end; the key changes."""
    scene.people("a38")
    token = scene.sign_up("a38", "z@example.com")
    record = claims(token)["id"]
    path = f"…/a38/records/{record}"
    new: dict[str, Json] = {"password": "other-12345", "passwordConfirm": "other-12345"}

    assert scene.ask("PATCH", path, new, by=token).codes == {"oldPassword": "validation_required"}
    wrong = scene.ask("PATCH", path, {**new, "oldPassword": "no"}, by=token)
    assert wrong.codes == {"oldPassword": "validation_invalid_old_password"}
    assert scene.ask("PATCH", path, {**new, "oldPassword": PASSWORD}, by=token).status == 200
    assert scene.ask("POST", "…/a38/auth-refresh", by=token).status == 401
    second = scene.sign_in("a38", "z@example.com", "other-12345")
    assert scene.root("PATCH", path, {"email": "y@example.com"}).status == 200
    assert scene.ask("POST", "…/a38/auth-refresh", by=second).status == 401


def test_a38_a_new_auth_rule_signs_everyone_out(scene: Scene):
    """The collection's secret is made anew."""
    scene.people("a38r")
    token = scene.sign_up("a38r", "z@example.com")
    assert scene.ask("POST", "…/a38r/auth-refresh", by=token).status == 200

    scene.change("a38r", authRule="verified = true")

    assert scene.ask("POST", "…/a38r/auth-refresh", by=token).status == 401
    body: Json = {"identity": "z@example.com", "password": PASSWORD}
    assert scene.ask("POST", "…/a38r/auth-with-password", body).status == 403


def test_a40_a_token_refreshes_only_in_its_own_collection(scene: Scene):
    """403 for a stranger, 401 for a guest."""
    scene.people("a40")
    token = scene.sign_up("a40", "z@example.com")

    assert scene.ask("POST", "…/_superusers/auth-refresh", by=token).status == 403
    assert scene.ask("POST", "…/a40/auth-refresh").status == 401
    assert scene.root("POST", "…/a40/auth-refresh").status == 403
    assert scene.ask("GET", "…", by=token).status == 403
    assert scene.ask("POST", "…/nothing/auth-refresh", by=token).status == 404


def test_a42_passwords_over_72_bytes_are_refused_without_a_code(scene: Scene):
    """Bcrypt reads no further."""
    scene.people("a42")
    long = "x" * 73

    refused = scene.ask("POST", "…/a42/records", {
        "email": "a@b.co", "password": long, "passwordConfirm": long,
    })  # fmt: skip

    assert (refused.status, refused.data) == (400, {})


def test_signing_in_needs_both_values_and_tells_nothing(scene: Scene):
    """The same answer for an unknown name and a wrong password."""
    scene.people("signin", text("name"))
    scene.sign_up("signin", "z@example.com", name="Zed")
    path = "…/signin/auth-with-password"

    unknown = scene.ask("POST", path, {"identity": "no@example.com", "password": PASSWORD})
    wrong = scene.ask("POST", path, {"identity": "z@example.com", "password": "wrong"})
    empty = scene.ask("POST", path, {})
    typed = scene.ask("POST", path, {"identity": 5, "password": PASSWORD})
    cased = scene.ask("POST", path, {"IDENTITY": "z@example.com", "Password": PASSWORD})
    picked = scene.ask(
        "POST",
        path + "?fields=token,record.name",
        {"identity": "z@example.com", "password": PASSWORD},
    )
    field = scene.ask("POST", path, {
        "identity": "z@example.com", "password": PASSWORD, "identityField": "name",
    })  # fmt: skip

    assert unknown.raw.body == wrong.raw.body
    assert (wrong.status, wrong.data) == (400, {})
    assert empty.codes == {"identity": "validation_required", "password": "validation_required"}
    assert (typed.status, typed.data) == (400, {})
    assert cased.status == 200
    assert picked.body == {"record": {"name": "Zed"}, "token": picked["token"]}
    assert field.codes == {"identityField": "validation_in_invalid"}
    assert scene.ask("POST", "…/person/auth-with-password", {}).status == 404


def test_tokens_carry_what_the_sdks_read(scene: Scene):
    """`type`, `collectionId`, `exp`, `refreshable`; nothing else beside the id."""
    scene.people("tok")
    token = scene.sign_up("tok", "z@example.com")

    header = json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))
    payload = claims(token)

    assert header == {"alg": "HS256", "typ": "JWT"}
    assert [*payload] == ["collectionId", "exp", "id", "refreshable", "type"]
    assert (payload["type"], payload["refreshable"]) == ("auth", True)
    assert claims(scene.server.token)["collectionId"] == "pbc_3142635823"


def test_mails_are_seen_by_their_owner_and_managers(scene: Scene):
    """`emailVisibility` decides for everyone else."""
    scene.people("mail", text("role"), manageRule="@request.auth.role = 'manager'")
    own = scene.sign_up("mail", "a@example.com", role="a")
    manager = scene.sign_up("mail", "m@example.com", role="manager", emailVisibility=True)
    path = "…/mail/records?sort=@rowid"

    assert scene.ask("GET", path).values("email") == [None, "m@example.com"]
    assert scene.ask("GET", path, by=own).values("email") == ["a@example.com", "m@example.com"]
    assert scene.ask("GET", path, by=manager).values("email") == ["a@example.com", "m@example.com"]
    rows = scene.root("GET", path)
    assert rows.values("email") == ["a@example.com", "m@example.com"]
    assert rows.values("password") == [None, None]
    assert rows.values("tokenKey") == [None, None]


def test_the_last_superuser_stays(scene: Scene):
    """Nobody may lock themselves out."""
    own = claims(scene.server.token)["id"]

    assert scene.root("DELETE", f"…/_superusers/records/{own}").status == 400
    assert scene.ask("GET", "…/_superusers/records").status == 403
