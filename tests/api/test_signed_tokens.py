"""Tokens that others can verify: with nothing but the public keys, as they would."""

from __future__ import annotations

import json
from collections.abc import Mapping

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.api.program import House
from yadokari.auth.signing_keys import LIFE_S, LIFE_S_MAX, ROTATE_MS

TOKEN = "/api/v1/auth/token"
KEYS = "/.well-known/jwks.json"
USERS = "/api/collections/users/records"


async def issued(house: House, token: str, **form: object) -> str:
    """A signed token for the holder of a token."""
    reply = await house.made(TOKEN, form, token=token)
    assert reply.record["token_type"] == "Bearer"
    return str(reply.record["access_token"])


async def verified(house: House, token: str, **options: object) -> Mapping[str, object]:
    """The claims, as a stranger who fetched the public keys reads them."""
    keys = jwt.PyJWKSet.from_dict((await house("GET", KEYS)).record)
    kid = jwt.get_unverified_header(token)["kid"]
    dates = {"verify_exp": False, "verify_iat": False}  # The house has its own clock.
    return jwt.decode(token, keys[kid], algorithms=["EdDSA"], options=dates, **options)  # type: ignore[arg-type]


async def test_strangers_verify_with_the_public_keys(house: House) -> None:
    """Who it is, who says so, for whom, until when."""
    id, token = await house.user("ann@example.com")

    signed = await issued(house, token, audience="rooms", duration=60)
    claims = await verified(house, signed, audience="rooms", issuer="http://localhost:8090")

    now_s = house.clock.unix_ms() // 1_000
    assert (claims["sub"], claims["collectionName"]) == (id, "users")
    assert (claims["iat"], claims["exp"]) == (now_s, now_s + 60)
    with pytest.raises(jwt.InvalidAudienceError):
        await verified(house, signed, audience="another")
    assert b'"d"' not in (await house("GET", KEYS)).body


async def test_our_own_doors_take_it(house: House) -> None:
    """As the record it names, until it ends."""
    _, token = await house.user("ann@example.com")
    signed = await issued(house, token)

    seen = await house("GET", USERS, token=f"Bearer {signed}")
    house.clock.advance(LIFE_S * 1_000)
    later = await house("GET", USERS, token=f"Bearer {signed}")

    assert len(seen.items) == 1
    assert later.items == []


async def test_it_ends_with_its_record_and_its_password(house: House) -> None:
    """B3: the record is read anew."""
    id, token = await house.user("ann@example.com")
    signed = await issued(house, token)
    changed = {"password": "another-horse-2", "passwordConfirm": "another-horse-2"}

    await house("PATCH", f"{USERS}/{id}", changed, token=house.root)
    after_password = await house("GET", f"{USERS}/{id}", token=signed)
    fresh = await issued(
        house,
        str(
            (
                await house.made(
                    "/api/collections/users/auth-with-password",
                    {"identity": "ann@example.com", "password": "another-horse-2"},
                    token="",
                )
            ).record["token"]
        ),
    )
    before = await house("GET", f"{USERS}/{id}", token=fresh)
    await house("DELETE", f"{USERS}/{id}", token=house.root)
    gone = await house("POST", TOKEN, {}, token=fresh)

    assert (after_password.status, before.status, gone.status) == (404, 200, 401)


async def test_only_our_keys_and_our_algorithm_count(house: House) -> None:
    """B1: not what the header says, not a foreign key of the same name, not the public key."""
    id, token = await house.user("ann@example.com")
    signed = await issued(house, token)
    header, claims = jwt.get_unverified_header(signed), await verified(house, signed)
    [key] = json.loads((await house("GET", KEYS)).body)["keys"]
    foreign = jwt.encode(dict(claims), _stranger(), algorithm="EdDSA", headers=header)
    plain = jwt.encode(dict(claims), None, algorithm="none", headers={"kid": header["kid"]})  # type: ignore[arg-type]
    confused = jwt.encode(dict(claims), key["x"], algorithm="HS256", headers={"kid": header["kid"]})
    unknown = jwt.encode(dict(claims), _stranger(), algorithm="EdDSA", headers={"kid": "x"})

    for forged in (foreign, plain, confused, unknown, signed[:-4] + "AAAA", "a.b.c"):
        assert (await house("GET", f"{USERS}/{id}", token=forged)).status == 404


async def test_a_new_key_signs_and_the_old_one_still_holds(house: House) -> None:
    """B2: by hand or by age; the old one is told as long as its tokens can live."""
    id, token = await house.user("ann@example.com")
    old = await issued(house, token, duration=LIFE_S_MAX)

    rotated = await house("POST", "/api/v1/auth/rotate-keys", token=house.root)
    new = await issued(house, token)
    both = (await house("GET", KEYS)).record["keys"]
    seen = [(await house("GET", f"{USERS}/{id}", token=one)).status for one in (old, new)]
    house.clock.advance(ROTATE_MS)
    _, token = await house.signed_in("users", "ann@example.com")
    newest = await issued(house, token)
    told = (await house("GET", KEYS)).record["keys"]

    assert jwt.get_unverified_header(new)["kid"] == rotated.record["kid"]
    assert isinstance(both, list)
    assert isinstance(told, list)
    assert len(both) == 2
    assert seen == [200, 200]
    assert [key["kid"] for key in told if isinstance(key, dict)] == [
        rotated.record["kid"],
        jwt.get_unverified_header(newest)["kid"],
    ]


@pytest.mark.parametrize(
    ("form", "key"),
    [({"duration": 0}, "duration"), ({"duration": LIFE_S_MAX + 1}, "duration")],
)
async def test_a_token_lives_an_hour_at_most(
    house: House, form: dict[str, object], key: str
) -> None:
    """And guests have none; only superusers rotate."""
    _, token = await house.user("ann@example.com")

    refused = await house("POST", TOKEN, form, token=token)

    assert (refused.status, refused.codes) == (
        400,
        {key: "validation_max_less_equal_than_required"},
    )
    assert (await house("POST", TOKEN, {})).status == 401
    assert (await house("POST", "/api/v1/auth/rotate-keys", token=token)).status == 403


def _stranger() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()
