"""Mail over SMTP.

SM1  With ``tls`` the connection is encrypted from its first byte; without, it becomes so when the
     server offers STARTTLS. Certificates are checked either way.
SM2  A password never crosses the network unencrypted: without encryption only servers on this
     very machine get one.
SM3  Each mail has a connection of its own: mails are few, and nothing is left to go stale.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Literal

import msgspec

from yadokari.ports.clock import Clock
from yadokari.ports.entropy import Entropy
from yadokari.ports.mail import Mail, Mailer, MailNotSent

if TYPE_CHECKING:
    import ssl

    from aiosmtplib import SMTP

SEND_TIMEOUT_S = 30  # A server that takes longer is as good as down; the mail stays unsent.
_THIS_MACHINE = frozenset(("localhost", "127.0.0.1", "::1"))


class SmtpSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where the server is, and how to be let in."""

    host: str
    port: int
    username: str = ""
    password: str = ""
    auth_method: Literal["PLAIN", "LOGIN"] = "PLAIN"
    tls: bool = False
    """Encrypted from the first byte, usually on port 465."""
    local_name: str = ""
    """How this machine calls itself in the greeting; "" = localhost."""


class SmtpMailer:
    """See ports.mail.Mailer."""

    def __init__(
        self,
        settings: SmtpSettings,
        *,
        clock: Clock,
        entropy: Entropy,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        """``trust``: whose certificates are good; None = whom the system trusts."""
        self._settings, self._clock, self._entropy = settings, clock, entropy
        self._trust = trust

    async def send(self, mail: Mail) -> None:
        """See ports.mail.Mailer.send."""
        from aiosmtplib import SMTP, SMTPException

        from yadokari.mail.message import compose

        settings = self._settings
        message = compose(mail, clock=self._clock, entropy=self._entropy)
        try:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                server = SMTP(
                    hostname=settings.host,
                    port=settings.port,
                    use_tls=settings.tls,
                    local_hostname=settings.local_name or "localhost",
                    timeout=SEND_TIMEOUT_S,
                    tls_context=self._trust,
                )
                async with server:
                    if settings.username or settings.password:
                        await _enter(server, settings)
                    await server.send_message(message)
        except (SMTPException, OSError, TimeoutError, ValueError) as exc:
            raise MailNotSent(_reason(exc)) from exc


async def _enter(server: SMTP, settings: SmtpSettings) -> None:
    is_encrypted = server.get_transport_info("sslcontext") is not None
    if not is_encrypted and settings.host not in _THIS_MACHINE:
        raise MailNotSent("the server offers no encryption, so it gets no password (SM2)")
    if server.is_ehlo_or_helo_needed:  # Encryption begins a new conversation.
        await server.ehlo()
    match settings.auth_method:
        case "PLAIN":
            await server.auth_plain(settings.username, settings.password)
        case "LOGIN":
            await server.auth_login(settings.username, settings.password)


def _reason(exc: Exception) -> str:
    """What happened, without anything that the settings keep secret."""
    if isinstance(exc, TimeoutError):
        return f"the server did not answer within {SEND_TIMEOUT_S} seconds"
    code, said = getattr(exc, "code", None), getattr(exc, "message", None)
    if isinstance(code, int):
        return f"{code} {said}"
    refused = getattr(exc, "recipients", None)
    if refused:
        return f"{refused[0].code} {refused[0].message}"
    return str(exc) or type(exc).__name__


_: type[Mailer] = SmtpMailer
