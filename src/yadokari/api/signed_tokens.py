"""Endpoints of tokens that others can verify: one for a caller, and the public keys.

Not here: what such a token says and when it holds (auth/signing_keys.py).
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from yadokari.api.door import Door
from yadokari.api.request import Request
from yadokari.api.response import Response, json_response
from yadokari.auth.signing_keys import AUDIENCE_CHARS_MAX, LIFE_S, LIFE_S_MAX, SigningKeys
from yadokari.base.errors import Forbidden, Unauthenticated, invalid
from yadokari.base.problems import Problem, Problems
from yadokari.contract import messages

_KEYS_KEPT = (b"cache-control", b"public, max-age=300")
"""How long others may keep the keys: less than a retired one is told."""


class TokenForm(msgspec.Struct):
    """Body of ``POST /api/v1/auth/token``."""

    audience: str = ""
    duration: int = LIFE_S
    """Seconds."""


class SignedTokenRoutes:
    """Handlers of ``POST /api/v1/auth/token`` and ``…/rotate-keys``, and of the public keys."""

    def __init__(self, *, door: Door, keys: SigningKeys, issuer: Callable[[], str]) -> None:
        self._door, self._keys, self._issuer = door, keys, issuer

    async def issue(self, request: Request) -> Response:
        """A token for the caller."""
        caller = await self._door.caller(request)
        if caller.is_guest:
            raise Unauthenticated
        if caller.is_passing:
            raise Forbidden(messages.SIGN_IN_ANEW)
        form = await request.bind(TokenForm)
        problems = _problems(form)
        if problems:
            raise invalid(messages.NOT_VALID, problems)
        token = await self._keys.issue(
            caller, issuer=self._issuer(), audience=form.audience, life_s=form.duration
        )
        answer = {"access_token": token, "token_type": "Bearer", "expires_in": form.duration}
        return json_response(request, answer)

    async def rotate(self, request: Request) -> Response:
        """A new key signs from now on."""
        await self._door.superuser(request)
        return json_response(request, {"kid": await self._keys.rotate()})

    async def public_keys(self, request: Request) -> Response:
        """The JSON Web Key Set."""
        response = json_response(request, await self._keys.public_keys())
        response.headers.append(_KEYS_KEPT)
        return response


def _problems(form: TokenForm) -> Problems:
    problems: Problems = {}
    if not 0 < form.duration <= LIFE_S_MAX:
        params = {"threshold": LIFE_S_MAX}
        problems["duration"] = Problem(
            "validation_max_less_equal_than_required", f"Write 1 to {LIFE_S_MAX} seconds.", params
        )
    if len(form.audience) > AUDIENCE_CHARS_MAX:
        problems["audience"] = Problem(
            "validation_length_too_long",
            f"At most {AUDIENCE_CHARS_MAX} characters.",
            {"max": AUDIENCE_CHARS_MAX},
        )
    return problems
