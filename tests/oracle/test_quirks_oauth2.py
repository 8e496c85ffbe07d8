"""Signing in through another service: which record, what becomes of it, what a rule sees."""

import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from urllib.parse import quote

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.oracle.client import Json
from tests.oracle.identity_provider import (
    KEY_ID,
    IdentityProvider,
    Reply,
    identity_provider,
    reply,
)
from tests.oracle.scene import JSON, PASSWORD, Scene, Seen, field_of, text

LINKS = "…/_externalAuths/records?perPage=500&filter="


@pytest.fixture(scope="module")
def there() -> Iterator[IdentityProvider]:
    """The provider that both servers ask."""
    with identity_provider() as provider:
        yield provider


def people(
    scene: Scene, there: IdentityProvider, name: str, *fields: dict[str, Json], **more: Json
) -> str:
    """An auth collection with the provider; returns the path of its sign-in."""
    mapped = more.pop("mappedFields", {})
    loose = more.pop("loose", None)
    options = more.pop("options", None) or there.options()
    oauth2: Json = {"enabled": True, "providers": [options], "mappedFields": mapped}
    if loose:
        more["passwordAuth"] = {"enabled": False}
    scene.people(name, *fields, oauth2=oauth2, **more)
    if loose:
        found = scene.root("GET", f"…/{name}")["fields"]
        assert isinstance(found, list)
        scene.change(name, fields=[
            {**one, "required": False} if one.get("name") == "email" else one
            for one in found if isinstance(one, dict)
        ])  # fmt: skip
    return f"…/{name}/auth-with-oauth2"


def come(
    scene: Scene,
    there: IdentityProvider,
    path: str,
    profile: dict[str, Json],
    *,
    by: str | None = None,
    **more: Json,
) -> Seen:
    """A person with this profile signs in."""
    there.person("come", profile)
    return scene.ask("POST", path, {"provider": "oidc", "code": "come", **more}, by=by)


def known(sub: str, email: str = "", **more: Json) -> dict[str, Json]:
    """A profile with a verified e-mail."""
    mail: dict[str, Json] = {"email": email, "email_verified": True} if email else {}
    return {"sub": sub, **mail, **more}


def links(scene: Scene, record: Json) -> list[Json]:
    """The ids at providers that a record is linked with."""
    found = scene.root("GET", LINKS + quote(f"recordRef='{record}'"))
    return sorted(found.values("providerId"), key=str)


def id_of(seen: Seen) -> Json:
    """The id of the record that signed in."""
    record = seen["record"]
    assert isinstance(record, dict), seen.raw.text
    return record["id"]


def test_what_is_wrong_with_the_form_is_told_before_the_provider_is_asked(
    scene: Scene, there: IdentityProvider
):
    """Codes by field; an unknown provider and one that is not configured are the same."""
    path = people(scene, there, "form")
    there.asked.clear()

    empty = scene.ask("POST", path, {})
    unknown = scene.ask("POST", path, {"provider": "zz", "code": "a"})
    absent = scene.ask("POST", path, {"provider": "google", "code": "a"})
    typed = scene.ask("POST", path, {"provider": 5, "code": "a"})
    listed = scene.ask("POST", path, {"provider": "oidc", "code": "a", "createData": [1]})

    assert empty.codes == {"code": "validation_required", "provider": "validation_required"}
    assert unknown.has({
        "data": {"provider": {"code": "validation_invalid_provider", "params": {"name": "zz"}}}
    })  # fmt: skip
    assert absent.codes == {"provider": "validation_invalid_provider"}
    assert [(one.status, one.data) for one in (typed, listed)] == [(400, {}), (400, {})]
    assert there.asked == []
    scene.change("form", oauth2={"enabled": False})
    assert scene.ask("POST", path, body=b"{", media=JSON).status == 403
    assert scene.ask("POST", "…/nothing/auth-with-oauth2", {}).status == 404


