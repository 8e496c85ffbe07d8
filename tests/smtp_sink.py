"""A mail server that keeps what it gets: the far end of every test that sends mail.

Not here: what mails have to say (the tests).
"""

from __future__ import annotations

import asyncio
import email.policy
import json
import re
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from socket import AF_INET

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

ARRIVE_SECONDS_MAX = 10.0  # A mail that takes longer is lost.
QUIET_SECONDS = 0.4  # How long to listen for a mail that must not come.

_LINK = re.compile(r"/auth/[a-z-]+/([^\s\"<>]+)")
_CODE = re.compile(r"\b\d{4,}\b")


@dataclass(frozen=True, slots=True)
class Received:
    """One mail as it came in."""

    recipients: tuple[str, ...]
    message: EmailMessage

    @property
    def subject(self) -> str:
        """The subject, decoded."""
        return str(self.message["Subject"])

    def body(self, subtype: str) -> str:
        """The text of this type (``plain``, ``html``), decoded."""
        for part in self.message.walk():
            if part.get_content_type() == f"text/{subtype}" and isinstance(part, EmailMessage):
                return str(part.get_content())
        raise AssertionError(f"no text/{subtype} in the mail")

    @property
    def token(self) -> str:
        """The token at the end of the link in it."""
        found = _LINK.search(self.body("html"))
        assert found is not None, self.body("html")
        return found[1]

    @property
    def code(self) -> str:
        """The first number of four digits or more in its body."""
        words = self.body("html")
        found = _CODE.search(words[words.find("<body") :])
        assert found is not None, words
        return found[0]


@dataclass(slots=True)
class Sink:
    """What came in, and how to behave."""

    port: int = 0
    mails: list[Received] = field(default_factory=list)
    logins: list[tuple[str, bytes, bytes]] = field(default_factory=list)
    """Method, name and password of each sign-in."""
    greetings: list[str] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    """Of each mail."""
    refuses: bool = False
    folder: Path | None = None
    """Where each mail is written as well, as 1.json, 2.json, … for readers in other languages."""

    def wait(self, count: int) -> Received:
        """The last mail, once there are ``count`` of them."""
        deadline = time.monotonic() + ARRIVE_SECONDS_MAX
        while len(self.mails) < count and time.monotonic() < deadline:
            time.sleep(0.01)
        assert len(self.mails) == count, [mail.subject for mail in self.mails]
        return self.mails[-1]

    def stays(self, count: int) -> bool:
        """Whether no more than ``count`` mails come."""
        time.sleep(QUIET_SECONDS)
        return len(self.mails) == count

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, host: str, lines: list[str]
    ) -> list[str]:
        """Remember the name."""
        self.greetings.append(host)
        session.host_name = host
        return lines

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Keep a mail, or refuse it."""
        if self.refuses:
            return "550 not here"
        content = envelope.content
        assert isinstance(content, bytes)
        message = BytesParser(policy=email.policy.default).parsebytes(content)
        assert isinstance(message, EmailMessage)
        assert server.transport is not None
        self.encrypted.append(server.transport.get_extra_info("sslcontext") is not None)
        self.mails.append(Received(tuple(envelope.rcpt_tos), message))
        if self.folder is not None:
            self._write(self.folder, self.mails[-1])
        return "250 kept"

    def _write(self, folder: Path, mail: Received) -> None:
        html = mail.body("html")
        link, code = _LINK.search(html), _CODE.search(html[html.find("<body") :])
        shown = {
            "from": str(mail.message["From"]),
            "to": mail.recipients[0],
            "subject": mail.subject,
            "token": link[1] if link else "",
            "code": code[0] if code else "",
        }
        unfinished = folder / "unfinished"
        unfinished.write_text(json.dumps(shown))
        unfinished.rename(folder / f"{len(self.mails)}.json")

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object
    ) -> AuthResult:
        """Let in whoever calls himself ``user``."""
        assert isinstance(data, LoginPassword)
        self.logins.append((mechanism, data.login, data.password))
        return AuthResult(success=data.login == b"user", handled=False)


@contextmanager
def sink(
    *,
    host: str = "127.0.0.1",
    tls: ssl.SSLContext | None = None,
    starttls: ssl.SSLContext | None = None,
    folder: Path | None = None,
) -> Iterator[Sink]:
    """A mail server on a free port, in a thread of its own.

    Args:
        tls: Encrypt from the first byte.
        starttls: Offer STARTTLS.
        folder: Where mails are written, too.
    """
    kept = Sink(folder=folder)
    ready, stop = threading.Event(), asyncio.Event()
    loops: list[asyncio.AbstractEventLoop] = []

    async def serve() -> None:
        loops.append(asyncio.get_running_loop())
        sessions: list[SMTP] = []

        def session() -> SMTP:
            sessions.append(
                SMTP(
                    kept,
                    hostname="sink",
                    enable_SMTPUTF8=True,
                    tls_context=starttls,
                    authenticator=kept.authenticate,
                    auth_require_tls=False,
                )
            )
            return sessions[-1]

        server = await loops[0].create_server(session, host, 0, family=AF_INET, ssl=tls)
        async with server:
            kept.port = server.sockets[0].getsockname()[1]
            ready.set()
            await stop.wait()
        for one in sessions:
            if isinstance(one.transport, asyncio.WriteTransport):
                one.transport.abort()
        await asyncio.sleep(0)

    thread = threading.Thread(target=lambda: asyncio.run(serve()), name="smtp-sink")
    thread.start()
    assert ready.wait(ARRIVE_SECONDS_MAX)
    try:
        yield kept
    finally:
        loops[0].call_soon_threadsafe(stop.set)
        thread.join()
