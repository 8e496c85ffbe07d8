"""Codes, second factors, known devices and impersonating, played on both servers."""

from __future__ import annotations

import hashlib

from tests.oracle.client import Client, Json
from tests.oracle.mail_scene import CREDENTIALS, MFA, OTP, TWICE, Z, people, the_record
from tests.oracle.scene import Scene
from tests.oracle.test_quirks_auth import claims
from tests.smtp_sink import Sink


def test_a_code_signs_in_and_proves_the_address(scene: Scene, post: Sink):
    """A.37: unknown addresses get an id, too; what was known of an unverified account ends."""
    people(scene, "otp", otp=OTP)
    people(scene, "otpoff")
    token = scene.sign_up("otp", Z)
    path = "…/otp/auth-with-otp"

    assert scene.ask("POST", "…/otpoff/request-otp", {"email": Z}).status == 403
    assert scene.ask("POST", "…/otpoff/auth-with-otp", {}).status == 403
    unknown = scene.ask("POST", "…/otp/request-otp", {"email": "no@example.com"})
    asked = scene.ask("POST", "…/otp/request-otp", {"email": Z})
    assert (unknown.status, len(str(unknown["otpId"]))) == (200, 15)
    assert asked.body == {"otpId": asked["otpId"]}
    code = post.wait(1).code
    assert len(code) == 6
    kept = f"…/_otps/records?filter=(collectionRef%3D'{claims(token)['collectionId']}')"
    assert post.stays(1)
    assert scene.root("GET", kept).values("sentTo") == [Z]
    assert scene.ask("POST", path, {}).codes == dict.fromkeys(
        ("otpId", "password"), "validation_required"
    )
    assert scene.ask("POST", path, {"otpId": "x" * 300, "password": "x" * 72}).codes == (
        dict.fromkeys(("otpId", "password"), "validation_length_out_of_range")
    )
    assert scene.ask("POST", path, {"otpId": 5, "password": "1"}).data == {}
    good: Json = {"otpId": asked["otpId"], "password": code}
    wrong = scene.ask("POST", path, {"otpId": asked["otpId"], "password": "bad"})
    assert (wrong.status, wrong["message"]) == (400, "Invalid or expired OTP.")
    assert scene.ask("POST", path, good).has({"record": {"email": Z, "verified": True}})
    assert scene.ask("POST", path, good).status == 400
    assert scene.ask("POST", "…/otp/auth-refresh", by=token).status == 401
    assert scene.ask("POST", "…/otp/auth-with-password", CREDENTIALS).status == 400
    assert scene.root("GET", kept).values("id") == []


def test_a_code_leaves_a_verified_account_as_it_is(scene: Scene, post: Sink):
    """It was its owner's already."""
    people(scene, "otpv", otp=OTP)
    token = scene.sign_up("otpv", Z, verified=True)
    id = scene.ask("POST", "…/otpv/request-otp", {"email": Z})["otpId"]

    body: Json = {"otpId": id, "password": post.wait(1).code}
    assert scene.ask("POST", "…/otpv/auth-with-otp", body).status == 200
    assert scene.ask("POST", "…/otpv/auth-refresh", by=token).status == 200


def test_few_attempts_and_few_codes(scene: Scene, post: Sink):
    """Five attempts for each address; the newest of ten codes again."""
    people(scene, "otpfew", otp=OTP)
    scene.sign_up("otpfew", Z, verified=True)
    ask, use = "…/otpfew/request-otp", "…/otpfew/auth-with-otp"

    ids = [scene.ask("POST", ask, {"email": Z})["otpId"] for _ in range(12)]
    post.wait(10)
    tried = [scene.ask("POST", use, {"otpId": id, "password": "bad"}) for id in ids[:6]]
    elsewhere = Client(port=scene.server.port, source="127.0.7.7")
    other = elsewhere.send(
        "POST", use.replace("…", "/api/collections"), json={"otpId": ids[0], "password": "bad"}
    )
    elsewhere.close()

    assert len(set(map(str, ids))) == 10
    assert ids[9:] == [ids[9]] * 3
    assert post.stays(10)
    assert [one.status for one in tried] == [400] * 5 + [429]
    assert tried[5]["message"] == ("Too many attempts, please try again later with a new OTP.")
    assert other.status == 400


def test_two_methods(scene: Scene, post: Sink):
    """A.36: the first answers 401 with an id; the second completes; each id is good once."""
    people(scene, "two", mfa=MFA, otp=OTP)
    people(scene, "two2", mfa=MFA, otp=OTP)
    for name in ("two", "two2"):
        assert scene.root("POST", f"…/{name}/records", {"email": Z, **TWICE}).status == 200
    path = "…/two/auth-with-password"

    def message(query: str = "", **more: Json) -> Json:
        answer = scene.ask("POST", path + query, {**CREDENTIALS, **more})
        assert answer.status == 400, answer.raw.text
        return answer["message"]

    first = scene.ask("POST", path + "?fields=nothing", CREDENTIALS)
    mfa = first["mfaId"]
    assert (first.status, first.body) == (401, {"mfaId": mfa})
    assert message(mfaId=mfa) == "A different authentication method is required."
    assert message("?mfaId=", mfaId=mfa) == "A different authentication method is required."
    assert message("?mfaId=no", mfaId=mfa) == "Invalid or expired MFA session."
    assert message(mfaId="no") == "Invalid or expired MFA session."
    assert message(mfaId=5) == "Failed to read MFA Id."
    for nothing in (None, ""):
        assert scene.ask("POST", path, {**CREDENTIALS, "mfaId": nothing}).status == 401
    foreign = scene.ask("POST", "…/two2/auth-with-password", {**CREDENTIALS, "mfaId": mfa})
    assert foreign["message"] == "Invalid MFA session."
    id = scene.ask("POST", "…/two/request-otp", {"email": Z})["otpId"]
    code: dict[str, Json] = {"otpId": id, "password": post.wait(1).code}
    done = scene.ask("POST", f"…/two/auth-with-otp?mfaId={mfa}", code)
    assert done.has({"record": {"email": Z, "verified": True}, "token": ...})
    left = scene.root("GET", "…/_mfas/records")
    assert mfa not in left.values("id")
    assert set(left.values("method")) == {"password"}
    assert scene.ask("POST", path, CREDENTIALS).status == 401, "the password stays with two methods"


