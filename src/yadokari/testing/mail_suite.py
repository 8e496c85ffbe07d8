"""What every mailer must do; an adapter's test is a subclass with a ``carrier`` fixture."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
import pytest
from msgspec.structs import replace

from yadokari.ports.mail import Mail, Mailbox, Mailer, MailNotSent

LETTER = Mail(
    sender=Mailbox(address="support@example.com", name="Support"),
    to=Mailbox(address="anna@example.com"),
    subject="Welcome",
    html="<!doctype html><html><body><p>Hello Anna</p></body></html>",
)


class Arrived(msgspec.Struct, frozen=True, kw_only=True):
    """A mail at its other end, decoded."""

    sender: str
    """Its From line, for people."""
    to: str
    """Its To line."""
    subject: str
    words: str
    """Its plain text, or its HTML where there is no other."""
    recipients: tuple[str, ...]
    """Addresses that it was delivered to."""


class Carrier(msgspec.Struct, frozen=True, kw_only=True):
    """A mailer, and both sides of its far end."""

    mailer: Mailer
    arrived: Callable[[], list[Arrived]]
    refuse: Callable[[], Awaitable[None]]
    """From now on the far end takes nothing."""


class MailSuite:
    """The promises ML1 to ML3 of ports/mail.py; ML4 is each adapter's own."""

    async def test_what_is_sent_arrives(self, carrier: Carrier) -> None:
        """ML1: at the one address it is for."""
        await carrier.mailer.send(LETTER)

        (mail,) = carrier.arrived()
        assert mail.recipients == ("anna@example.com",)
        assert mail.subject == "Welcome"
        assert "support@example.com" in mail.sender
        assert "Support" in mail.sender
        assert "Hello Anna" in mail.words

    @pytest.mark.parametrize(
        "words",
        [
            "宿借り へ ようこそ",
            "🐚 and Ünï",
            ".",
            "From here",
            "x" * 5_000,
            "あ" * 2_000,
            "a=b =3D %20 &amp;",
        ],
        ids=["japanese", "emoji", "dot", "from", "long", "long-japanese", "encoded"],
    )
    async def test_words_arrive_as_they_were_given(self, carrier: Carrier, words: str) -> None:
        """ML2: in the text and in the subject."""
        html = f"<p>before</p>\n<p>{words}</p>\n<p>after</p>"

        await carrier.mailer.send(replace(LETTER, html=html, subject=words[:40]))

        (mail,) = carrier.arrived()
        assert words.replace("&amp;", "&") in mail.words.replace("&amp;", "&")
        assert mail.subject.replace(" ", "") == words[:40].replace(" ", "")

    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\x0b", "\u2028"])
    async def test_a_line_end_makes_no_header(self, carrier: Carrier, end: str) -> None:
        """ML3: whoever chooses a subject or a name chooses nothing else."""
        bcc = f"x{end}Bcc: eve@example.com{end}{end}body"
        letter = replace(LETTER, subject=bcc, sender=replace(LETTER.sender, name=bcc))

        await carrier.mailer.send(letter)

        (mail,) = carrier.arrived()
        assert mail.recipients == ("anna@example.com",)
        assert "Hello Anna" in mail.words

    @pytest.mark.parametrize("name", ['Sén "d" <er@x>, x', "宿借り", "a, b <c@example.com>", ""])
    async def test_a_name_is_only_a_name(self, carrier: Carrier, name: str) -> None:
        """ML3: it never becomes an address."""
        await carrier.mailer.send(replace(LETTER, to=replace(LETTER.to, name=name)))

        (mail,) = carrier.arrived()
        assert mail.recipients == ("anna@example.com",)

    @pytest.mark.parametrize("address", ["", "anna", "a@b.co\nBcc: eve@example.com", "a\r\n@b.co"])
    async def test_what_is_no_address_gets_no_mail(self, carrier: Carrier, address: str) -> None:
        """ML3."""
        with pytest.raises(MailNotSent):
            await carrier.mailer.send(replace(LETTER, to=Mailbox(address=address)))

        assert carrier.arrived() == []

    async def test_mails_at_once_all_arrive(self, carrier: Carrier) -> None:
        """ML1: each as it is."""
        async with asyncio.TaskGroup() as tasks:
            for number in range(8):
                tasks.create_task(carrier.mailer.send(replace(LETTER, subject=f"No {number}")))

        subjects = sorted(mail.subject for mail in carrier.arrived())
        assert subjects == [f"No {number}" for number in range(8)]

    async def test_a_mail_that_nobody_takes_is_an_error(self, carrier: Carrier) -> None:
        """ML1: never silence."""
        await carrier.refuse()

        with pytest.raises(MailNotSent):
            await carrier.mailer.send(LETTER)
