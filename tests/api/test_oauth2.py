"""Other services from the inside: pictures, kept tokens, calls in a person's name.

What PocketBase does too is compared in tests/oracle; here is what needs another web than the
network, or a clock moved by hand.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from tests.api.program import PASSWORD, House, Json, Reply, opened
from tests.oracle.identity_provider import PIXEL
from yadokari.ports.web import AddressRefused, Reach, Unreachable, Web, WebAnswer, WebRequest

PICTURE = "https://pictures.example/ann%20b.png"
OPTIONS: dict[str, Json] = {
    "name": "oidc",
    "clientId": "client",
    "clientSecret": "hush-hush",
    "authURL": "https://idp.example/authorize",
    "tokenURL": "https://idp.example/token",
    "userInfoURL": "https://idp.example/userinfo",
}
SECRETS = ("at-first", "at-second", "rt-first", "rt-second")


@dataclass(kw_only=True)
class FakeWeb:
    """Other people's servers, as a test wants them."""

    answers: dict[str, WebAnswer | Unreachable] = field(default_factory=dict)
    """By address, or by the grant that a token endpoint is asked for."""
    asked: list[tuple[WebRequest, Reach]] = field(default_factory=list)

    async def fetch(
        self, request: WebRequest, *, reach: Reach, timeout_s: float, body_bytes_max: int
    ) -> WebAnswer:
        self.asked.append((request, reach))
        form = parse_qs(request.body.decode()) if request.url.endswith("/token") else {}
        key = form["grant_type"][0] if form else request.url
        answer = self.answers.get(key, Unreachable("nobody is there"))
        if isinstance(answer, Unreachable):
            raise answer
        return answer

    async def close(self) -> None:
        """Nothing is open."""


_: type[Web] = FakeWeb


def answer(value: Json, *, status: int = 200) -> WebAnswer:
    """A JSON answer."""
    headers = {"content-type": "application/json"}
    return WebAnswer(status=status, headers=headers, body=json.dumps(value).encode())


@pytest.fixture
def web() -> FakeWeb:
    """A provider that knows Ann, and a picture of her."""
    profile: Json = {
        "sub": "ann", "email": "ann@example.com", "email_verified": True, "picture": PICTURE,
    }  # fmt: skip
    grant: Json = {"access_token": "at-first", "refresh_token": "rt-first", "expires_in": 3600}
    again: Json = {"access_token": "at-second", "refresh_token": "rt-second", "expires_in": 3600}
    return FakeWeb(
        answers={
            "authorization_code": answer(grant),
            "refresh_token": answer(again),
            "https://idp.example/userinfo": answer(profile),
            PICTURE: WebAnswer(status=200, headers={"content-type": "image/png"}, body=PIXEL),
        }
    )


@pytest.fixture
async def house(tmp_path: Path, web: FakeWeb) -> AsyncIterator[House]:
    """A program whose users may come from the provider."""
    async with opened(tmp_path, open_web=lambda: web) as house:
        await house("PATCH", "/api/collections/users", token=house.root, body={
            "oauth2": {"enabled": True, "providers": [OPTIONS]}
        })  # fmt: skip
        yield house


async def came(house: House, **more: Json) -> Reply:
    """Ann signs in."""
    body: Mapping[str, Json] = {"provider": "oidc", "code": "code-1", **more}
    return await house("POST", "/api/collections/users/auth-with-oauth2", body)


async def ann(house: House) -> tuple[str, str]:
    """Id and token of Ann, signed in."""
    done = await came(house)
    record, token = done.record["record"], done.record["token"]
    assert isinstance(record, dict)
    return str(record["id"]), str(token)


async def call(house: House, id: str, by: str, **form: Json) -> Reply:
    """A call of the provider in a record's name."""
    path = f"/api/collections/users/records/{id}/provider-calls/oidc"
    return await house("POST", path, {"url": "https://idp.example/me", **form}, token=by)


# --- pictures ------------------------------------------------------------------------------------


async def test_the_picture_becomes_the_records_own(house: House, web: FakeWeb):
    """It is fetched from the open internet only, and stored like an upload."""
    done = await came(house)

    record = done.record["record"]
    assert isinstance(record, dict)
    name = str(record["avatar"])
    assert name.startswith("ann_b_")
    assert name.endswith(".png")
    stored = await house("GET", f"/api/files/users/{record['id']}/{name}")
    assert (stored.status, stored.body) == (200, PIXEL)
    assert [reach for request, reach in web.asked if request.url == PICTURE] == ["public"]


