"""Mails wait for nobody who asked for them, and a stop lets them go first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from typing_extensions import override

from yadokari.auth import mail_queue
from yadokari.auth.mail_queue import MailQueue
from yadokari.base.log import LogValue, SilentLog
from yadokari.ports.mail import Mail
from yadokari.testing.fake_mailer import FakeMailer
from yadokari.testing.mail_suite import LETTER


class Told(SilentLog):
    """A log that keeps its warnings."""

    def __init__(self) -> None:
        self.events: list[str] = []

    @override
    def warning(self, event: str, **fields: LogValue) -> None:
        """Keep one."""
        self.events.append(event)
        assert "Hello" not in str(fields), "a mail's words are nobody's but its reader's"

    @override
    def error(self, event: str, *, error: BaseException | None = None, **fields: LogValue) -> None:
        """Keep one."""
        self.events.append(event)


class SlowMailer(FakeMailer):
    """Takes nothing until it is opened."""

    def __init__(self) -> None:
        super().__init__()
        self.opened = asyncio.Event()
        self.begun, self.busy = asyncio.Event(), asyncio.Event()
        self.at_once, self.most_at_once = 0, 0

    @override
    async def send(self, mail: Mail) -> None:
        self.at_once += 1
        self.most_at_once = max(self.at_once, self.most_at_once)
        self.begun.set()
        if self.at_once == mail_queue.AT_ONCE_MAX:
            self.busy.set()
        try:
            await self.opened.wait()
            await super().send(mail)
        finally:
            self.at_once -= 1


@asynccontextmanager
async def running(queue: MailQueue) -> AsyncIterator[asyncio.Task[None]]:
    """The queue at work; stopped at the end."""
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(queue.run())
        yield task
        task.cancel()


async def test_a_mail_is_sent_behind_whoever_asked() -> None:
    """Q1: adding waits for nothing."""
    mailer = SlowMailer()
    queue = MailQueue(mailer=mailer, log=Told())

    queue.add(lambda: LETTER, kind="test")

    assert mailer.sent == []
    mailer.opened.set()
    async with running(queue):
        assert await mailer.arrived(1) == LETTER


async def test_a_mail_that_nobody_takes_is_logged_and_told() -> None:
    """Q1: whoever counts on it can allow another one; the next goes on."""
    mailer, log = FakeMailer(), Told()
    queue = MailQueue(mailer=mailer, log=log)
    failed: list[str] = []

    def broken() -> Mail:
        raise LookupError("a template of ours is broken")

    async with running(queue):
        mailer.refuses = True
        queue.add(lambda: LETTER, kind="test", on_failed=lambda: failed.append("refused"))
        await queue.sent()
        mailer.refuses = False
        queue.add(broken, kind="test", on_failed=lambda: failed.append("broken"))
        queue.add(lambda: LETTER, kind="test")
        await mailer.arrived(1)

    assert failed == ["refused", "broken"]
    assert log.events == ["mail_not_sent", "mail_failed"]


async def test_few_mails_are_sent_at_once() -> None:
    """Q2: small servers hang up on more."""
    mailer = SlowMailer()
    queue = MailQueue(mailer=mailer, log=Told())
    for _ in range(20):
        queue.add(lambda: LETTER, kind="test")

    async with running(queue):
        await mailer.busy.wait()
        mailer.opened.set()
        await mailer.arrived(20)

    assert mailer.most_at_once == mail_queue.AT_ONCE_MAX


async def test_a_full_queue_drops_the_newest_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Q2: memory is bounded, whatever happens to the mail server."""
    monkeypatch.setattr(mail_queue, "WAITING_MAX", 2)
    log, failed = Told(), list[int]()
    queue = MailQueue(mailer=FakeMailer(), log=log)

    for number in range(3):
        queue.add(lambda: LETTER, kind="test", on_failed=lambda n=number: failed.append(n))

    assert (log.events, failed) == (["mail_dropped"], [2])


async def test_a_stop_lets_waiting_mails_go_first() -> None:
    """Q3: whoever was answered gets the mail."""
    mailer = SlowMailer()
    queue = MailQueue(mailer=mailer, log=Told())
    for _ in range(6):
        queue.add(lambda: LETTER, kind="test")

    async with running(queue) as task:
        await mailer.begun.wait()
        task.cancel()
        await asyncio.sleep(0)
        mailer.opened.set()

    assert len(mailer.sent) == 6


async def test_a_stop_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """Q3: and says how many were lost."""
    monkeypatch.setattr(mail_queue, "STOP_S", 0.05)
    mailer, log = SlowMailer(), Told()
    queue = MailQueue(mailer=mailer, log=log)
    queue.add(lambda: LETTER, kind="test")

    async with running(queue):
        await asyncio.sleep(0)

    assert (mailer.sent, log.events) == ([], ["mails_left_unsent"])
