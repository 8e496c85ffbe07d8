"""Every provider of the table, its addresses and its profiles, against a mock that serves both."""

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.oracle.client import Json
from tests.oracle.identity_provider import IdentityProvider, identity_provider, reply
from tests.oracle.provider_profiles import SAMPLES, Sample
from tests.oracle.scene import Scene, text
from yadokari.schema.oauth2_providers import OAUTH2_PROVIDERS

OURS = ("line", "vroid")
META = ("id", "name", "username", "avatarURL", "email")


@pytest.fixture(scope="module")
def there() -> Iterator[IdentityProvider]:
    """The provider that both servers ask."""
    with identity_provider() as provider:
        yield provider


def is_ours(scene: Scene) -> bool:
    """Whether the scene plays on our server."""
    return scene.server.kind == "ours"


def prepared(scene: Scene, there: IdentityProvider) -> str:
    """The path of a collection whose people need no e-mail, with every provider but Apple."""
    if "oauth2" not in scene.made:
        scene.made.add("oauth2")
        names = [name for name in OAUTH2_PROVIDERS if name not in ("apple", *OURS)]
        names += OURS if is_ours(scene) else ()
        providers = [there.options(name) for name in names]
        oauth2: Json = {"enabled": True, "providers": [*providers]}
        scene.people("anyone", text("x"), oauth2=oauth2, passwordAuth={"enabled": False})
        fields = scene.root("GET", "…/anyone")["fields"]
        assert isinstance(fields, list)
        loose = [
            {**one, "required": False} if one.get("name") == "email" else one
            for one in fields
            if isinstance(one, dict)
        ]
        scene.change("anyone", fields=[*loose])
    return "…/anyone/auth-with-oauth2"


def test_each_provider_but_apple_has_a_sample():
    """Apple's profile is an id_token; tests/unit/auth/oauth2 has it."""
    assert {one.name for one in SAMPLES} == set(OAUTH2_PROVIDERS) - {"apple"}


@pytest.mark.parametrize(
    "sample", SAMPLES, ids=[f"{one.name}-{at}" for at, one in enumerate(SAMPLES)]
)
def test_a_profile_means_what_its_provider_says(
    scene: Scene, there: IdentityProvider, sample: Sample
):
    """Id, name, username, picture, and an e-mail under the provider's own condition."""
    path = prepared(scene, there)
    if sample.ours_only and not is_ours(scene):
        return
    there.person("sample", sample.raw, **sample.token)
    there.others = {} if sample.emails is None else {"/userinfo/emails": reply(sample.emails)}
    there.asked.clear()

    done = scene.ask("POST", path, {"provider": sample.name, "code": "sample"})

    if sample.refused:
        assert (done.status, done.data) == (400, {})
        return
    meta = done["meta"]
    assert isinstance(meta, dict), done.raw.text
    assert {name: meta[name] for name in META} == {n: sample.meta.get(n, "") for n in META}
    assert meta["rawUser"] == sample.raw
    asked = next(one for one in there.asked if one.path == "/userinfo")
    assert asked.method == sample.method
    assert asked.headers["authorization"] == "Bearer access-sample"
    assert dict(sample.headers).items() <= asked.headers.items()


def test_where_people_are_sent_is_the_tables_word(scene: Scene):
    """The whole address, but for its random values; scopes, PKCE and order included."""
    names = [name for name in OAUTH2_PROVIDERS if name not in OURS or is_ours(scene)]
    own = {"authURL": "https://idp.test/a", "tokenURL": "https://idp.test/t",
           "userInfoURL": "https://idp.test/u"}  # fmt: skip
    scene.people("table", oauth2={"enabled": True, "providers": [
        {"name": name, "clientId": "c d", "clientSecret": "s",
         **({} if OAUTH2_PROVIDERS[name].auth_url else own)}
        for name in names
    ]})  # fmt: skip

    body = scene.ask("GET", "…/table/auth-methods").body

    assert isinstance(body, dict)
    oauth2, old = body["oauth2"], body["authProviders"]
    assert isinstance(oauth2, dict)
    listed_now = oauth2["providers"]
    assert isinstance(old, list)
    assert isinstance(listed_now, list)
    assert old == [{**one, "logo": ""} for one in listed_now if isinstance(one, dict)]
    for name, listed in zip(names, old, strict=True):
        assert isinstance(listed, dict)
        facts = OAUTH2_PROVIDERS[name]
        assert [*listed] == [
            "name", "displayName", "logo", "state", "authURL", "authUrl",
            "codeVerifier", "codeChallenge", "codeChallengeMethod",
        ]  # fmt: skip
        assert (listed["name"], listed["displayName"]) == (name, facts.display_name)
        url = str(listed["authURL"])
        assert url == listed["authUrl"]
        assert url.startswith(f"{facts.auth_url or own['authURL']}?client_id=c+d&")
        assert url.endswith("&redirect_uri=")
        query = dict(parse_qsl(urlsplit(url).query))
        assert [*query] == sorted(query)
        assert query["state"] == listed["state"]
        assert query.get("scope", "") == " ".join(facts.scopes)
        assert query.get("code_challenge", "") == listed["codeChallenge"]
        assert re.fullmatch("[A-Za-z0-9]{30}", str(listed["state"]))
        verifier = "[A-Za-z0-9]{43}" if facts.pkce else ""
        assert re.fullmatch(verifier, str(listed["codeVerifier"])), name
        assert listed["codeChallengeMethod"] == ("S256" if facts.pkce else "")
        assert query.get("response_mode") == ("form_post" if name == "apple" else None)