def test_the_code_is_exchanged_with_what_the_client_kept(scene: Scene, there: IdentityProvider):
    """Verifier and redirect address as given, credentials in the header first, then in the body."""
    path = people(scene, there, "sent", loose=True)
    there.person("kept", known("k1"), refresh_token="again", expires_in=3600)
    body: dict[str, Json] = {
        "provider": "oidc", "code": "kept", "codeVerifier": "v" * 43, "redirectURL": "http://x/r",
    }  # fmt: skip
    there.asked.clear()
    there.refuses_basic = True

    done = scene.ask("POST", path, body)
    there.refuses_basic = False
    old = scene.ask("POST", path, {**body, "redirectURL": "", "redirectUrl": "http://x/old"})

    first, second, profile = there.asked[:3]
    assert (first.method, first.path, second.path, profile.path) == (
        "POST", "/token", "/token", "/userinfo",
    )  # fmt: skip
    assert first.headers["authorization"].startswith("Basic ")
    assert first.form["redirect_uri"] == "http://x/r"
    assert second.form == {
        "client_id": "client", "client_secret": "hush-hush", "code": "kept",
        "code_verifier": "v" * 43, "grant_type": "authorization_code",
        "redirect_uri": "http://x/r",
    }  # fmt: skip
    assert old.status == 200
    assert there.asked[-2].form["redirect_uri"] == "http://x/old"
    meta = done["meta"]
    assert isinstance(meta, dict)
    assert {*meta} == {
        "id", "name", "username", "email", "avatarURL", "avatarUrl", "accessToken",
        "refreshToken", "expiry", "rawUser", "isNew",
    }  # fmt: skip
    assert (meta["accessToken"], meta["refreshToken"]) == ("access-kept", "again")
    assert len(str(meta["expiry"])) == len("2026-01-01 00:00:00.000Z")
    assert (meta["isNew"], old.has({"meta": {"isNew": False}})) == (True, True)


TOKEN_ANSWERS: dict[str, tuple[Reply, int]] = {
    "no token": (reply({"foo": 1}), 400),
    "refused": (reply({"error": "invalid_grant"}, status=400), 400),
    "an error with a token": (reply({"access_token": "access-come", "error": "x"}), 400),
    "no JSON": (Reply(body=b"hello"), 400),
    "a number": (reply({"access_token": 7}), 400),
    "life as text": (reply({"access_token": "access-come", "expires_in": "77"}), 200),
    "life as a fraction": (reply({"access_token": "access-come", "expires_in": 1.5}), 400),
    "life over": (reply({"access_token": "access-come", "expires_in": -5}), 400),
    "a form": (
        Reply(
            body=b"access_token=access-come&expires_in=60",
            content_type="application/x-www-form-urlencoded",
        ),
        200,
    ),
    "somebody else's token": (reply({"access_token": "nobody"}), 400),
}


@pytest.mark.parametrize("name", TOKEN_ANSWERS)
def test_token_answers(scene: Scene, there: IdentityProvider, name: str):
    """What providers say, and what is made of it."""
    if "answers" not in scene.made:
        scene.made.add("answers")
        people(scene, there, "answers", loose=True)
    there.person("come", known("t1"))
    there.tokens["come"], status = TOKEN_ANSWERS[name]

    done = scene.ask("POST", "…/answers/auth-with-oauth2", {"provider": "oidc", "code": "come"})

    assert done.status == status, done.raw.text
    if status == 400:
        assert done.data == {}


def test_the_linked_record_comes_first_then_the_caller_then_the_mail(
    scene: Scene, there: IdentityProvider
):
    """And only then is a record made."""
    path = people(scene, there, "which")
    first = come(scene, there, path, known("w1", "w1@example.com"))
    token = scene.sign_up("which", "own@example.com", verified=True)
    scene.sign_up("which", "mail@example.com", verified=True)

    again = come(scene, there, path, known("w1", "other@example.com"), by=token)
    own = come(scene, there, path, known("w2", "mail@example.com"), by=token)
    mail = come(scene, there, path, known("w3", "mail@example.com"))
    foreign = come(scene, there, path, known("w4", "w4@example.com"), by=scene.server.token)

    assert first.has({"meta": {"isNew": True}, "record": {"verified": True}})
    assert id_of(again) == id_of(first)
    assert again.has({"meta": {"isNew": False}, "record": {"email": "w1@example.com"}})
    assert own.has({"meta": {"isNew": False}, "record": {"email": "own@example.com"}})
    assert mail.has({"meta": {"isNew": False}, "record": {"email": "mail@example.com"}})
    assert foreign.has({"meta": {"isNew": True}, "record": {"email": "w4@example.com"}})
    assert links(scene, id_of(own)) == ["w2"]
    twice = come(scene, there, path, known("w5"), by=token)
    assert twice.codes == dict.fromkeys(
        ("collectionRef", "provider", "recordRef"), "validation_not_unique"
    )


