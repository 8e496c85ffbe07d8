"""Everything that tells who a caller is: the contract's tokens, and our own kinds beside them.

Not here: proving who signs in (auth/sign_in.py), endpoints (app/rare_routes.py).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec

from yadokari.app.parts import Surroundings
from yadokari.app.settings import SettingError
from yadokari.auth.api_keys import ApiKeys
from yadokari.auth.bearer import PURPOSE, BearerTokens
from yadokari.auth.callers import Callers, OtherToken
from yadokari.auth.secret_key import SECRET_CHARS_MIN, SecretBox
from yadokari.auth.signing_keys import SigningKeys
from yadokari.auth.tokens import Tokens
from yadokari.ports.store import Store
from yadokari.ports.web import Web


class Credentials(msgspec.Struct, frozen=True):
    """What callers come with."""

    callers: Callers
    keys: ApiKeys
    signing: SigningKeys
    bearer: BearerTokens
    bearer_collection: str
    bearer_life_s: int
    close: Callable[[], Awaitable[None]]


def build_credentials(
    surroundings: Surroundings, store: Store, box: SecretBox, *, open_web: Callable[[], Web]
) -> Credentials:
    """All kinds over one store.

    Raises:
        SettingError: the bearer secret is too short, or the list of issuers cannot be read.
        IssuersUnreadable: it makes no sense.
    """
    settings, clock = surroundings.settings, surroundings.clock
    keys = ApiKeys(store=store, clock=clock, entropy=surroundings.entropy)
    signing = SigningKeys(store=store, sealer=box, clock=clock)
    bearer = BearerTokens(store=store, clock=clock, secrets=_bearer_secrets(surroundings, box))
    others: list[OtherToken] = [keys.caller, signing.caller, bearer.caller]
    close = _nothing
    if settings.trusted_issuers is not None:
        from yadokari.auth.foreign_tokens import ForeignTokens, read_issuers
        from yadokari.auth.oauth2.id_tokens import IdTokens

        web = open_web()
        issuers = read_issuers(_read(settings.trusted_issuers))
        foreign = ForeignTokens(
            store=store, id_tokens=IdTokens(web=web, clock=clock), issuers=issuers
        )
        others.append(foreign.caller)
        close = web.close
    callers = Callers(store=store, tokens=Tokens(), clock=clock, others=others)
    return Credentials(
        callers, keys, signing, bearer, settings.bearer_collection, settings.bearer_life_s, close
    )


async def _nothing() -> None:
    pass


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as exc:
        raise SettingError(f"trusted-issuers: cannot read {path}: {exc.strerror}") from exc


def _bearer_secrets(surroundings: Surroundings, box: SecretBox) -> tuple[str, ...]:
    reference, setting = surroundings.settings.secrets.bearer_secret, "YADOKARI_BEARER_SECRET"
    if not reference:
        return box.derived(PURPOSE)
    given = surroundings.secret(reference, setting=setting)
    if len(given) < SECRET_CHARS_MIN:
        raise SettingError(
            f"{setting} has {len(given)} characters; it needs at least {SECRET_CHARS_MIN}"
        )
    return (given,)
