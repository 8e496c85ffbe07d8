"""A connected client: its identity, its topics, and what waits to be sent to it.

C1  A client that does not read loses its connection, never the server's memory.
C2  Its identity comes from its subscribe requests; a guest may sign in once, nothing else changes.
"""

from __future__ import annotations

import asyncio
from collections import deque

import msgspec

from yadokari.realtime.topics import Topic
from yadokari.records.caller import GUEST, Caller

WAITING_MAX = 2_000  # messages; a client this far behind must come back and fetch


class Subscription(msgspec.Struct, frozen=True):
    """A topic, and from when on a client wants to hear of it."""

    topic: Topic
    since: int
    """Units of work that were committed before it; it hears of later ones only."""


class Client:
    """One connection."""

    __slots__ = (
        "_news",
        "_waiting",
        "bound",
        "caller",
        "closed",
        "id",
        "ip",
        "signed_in_since",
        "topics",
    )

    def __init__(self, *, id: str, ip: str) -> None:
        self.id = id
        self.ip = ip
        self.caller: Caller = GUEST
        self.bound = False
        """Whether a subscribe request came signed in."""
        self.signed_in_since = 0
        """Units of work that were committed before that request; it was a guest for those."""
        self.topics: dict[str, Subscription] = {}
        self.closed = False
        self._waiting: deque[bytes] = deque()
        self._news = asyncio.Event()

    def caller_at(self, moment: int) -> Caller:
        """Its identity for a unit of work.

        Args:
            moment: Units of work that were committed up to that one.
        """
        return self.caller if moment > self.signed_in_since else GUEST

    def send(self, message: bytes) -> None:
        """Queue a message; a client too far behind is closed (C1)."""
        if len(self._waiting) >= WAITING_MAX:
            self.close()
            return
        self._waiting.append(message)
        self._news.set()

    def close(self) -> None:
        """End the connection after what was taken already."""
        self.closed = True
        self._news.set()

    async def messages(self, *, idle_s: float) -> bytes:
        """Everything that waits, in one piece; empty when closed or idle for too long."""
        if not self._waiting and not self.closed:
            try:
                async with asyncio.timeout(idle_s):
                    await self._news.wait()
            except TimeoutError:
                return b""
        self._news.clear()
        if self.closed:
            return b""
        taken = b"".join(self._waiting)
        self._waiting.clear()
        return taken
