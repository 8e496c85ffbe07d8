"""One write heard by many: Server-Sent Events from a write to the last receipt.

All subscribers live in this one process; what receiving costs it is the same for both sides.

Not here: the writes' own speed (bench/cases.py, create).
"""

import asyncio
import json
import resource
import time
from dataclasses import dataclass, field
from typing import cast

import httpx
import uvloop
from typing_extensions import override

SUBSCRIBERS = 500
WRITES = 20
RECEIPT_SECONDS_MAX = 30
OPEN_AT_ONCE = 50
GATHER_SECONDS_MAX = 60
FILES_MIN = 4_096  # Two sockets a subscriber for a moment, and some to spare.
CONNECT = b"GET /api/realtime HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n"


@dataclass(slots=True)
class _Crowd:
    """Who still has to hear the present write."""

    marker: bytes = b""
    left: int = 0
    heard: asyncio.Event = field(default_factory=asyncio.Event)

    def expect(self, marker: bytes, *, listeners: int) -> None:
        self.marker, self.left = marker, listeners
        self.heard.clear()

    def one_heard(self) -> None:
        self.left -= 1
        if self.left == 0:
            self.heard.set()


class _Subscriber(asyncio.Protocol):
    """One SSE connection; counts the marker of the present write, once."""

    def __init__(self, crowd: _Crowd) -> None:
        self.client_id: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._crowd = crowd
        self._seen = b""
        self._transport: asyncio.Transport | None = None

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports have the methods of asyncio.Transport but are not its children.
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(CONNECT)

    @override
    def data_received(self, data: bytes) -> None:
        self._seen += data
        if not self.client_id.done():
            start = self._seen.find(b'{"clientId":"')
            end = self._seen.find(b"}", start)
            if start >= 0 and end >= 0:
                self.client_id.set_result(json.loads(self._seen[start : end + 1])["clientId"])
                self._seen = b""
        elif self._crowd.marker and self._crowd.marker in self._seen:
            self._seen = b""
            self._crowd.one_heard()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        if not self.client_id.done():
            self.client_id.set_exception(exc or ConnectionError("closed before it began"))

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()


def fan_out_ms(port: int, *, subscribers: int = SUBSCRIBERS, writes: int = WRITES) -> list[float]:
    """Milliseconds from sending a write to the last subscriber's receipt, for each write."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < FILES_MIN:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(FILES_MIN, hard), hard))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_fan_out_ms(port, subscribers=subscribers, writes=writes))


async def _fan_out_ms(port: int, *, subscribers: int, writes: int) -> list[float]:
    crowd = _Crowd()
    url = f"http://127.0.0.1:{port}"
    took_ms: list[float] = []
    async with httpx.AsyncClient(base_url=url, timeout=60, trust_env=False) as client:
        members = await _gather(port, client, crowd, subscribers)
        try:
            for number in range(writes):
                marker = f"ping-{number}-{time.perf_counter_ns()}"
                crowd.expect(marker.encode(), listeners=subscribers)
                started = time.perf_counter()
                answer = await client.post("/api/collections/notes/records", json={"title": marker})
                answer.raise_for_status()
                async with asyncio.timeout(RECEIPT_SECONDS_MAX):
                    await crowd.heard.wait()
                took_ms.append((time.perf_counter() - started) * 1_000)
        finally:
            for member in members:
                member.close()
    return took_ms


async def _gather(
    port: int, client: httpx.AsyncClient, crowd: _Crowd, subscribers: int
) -> list[_Subscriber]:
    """Connect and subscribe everyone."""
    loop = asyncio.get_running_loop()
    gate = asyncio.Semaphore(OPEN_AT_ONCE)

    async def join() -> _Subscriber:
        async with gate:
            _, member = await loop.create_connection(lambda: _Subscriber(crowd), "127.0.0.1", port)
            body = {"clientId": await member.client_id, "subscriptions": ["notes/*"]}
            (await client.post("/api/realtime", json=body)).raise_for_status()
            return member

    async with asyncio.timeout(GATHER_SECONDS_MAX), asyncio.TaskGroup() as tasks:
        joining = [tasks.create_task(join()) for _ in range(subscribers)]
    return [one.result() for one in joining]
