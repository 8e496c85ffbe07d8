"""OAuth2's password grant, as a client that knows nothing else of us sees it."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlencode

import jwt
import pytest
from jose import jwt as jose

from tests.api.program import PASSWORD, House, Reply, opened
from yadokari.app.settings import SettingError
from yadokari.auth.bearer import LIFE_S_DEFAULT

LOGIN = "/api/v1/auth/login"
ME = "/api/v1/auth/me"
SECRET = "a-secret-that-two-programs-share-1"
ANN = "ann@example.com"


async def login(house: House, *, query: str = "", **form: str) -> Reply:
    """A login form, as OAuth2 clients send it."""
    given = {"grant_type": "password", "username": ANN, "password": PASSWORD, **form}
    sent = {"content-type": "application/x-www-form-urlencoded"}
    return await house("POST", LOGIN + query, urlencode(given).encode(), headers=sent)


async def token_of(house: House, **form: str) -> str:
    """A fresh bearer token."""
    reply = await login(house, **form)
    assert reply.status == 200, reply.body
    return str(reply.record["access_token"])


async def test_a_form_gives_a_token_that_every_route_takes(house: House) -> None:
    """As the record that signed in; for half an hour."""
    id, _ = await house.user(ANN)

    reply = await login(house)
    token = f"Bearer {reply.record['access_token']}"
    me = await house("GET", ME, token=token)
    listed = await house("GET", "/api/collections/users/records", token=token)
    house.clock.advance(30 * 60_000)
    late = await house("GET", ME, token=token)

    assert (reply.record["token_type"], reply.record["expires_in"]) == ("bearer", 1_800)
    assert reply.headers["cache-control"] == "no-store"
    assert (me.id, me.record["email"]) == (id, ANN)
    assert [item["id"] for item in listed.items] == [id]
    assert (late.status, late.headers["www-authenticate"]) == (401, "Bearer")


@pytest.mark.parametrize(
    "form",
    [
        {"password": "wrong-one"},
        {"username": "bob@example.com"},
        {"password": ""},
        {"username": ""},
    ],
)
async def test_what_is_wrong_is_not_told(house: House, form: dict[str, str]) -> None:
    """401 with the challenge that RFC 6750 asks for."""
    await house.user(ANN)

    reply = await login(house, **form)

    assert (reply.status, reply.headers["www-authenticate"]) == (401, "Bearer")


async def test_other_grants_and_collections_are_refused(house: House) -> None:
    """A collection may be named; one without records that sign in may not."""
    await house.user(ANN)
    root = {"username": "root@example.com", "password": PASSWORD}

    assert (await login(house, grant_type="client_credentials")).status == 400
    assert (await login(house, query="?collection=nope")).status == 404
    assert (await login(house, query="?collection=_superusers")).status == 401
    assert (await login(house, query="?collection=_superusers", **root)).status == 200


async def test_two_libraries_verify_it_with_the_secret_alone(tmp_path: Path) -> None:
    """No key server, no call to us."""
    flags = {"bearer_life": "5"}
    async with opened(tmp_path, flags=flags, variables={"YADOKARI_BEARER_SECRET": SECRET}) as house:
        id, _ = await house.user(ANN)

        token = await token_of(house)
        dates = {"verify_exp": False, "verify_iat": False}  # The house has its own clock.
        by_pyjwt = jwt.decode(token, SECRET, algorithms=["HS256"], options=dates)  # type: ignore[arg-type]
        by_jose = jose.decode(token, SECRET, algorithms=["HS256"], options=dates)

        assert by_pyjwt["sub"] == by_jose["sub"] == id
        assert by_pyjwt["exp"] - by_pyjwt["iat"] == 5 * 60
        with pytest.raises(jwt.InvalidSignatureError):
            jwt.decode(token, SECRET[:-1] + "2", algorithms=["HS256"], options=dates)  # type: ignore[arg-type]


async def test_a_deleted_or_changed_user_has_no_token(house: House) -> None:
    """V3: the record is read anew."""
    id, _ = await house.user(ANN)
    other, _ = await house.user("bob@example.com")
    deleted = await token_of(house)
    changed = await token_of(house, username="bob@example.com")
    new = {"password": "another-horse-2", "passwordConfirm": "another-horse-2"}

    await house("DELETE", f"/api/collections/users/records/{id}", token=house.root)
    await house("PATCH", f"/api/collections/users/records/{other}", new, token=house.root)

    assert (await house("GET", ME, token=deleted)).status == 401
    assert (await house("GET", ME, token=changed)).status == 401


async def test_forged_tokens_are_nobodys(house: House) -> None:
    """Another secret, no signature, another algorithm, a token of another kind."""
    _, own = await house.user(ANN)
    token = await token_of(house)
    claims = jwt.decode(token, options={"verify_signature": False})

    for forged in (
        jwt.encode(claims, "x" * 32, algorithm="HS256"),
        jwt.encode(claims, None, algorithm="none"),  # type: ignore[arg-type]
        jwt.encode(claims, own, algorithm="HS512"),
        token[:-4] + "AAAA",
    ):
        assert (await house("GET", ME, token=forged)).status == 401


async def test_a_passing_token_gives_no_other(house: House) -> None:
    """A stolen one would otherwise live for ever."""
    _, own = await house.user(ANN)
    token = await token_of(house)

    signed = await house("POST", "/api/v1/auth/token", {}, token=own)
    again = await house("POST", "/api/v1/auth/token", {}, token=str(signed.record["access_token"]))

    assert (await house("POST", "/api/v1/auth/token", {}, token=token)).status == 403
    assert again.status == 403


async def test_a_second_method_is_asked_for_here_too(house: House) -> None:
    """The grant is no way around it."""
    await house.user(ANN)
    both = {"mfa": {"enabled": True}, "otp": {"enabled": True}}
    changed = await house("PATCH", "/api/collections/users", both, token=house.root)

    reply = await login(house)

    assert changed.status == 200, changed.body
    assert reply.status == 401
    assert [*reply.record] == ["mfaId"]


async def test_tokens_hold_after_a_rotation_of_the_secret_key(tmp_path: Path) -> None:
    """V2: until they end; new ones are under the new secret."""
    old, new = "o" * 32, "n" * 32
    async with opened(tmp_path, variables={"SECRET_KEY": old}) as house:
        await house.user(ANN)
        token = await token_of(house)
    rotated = {"SECRET_KEY": new, "SECRET_KEY_PREVIOUS": old}
    async with opened(tmp_path, variables=rotated, seed=2) as house:
        assert (await house("GET", ME, token=token)).status == 200
        assert (await token_of(house)) != token


async def test_a_short_secret_stops_the_start(tmp_path: Path) -> None:
    """With its name and what it needs."""
    with pytest.raises(SettingError, match="YADOKARI_BEARER_SECRET"):
        async with opened(tmp_path, variables={"YADOKARI_BEARER_SECRET": "short"}):
            pass


def test_a_token_lives_a_quarter_of_an_hour_when_nobody_says() -> None:
    """V1."""
    assert LIFE_S_DEFAULT == 15 * 60
