"""OAuth2's password grant: a form with username and password gives a bearer token.

Not here: what the token says (auth/bearer.py).
"""

from __future__ import annotations

import msgspec

from yadokari.api.errors import error_response
from yadokari.api.request import Request
from yadokari.api.response import Response, json_response
from yadokari.api.signing_in import SigningIn
from yadokari.auth.bearer import BearerTokens
from yadokari.auth.sign_in import PASSWORD_AUTH_OFF, SignIn
from yadokari.base.errors import BadRequest, Forbidden, NotFound, Unauthenticated, YadokariError
from yadokari.contract import messages
from yadokari.schema.collection import Collection

_CHALLENGE = (b"www-authenticate", b"Bearer")
_NOT_KEPT = (b"cache-control", b"no-store")
_GRANTS = frozenset(("", "password"))


class LoginForm(msgspec.Struct):
    """Body of ``POST /api/v1/auth/login``, as RFC 6749 §4.3.2 names its members."""

    grant_type: str = ""
    username: str = ""
    password: str = ""


class BearerRoutes:
    """Handlers of ``POST /api/v1/auth/login`` and ``GET /api/v1/auth/me``."""

    def __init__(
        self,
        *,
        signing_in: SigningIn,
        sign_in: SignIn,
        tokens: BearerTokens,
        collection: str,
        life_s: int,
    ) -> None:
        """``collection`` is whose records sign in; ``?collection=`` of a request names another."""
        self._door, self._signing_in, self._sign_in = signing_in.door, signing_in, sign_in
        self._tokens, self._collection, self._life_s = tokens, collection, life_s

    async def login(self, request: Request) -> Response:
        """A token for who proves a record by its password; 401 for everybody else."""
        collection = self._auth_collection(request)
        form = await request.bind(LoginForm)
        if form.grant_type not in _GRANTS:
            raise BadRequest("Only grant_type password is supported here.")
        asking = await self._signing_in.asking(request, context="password")
        try:
            row = await self._sign_in.by_password(
                collection, identity=form.username, password=form.password, field=""
            )
            unfinished = await self._signing_in.complete(
                request, asking, collection, row, method="password"
            )
        except (BadRequest, Forbidden):  # OAuth2 has one word for all of them.
            return _challenged(Unauthenticated(messages.SIGN_IN_FAILED))
        if unfinished is not None:
            return unfinished
        token = self._tokens.issue(collection, row, life_s=self._life_s)
        answer = {"access_token": token, "token_type": "bearer", "expires_in": self._life_s}
        response = json_response(request, answer)
        response.headers.append(_NOT_KEPT)
        return response

    async def me(self, request: Request) -> Response:
        """The caller's own record."""
        caller = await self._door.caller(request)
        if caller.row is None or caller.collection is None:
            return _challenged(Unauthenticated())
        asking = await self._door.asking(request)
        shown = await self._door.records.present(
            asking, caller.collection, [caller.row], own_email=True
        )
        return json_response(request, shown[0], canonical=True)

    def _auth_collection(self, request: Request) -> Collection:
        name = request.query.get("collection") or self._collection
        found = self._door.schema().find(name)
        if found is None or found.auth is None:
            raise NotFound(messages.AUTH_COLLECTION_INVALID)
        if not found.auth.password_auth.enabled:
            raise Forbidden(PASSWORD_AUTH_OFF)
        return found


def _challenged(error: YadokariError) -> Response:
    response = error_response(error)
    response.headers.append(_CHALLENGE)
    return response
