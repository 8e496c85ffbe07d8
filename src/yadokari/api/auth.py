"""Endpoints of signing in: methods, password, refresh.

Not here: one-time passwords, OAuth2, mails.
"""

from __future__ import annotations

import msgspec

from yadokari.api.request import Request
from yadokari.api.response import Response, json_response
from yadokari.api.router import Route
from yadokari.api.signing_in import SigningIn
from yadokari.auth.sign_in import PASSWORD_AUTH_OFF, SignIn
from yadokari.base.errors import Forbidden, Unauthenticated, invalid
from yadokari.base.problems import Problem, Problems, required
from yadokari.contract import messages
from yadokari.schema.collection import AuthOptions

IDENTITY_CHARS_MAX = 255  # the contract's limit, for the password too
_PATH = "/api/collections/{c}/"


class PasswordForm(msgspec.Struct, rename="camel"):
    """Body of ``auth-with-password``."""

    identity: str = ""
    password: str = ""
    identity_field: str = ""


class AuthRoutes:
    """Handlers of an auth collection's own endpoints."""

    def __init__(self, *, signing_in: SigningIn, sign_in: SignIn) -> None:
        self._door = signing_in.door
        self._signing_in = signing_in
        self._sign_in = sign_in

    def routes(self) -> list[Route]:
        """The endpoints."""
        return [
            Route("GET", _PATH + "auth-methods", self.methods, action="listAuthMethods"),
            Route(
                "POST", _PATH + "auth-with-password", self.by_password, action="authWithPassword"
            ),
            Route("POST", _PATH + "auth-refresh", self.refresh, action="authRefresh"),
        ]

    async def methods(self, request: Request) -> Response:
        """How one can sign in here."""
        collection = self._door.auth_collection(request)
        assert collection.auth is not None, "auth collections have auth options"
        return json_response(request, _methods(collection.auth))

    async def by_password(self, request: Request) -> Response:
        """Sign in by identity and password."""
        door = self._door
        collection = door.auth_collection(request)
        options = collection.auth
        assert options is not None, "auth collections have auth options"
        if not options.password_auth.enabled:
            raise Forbidden(PASSWORD_AUTH_OFF)
        form = await request.bind(PasswordForm)
        problems = _form_problems(form, options.password_auth.identity_fields)
        if problems:
            raise invalid(messages.NOT_VALID, problems)
        asking = await self._signing_in.asking(request, context="password")
        row = await self._sign_in.by_password(
            collection, identity=form.identity, password=form.password, field=form.identity_field
        )
        return await self._signing_in.finish(request, asking, collection, row, method="password")

    async def refresh(self, request: Request) -> Response:
        """A new token for a signed-in caller of this collection."""
        door = self._door
        asked = door.collection(request, missing=messages.COLLECTION_INVALID)
        caller = await door.caller(request)
        collection = caller.collection
        if caller.row is None or collection is None:
            raise Unauthenticated
        if asked is not collection:
            raise Forbidden(f"The request requires auth record from {collection.name} collection.")
        asking = await self._signing_in.asking(request)
        await self._signing_in.completing.check_rule(asking, collection, caller.row)
        token = request.token
        if door.callers.is_refreshable(token):
            token = door.callers.issue(collection, caller.row)
        return await self._signing_in.answer(request, asking, collection, caller.row, token=token)


def _form_problems(form: PasswordForm, identity_fields: tuple[str, ...]) -> Problems:
    problems: Problems = {}
    for name, value in (("identity", form.identity), ("password", form.password)):
        if not value:
            problems[name] = required()
        elif len(value) > IDENTITY_CHARS_MAX:
            problems[name] = Problem(
                "validation_length_out_of_range",
                f"The length must be between 1 and {IDENTITY_CHARS_MAX}.",
                {"min": 1, "max": IDENTITY_CHARS_MAX},
            )
    if form.identity_field and form.identity_field not in identity_fields:
        problems["identityField"] = Problem("validation_in_invalid", "Must be an identity field.")
    return problems


def _methods(options: AuthOptions) -> dict[str, object]:
    identity = list(options.password_auth.identity_fields)
    password = options.password_auth.enabled
    return {
        "password": {"identityFields": identity, "enabled": password},
        "oauth2": {"providers": [], "enabled": options.oauth2.enabled},
        "mfa": {
            "enabled": options.mfa.enabled,
            "duration": options.mfa.duration if options.mfa.enabled else 0,
        },
        "otp": {
            "enabled": options.otp.enabled,
            "duration": options.otp.duration if options.otp.enabled else 0,
        },
        "authProviders": [],
        "usernamePassword": password and "username" in identity,
        "emailPassword": password and "email" in identity,
    }
