"""Keeps a certificate for every name: loads them, asks for what is missing or due, one at a time.

Q7  A name's certificate is served until a newer one is there, whatever fails; also beyond its end,
    because a browser that warns tells more than one that cannot connect.
Q8  One order runs at a time, in a thread that a stop does not wait for. A failure holds up its name
    (Q4); one that is not about the name, such as an authority out of reach, holds up all.
Q9  A name that nobody listed (``www.`` of a listed one) is asked for only once somebody came by it,
    and after a failure once somebody came again: it may not lead here at all.

Not here: the order itself (app/acme_authority.py), times (app/renewal.py), files
(app/certificate_shelf.py).
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Callable, Iterable
from typing import TypeAlias, TypeVar

from yadokari.app.certificate_shelf import Held, Shelf
from yadokari.app.renewal import DAY_MS, renewal_ms, retry_ms
from yadokari.base.errors import YadokariError
from yadokari.base.log import Log
from yadokari.ports.clock import Clock
from yadokari.ports.entropy import Entropy

LOOK_S = 30.0
"""How often it is looked what is due."""

T = TypeVar("T")
Order: TypeAlias = Callable[[str], bytes]
"""Fetches a new certificate for a name; blocks. Key and chain as PEM. Raises OrderFailed."""


class OrderFailed(YadokariError):
    """No certificate was given. Do what ``advice`` says; it is asked for again by itself."""

    def __init__(self, reason: str, *, advice: str, is_about_name: bool, wait_ms: int = 0) -> None:
        """``wait_ms``: ask no sooner than this, in milliseconds."""
        super().__init__(reason)
        self.advice, self.is_about_name, self.wait_ms = advice, is_about_name, wait_ms


class _Entry:
    """A name and how it stands with it."""

    __slots__ = ("failures", "held", "is_listed", "is_wanted", "name", "renew_ms", "retry_ms")

    def __init__(self, name: str, *, is_listed: bool) -> None:
        self.name, self.is_listed, self.is_wanted = name, is_listed, is_listed
        self.held: Held | None = None
        self.renew_ms = 0  # Unix time.
        self.retry_ms = 0  # Monotonic time.
        self.failures = 0


class CertificateKeeper:
    """The certificates of this server's names."""

    def __init__(
        self,
        names: Iterable[str],
        *,
        on_demand: Iterable[str] = (),
        shelf: Shelf,
        order: Order,
        clock: Clock,
        entropy: Entropy,
        log: Log,
    ) -> None:
        """``on_demand``: names of Q9."""
        self._entries = {name: _Entry(name, is_listed=True) for name in names}
        self._entries |= {name: _Entry(name, is_listed=False) for name in on_demand}
        self._shelf, self._order = shelf, order
        self._clock, self._entropy, self._log = clock, entropy, log
        self._failures = 0  # In a row, not about a name.
        self._retry_ms = 0  # Monotonic time.
        self._wake = asyncio.Event()

    def load(self) -> None:
        """Take up what is on the shelf; what cannot be read counts as missing."""
        for entry in self._entries.values():
            try:
                held = self._shelf.load(entry.name)
            except (OSError, ValueError) as error:
                path = str(self._shelf.path(entry.name))
                self._log.warning("certificate_unreadable", file=path, reason=str(error))
                continue
            if held is not None:
                self._take_up(entry, held)

    def knows(self, name: str) -> bool:
        """Whether it is one of ours."""
        return name in self._entries

    def context_for(self, name: str | None) -> ssl.SSLContext | None:
        """What serves this name; None while there is nothing. Somebody came by it (Q9)."""
        entry = self._entries.get(name.lower()) if name else None
        if entry is None:
            return None
        if not entry.is_wanted:
            entry.is_wanted = True
            self._wake.set()
        return entry.held.context if entry.held is not None else None

    def is_held(self, name: str) -> bool:
        """Whether the name can be served."""
        entry = self._entries.get(name)
        return entry is not None and entry.held is not None

    async def tend(self) -> None:
        """Ask for what is due, until cancelled."""
        while True:
            await self.look()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), LOOK_S)
            self._wake.clear()

    async def look(self) -> None:
        """Ask for what is due now, one after another (Q8)."""
        while (entry := self._due()) is not None:
            await self._obtain(entry)

    def _due(self) -> _Entry | None:
        unix_ms, passed_ms = self._clock.unix_ms(), self._clock.monotonic_ms()
        if passed_ms < self._retry_ms:
            return None
        for entry in self._entries.values():
            is_due = entry.held is None or unix_ms >= entry.renew_ms
            if entry.is_wanted and is_due and passed_ms >= entry.retry_ms:
                return entry
        return None

    async def _obtain(self, entry: _Entry) -> None:
        name = entry.name

        def work() -> Held:
            self._shelf.probe()
            return self._shelf.keep(name, self._order(name))

        self._log.info("certificate_asked_for", name=name)
        try:
            held = await in_daemon_thread(work)
        except OrderFailed as failure:
            self._hold_up(entry, failure)
        except (OSError, ValueError) as error:
            advice = f"see that {self._shelf.folder} can be written and has room"
            failure = OrderFailed(str(error), advice=advice, is_about_name=False)
            self._hold_up(entry, failure)
        except Exception as error:  # noqa: BLE001 - serving goes on whatever a library does
            self._log.error("certificate_order_broke", error=error, name=name)
            reason = type(error).__name__
            advice = "the log has what went wrong; please report it"
            self._hold_up(entry, OrderFailed(reason, advice=advice, is_about_name=True))
        else:
            entry.failures = self._failures = 0
            self._take_up(entry, held)
            days = (held.ends_ms - self._clock.unix_ms()) // DAY_MS
            self._log.info("certificate_obtained", name=name, days=days)

    def _take_up(self, entry: _Entry, held: Held) -> None:
        entry.held, entry.is_wanted = held, True
        entry.renew_ms = renewal_ms(
            begins_ms=held.begins_ms, ends_ms=held.ends_ms, entropy=self._entropy
        )

    def _hold_up(self, entry: _Entry, failure: OrderFailed) -> None:
        now_ms = self._clock.monotonic_ms()
        if failure.is_about_name:
            entry.failures += 1
            wait_ms = max(retry_ms(entry.failures), failure.wait_ms)
            entry.retry_ms = now_ms + wait_ms
            entry.is_wanted = entry.is_listed or entry.held is not None
        else:
            self._failures += 1
            wait_ms = max(retry_ms(self._failures), failure.wait_ms)
            self._retry_ms = now_ms + wait_ms
        held = entry.held
        self._log.warning(
            "certificate_not_obtained",
            name=entry.name,
            reason=str(failure),
            advice=failure.advice,
            retry_in_s=wait_ms // 1_000,
            days_left=None if held is None else (held.ends_ms - self._clock.unix_ms()) // DAY_MS,
        )


async def in_daemon_thread(work: Callable[[], T]) -> T:
    """Run ``work`` in a thread that nobody waits for when this is cancelled or the process ends."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def tell(result: T) -> None:
        if not done.done():
            done.set_result(result)

    def tell_error(error: Exception) -> None:
        if not done.done():
            done.set_exception(error)

    def run() -> None:
        try:
            result = work()
        except Exception as error:  # noqa: BLE001 - handed to whoever waits
            with contextlib.suppress(RuntimeError):  # The loop is closed: nobody waits.
                loop.call_soon_threadsafe(tell_error, error)
        else:
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(tell, result)

    threading.Thread(target=run, name="certificates", daemon=True).start()
    return await done