def test_whoever_registered_an_address_first_gains_nothing(scene: Scene, there: IdentityProvider):
    """An unverified record loses its password, tokens and other links to the address's owner."""
    path = people(scene, there, "squat")
    token = scene.sign_up("squat", "victim@example.com")
    record = scene.ask("POST", "…/squat/auth-refresh", by=token)
    collection = scene.root("GET", "…/squat")["id"]
    scene.root("POST", "…/_externalAuths/records", {
        "collectionRef": collection, "recordRef": id_of(record), "provider": "google",
        "providerId": "squatter",
    })  # fmt: skip

    done = come(scene, there, path, known("s1", "victim@example.com"))

    assert id_of(done) == id_of(record)
    assert done.has({"record": {"verified": True}, "meta": {"isNew": False}})
    assert links(scene, id_of(done)) == ["s1"]
    assert scene.ask("POST", "…/squat/auth-refresh", by=token).status == 401
    body: Json = {"identity": "victim@example.com", "password": PASSWORD}
    assert scene.ask("POST", "…/squat/auth-with-password", body).status == 400


def test_the_owner_of_an_unverified_record_keeps_what_is_theirs(
    scene: Scene, there: IdentityProvider
):
    """Signed in, one links a service without losing the password."""
    path = people(scene, there, "own")
    token = scene.sign_up("own", "me@example.com")

    other = come(scene, there, path, known("o1", "else@example.com"), by=token)
    assert other.has({"record": {"email": "me@example.com", "verified": False}})
    assert scene.ask("POST", "…/own/auth-refresh", by=token).status == 200

    later = come(scene, there, path, known("o1", "else@example.com"))
    assert id_of(later) == id_of(other)
    assert scene.ask("POST", "…/own/auth-refresh", by=token).status == 401
    assert links(scene, id_of(other)) == ["o1"]


def test_an_empty_mail_is_filled(scene: Scene, there: IdentityProvider):
    """A service may tell it later; then it is verified as well."""
    path = people(scene, there, "fill", loose=True)

    without = come(scene, there, path, known("f1"))
    filled = come(scene, there, path, known("f1", "f1@example.com"))
    taken = come(scene, there, path, known("f2"))
    refused = come(scene, there, path, known("f2", "f1@example.com"))

    assert without.has({"record": {"email": "", "verified": True}})
    assert filled.has({"record": {"email": "f1@example.com", "verified": True}})
    assert taken.status == 200
    assert refused.codes == {"email": "validation_not_unique"}


def test_a_new_record_takes_what_was_submitted_over_what_the_service_says(
    scene: Scene, there: IdentityProvider
):
    """Submitted data first, then mapped fields; a username only when it is valid and free."""
    mapped: Json = {"id": "pid", "name": "name", "username": "nick", "avatarURL": "picture"}
    index: Json = ["CREATE UNIQUE INDEX `new_nick` ON `new` (`nick`) WHERE `nick` != ''"]
    path = people(
        scene, there, "new", text("pid"), text("name"), text("nick", max=5), text("picture"),
        mappedFields=mapped, indexes=index,
    )  # fmt: skip
    profile = known("n1", "n1@example.com", name="Ann", preferred_username="ann", picture="p:x")

    plain = come(scene, there, path, profile)
    own: Json = {"name": "Mine", "email": "own@example.com", "pid": ""}
    given = come(
        scene, there, path, {**profile, "sub": "n2", "email": "n2@example.com"}, createData=own
    )
    long = known("n3", "n3@example.com", preferred_username="too-long")
    odd: Json = {"email": 5, "password": "abc"}

    assert plain.has({
        "record": {"pid": "n1", "name": "Ann", "nick": "ann", "picture": "p:x", "verified": True}
    })  # fmt: skip
    assert given.has({
        "record": {
            "pid": "", "name": "Mine", "nick": "", "email": "own@example.com", "verified": False,
        }
    })  # fmt: skip
    assert come(scene, there, path, long).has({"record": {"nick": ""}})
    refused = come(scene, there, path, known("n4", "n4@example.com"), createData=odd)
    assert refused.codes == {"passwordConfirm": "validation_required"}
    verified = come(scene, there, path, known("n5"), createData={"verified": True})
    assert verified.codes == {"verified": "validation_values_mismatch"}
    nobody = come(scene, there, path, {"email": "n6@example.com", "email_verified": True})
    assert nobody.codes == {"providerId": "validation_required"}
    assert scene.root("GET", "…/new/records").values("pid") == ["n1", "", "n3"]


