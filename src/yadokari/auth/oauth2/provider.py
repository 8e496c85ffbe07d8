"""A provider as one collection configures it, and the address a browser is sent to.

OA1  State, verifier and challenge are new at every call and kept by the client alone.
OA2  The address ends with ``redirect_uri=``: the client appends its own, encoded.

Not here: the table of providers (schema/oauth2_providers.py), the code's exchange
(auth/oauth2/exchange.py).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from urllib.parse import quote_plus, urlsplit

import msgspec

from yadokari.ports.entropy import Entropy
from yadokari.schema.auth_wire import extra_of
from yadokari.schema.collection import Collection, OAuth2Provider
from yadokari.schema.ids import ALPHANUMERIC
from yadokari.schema.oauth2_providers import OAUTH2_PROVIDERS, ProviderFacts

STATE_CHARS = 30  # What PocketBase's clients see.
VERIFIER_CHARS = 43  # The least that RFC 7636 allows; over 250 bits here.
ID_TOKEN_EMAIL = "idTokenEmailClaim"


class Provider(msgspec.Struct, frozen=True, kw_only=True):
    """Facts and configuration, put together."""

    facts: ProviderFacts
    client_id: str
    client_secret: str
    display_name: str
    auth_url: str
    token_url: str
    user_info_url: str
    pkce: bool
    extra: Mapping[str, object]
    """The collection's free object."""

    @property
    def name(self) -> str:
        """Name in the table."""
        return self.facts.name

    @property
    def scopes(self) -> tuple[str, ...]:
        """What is asked for."""
        if self.name == "microsoft" and self.extra.get(ID_TOKEN_EMAIL):
            return (*self.facts.scopes, "openid")
        return self.facts.scopes

    @property
    def default_user_info_url(self) -> str:
        """Where its profile is when the collection says nothing."""
        return self.facts.user_info_url

    def __repr__(self) -> str:
        return f"Provider(name={self.name!r})"  # Never its secret.


class Begun(msgspec.Struct, frozen=True, kw_only=True):
    """One sign-in's values, for the client to keep (OA1)."""

    state: str
    auth_url: str
    code_verifier: str = ""
    code_challenge: str = ""
    code_challenge_method: str = ""


def configured(options: OAuth2Provider) -> Provider:
    """A collection's entry over the table's facts; its name is a known one."""
    facts = OAUTH2_PROVIDERS[options.name]
    return Provider(
        facts=facts,
        client_id=options.client_id,
        client_secret=options.client_secret,
        display_name=options.display_name or facts.display_name,
        auth_url=options.auth_url or facts.auth_url,
        token_url=options.token_url or facts.token_url,
        # An OpenID provider without one tells of the person in its id_token.
        user_info_url=options.user_info_url or facts.user_info_url,
        pkce=facts.pkce if options.pkce is None else options.pkce,
        extra=extra_of(options),
    )


def provider_of(collection: Collection, name: str) -> Provider | None:
    """The collection's provider of this name, None when it has none."""
    assert collection.auth is not None, "only auth collections have providers"
    for options in collection.auth.oauth2.providers:
        if options.name == name and name in OAUTH2_PROVIDERS:
            return configured(options)
    return None


def begin(provider: Provider, entropy: Entropy) -> Begun:
    """A new sign-in's values (OA1, OA2)."""
    state = entropy.text(STATE_CHARS, alphabet=ALPHANUMERIC)
    query = {"client_id": provider.client_id, "response_type": "code", "state": state}
    if provider.scopes:
        query["scope"] = " ".join(provider.scopes)
    if provider.name == "apple":
        query["response_mode"] = "form_post"
    verifier = challenge = ""
    if provider.pkce:
        verifier = entropy.text(VERIFIER_CHARS, alphabet=ALPHANUMERIC)
        challenge = challenge_of(verifier)
        query |= {"code_challenge": challenge, "code_challenge_method": "S256"}
    text = "&".join(f"{name}={quote_plus(query[name])}" for name in sorted(query))
    sign = "&" if "?" in provider.auth_url else "?"
    return Begun(
        state=state,
        auth_url=f"{provider.auth_url}{sign}{text}&redirect_uri=",
        code_verifier=verifier,
        code_challenge=challenge,
        code_challenge_method="S256" if provider.pkce else "",
    )


def challenge_of(verifier: str) -> str:
    """The S256 challenge of a verifier. Source: RFC 7636, section 4.2."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def hosts_of(provider: Provider) -> frozenset[str]:
    """Hosts of the provider's API: those that a token of its may be sent to."""
    extra = provider.extra.get("apiHosts")
    named = [host for host in extra if isinstance(host, str)] if isinstance(extra, list) else []
    urls = (provider.token_url, provider.user_info_url)
    found = [urlsplit(url).netloc for url in urls if url]
    return frozenset(host.lower() for host in (*provider.facts.api_hosts, *named, *found) if host)
