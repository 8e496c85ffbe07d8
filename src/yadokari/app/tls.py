"""HTTPS: how we speak it, and certificate files of one's own.

Q1  A renewed certificate is taken up while the server runs; a broken one is logged and the former
    stays in use.
Q2  Browsers are told to come by HTTPS only, but never for a loopback address: that would lock out
    every other server on the same machine.

Not here: asking an authority for certificates (app/automatic_https.py).
"""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import msgspec

from yadokari.app.settings import SettingError
from yadokari.base.log import Log

LOOK_S = 60.0
"""How often the files are looked at; certificates are renewed days before they end."""
STRICT_TRANSPORT = ("strict-transport-security", "max-age=31536000")
_LOOPBACK = frozenset(("127.0.0.1", "::1", "localhost"))


class Certificate(msgspec.Struct, frozen=True):
    """Where a certificate chain and its key are, both PEM."""

    chain: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        """What serves with it.

        Raises:
            SettingError: a file cannot be read, or the two do not belong together.
        """
        context = server_context()
        try:
            self.load_into(context)
        except (OSError, ssl.SSLError) as exc:
            raise SettingError(
                f"tls-cert {self.chain} and tls-key {self.key} cannot be used: "
                f"{exc.strerror or exc}"
            ) from exc
        return context

    def load_into(self, context: ssl.SSLContext) -> None:
        """Let new connections be served with what the files hold now. Raises OSError, SSLError."""
        context.load_cert_chain(self.chain, self.key)

    def changed_ns(self) -> tuple[int, ...]:
        """When the files were written; empty while one is missing."""
        try:
            return tuple(path.stat().st_mtime_ns for path in (self.chain, self.key))
        except OSError:
            return ()


def server_context() -> ssl.SSLContext:
    """How we speak TLS, before there is a certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def headers_for(host: str) -> list[tuple[str, str]]:
    """Headers of every answer over TLS (Q2)."""
    return [] if host in _LOOPBACK else [STRICT_TRANSPORT]


async def follow(
    certificate: Certificate, context: ssl.SSLContext, *, log: Log, look_s: float = LOOK_S
) -> None:
    """Take up renewed files until cancelled (Q1)."""
    seen = certificate.changed_ns()
    while True:
        await asyncio.sleep(look_s)
        now = certificate.changed_ns()
        if not now or now == seen:
            continue
        try:
            await asyncio.to_thread(certificate.load_into, context)
        except (OSError, ssl.SSLError) as error:  # Half written: it is looked at again.
            log.warning("certificate_not_taken_up", reason=str(error), file=str(certificate.chain))
            continue
        seen = now
        log.info("certificate_taken_up", file=str(certificate.chain))
