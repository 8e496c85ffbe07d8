"""What precedes a body is bounded: slow and endless heads are hung up on."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator

import pytest
from uvicorn.config import Config
from uvicorn.server import ServerState

from yadokari.api.request import Receive, Scope
from yadokari.api.response import Send
from yadokari.app import http_protocol
from yadokari.app.http_protocol import HEAD_BYTES_MAX, BoundedHttpProtocol

QUICK_S = 0.05
WAIT_S = 5
CONNECTIONS_MAX = 3


class QuickProtocol(BoundedHttpProtocol):
    """With short times."""

    head_timeout_s = QUICK_S
    body_timeout_s = QUICK_S
    take_timeout_s = QUICK_S


async def hello(_scope: Scope, receive: Receive, send: Send) -> None:
    """An application that answers after the body."""
    message = await receive()
    while message.get("more_body"):
        message = await receive()
    headers = [(b"content-length", b"2")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"hi"})


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """Of a listening server."""
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    config = Config(hello, ws="none", lifespan="off", log_config=None, access_log=False)
    config.limit_concurrency = CONNECTIONS_MAX
    config.load()
    state = ServerState()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: QuickProtocol(config=config, server_state=state, app_state={}), "127.0.0.1", 0
    )
    yield server.sockets[0].getsockname()[1]
    server.close()


async def talk(port: int, *parts: bytes, until_closed: bool) -> bytes:
    """What the server says to these bytes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    async with asyncio.timeout(WAIT_S):
        try:
            for part in parts:
                writer.write(part)
                await writer.drain()
            answer = await reader.read(-1 if until_closed else 4_096)
        except ConnectionError:
            answer = b""
    writer.close()
    return answer


@pytest.mark.parametrize("head", [b"", b"GET ", b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "])
async def test_a_head_that_does_not_end_in_time_is_hung_up_on(port: int, head: bytes):
    """H1: thousands of silent connections must not stay."""
    assert await talk(port, head, until_closed=True) == b""


async def test_an_endless_head_is_hung_up_on(port: int):
    """H1: memory for headers is bounded, however fast they come."""
    parts = [
        b"GET / HTTP/1.1\r\n",
        *[b"X-A: " + b"a" * 8_000 + b"\r\n"] * (HEAD_BYTES_MAX // 1_000),
    ]

    assert await talk(port, *parts, until_closed=True) == b""


async def test_a_slow_body_is_not_its_concern(port: int):
    """Bodies have their own limits; an upload over a bad line goes on."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\na")
    await asyncio.sleep(QUICK_S * 2)
    writer.write(b"b")

    answer = await asyncio.wait_for(reader.read(4_096), WAIT_S)

    assert answer.startswith(b"HTTP/1.1 200")
    writer.close()


async def test_requests_one_after_another_are_answered_and_each_head_has_its_time(port: int):
    """A connection that is kept alive begins anew with each request."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(2):
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = await asyncio.wait_for(reader.readuntil(b"hi"), WAIT_S)
        assert answer.startswith(b"HTTP/1.1 200")
        await asyncio.sleep(QUICK_S * 2)

    writer.write(b"GET / HT")

    assert await asyncio.wait_for(reader.read(), WAIT_S) == b""
    writer.close()


@pytest.mark.parametrize("sent", [b"\x00\x01\r\n\r\n", b"GET / HTTP/9\r\n\r\n", b"GET\r\n\r\n"])
async def test_a_malformed_request_is_answered_in_the_contracts_shape(port: int, sent: bytes):
    """H2: always JSON, never what the parser thought of it."""
    answer = await talk(port, sent, until_closed=True)

    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\n")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["status"] == 400


async def test_a_connection_too_many_is_told_to_come_later(port: int):
    """H2: a full house says so, and those inside are served."""
    inside = [await asyncio.open_connection("127.0.0.1", port) for _ in range(CONNECTIONS_MAX)]
    inside[0][1].write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    served = await asyncio.wait_for(inside[0][0].readuntil(b"hi"), WAIT_S)

    answer = await talk(port, until_closed=True)

    assert served.startswith(b"HTTP/1.1 200")
    assert answer.startswith(b"HTTP/1.1 503")
    assert b"\r\nretry-after: 1\r\n" in answer
    for _, writer in inside:
        writer.close()


def test_the_default_time_is_the_documented_one():
    """H1 names it."""
    assert BoundedHttpProtocol.head_timeout_s == http_protocol.HEAD_TIMEOUT_S == 10


async def test_a_body_nobody_reads_has_its_time(port: int):
    """H3: the answer may be out already while the client still drips."""
    head = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nhalf"

    assert await talk(port, head, until_closed=True) == b""


async def test_an_answer_nobody_takes_ends_with_the_connection():
    """H3: what waits for a client that does not read is memory of ours."""
    ended = asyncio.Event()

    async def endless(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(10_000):
            piece = b"x" * 65_536
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        ended.set()

    config = Config(endless, ws="none", lifespan="off", log_config=None, access_log=False)
    config.load()
    state = ServerState()
    server = await asyncio.get_running_loop().create_server(
        lambda: QuickProtocol(config=config, server_state=state, app_state={}), "127.0.0.1", 0
    )
    _, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2], limit=1_024)
    writer.write(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")

    async with asyncio.timeout(WAIT_S):
        await ended.wait()

    assert state.connections == set()
    writer.transport.abort()
    server.close()
