"""Tokens of issuers that the operator trusts: whom they name, and what does not pass for one."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import RSAAlgorithm

from tests.api.program import House, opened
from tests.unit.auth.oauth2.web import FakeWeb, answer
from yadokari.auth.foreign_tokens import IssuersUnreadable, read_issuers

NEXT = "https://app.example.com"
STAFF = "https://login.example.com"
KEYS = "https://app.example.com/jwks.json"
ANN = "ann@example.com"
ME = "/api/v1/auth/me"
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
ED = Ed25519PrivateKey.generate()
PEM = (
    ED.public_key()
    .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    .decode()
)
ISSUERS = [
    {"issuer": NEXT, "audience": "api", "collection": "users", "jwksURL": KEYS},
    {"issuer": STAFF, "audience": "api", "collection": "users", "publicKey": PEM, "match": "email"},
    {"issuer": "https://root.example", "audience": "api", "collection": "_superusers",
     "publicKey": PEM, "match": "email"},
]  # fmt: skip


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A program that trusts two issuers, one of them by a key set on the web."""
    file = tmp_path / "issuers.json"
    file.write_text(json.dumps(ISSUERS))
    public = json.loads(RSAAlgorithm.to_jwk(RSA.public_key()))
    web = FakeWeb(answers={KEYS: answer({"keys": [{**public, "kid": "k1", "alg": "RS256"}]})})
    flags = {"trusted_issuers": str(file)}
    async with opened(tmp_path, flags=flags, open_web=lambda: web) as house:
        yield house


def by_next(house: House, **changed: object) -> str:
    """A token of the issuer with a key set."""
    now_s = house.clock.unix_ms() // 1_000
    claims = {"iss": NEXT, "aud": "api", "iat": now_s, "exp": now_s + 60, **changed}
    return jwt.encode(claims, RSA, algorithm="RS256", headers={"kid": "k1"})


def by_staff(house: House, **changed: object) -> str:
    """A token of the issuer with one key."""
    now_s = house.clock.unix_ms() // 1_000
    claims = {
        "iss": STAFF, "aud": "api", "exp": now_s + 60, "email": ANN, "email_verified": True,
        **changed,
    }  # fmt: skip
    return jwt.encode(claims, ED, algorithm="EdDSA")


async def who(house: House, token: str) -> str:
    """The id of whom a token makes the caller; "" for a guest."""
    reply = await house("GET", ME, token=f"Bearer {token}")
    return reply.id if reply.status == 200 else ""


async def test_a_trusted_token_names_a_record(house: House) -> None:
    """By its id, or by a verified e-mail; on every route."""
    id, _ = await house.user(ANN)
    users = "/api/collections/users/records"

    listed = await house("GET", users, token=by_next(house, sub=id))

    assert await who(house, by_next(house, sub=id)) == id
    assert await who(house, by_staff(house, sub="whatever")) == id
    assert await who(house, by_staff(house, email=ANN.upper())) == id
    assert [item["id"] for item in listed.items] == [id]


async def test_what_does_not_hold_makes_a_guest(house: House) -> None:
    """FT1, FT3: each of these once fooled somebody."""
    id, _ = await house.user(ANN)
    now_s = house.clock.unix_ms() // 1_000
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    claims = {"iss": NEXT, "aud": "api", "exp": now_s + 60, "sub": id}
    staff: dict[str, object] = {
        "iss": STAFF,
        "aud": "api",
        "exp": now_s + 60,
        "email": ANN,
        "email_verified": True,
    }
    curve = ec.generate_private_key(ec.SECP256R1())

    refused = {
        "expired": by_next(house, sub=id, exp=now_s),
        "endless": by_next(house, sub=id, exp=None),
        "for somebody else": by_next(house, sub=id, aud="another"),
        "nobody's": by_next(house, sub="missing"),
        "not yet": by_next(house, sub=id, nbf=now_s + 600),
        "of an unknown issuer": by_next(house, sub=id, iss="https://evil.example"),
        "of another issuer's key": jwt.encode({**claims, "iss": STAFF}, RSA, algorithm="RS256"),
        "of a stranger's key": jwt.encode(
            claims, stranger, algorithm="RS256", headers={"kid": "k1"}
        ),
        "unsigned": jwt.encode(claims, None, algorithm="none"),  # type: ignore[arg-type]
        "signed with the public key": _confused(staff),
        "of another curve": jwt.encode(staff, curve, algorithm="ES256"),
        "without a verified e-mail": by_staff(house, email_verified=False),
        "with a word for true": by_staff(house, email_verified="true"),
        "no token": "a.b.c",
    }

    for why, token in refused.items():
        assert await who(house, token) == "", why


async def test_nobody_else_names_a_superuser(house: House) -> None:
    """FT2: whatever the list says."""
    token = by_staff(house, iss="https://root.example", email="root@example.com")

    assert await who(house, token) == ""


async def test_a_trusted_token_gives_no_lasting_one(house: House) -> None:
    """It ends where its maker ends it."""
    id, _ = await house.user(ANN)
    token = by_next(house, sub=id)

    signed = await house("POST", "/api/v1/auth/token", {}, token=token)

    assert signed.status == 403


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "[{}]",
        '[{"issuer": "a", "audience": "b", "collection": "users"}]',
        '[{"issuer": "a", "audience": "b", "collection": "users", "jwksURL": "http://a.example"}]',
        '[{"issuer": "a", "audience": "b", "collection": "", "publicKey": "x"}]',
        '[{"issuer": "a", "audience": "b", "collection": "c", "publicKey": "x", "match": "name"}]',
        '[{"issuer": "a", "audience": "b", "collection": "c", "publicKey": "x", "sekret": "y"}]',
        json.dumps([ISSUERS[0], ISSUERS[0]]),
        json.dumps([{**ISSUERS[0], "issuer": str(n)} for n in range(21)]),
    ],
)
def test_a_senseless_list_stops_the_start(text: str) -> None:
    """Before anybody is let in by it."""
    with pytest.raises(IssuersUnreadable):
        read_issuers(text.encode())


def _confused(claims: dict[str, object]) -> str:
    """HS256 with the public key as the secret: what naive verifiers take."""
    import base64
    import hmac

    def part(value: object) -> bytes:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=")

    signed = part({"alg": "HS256", "typ": "JWT"}) + b"." + part(claims)
    mac = base64.urlsafe_b64encode(hmac.digest(PEM.encode(), signed, "sha256")).rstrip(b"=")
    return (signed + b"." + mac).decode()
