"""A mailer that keeps what it was given."""

from __future__ import annotations

from yadokari.ports.mail import Mail, Mailer, MailNotSent


class FakeMailer:
    """See ports.mail.Mailer."""

    def __init__(self) -> None:
        self.sent: list[Mail] = []
        """Everything that was taken, in order."""
        self.refuses = False
        """Whether nothing is taken."""

    async def send(self, mail: Mail) -> None:
        """See ports.mail.Mailer.send."""
        if self.refuses:
            raise MailNotSent("550 refused, as the test wished")
        for mailbox in (mail.sender, mail.to):
            if "@" not in mailbox.address or not mailbox.address.isprintable():
                raise MailNotSent("no address that mail can be sent to")
        self.sent.append(mail)


_: type[Mailer] = FakeMailer
