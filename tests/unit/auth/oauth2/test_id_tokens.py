"""What an id_token proves, and that key sets are not asked for without need."""

from __future__ import annotations

import base64
import hmac
import json

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from msgspec.structs import replace

from tests.oracle.client import Json
from tests.unit.auth.oauth2.web import FakeWeb, answer
from yadokari.auth.oauth2.exchange import Grant
from yadokari.auth.oauth2.id_tokens import ASK_AGAIN_MS, KEYS_KEPT_MS, BadIdToken, IdTokens
from yadokari.auth.oauth2.people import People
from yadokari.auth.oauth2.profiles import UnreadableProfile
from yadokari.auth.oauth2.provider import Provider, configured
from yadokari.schema.collection import OAuth2Provider
from yadokari.testing.fake_clock import FakeClock

KEYS = "https://idp.example/keys"
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC = ec.generate_private_key(ec.SECP256R1())


def key_set(*names: str) -> list[Json]:
    """Public keys by name: ``rsa…`` and ``ec…``."""
    made: list[Json] = []
    for name in names:
        is_rsa = name.startswith("rsa")
        text = (
            RSAAlgorithm.to_jwk(RSA.public_key()) if is_rsa else ECAlgorithm.to_jwk(EC.public_key())
        )
        made.append({**json.loads(text), "kid": name, "alg": "RS256" if is_rsa else "ES256"})
    return made


@pytest.fixture
def clock() -> FakeClock:
    """Time that stands."""
    return FakeClock()


@pytest.fixture
def web() -> FakeWeb:
    """A provider with one key of each kind."""
    return FakeWeb(answers={KEYS: answer({"keys": key_set("rsa-1", "ec-1")})})


@pytest.fixture
def tokens(web: FakeWeb, clock: FakeClock) -> IdTokens:
    """The judge."""
    return IdTokens(web=web, clock=clock)


def claims(clock: FakeClock, **changes: Json) -> dict[str, Json]:
    """Good claims, changed."""
    return {"sub": "ann", "aud": "us", "exp": clock.unix_ms() // 1_000 + 60, **changes}


def by_rsa(values: dict[str, Json], *, kid: str = "rsa-1") -> str:
    """A token signed with the provider's RSA key."""
    return jwt.encode(values, RSA, algorithm="RS256", headers={"kid": kid})


def _coded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


async def judged(tokens: IdTokens, token: str) -> object:
    """Whose token it is."""
    return (await tokens.claims(token, audience="us", jwks_url=KEYS))["sub"]


@pytest.mark.parametrize("kind", ["rsa", "ec"])
async def test_the_providers_own_key_is_found_by_its_name(
    tokens: IdTokens, clock: FakeClock, kind: str
):
    """IT1."""
    values = claims(clock)
    by_ec = jwt.encode(values, EC, algorithm="ES256", headers={"kid": "ec-1"})

    assert await judged(tokens, by_rsa(values) if kind == "rsa" else by_ec) == "ann"


async def test_a_public_key_is_no_shared_secret(tokens: IdTokens, web: FakeWeb, clock: FakeClock):
    """IT1: the classic confusion of algorithms, with the very bytes that everybody can fetch."""
    signed = by_rsa(claims(clock)).split(".")
    head = _coded(b'{"alg":"HS256","kid":"rsa-1","typ":"JWT"}')
    for secret in (json.dumps(key_set("rsa-1")[0]).encode(), web.answers[KEYS].body):
        text = f"{head}.{signed[1]}"
        forged = f"{text}.{_coded(hmac.digest(secret, text.encode(), 'sha256'))}"

        with pytest.raises(BadIdToken):
            await judged(tokens, forged)


async def test_a_key_is_used_as_it_is_meant(tokens: IdTokens, clock: FakeClock):
    """IT1: an RSA key for RS256 signs nothing else, and another key's name does not help."""
    values = claims(clock)
    for token in (
        jwt.encode(values, RSA, algorithm="PS256", headers={"kid": "rsa-1"}),
        jwt.encode(values, RSA, algorithm="RS256", headers={"kid": "ec-1"}),
        jwt.encode(values, "", algorithm="none", headers={"kid": "rsa-1"}),
        by_rsa(values)[:-8] + "AAAAAAAA",
    ):
        with pytest.raises(BadIdToken):
            await judged(tokens, token)


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": "them"}, {"aud": ["them"]}, {"aud": None}, {"exp": 1}, {"exp": "soon"},
        {"exp": True}, {"nbf": 9_999_999_999}, {"iat": 9_999_999_999}, {"exp": {}},
    ],
)  # fmt: skip
async def test_claims_that_do_not_hold(
    tokens: IdTokens, clock: FakeClock, changed: dict[str, Json]
):
    """IT2: odd types included."""
    with pytest.raises(BadIdToken):
        await judged(tokens, by_rsa(claims(clock, **changed)))


