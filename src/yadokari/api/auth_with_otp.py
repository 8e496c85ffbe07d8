"""Endpoints of one-time passwords.

Not here: making and proving them (auth/otps.py), the end of a sign-in (api/signing_in.py).
"""

from __future__ import annotations

import msgspec

from yadokari.api.form_checks import email_problem, length_problem
from yadokari.api.request import Request
from yadokari.api.response import Response, json_response
from yadokari.api.signing_in import SigningIn
from yadokari.auth.otps import OTP_AUTH_OFF, Otps
from yadokari.base.errors import Forbidden, invalid
from yadokari.base.problems import Problems
from yadokari.contract import messages
from yadokari.schema.collection import Collection

ID_CHARS_MAX = 255  # the contract's limits
CODE_CHARS_MAX = 71


class RequestForm(msgspec.Struct):
    """Body of ``request-otp``."""

    email: str = ""


class SignInForm(msgspec.Struct):
    """Body of ``auth-with-otp``."""

    otp_id: str = msgspec.field(default="", name="otpId")
    password: str = ""


class OtpRoutes:
    """Handlers of ``request-otp`` and ``auth-with-otp``."""

    def __init__(self, *, signing_in: SigningIn, otps: Otps) -> None:
        self._signing_in, self._otps = signing_in, otps

    async def request(self, request: Request) -> Response:
        """Mail a one-time password; answers alike whether or not there is an account."""
        collection = self._collection(request)
        form = await request.bind(RequestForm)
        problem = email_problem(form.email)
        if problem is not None:
            raise invalid(messages.NOT_VALID, {"email": problem})
        id = await self._otps.request(collection, email=form.email)
        return json_response(request, {"otpId": id})

    async def sign_in(self, request: Request) -> Response:
        """Sign in by a one-time password."""
        collection = self._collection(request)
        form = await request.bind(SignInForm)
        problems = _problems(form)
        if problems:
            raise invalid(messages.NOT_VALID, problems)
        asking = await self._signing_in.asking(request, context="otp")
        row = await self._otps.prove(
            collection, id=form.otp_id, code=form.password, ip=request.real_ip
        )
        return await self._signing_in.finish(request, asking, collection, row, method="otp")

    def _collection(self, request: Request) -> Collection:
        collection = self._signing_in.door.auth_collection(request)
        assert collection.auth is not None, "auth collections have auth options"
        if not collection.auth.otp.enabled:
            raise Forbidden(OTP_AUTH_OFF)
        return collection


def _problems(form: SignInForm) -> Problems:
    problems: Problems = {}
    for name, value, most in (
        ("otpId", form.otp_id, ID_CHARS_MAX),
        ("password", form.password, CODE_CHARS_MAX),
    ):
        problem = length_problem(value, least=1, most=most)
        if problem is not None:
            problems[name] = problem
    return problems