def test_a_code_may_be_the_first_of_two_methods(scene: Scene, post: Sink):
    """For a superuser's request as well."""
    people(scene, "twob", mfa=MFA, otp=OTP)
    scene.root("POST", "…/twob/records", {"email": Z, **TWICE})
    id = scene.ask("POST", "…/twob/request-otp", {"email": Z})["otpId"]

    body: Json = {"otpId": id, "password": post.wait(1).code}
    first = scene.root("POST", "…/twob/auth-with-otp", body)
    second: Json = {**CREDENTIALS, "mfaId": first["mfaId"]}

    assert first.status == 401
    assert scene.ask("POST", "…/twob/auth-with-password", second).status == 200


def test_an_mfa_rule_chooses_who_needs_two(scene: Scene):
    """Others sign in with one."""
    rule: Json = {"enabled": True, "duration": 300, "rule": "verified = true"}
    people(scene, "tworule", mfa=rule, otp=OTP)
    scene.sign_up("tworule", Z)
    scene.root("PATCH", f"…/tworule/records/{the_record(scene, 'tworule')['id']}", {
        "verified": True,
    })  # fmt: skip

    assert scene.ask("POST", "…/tworule/auth-with-password", CREDENTIALS).status == 401


def test_a_superuser_caller_passes_the_auth_rule(scene: Scene):
    """Whoever the sign-in is for; and the rule sees the body."""
    people(scene, "rule")
    scene.sign_up("rule", Z)
    path = "…/rule/auth-with-password"
    for rule in (None, "verified = true"):
        scene.change("rule", authRule=rule)
        assert scene.ask("POST", path, CREDENTIALS).status == 403
        assert scene.root("POST", path, CREDENTIALS).status == 200
    scene.change("rule", authRule="@request.body.code = 'x' && @request.context = 'password'")
    assert scene.ask("POST", path, CREDENTIALS).status == 403
    assert scene.ask("POST", path, {**CREDENTIALS, "code": "x"}).status == 200


def test_a_new_device_is_told(scene: Scene, post: Sink):
    """Not the first one, and not one that is known; five are known, the first goes first."""
    scene.people("alert")
    scene.root("POST", "…/alert/records", {"email": Z, **TWICE})
    record = the_record(scene, "alert")["id"]

    def from_agent(agent: str) -> None:
        headers = {"User-Agent": agent}
        answer = scene.ask("POST", "…/alert/auth-with-password", CREDENTIALS, headers=headers)
        assert answer.status == 200

    for agent in ("one", "two", "one", "three", "four", "five", "one", "six"):
        from_agent(agent)
    mail = post.wait(5)
    path = f"…/_authOrigins/records?sort=created&filter=(recordRef%3D'{record}')"
    known = scene.root("GET", path).values("fingerprint")

    assert mail.recipients == (Z,)
    assert "127.0.0.1 six" in mail.body("html")
    assert known == [
        hashlib.md5(f"127.0.0.1{agent}".encode()).hexdigest()
        for agent in ("two", "three", "four", "five", "six")
    ]
    from_agent("x" * 250)
    cut = f"127.0.0.1{'x' * 200}...".encode()
    assert scene.root("GET", path).values("fingerprint")[-1] == hashlib.md5(cut).hexdigest()
    post.wait(6)


def test_a_superuser_acts_as_anybody(scene: Scene):
    """For as long as asked, and without renewal."""
    people(scene, "imp", authRule=None)
    record = scene.root("POST", "…/imp/records", {"email": Z, **TWICE})["id"]
    path = f"…/imp/impersonate/{record}"

    made = scene.root("POST", path, {"duration": 600})
    token = str(made["token"])
    assert claims(token)["refreshable"] is False
    assert made.has({"record": {"email": Z}})
    assert scene.root("POST", path, {"duration": -1}).codes == {
        "duration": "validation_min_greater_equal_than_required"
    }
    for wrong in (1.5, "5"):
        assert scene.root("POST", path, {"duration": wrong}).data == {}
    assert scene.ask("POST", path, {}).status == 401
    assert scene.ask("POST", path, {}, by=token).status == 403
    assert scene.root("POST", "…/imp/impersonate/nobody", {}).status == 404
    assert scene.root("POST", "…/nothing/impersonate/nobody", {}).status == 404
    assert scene.ask("POST", "…/imp/auth-refresh", by=token).status == 403
    scene.change("imp", authRule="id != 'x'")  # Another rule ends all tokens.
    token = str(scene.root("POST", path, {})["token"])
    assert scene.ask("POST", "…/imp/auth-refresh", by=token)["token"] == token