@pytest.mark.parametrize(
    "found",
    [
        AddressRefused("private"),
        Unreachable("late"),
        WebAnswer(status=404, headers={}, body=b"no"),
        WebAnswer(status=200, headers={}, body=b""),
    ],
)
async def test_without_a_picture_the_sign_in_goes_on(
    house: House, web: FakeWeb, found: WebAnswer | Unreachable
):
    """PI2."""
    web.answers[PICTURE] = found

    done = await came(house)

    assert done.status == 200
    assert done.record["record"]["avatar"] == ""  # pyrefly: ignore


async def test_a_picture_that_does_not_fit_the_field_is_told(house: House, web: FakeWeb):
    """It is judged like an upload, and a refused record leaves no blob behind."""
    web.answers[PICTURE] = WebAnswer(status=200, headers={}, body=b"just text")

    refused = await came(house)

    assert refused.codes == {"avatar": "validation_invalid_mime_type"}


async def test_credentials_go_to_the_provider_and_the_picture_gets_none(house: House, web: FakeWeb):
    """A picture's server is anybody's."""
    await came(house)

    sent = {request.url: request.headers for request, _ in web.asked}
    assert sent["https://idp.example/userinfo"]["Authorization"] == "Bearer at-first"
    assert "Authorization" not in sent[PICTURE]


# --- kept tokens ---------------------------------------------------------------------------------


async def test_a_call_in_the_owners_name_reaches_the_provider(house: House, web: FakeWeb):
    """With the kept token, which the caller never sees."""
    id, token = await ann(house)
    web.answers["https://idp.example/me"] = answer({"likes": ["tea"]})
    web.asked.clear()

    own = await call(house, id, token, method="POST", body={"a": 1})
    by_root = await call(house, id, house.root)

    assert own.record == {
        "status": 200, "contentType": "application/json", "body": {"likes": ["tea"]},
    }  # fmt: skip
    assert by_root.status == 200
    request, reach = web.asked[0]
    assert (request.method, request.body, reach) == ("POST", b'{"a":1}', "configured")
    assert request.headers["Authorization"] == "Bearer at-first"


async def test_what_is_no_json_comes_as_bytes(house: House, web: FakeWeb):
    """A picture, say; and an answer may be empty."""
    id, token = await ann(house)
    headers = {"content-type": "image/png; x=y"}
    web.answers["https://idp.example/me"] = WebAnswer(status=418, headers=headers, body=PIXEL)

    picture = await call(house, id, token)
    web.answers["https://idp.example/me"] = WebAnswer(status=204, headers={}, body=b"")
    empty = await call(house, id, token, method="DELETE")

    assert picture.record == {
        "status": 418, "contentType": "image/png", "base64": base64.b64encode(PIXEL).decode(),
    }  # fmt: skip
    assert empty.record == {"status": 204, "contentType": "", "body": None}
    assert (await call(house, id, token, method="CONNECT")).codes == {
        "method": "validation_in_invalid"
    }


async def test_nobody_calls_in_somebody_elses_name(house: House, web: FakeWeb):
    """PC1."""
    id, _ = await ann(house)
    other_id, other = await house.user("eve@example.com")
    web.asked.clear()

    assert (await call(house, id, "")).status == 401
    assert (await call(house, id, other)).status == 403
    assert (await call(house, "nobody", other)).status == 403
    assert (await call(house, "nobody", house.root)).status == 404
    assert (await call(house, other_id, other)).status == 400
    assert web.asked == []


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://evil.example/me",
        "http://idp.example/me",
        "https://idp.example:8443/me",
        "https://idp.example@evil.example/me",
        "https://user:pass@idp.example/me",
        "https://idp.example.evil.example/",
        "//idp.example/me",
        "https://idp.example/token",
        "https://idp.example/token/",
        "file:///etc/passwd",
    ],
)
async def test_the_token_goes_to_the_providers_hosts_only(house: House, web: FakeWeb, url: str):
    """PC2."""
    id, token = await ann(house)
    web.asked.clear()

    refused = await call(house, id, token, url=url)

    assert refused.status == 400
    assert "url" in refused.codes  # pyrefly: ignore
    assert web.asked == []


@pytest.mark.parametrize(
    "body",
    [
        b'{"token":"at-first"}', b"at-first", b'{"token":"at\\u002dfirst"}', b'{"r":"rt-first"}',
    ],
)  # fmt: skip
async def test_an_answer_that_repeats_the_token_is_withheld(
    house: House, web: FakeWeb, body: bytes
):
    """PC3: some providers tell a token about itself."""
    id, token = await ann(house)
    web.answers["https://idp.example/me"] = WebAnswer(status=200, headers={}, body=body)

    refused = await call(house, id, token)

    assert refused.status == 400
    assert b"first" not in refused.body


