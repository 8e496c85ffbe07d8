"""Endpoints of what is confirmed by mail: addresses, new passwords, new addresses.

Not here: deciding (auth/confirming.py).
"""

from __future__ import annotations

import msgspec

from yadokari.api.door import Door
from yadokari.api.form_checks import email_problem, length_problem
from yadokari.api.request import Request
from yadokari.api.response import Response, no_content
from yadokari.auth.account_changes import password_field
from yadokari.auth.confirming import Confirming
from yadokari.auth.sign_in import PASSWORD_AUTH_OFF
from yadokari.base.errors import BadRequest, invalid
from yadokari.base.problems import Problem, Problems, required
from yadokari.contract import messages
from yadokari.contract.codes import sentence_of
from yadokari.schema.collection import SUPERUSERS_ID, Collection

PASSWORD_CHARS_MAX = 255  # the contract's limits
PROOF_CHARS_MAX = 100
SUPERUSERS_VERIFIED = "All superusers are verified by default."
SUPERUSERS_CHANGE = "All superusers can change their emails directly."


class EmailForm(msgspec.Struct):
    """Body of ``request-verification`` and ``request-password-reset``."""

    email: str = ""


class TokenForm(msgspec.Struct):
    """Body of ``confirm-verification``."""

    token: str = ""


class ResetForm(msgspec.Struct, rename="camel"):
    """Body of ``confirm-password-reset``."""

    token: str = ""
    password: str = ""
    password_confirm: str = ""


class NewEmailForm(msgspec.Struct, rename="camel"):
    """Body of ``request-email-change``."""

    new_email: str = ""


class EmailChangeForm(msgspec.Struct):
    """Body of ``confirm-email-change``."""

    token: str = ""
    password: str = ""
    """The present one."""


class ConfirmationRoutes:
    """Handlers of ``request-…`` and ``confirm-…``."""

    def __init__(self, *, door: Door, confirming: Confirming) -> None:
        self._door, self._confirming = door, confirming

    async def request_verification(self, request: Request) -> Response:
        """Mail a link that confirms an address."""
        collection = self._of_users(request, SUPERUSERS_VERIFIED)
        email = await _email(request)
        await self._confirming.request_verification(collection, email=email)
        return no_content()

    async def confirm_verification(self, request: Request) -> Response:
        """Take such a link's token."""
        collection = self._of_users(request, SUPERUSERS_VERIFIED)
        form = await request.bind(TokenForm)
        if not form.token:
            raise invalid(messages.NOT_VALID, {"token": required()})
        await self._confirming.confirm_verification(collection, token=form.token)
        return no_content()

    async def request_password_reset(self, request: Request) -> Response:
        """Mail a link that lets one choose a new password."""
        collection = self._door.auth_collection(request)
        assert collection.auth is not None, "auth collections have auth options"
        if not collection.auth.password_auth.enabled:
            raise BadRequest(PASSWORD_AUTH_OFF)
        email = await _email(request)
        await self._confirming.request_password_reset(collection, email=email)
        return no_content()

    async def confirm_password_reset(self, request: Request) -> Response:
        """Take such a link's token and a new password."""
        collection = self._door.auth_collection(request)
        form = await request.bind(ResetForm)
        problems = _password_problems(collection, form)
        if not form.token:
            problems["token"] = required()
        else:
            problem = await self._confirming.password_reset_problem(collection, token=form.token)
            if problem is not None:
                problems["token"] = problem
        if problems:
            raise invalid(messages.NOT_VALID, problems)
        await self._confirming.confirm_password_reset(
            collection, token=form.token, password=form.password
        )
        return no_content()

    async def request_email_change(self, request: Request) -> Response:
        """Mail a link that makes an address the caller's own."""
        collection, row = await self._door.member(request)
        if collection.id == SUPERUSERS_ID:
            raise BadRequest(SUPERUSERS_CHANGE)
        new_email = (await request.bind(NewEmailForm)).new_email
        problem = email_problem(new_email)
        if problem is None and new_email == row.values["email"]:
            code = "validation_not_in_invalid"
            problem = Problem(code, sentence_of(code))
        if problem is not None:
            raise invalid(messages.NOT_VALID, {"newEmail": problem})
        await self._confirming.request_email_change(collection, row, new_email=new_email)
        return no_content()

    async def confirm_email_change(self, request: Request) -> Response:
        """Take such a link's token and the present password."""
        collection = self._of_users(request, SUPERUSERS_CHANGE)
        form = await request.bind(EmailChangeForm)
        length = length_problem(form.password, least=1, most=PROOF_CHARS_MAX)
        problems = await self._confirming.email_change_problems(
            collection, token=form.token, password="" if length is not None else form.password
        )
        if length is not None:
            problems["password"] = length
        if not form.token:
            problems["token"] = required()
        if problems:
            raise invalid(messages.NOT_VALID, problems)
        await self._confirming.confirm_email_change(collection, token=form.token)
        return no_content()

    def _of_users(self, request: Request, otherwise: str) -> Collection:
        """The auth collection that the path names, unless it is that of superusers."""
        collection = self._door.auth_collection(request)
        if collection.id == SUPERUSERS_ID:
            raise BadRequest(otherwise)
        return collection


async def _email(request: Request) -> str:
    email = (await request.bind(EmailForm)).email
    problem = email_problem(email)
    if problem is not None:
        raise invalid(messages.NOT_VALID, {"email": problem})
    return email


def _password_problems(collection: Collection, form: ResetForm) -> Problems:
    problems: Problems = {}
    least = max(1, password_field(collection).min)
    problem = length_problem(form.password, least=least, most=PASSWORD_CHARS_MAX)
    if problem is not None:
        problems["password"] = problem
    if not form.password_confirm:
        problems["passwordConfirm"] = required()
    elif form.password_confirm != form.password:
        code = "validation_values_mismatch"
        problems["passwordConfirm"] = Problem(code, sentence_of(code))
    return problems
