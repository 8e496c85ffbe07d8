"""The mails of accounts: confirmations, one-time passwords, alerts.

AM1  A mail about an account goes to the account's own address; only the confirmation of a new
     address goes to that one.
AM2  Nothing here is awaited by whoever asks, but the change of an address and the operator's test.

Not here: filling templates (auth/mail_text.py), sending (auth/mail_queue.py), when (their callers).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

import msgspec

from yadokari.auth.callers import Callers
from yadokari.auth.devices import Device
from yadokari.auth.mail_queue import MailQueue
from yadokari.auth.mail_text import filled, record_values
from yadokari.ports.clock import Clock
from yadokari.ports.mail import Mail, Mailbox, Mailer
from yadokari.ports.store import Row
from yadokari.schema.collection import AuthOptions, Collection, MailTemplate
from yadokari.schema.mail_templates import Language, in_language

TestTemplate: TypeAlias = Literal[
    "verification", "password-reset", "email-change", "otp", "login-alert"
]
TEST_TEMPLATES: tuple[TestTemplate, ...] = (
    "verification",
    "password-reset",
    "email-change",
    "otp",
    "login-alert",
)
_TEST_ID = "__test_record__"
_TEST_TOKEN_KEY = "0" * 50
_TEST_DEVICE = Device(ip="192.0.2.1", user_agent="TestBrowser/1.0")


class Naming(msgspec.Struct, frozen=True, kw_only=True):
    """How the application calls itself in mails."""

    app_name: str
    app_url: str
    sender: Mailbox
    language: Language = "en"
    """Of templates that nobody changed."""


class AccountMails:
    """Writes and sends the mails of accounts."""

    def __init__(
        self,
        *,
        mailer: Mailer,
        queue: MailQueue,
        callers: Callers,
        clock: Clock,
        naming: Callable[[], Naming],
    ) -> None:
        self._mailer, self._queue = mailer, queue
        self._callers, self._clock, self._naming = callers, clock, naming

    def verification(
        self, collection: Collection, row: Row, *, on_failed: Callable[[], None]
    ) -> None:
        """Ask the owner of the record's address to confirm it."""
        self._queue.add(
            lambda: self._verification(collection, row), kind="verification", on_failed=on_failed
        )

    def password_reset(
        self, collection: Collection, row: Row, *, on_failed: Callable[[], None]
    ) -> None:
        """Let the owner of the record's address choose a new password."""
        self._queue.add(
            lambda: self._password_reset(collection, row),
            kind="password_reset",
            on_failed=on_failed,
        )

    async def email_change(self, collection: Collection, row: Row, *, new_email: str) -> None:
        """Ask the owner of a new address to confirm it. Raises MailNotSent."""
        await self._mailer.send(self._email_change(collection, row, new_email))

    def otp(self, collection: Collection, row: Row, *, otp_id: str, code: str) -> None:
        """Tell a one-time password."""
        self._queue.add(lambda: self._otp(collection, row, otp_id=otp_id, code=code), kind="otp")

    def alert(self, collection: Collection, row: Row, *, device: Device) -> None:
        """Tell of a sign-in from a new device."""
        info = device.described(now_ms=self._clock.unix_ms())
        self._queue.add(lambda: self._alert(collection, row, info=info), kind="login_alert")

    async def test(self, template: TestTemplate, collection: Collection, *, email: str) -> None:
        """Send a mail as this collection's records would get it, with made-up values.

        Raises:
            MailNotSent: with the server's reason.
        """
        values = {**collection.zeros, "id": _TEST_ID, "email": email, "tokenKey": _TEST_TOKEN_KEY}
        row = Row(collection.id, values)
        match template:
            case "verification":
                mail = self._verification(collection, row)
            case "password-reset":
                mail = self._password_reset(collection, row)
            case "email-change":
                mail = self._email_change(collection, row, email)
            case "otp":
                mail = self._otp(collection, row, otp_id=_TEST_ID, code="123456")
            case "login-alert":
                info = _TEST_DEVICE.described(now_ms=self._clock.unix_ms())
                mail = self._alert(collection, row, info=info)
        await self._mailer.send(mail)

    def _verification(self, collection: Collection, row: Row) -> Mail:
        token = self._callers.issue(collection, row, kind="verification")
        template = _options(collection).verification_template
        return self._mail(template, collection, row, {"TOKEN": token})

    def _password_reset(self, collection: Collection, row: Row) -> Mail:
        token = self._callers.issue(collection, row, kind="passwordReset")
        template = _options(collection).reset_password_template
        return self._mail(template, collection, row, {"TOKEN": token})

    def _email_change(self, collection: Collection, row: Row, new_email: str) -> Mail:
        token = self._callers.issue(collection, row, kind="emailChange", new_email=new_email)
        template = _options(collection).confirm_email_change_template
        return self._mail(template, collection, row, {"TOKEN": token}, to=new_email)

    def _otp(self, collection: Collection, row: Row, *, otp_id: str, code: str) -> Mail:
        template = _options(collection).otp.email_template
        return self._mail(template, collection, row, {"OTP": code, "OTP_ID": otp_id})

    def _alert(self, collection: Collection, row: Row, *, info: str) -> Mail:
        template = _options(collection).auth_alert.email_template
        return self._mail(template, collection, row, {"ALERT_INFO": info})

    def _mail(
        self,
        template: MailTemplate,
        collection: Collection,
        row: Row,
        values: dict[str, str],
        *,
        to: str = "",
    ) -> Mail:
        naming = self._naming()
        named = {"APP_NAME": naming.app_name, "APP_URL": naming.app_url.rstrip("/")}
        subject, html = filled(
            in_language(template, naming.language), record_values(collection, row) | named | values
        )
        address = to or str(row.values["email"])
        return Mail(sender=naming.sender, to=Mailbox(address=address), subject=subject, html=html)


def _options(collection: Collection) -> AuthOptions:
    assert collection.auth is not None, "only auth collections send mail"
    return collection.auth
