"""Mail: letters to people, whoever carries them.

Promises every adapter keeps (shown by ``yadokari.testing.mail_suite``):

ML1  ``send`` returns once the next station has taken the mail, and raises when it did not.
ML2  Words arrive as they were given, whatever letters they have, with the HTML a plain text made
     from it.
ML3  Nothing in a name, an address or a subject can become another header or another recipient.
ML4  ``send`` ends in a bounded time, whatever the other side does.

Not here: what mails say (auth), when they leave (auth/outbox.py).
"""

from __future__ import annotations

from typing import Protocol

import msgspec

from yadokari.base.errors import YadokariError


class MailNotSent(YadokariError):
    """Nobody took the mail. Look at the reason; sending it again later may help."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        """What the other side said; for operators, not for callers."""


class Mailbox(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody's address."""

    address: str
    name: str = ""
    """For people; may hold anything."""


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """A letter."""

    sender: Mailbox
    to: Mailbox
    subject: str
    html: str
    """A whole document."""


class Mailer(Protocol):
    """Carries mails."""

    async def send(self, mail: Mail) -> None:
        """Hand a mail over (ML1). Raises MailNotSent."""
        ...