async def test_keys_are_asked_for_once_an_hour(tokens: IdTokens, web: FakeWeb, clock: FakeClock):
    """IT3."""
    await judged(tokens, by_rsa(claims(clock)))
    await judged(tokens, by_rsa(claims(clock)))
    assert len(web.asked) == 1

    clock.advance(KEYS_KEPT_MS)
    await judged(tokens, by_rsa(claims(clock)))

    assert len(web.asked) == 2


async def test_made_up_key_names_are_no_way_to_make_us_ask(
    tokens: IdTokens, web: FakeWeb, clock: FakeClock
):
    """IT3: once a minute at most; a key that was added is found then."""
    await judged(tokens, by_rsa(claims(clock)))
    for at in range(5):
        with pytest.raises(BadIdToken):
            await judged(tokens, by_rsa(claims(clock), kid=f"rsa-new-{at}"))
    assert len(web.asked) == 1

    web.answers[KEYS] = answer({"keys": key_set("rsa-2")})
    clock.advance(ASK_AGAIN_MS)

    assert await judged(tokens, by_rsa(claims(clock), kid="rsa-2")) == "ann"
    assert len(web.asked) == 2


async def test_without_keys_nothing_is_proved(tokens: IdTokens, web: FakeWeb, clock: FakeClock):
    """Unreachable, refused, or no key set at all."""
    for found in (answer({}, status=500), answer({"keys": 5}), answer([1])):
        web.answers[KEYS] = found
        with pytest.raises(BadIdToken):
            await judged(IdTokens(web=web, clock=clock), by_rsa(claims(clock)))
    web.answers.clear()
    with pytest.raises(BadIdToken):
        await judged(tokens, by_rsa(claims(clock)))


# --- providers that tell of people in id_tokens --------------------------------------------------


def provider(name: str, *, user_info_url: str = "", extra: str = "{}") -> Provider:
    """A configured provider."""
    options = OAuth2Provider(name=name, client_id="us", client_secret="s" * 32)
    return configured(replace(options, user_info_url=user_info_url, extra=extra))


async def person(
    web: FakeWeb, clock: FakeClock, of: Provider, token: str, raw: Json = None
) -> tuple[str, str]:
    """Id and e-mail of whoever came with this id_token."""
    if raw is not None:
        web.answers[of.user_info_url] = answer(raw)
    people = People(web=web, id_tokens=IdTokens(web=web, clock=clock))
    found = await people.person(of, Grant(access_token="a", id_token=token))
    return found.profile.id, found.profile.email


