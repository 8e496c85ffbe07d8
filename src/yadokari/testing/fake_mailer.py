"""A mailer that keeps what it was given."""

from __future__ import annotations

import asyncio

from yadokari.ports.mail import Mail, Mailer, MailNotSent

WAIT_S = 10  # A mail that takes longer is lost.


class FakeMailer:
    """See ports.mail.Mailer."""

    def __init__(self) -> None:
        self.sent: list[Mail] = []
        """Everything that was taken, in order."""
        self.refuses = False
        """Whether nothing is taken."""
        self._changed = asyncio.Event()

    async def send(self, mail: Mail) -> None:
        """See ports.mail.Mailer.send."""
        if self.refuses:
            raise MailNotSent("550 refused, as the test wished")
        for mailbox in (mail.sender, mail.to):
            if "@" not in mailbox.address or not mailbox.address.isprintable():
                raise MailNotSent("no address that mail can be sent to")
        self.sent.append(mail)
        self._changed.set()

    async def arrived(self, count: int) -> Mail:
        """The last mail, once there are ``count``."""
        async with asyncio.timeout(WAIT_S):
            while len(self.sent) < count:
                self._changed.clear()
                await self._changed.wait()
        return self.sent[-1]


_: type[Mailer] = FakeMailer