def test_a_drawn_password_has_not_to_please_the_field(scene: Scene, there: IdentityProvider):
    """What people have to choose is no rule for what nobody chose."""
    path = people(scene, there, "drawn")
    found = scene.root("GET", "…/drawn")["fields"]
    assert isinstance(found, list)
    strict: Json = {"min": 60, "pattern": "^a+$"}
    assert isinstance(strict, dict)
    scene.change("drawn", fields=[
        {**one, **strict} if one.get("name") == "password" else one
        for one in found if isinstance(one, dict)
    ])  # fmt: skip

    assert come(scene, there, path, known("d1", "d1@example.com")).status == 200
    chosen: Json = {"password": "b" * 60, "passwordConfirm": "b" * 60}
    refused = come(scene, there, path, known("d2", "d2@example.com"), createData=chosen)
    assert refused.codes == {"password": "validation_invalid_format"}


def test_a_picture_from_a_private_address_is_not_fetched(scene: Scene, there: IdentityProvider):
    """A profile is a stranger's word; without a picture the sign-in goes on."""
    path = people(
        scene, there, "face", field_of("file", "face"), mappedFields={"avatarURL": "face"}
    )
    there.asked.clear()

    profile = known("p1", "p1@example.com", picture=f"{there.url}/pixel.png")
    done = come(scene, there, path, profile)

    assert done.has({"record": {"face": ""}, "meta": {"avatarURL": f"{there.url}/pixel.png"}})
    assert "/pixel.png" not in [one.path for one in there.asked]


RULES = {
    '@request.context = "oauth2"': 200,
    '@request.method = "POST"': 200,
    '@request.body.x = "r1"': 200,
    '@request.body.email = "r1@example.com"': 200,
    '@request.body.password != ""': 200,
    "@request.body.provider:isset = true": 400,
    '@request.query.q = "1"': 400,
    '@request.headers.x_h = "1"': 200,
    "verified = true": 400,
    '@request.auth.id != ""': 200,
}


@pytest.mark.parametrize("rule", RULES)
def test_a_create_rule_sees_a_create(scene: Scene, there: IdentityProvider, rule: str):
    """Its body is what would be stored; the caller and the headers are those of the sign-in."""
    if "rules" not in scene.made:
        scene.made.add("rules")
        people(scene, there, "ruled", text("x"), mappedFields={"id": "x"})
        scene.people("others")
    token = scene.sign_up("others", f"{time.monotonic_ns()}@example.com")
    scene.change("ruled", createRule=rule)
    there.person("come", known("r1", "r1@example.com"))

    done = scene.ask(
        "POST", "…/ruled/auth-with-oauth2?q=1", {"provider": "oidc", "code": "come"},
        by=token, headers={"x-h": "1"},
    )  # fmt: skip

    assert (done.status, done.status == 200 or done.data) == (RULES[rule], RULES[rule] == 200 or {})
    if done.status == 200:
        scene.root("DELETE", f"…/ruled/records/{id_of(done)}")


def test_a41_a_null_create_rule_lets_only_superusers_make_records(
    scene: Scene, there: IdentityProvider
):
    """Those who have a record already sign in as ever."""
    path = people(scene, there, "shut", createRule=None)

    assert come(scene, there, path, known("c1", "c1@example.com")).status == 403
    by_root = come(scene, there, path, known("c1", "c1@example.com"), by=scene.server.token)
    assert by_root.status == 200
    assert id_of(come(scene, there, path, known("c1"))) == id_of(by_root)
    assert scene.ask("POST", "…/_superusers/auth-with-oauth2", {}).status == 403


def claims_of(**changes: Json) -> dict[str, Json]:
    """Claims of a good id_token; None leaves one out."""
    now = int(time.time())
    good: dict[str, Json] = {
        "sub": "i1", "aud": "client", "iss": "https://i.test", "exp": now + 600, "iat": now,
    }  # fmt: skip
    return {name: value for name, value in {**good, **changes}.items() if value is not None}


def shifted(**seconds: int) -> dict[str, Json]:
    """Claims whose moments lie this far from now."""
    return claims_of(**{name: int(time.time()) + value for name, value in seconds.items()})


