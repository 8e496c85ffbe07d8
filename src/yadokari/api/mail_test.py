"""The endpoint that sends a mail to try the settings and templates, for superusers only.

Not here: the settings (api/settings.py), what the mails say (auth/account_mails.py).
"""

from __future__ import annotations

import msgspec

from yadokari.api.door import Door
from yadokari.api.form_checks import email_problem
from yadokari.api.request import Request
from yadokari.api.response import Response, no_content
from yadokari.auth.account_mails import TEST_TEMPLATES, AccountMails
from yadokari.base.errors import BadRequest, invalid
from yadokari.base.problems import Problem, Problems, required
from yadokari.contract.codes import sentence_of
from yadokari.ports.mail import MailNotSent
from yadokari.schema.collection import SUPERUSERS_NAME

NOT_SENT = "Failed to send the test email."


class MailTestForm(msgspec.Struct):
    """Body of the test."""

    email: str = ""
    template: str = ""
    collection: str = ""
    """Id or name of the auth collection whose template it is; "" = the superusers'."""


class MailTestRoutes:
    """Handler of ``/api/settings/test/email``."""

    def __init__(self, *, door: Door, mails: AccountMails) -> None:
        self._door, self._mails = door, mails

    async def send(self, request: Request) -> Response:
        """Send one; the answer comes when the server has taken it."""
        await self._door.superuser(request)
        form = await request.bind(MailTestForm)
        problems: Problems = {}
        problem = email_problem(form.email)
        if problem is not None:
            problems["email"] = problem
        template = next((one for one in TEST_TEMPLATES if one == form.template), None)
        if template is None:
            problems["template"] = (
                _problem("validation_in_invalid") if form.template else required()
            )
        collection = self._door.schema().find(form.collection or SUPERUSERS_NAME)
        if collection is None or not collection.is_auth:
            problems["collection"] = _problem("validation_invalid_auth_collection")
        if problems or collection is None or template is None:
            raise invalid(NOT_SENT, problems)
        try:
            await self._mails.test(template, collection, email=form.email)
        except MailNotSent as exc:
            raise BadRequest(f"{NOT_SENT} Raw error: \n{exc.reason}") from exc
        return no_content()


def _problem(code: str) -> Problem:
    return Problem(code, sentence_of(code))