async def test_a_token_that_ended_is_renewed_once_and_kept(house: House, web: FakeWeb):
    """PT4, and the refresh token of the new answer counts from then on."""
    id, token = await ann(house)
    web.answers["https://idp.example/me"] = answer({})
    house.clock.advance(3_600_000)
    web.asked.clear()

    first = await call(house, id, token)
    second = await call(house, id, token)

    assert (first.status, second.status) == (200, 200)
    asked = [(one.url.rpartition("/")[2], one.headers["Authorization"][:6]) for one, _ in web.asked]
    assert asked == [("token", "Basic "), ("me", "Bearer"), ("me", "Bearer")]
    assert "refresh_token=rt-first" in web.asked[0][0].body.decode()
    assert web.asked[1][0].headers["Authorization"] == "Bearer at-second"


async def test_a_token_that_cannot_be_renewed_is_none(house: House, web: FakeWeb):
    """The person has to come again."""
    id, token = await ann(house)
    web.answers["refresh_token"] = answer({"error": "invalid_grant"}, status=400)
    house.clock.advance(3_600_000)

    assert (await call(house, id, token)).status == 400


async def test_without_the_link_nobody_gets_the_token(house: House, web: FakeWeb):
    """PT2."""
    id, token = await ann(house)
    web.answers["https://idp.example/me"] = answer({})
    links = await house("GET", "/api/collections/_externalAuths/records", token=house.root)

    path = f"/api/collections/_externalAuths/records/{links.items[0]['id']}"
    assert (await house("DELETE", path, token=token)).status == 204

    assert (await call(house, id, token)).status == 400


async def test_tokens_lie_sealed_and_are_told_to_nobody_else(
    house: House, web: FakeWeb, tmp_path: Path
):
    """PT1, PT3: not in files of ours, not in the link, not in a later answer."""
    id, token = await ann(house)
    web.answers["https://idp.example/me"] = answer({})
    house.clock.advance(3_600_000)
    await call(house, id, token)

    links = await house("GET", "/api/collections/_externalAuths/records", token=house.root)
    record = await house("GET", f"/api/collections/users/records/{id}", token=house.root)

    for secret in SECRETS:
        assert secret.encode() not in links.body + record.body
        for path in (tmp_path / "data").rglob("*"):
            assert not path.is_file() or secret.encode() not in path.read_bytes(), path


async def test_two_first_sign_ins_at_once_make_one_record(house: House):
    """AC3: whoever comes second finds what the first made."""
    async with asyncio.TaskGroup() as tasks:
        both = [tasks.create_task(came(house)) for _ in range(4)]

    replies = [task.result() for task in both]
    assert [reply.status for reply in replies] == [200] * 4
    metas = [reply.record["meta"] for reply in replies]
    assert [isinstance(meta, dict) and meta["isNew"] is True for meta in metas].count(True) == 1
    users = await house("GET", "/api/collections/users/records", token=house.root)
    assert len(users.items) == 1


async def test_the_password_of_a_new_record_is_nobodys(house: House):
    """It is drawn, so that only the provider opens the record."""
    await came(house)

    body = {"identity": "ann@example.com", "password": PASSWORD}
    assert (await house("POST", "/api/collections/users/auth-with-password", body)).status == 400


async def test_an_address_registered_by_another_is_its_owners(house: House):
    """AC2: the squatter's password, token and links end when the owner comes."""
    id, squatter = await house.user("ann@example.com")

    own_id, own = await ann(house)

    assert own_id == id
    body = {"identity": "ann@example.com", "password": PASSWORD}
    path = "/api/collections/users/"
    assert (await house("POST", path + "auth-with-password", body)).status == 400
    assert (await house("POST", path + "auth-refresh", token=squatter)).status == 401
    assert (await house("POST", path + "auth-refresh", token=own)).status == 200


async def test_a_code_is_told_to_the_address_that_waits_for_it(house: House):
    """OE1: a state that leaked is of no use elsewhere."""
    async with house.listening() as ear:
        await ear.subscribe("@oauth2")
        path = f"/api/oauth2-redirect?state={ear.client_id}&code=secret"

        stolen = await house("GET", path, ip="198.51.100.9")
        await ear.subscribe("@oauth2")
        back = await house("GET", path.replace("secret", "mine"))

        assert stolen.headers["location"].endswith("-failure")
        assert back.headers["location"].endswith("-success")
        assert (await ear.next()).data == {"state": ear.client_id, "code": "mine"}
