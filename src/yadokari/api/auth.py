"""Endpoints of signing in: methods, password, refresh, impersonating.

Not here: one-time passwords (api/auth_with_otp.py), confirmations by mail (api/confirmations.py),
OAuth2.
"""

from __future__ import annotations

import msgspec

from yadokari.api.form_checks import length_problem
from yadokari.api.request import Request
from yadokari.api.response import Response, json_response
from yadokari.api.router import Route
from yadokari.api.signing_in import SigningIn
from yadokari.auth.sign_in import PASSWORD_AUTH_OFF, SignIn
from yadokari.base.errors import Forbidden, NotFound, invalid
from yadokari.base.problems import Problem, Problems
from yadokari.contract import messages
from yadokari.ports.entropy import Entropy
from yadokari.schema.collection import AuthOptions

IDENTITY_CHARS_MAX = 255  # the contract's limit, for the password too
_PATH = "/api/collections/{c}/"


class PasswordForm(msgspec.Struct, rename="camel"):
    """Body of ``auth-with-password``."""

    identity: str = ""
    password: str = ""
    identity_field: str = ""


class ImpersonateForm(msgspec.Struct):
    """Body of ``impersonate``."""

    duration: int = 0
    """Seconds; 0 = as long as the collection's tokens live."""


class AuthRoutes:
    """Handlers of an auth collection's own endpoints."""

    def __init__(self, *, signing_in: SigningIn, sign_in: SignIn, entropy: Entropy) -> None:
        self._door = signing_in.door
        self._entropy = entropy
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
            Route("POST", _PATH + "impersonate/{id}", self.impersonate),
        ]

    async def methods(self, request: Request) -> Response:
        """How one can sign in here."""
        collection = self._door.auth_collection(request)
        assert collection.auth is not None, "auth collections have auth options"
        return json_response(request, _methods(collection.auth, self._entropy))

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
        collection, row = await door.member(request)
        asking = await self._signing_in.asking(request)
        await self._signing_in.completing.check_rule(asking, collection, row)
        token = request.token
        if door.callers.is_refreshable(token):
            token = door.callers.issue(collection, row)
        return await self._signing_in.answer(request, asking, collection, row, token=token)

    async def impersonate(self, request: Request) -> Response:
        """A token of somebody else's record, for a superuser."""
        door = self._door
        await door.superuser(request)
        collection = door.collection(request, missing=messages.AUTH_COLLECTION_INVALID)
        if not collection.is_auth:
            raise NotFound(messages.AUTH_COLLECTION_INVALID)
        row = await door.records.reading.stored(collection, request.params["id"])
        duration_s = (await request.bind(ImpersonateForm)).duration
        if duration_s < 0:
            problem = Problem(
                "validation_min_greater_equal_than_required", "Must be 0 or more.", {"threshold": 0}
            )
            raise invalid(messages.NOT_VALID, {"duration": problem})
        asking = await self._signing_in.asking(request)
        token = door.callers.issue(collection, row, duration_s=duration_s, refreshable=False)
        return await self._signing_in.answer(request, asking, collection, row, token=token)


def _form_problems(form: PasswordForm, identity_fields: tuple[str, ...]) -> Problems:
    problems: Problems = {}
    for name, value in (("identity", form.identity), ("password", form.password)):
        problem = length_problem(value, least=1, most=IDENTITY_CHARS_MAX)
        if problem is not None:
            problems[name] = problem
    if form.identity_field and form.identity_field not in identity_fields:
        problems["identityField"] = Problem("validation_in_invalid", "Must be an identity field.")
    return problems


def _methods(options: AuthOptions, entropy: Entropy) -> dict[str, object]:
    identity = list(options.password_auth.identity_fields)
    password = options.password_auth.enabled
    providers = _providers(options, entropy) if options.oauth2.enabled else []
    return {
        "password": {"identityFields": identity, "enabled": password},
        "oauth2": {"providers": providers, "enabled": options.oauth2.enabled},
        "mfa": {
            "enabled": options.mfa.enabled,
            "duration": options.mfa.duration if options.mfa.enabled else 0,
        },
        "otp": {
            "enabled": options.otp.enabled,
            "duration": options.otp.duration if options.otp.enabled else 0,
        },
        "authProviders": [{**one, "logo": ""} for one in providers],
        "usernamePassword": password and "username" in identity,
        "emailPassword": password and "email" in identity,
    }


def _providers(options: AuthOptions, entropy: Entropy) -> list[dict[str, object]]:
    """Each provider with the values of a new sign-in, which the client keeps."""
    from yadokari.auth.oauth2.provider import begin, configured
    from yadokari.collections.oauth2_listing import provider_logo

    listed: list[dict[str, object]] = []
    for one in options.oauth2.providers:
        provider = configured(one)
        begun = begin(provider, entropy)
        listed.append(
            {
                "name": provider.name,
                "displayName": provider.display_name,
                "logo": provider_logo(provider.name),
                "state": begun.state,
                "authURL": begun.auth_url,
                "authUrl": begun.auth_url,
                "codeVerifier": begun.code_verifier,
                "codeChallenge": begun.code_challenge,
                "codeChallengeMethod": begun.code_challenge_method,
            }
        )
    return listed