async def test_apple_tells_of_people_by_its_own_keys_alone(web: FakeWeb, clock: FakeClock):
    """Issuer, audience and keys are those of the table; its flags may be texts."""
    apple = provider("apple")
    web.answers["https://appleid.apple.com/auth/keys"] = web.answers[KEYS]
    good = claims(clock, iss="https://appleid.apple.com", email="a@b.co", email_verified="true")

    assert await person(web, clock, apple, by_rsa(good)) == ("ann", "a@b.co")
    unverified = by_rsa({**good, "email_verified": "false"})
    assert await person(web, clock, apple, unverified) == ("ann", "")
    for bad in ({**good, "iss": "https://evil.example"}, {**good, "aud": "them"}):
        with pytest.raises(UnreadableProfile):
            await person(web, clock, apple, by_rsa(bad))
    with pytest.raises(UnreadableProfile):
        await person(web, clock, apple, "")


async def test_lines_mail_is_in_its_id_token(web: FakeWeb, clock: FakeClock):
    """PE2: signed by LINE's key or with the channel's secret, and about the same person."""
    line = provider("line")
    web.answers["https://api.line.me/oauth2/v2.1/certs"] = web.answers[KEYS]
    values = claims(clock, iss="https://access.line.me", sub="U1", email="a@b.co")
    raw: Json = {"userId": "U1", "displayName": "Ann"}
    by_secret = jwt.encode(values, "s" * 32, algorithm="HS256")

    assert await person(web, clock, line, by_secret, raw) == ("U1", "a@b.co")
    by_key = jwt.encode(values, EC, algorithm="ES256", headers={"kid": "ec-1"})
    assert await person(web, clock, line, by_key, raw) == ("U1", "a@b.co")
    other = jwt.encode({**values, "sub": "U2"}, "s" * 32, algorithm="HS256")
    assert await person(web, clock, line, other, raw) == ("U1", "")
    forged = jwt.encode(values, "x" * 32, algorithm="HS256")
    with pytest.raises(UnreadableProfile):
        await person(web, clock, line, forged, raw)


@pytest.mark.parametrize(
    ("wanted", "email"),
    [
        ("any_verified", "first@b.co"), ("verified_primary_email", "first@b.co"),
        ("email_and_xms_edov", "a@b.co"), ("email", "a@b.co"), ("what", ""),
    ],
)  # fmt: skip
async def test_microsofts_mail_by_the_claim_that_is_trusted(
    web: FakeWeb, clock: FakeClock, wanted: str, email: str
):
    """From the id_token, whose issuer names the tenant."""
    microsoft = provider("microsoft", extra=json.dumps({"idTokenEmailClaim": wanted}))
    web.answers["https://login.microsoftonline.com/common/discovery/v2.0/keys"] = web.answers[KEYS]
    values = claims(
        clock, tid="tenant", iss="https://login.microsoftonline.com/tenant/v2.0", email="a@b.co",
        xms_edov=True, verified_primary_email=["first@b.co"],
    )  # fmt: skip
    raw: Json = {"id": "m", "displayName": "Ann", "mail": "mailbox@b.co"}

    assert await person(web, clock, microsoft, by_rsa(values), raw) == ("m", email)
    wrong = {**values, "tid": "another"}
    with pytest.raises(UnreadableProfile):
        await person(web, clock, microsoft, by_rsa(wrong), raw)


async def test_gitees_list_is_asked_when_the_profile_has_no_mail(web: FakeWeb, clock: FakeClock):
    """Beside the profile, wherever that is; a scope that lacks leaves the mail empty."""
    gitee = provider("gitee", user_info_url="https://own.example/api/v5/user")
    emails = "https://own.example/api/v5/emails"
    raw: Json = {"id": 3, "login": "ann", "email": "未公开邮箱"}
    web.answers[emails] = answer(
        [{"email": "a@b.co", "state": "confirmed", "scope": ["primary", "notified"]}]
    )

    assert await person(web, clock, gitee, "", raw) == ("3", "a@b.co")
    web.answers[emails] = answer({"message": "no"}, status=403)
    assert await person(web, clock, gitee, "", raw) == ("3", "")
    web.answers[emails] = answer({"message": "no"}, status=500)
    with pytest.raises(UnreadableProfile):
        await person(web, clock, gitee, "", raw)
