"""Mail onto the terminal: for development, where no mail server is set up.

Whoever reads the terminal reads the links and codes in the mails, so a server that others use
needs SMTP.
"""

from __future__ import annotations

from collections.abc import Callable

from yadokari.ports.clock import Clock
from yadokari.ports.entropy import Entropy
from yadokari.ports.mail import Mail, Mailer, MailNotSent

_RULE = "-" * 72


class PrintingMailer:
    """See ports.mail.Mailer: every mail is taken, and written as a text."""

    def __init__(self, write: Callable[[str], object], *, clock: Clock, entropy: Entropy) -> None:
        self._write, self._clock, self._entropy = write, clock, entropy

    async def send(self, mail: Mail) -> None:
        """See ports.mail.Mailer.send."""
        from yadokari.mail.message import compose

        message = compose(mail, clock=self._clock, entropy=self._entropy)
        words = message.get_body(("plain",))
        assert words is not None, "compose always writes a plain text"
        heads = "\n".join(f"{name}: {message[name]}" for name in ("From", "To", "Subject", "Date"))
        try:
            self._write(f"{_RULE}\n{heads}\n\n{words.get_content()}{_RULE}\n")
        except (OSError, ValueError) as exc:  # A closed pipe or a closed stream.
            raise MailNotSent("nobody reads what is printed here") from exc


_: type[Mailer] = PrintingMailer
