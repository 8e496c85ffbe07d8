"""Profiles of any shape, names that Apple tells once, addresses of a provider."""

from __future__ import annotations

import base64
import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from yadokari.auth.oauth2.exchange import Grant
from yadokari.auth.oauth2.first_names import KEPT_MS, NAMES_MAX, FirstNames
from yadokari.auth.oauth2.profiles import PROFILES, UnreadableProfile
from yadokari.auth.oauth2.provider import Provider, begin, challenge_of, configured, hosts_of
from yadokari.schema.collection import OAuth2Provider
from yadokari.schema.oauth2_providers import OAUTH2_PROVIDERS
from yadokari.testing.fake_clock import FakeClock
from yadokari.testing.fake_entropy import FakeEntropy

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["id", "data", "user", "sub", "email", "attributes", "response", "name", "images"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


def provider(name: str, *, auth_url: str = "", token_url: str = "", extra: str = "{}") -> Provider:
    """A configured provider."""
    options = OAuth2Provider(name=name, client_id="us", client_secret="hush")
    return configured(replace(options, auth_url=auth_url, token_url=token_url, extra=extra))


def test_every_provider_has_a_profile():
    """The table and the functions name the same ones."""
    assert [*PROFILES] == [*OAUTH2_PROVIDERS]


@pytest.mark.parametrize("name", OAUTH2_PROVIDERS)
@given(raw=st.dictionaries(st.sampled_from(["id", "data", "user", "sub", "response"]), JSON))
def test_a_profile_is_read_or_refused(name: str, raw: dict[str, object]):
    """PR2: whatever a provider answers, there is no third way, and an id is never guessed."""
    try:
        profile = PROFILES[name](raw)
    except UnreadableProfile:
        return

    assert isinstance(profile.id, str)
    assert (
        profile.id == "" or profile.id in json.dumps(raw, ensure_ascii=False) or "\\" in repr(raw)
    )


@pytest.mark.parametrize("name", ["github", "gitlab", "kakao", "vk", "strava"])
@pytest.mark.parametrize("id", [1.5, 2.0**60, True, "7", [], {}])
def test_an_id_that_lost_its_digits_is_refused(name: str, id: object):
    """PR2: a rounded number could be somebody else's."""
    raw = {"response": [{"id": id}]} if name == "vk" else {"id": id}

    with pytest.raises(UnreadableProfile):
        PROFILES[name](raw)


def test_values_of_a_sign_in_are_new_each_time():
    """OA1; the challenge is that of the verifier."""
    entropy = FakeEntropy(seed=1)

    first, second = (begin(provider("google"), entropy) for _ in range(2))

    assert first.state != second.state
    assert first.code_verifier != second.code_verifier
    digest = hashlib.sha256(first.code_verifier.encode()).digest()
    assert first.code_challenge == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    assert challenge_of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == (
        "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"  # RFC 7636, appendix B.
    )


def test_vroids_people_may_be_sent_elsewhere():
    """Its second address was seen as well; a collection may name it."""
    url = "https://hub.vroid.com/oauth/authorize/confirm"

    assert begin(provider("vroid"), FakeEntropy(seed=1)).auth_url.startswith(
        "https://hub.vroid.com/oauth/authorize?client_id=us&"
    )
    assert begin(provider("vroid", auth_url=url), FakeEntropy(seed=1)).auth_url.startswith(url)


def test_a_token_goes_to_hosts_of_the_table_and_of_the_collection():
    """Others have to be named by a superuser."""
    extra = json.dumps({"apiHosts": ["API.own.example", 5]})

    assert "gmail.googleapis.com" in hosts_of(provider("google"))
    assert hosts_of(provider("oidc", extra=extra)) == {"api.own.example"}
    assert hosts_of(provider("oidc", token_url="https://idp.example:9/t")) == {"idp.example:9"}


def test_secrets_are_not_printed():
    """Somebody logs everything, some day."""
    grant = Grant(access_token="at", refresh_token="rt", id_token="it", raw={"x": "at"})

    assert "hush" not in repr(provider("google"))
    assert repr(grant) == "Grant(...)"


# --- names that Apple tells once -----------------------------------------------------------------


def test_a_name_is_given_out_once_and_for_a_minute():
    """FN1."""
    clock = FakeClock()
    names = FirstNames(clock=clock)
    user = json.dumps({"name": {"firstName": "Ann", "lastName": "Bee"}, "email": "a@b.co"})

    names.keep("one", user)
    names.keep("two", user)

    assert names.take("one") == "Ann Bee"
    assert names.take("one") == ""
    clock.advance(KEPT_MS)
    assert names.take("two") == ""


@pytest.mark.parametrize(
    "user",
    ["", "x", "[]", "{}", '{"name":5}', '{"name":{"firstName":5}}', '{"name":{}}', "x" * 9999],
)
def test_what_is_no_name_is_forgotten(user: str):
    """Anybody can post to the redirect address."""
    names = FirstNames(clock=FakeClock())

    names.keep("code", user)

    assert names.take("code") == ""


def test_names_are_bounded():
    """FN1: the oldest go first."""
    names = FirstNames(clock=FakeClock())
    for at in range(NAMES_MAX + 5):
        names.keep(f"code-{at}", '{"name":{"firstName":"Ann"}}')

    assert names.take("code-0") == ""
    assert names.take(f"code-{NAMES_MAX + 4}") == "Ann"
