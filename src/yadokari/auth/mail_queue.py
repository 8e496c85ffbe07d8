"""Mails on their way: sent behind the answers that caused them.

Q1  A mail waits in memory until somebody takes it or refuses it; what could not be sent is logged,
    never its words.
Q2  The queue is bounded, and so are the mails sent at once.
Q3  A program that stops lets what waits go first, for a bounded time.

Not here: what mails say (auth/account_mails.py), who carries them (ports/mail.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec

from yadokari.base.log import Log
from yadokari.ports.mail import Mail, Mailer, MailNotSent

WAITING_MAX = 1_000  # About 10 MB; a server that is down for longer loses newer ones.
AT_ONCE_MAX = 4  # What small mail servers take from one client.
STOP_S = 5  # Longest wait at the end; platforms kill after ten.


class Waiting(msgspec.Struct, frozen=True):
    """A mail and what belongs to it."""

    make: Callable[[], Mail]
    kind: str
    """What it is about, for the log."""
    on_failed: Callable[[], None]


def _nothing() -> None:
    pass


class MailQueue:
    """Sends mails one after another, a few at once."""

    def __init__(self, *, mailer: Mailer, log: Log) -> None:
        self._mailer, self._log = mailer, log
        self._waiting: asyncio.Queue[Waiting] = asyncio.Queue(WAITING_MAX)

    def add(
        self, make: Callable[[], Mail], *, kind: str, on_failed: Callable[[], None] = _nothing
    ) -> None:
        """Send a mail soon; what it tells of must be durable already. Never fails.

        Args:
            make: Writes it, when its turn has come: whoever asks for it waits for nothing.
            on_failed: Called when it was not sent.
        """
        try:
            self._waiting.put_nowait(Waiting(make, kind, on_failed))
        except asyncio.QueueFull:
            self._log.error("mail_dropped", kind=kind, waiting=WAITING_MAX)
            on_failed()

    async def run(self) -> None:
        """Send until cancelled, then what still waits (Q3)."""
        async with asyncio.TaskGroup() as senders:
            for _ in range(AT_ONCE_MAX):
                senders.create_task(self._send_all())
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                await self._let_go()
                raise

    async def sent(self) -> None:
        """Wait until nothing waits or is under way."""
        await self._waiting.join()

    async def _let_go(self) -> None:
        try:
            async with asyncio.timeout(STOP_S):
                await self.sent()
        except TimeoutError:
            self._log.error("mails_left_unsent", waiting=self._waiting.qsize())

    async def _send_all(self) -> None:
        while True:
            one = await self._waiting.get()
            try:
                await self._send(one)
            finally:
                self._waiting.task_done()

    async def _send(self, one: Waiting) -> None:
        try:
            await self._mailer.send(one.make())
        except MailNotSent as exc:
            self._log.warning("mail_not_sent", kind=one.kind, reason=exc.reason)
            one.on_failed()
        except Exception as exc:  # noqa: BLE001 - the next mail goes on
            self._log.error("mail_failed", error=exc, kind=one.kind)
            one.on_failed()
        else:
            self._log.debug("mail_sent", kind=one.kind)