CLAIMS: Mapping[str, tuple[Callable[[], dict[str, Json]], int]] = {
    "good": (claims_of, 200),
    "for several": (partial(claims_of, aud=["q", "client"]), 200),
    "for somebody else": (partial(claims_of, aud="other"), 400),
    "for nobody": (partial(claims_of, aud=None), 400),
    "by somebody else": (partial(claims_of, iss="https://j.test"), 400),
    "by nobody": (partial(claims_of, iss=None), 400),
    "just over": (partial(shifted, exp=-200), 400),
    "over": (partial(shifted, exp=-400), 400),
    "endless": (partial(claims_of, exp=None), 200),
    "from the future": (partial(shifted, iat=400), 400),
    "by a clock that is fast": (partial(shifted, iat=200), 200),
    "not yet": (partial(shifted, nbf=400), 400),
    "soon": (partial(shifted, nbf=200), 400),
}
"""Made when they are needed: a moment that lies ahead would pass while other tests run."""


def signed_in_by_token(scene: Scene, there: IdentityProvider, token: str) -> Seen:
    """A sign-in at a provider that tells of people in id_tokens alone."""
    if "tokens" not in scene.made:
        scene.made.add("tokens")
        extra: Json = {"jwksURL": f"{there.url}/jwks", "issuers": ["https://i.test"]}
        options = there.options(userInfoURL="", extra=extra)
        people(scene, there, "tokened", loose=True, options=options)
    there.tokens["token"] = reply({"access_token": "a", "id_token": token})
    return scene.ask("POST", "…/tokened/auth-with-oauth2", {"provider": "oidc", "code": "token"})


@pytest.mark.parametrize("name", CLAIMS)
def test_an_id_token_is_for_us_by_whom_we_expect_and_good_now(
    scene: Scene, there: IdentityProvider, name: str
):
    """To the second; only the moment of its making may lie five minutes ahead."""
    make, status = CLAIMS[name]

    done = signed_in_by_token(scene, there, there.id_token(make()))

    assert done.status == status, done.raw.text


@pytest.mark.parametrize("how", ["none", "HS256", "foreign", "RS384", "no kid", "other kid", "bad"])
def test_a_signature_of_another_kind_proves_nothing(
    scene: Scene, there: IdentityProvider, how: str
):
    """Only the provider's own key, used as it is meant."""
    claims, kid = claims_of(), {"kid": KEY_ID}
    foreign = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    tokens = {
        "none": jwt.encode(claims, "", algorithm="none", headers=kid),
        "HS256": jwt.encode(claims, "client" * 8, algorithm="HS256", headers=kid),
        "foreign": jwt.encode(claims, foreign, algorithm="RS256", headers=kid),
        "RS384": jwt.encode(claims, there.key, algorithm="RS384", headers=kid),
        "no kid": jwt.encode(claims, there.key, algorithm="RS256"),
        "other kid": there.id_token(claims, key_id="another"),
        "bad": "a.b.c",
    }

    done = signed_in_by_token(scene, there, tokens[how])

    assert (done.status, done.data) == (400, {})


def test_it_is_one_of_two_methods(scene: Scene, there: IdentityProvider):
    """Half a sign-in is 401 with an id, which another method takes; the same one does not."""
    path = people(scene, there, "two", mfa={"enabled": True, "duration": 60})
    scene.root("POST", "…/two/records", {
        "email": "t@example.com", "password": PASSWORD, "passwordConfirm": PASSWORD,
        "verified": True,
    })  # fmt: skip

    half = come(scene, there, path, known("t1", "t@example.com"))
    same = come(scene, there, path, known("t1"), mfaId=half["mfaId"])
    login: dict[str, Json] = {"identity": "t@example.com", "password": PASSWORD}
    whole = scene.ask("POST", "…/two/auth-with-password", {**login, "mfaId": half["mfaId"]})
    other = scene.ask("POST", "…/two/auth-with-password", login)
    back = come(scene, there, path, known("t1"), mfaId=other["mfaId"])

    assert (half.status, [*half.raw.json()]) == (401, ["mfaId"])  # pyrefly: ignore
    assert (same.status, whole.status, other.status) == (400, 200, 401)
    assert back.has({"meta": {"isNew": False, "id": "t1"}, "record": {"email": "t@example.com"}})


def test_the_auth_rule_comes_last(scene: Scene, there: IdentityProvider):
    """The record is made and linked; signing in is another matter."""
    path = people(scene, there, "last", authRule="@request.context = 'oauth2' && verified = true")

    assert come(scene, there, path, known("l1", "l1@example.com")).status == 200
    scene.change("last", authRule="@request.context = 'password'")
    assert come(scene, there, path, known("l2", "l2@example.com")).status == 403
    assert scene.root("GET", "…/last/records").values("email") == [
        "l1@example.com", "l2@example.com",
    ]  # fmt: skip
