"""A mail as it travels: headers, plain text and HTML in one MIME message.

M1  ``multipart/mixed`` holds ``multipart/alternative``, which holds the plain text, then the HTML.
M2  Everything is ASCII on the way, so no station needs to know more.
M3  A line end never reaches a header: names and subjects are put on one line first.

Loaded with the first mail: the standard library's package is large.
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

from yadokari.mail.plain_text import plain_text
from yadokari.ports.clock import Clock
from yadokari.ports.entropy import Entropy
from yadokari.ports.mail import Mail, Mailbox, MailNotSent

MESSAGE_ID_CHARS = 15
SUBJECT_CHARS_MAX = 500  # Longer ones are cut by readers, and refused by some servers.
_ID_ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_POLICY = SMTP.clone(cte_type="7bit")


def compose(mail: Mail, *, clock: Clock, entropy: Entropy) -> EmailMessage:
    """The message of a mail.

    Raises:
        MailNotSent: an address is none.
    """
    message = EmailMessage(policy=_POLICY)
    message["From"] = _address(mail.sender)
    message["To"] = _address(mail.to)
    message["Subject"] = one_line(mail.subject)[:SUBJECT_CHARS_MAX]
    message["Date"] = datetime.fromtimestamp(clock.unix_ms() / 1_000, UTC)
    unique = entropy.text(MESSAGE_ID_CHARS, alphabet=_ID_ALPHABET)
    domain = mail.sender.address.rpartition("@")[2]
    message["Message-ID"] = f"<{unique}@{_ascii_domain(domain)}>"
    words = EmailMessage(policy=_POLICY)
    words.set_content(_sendable(plain_text(mail.html)))
    words.add_alternative(_sendable(mail.html), subtype="html")
    message["MIME-Version"] = "1.0"
    message.make_mixed()
    message.attach(words)
    return message


def one_line(text: str) -> str:
    """The text without line ends and other control characters (M3)."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _address(mailbox: Mailbox) -> Address:
    local, at, domain = mailbox.address.rpartition("@")
    try:
        if not at or one_line(mailbox.address) != mailbox.address:
            raise ValueError(mailbox.address)
        return Address(one_line(mailbox.name), username=local, domain=_ascii_domain(domain))
    except (ValueError, IndexError, UnicodeError) as exc:
        raise MailNotSent("no address that mail can be sent to") from exc


def _ascii_domain(domain: str) -> str:
    return domain if domain.isascii() else domain.encode("idna").decode()


def _sendable(text: str) -> str:
    """The text without lone surrogates, which no encoding can carry."""
    return text.encode("utf-8", "replace").decode()
