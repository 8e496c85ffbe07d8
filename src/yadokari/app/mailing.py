"""Which way mails leave: over SMTP when it is switched on, else onto the terminal.

Not here: the ways themselves (mail), what mails say (auth).
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from yadokari.auth.account_mails import Naming
from yadokari.ports.clock import Clock
from yadokari.ports.entropy import Entropy
from yadokari.ports.mail import Mail, Mailbox, Mailer
from yadokari.schema.mail_templates import Language
from yadokari.upkeep.app_settings import AppSettings, Smtp
from yadokari.upkeep.settings_keeper import SettingsKeeper

if TYPE_CHECKING:
    from yadokari.mail.smtp import SmtpSettings


class ChosenMailer:
    """See ports.mail.Mailer; follows the application's settings from mail to mail."""

    def __init__(self, *, keeper: SettingsKeeper, clock: Clock, entropy: Entropy) -> None:
        self._keeper, self._clock, self._entropy = keeper, clock, entropy

    async def send(self, mail: Mail) -> None:
        """See ports.mail.Mailer.send."""
        await self._chosen().send(mail)

    def _chosen(self) -> Mailer:
        smtp = self._keeper.current.smtp
        if smtp.enabled:
            from yadokari.mail.smtp import SmtpMailer  # No part of the start.

            return SmtpMailer(_smtp_settings(smtp), clock=self._clock, entropy=self._entropy)
        from yadokari.mail.printing import PrintingMailer

        return PrintingMailer(_print, clock=self._clock, entropy=self._entropy)


def naming_of(settings: AppSettings, *, language: Language) -> Naming:
    """How the application calls itself in mails."""
    meta = settings.meta
    return Naming(
        app_name=meta.app_name,
        app_url=meta.app_url,
        sender=Mailbox(address=meta.sender_address, name=meta.sender_name),
        language=language,
    )


def _smtp_settings(smtp: Smtp) -> SmtpSettings:
    from yadokari.mail.smtp import SmtpSettings

    return SmtpSettings(
        host=smtp.host,
        port=smtp.port,
        username=smtp.username,
        password=smtp.password,
        auth_method="LOGIN" if smtp.auth_method == "LOGIN" else "PLAIN",
        tls=smtp.tls,
        local_name=smtp.local_name,
    )


def _print(text: str) -> None:
    # To standard output, where no log collector reads: links and codes let people in.
    sys.stdout.write(text)
    sys.stdout.flush()


_: type[Mailer] = ChosenMailer
