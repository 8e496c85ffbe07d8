"""Requests that are whole when read are answered in one write; all others as before."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass, field

import pytest
from typing_extensions import override
from uvicorn.config import Config
from uvicorn.server import ServerState

from yadokari.api.asgi import Deliver
from yadokari.api.request import Receive, Request, Scope
from yadokari.api.response import Response, Send
from yadokari.app.exchange import Outbox, Serve
from yadokari.app.http_protocol import BoundedHttpProtocol

WAIT_S = 5
RECORD = "/api/collections/c/records/r"
GET = f"GET {RECORD} HTTP/1.1\r\nhost: x\r\n\r\n".encode()
SAID = ContextVar("said", default="nothing")


@dataclass
class Served:
    """A listening server whose answers a test chooses."""

    port: int = 0
    state: ServerState = field(default_factory=ServerState)
    answer: Callable[[Request], Awaitable[Response]] | None = None
    tasks_seen: list[bool] = field(default_factory=list)

    serve_instead: Serve | None = None
    lost: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a connection ends, in that very turn of the loop."""

    async def serve(self, scope: Scope, receive: Receive, deliver: Deliver) -> None:
        """Answers exchanges."""
        if self.serve_instead is not None:
            await self.serve_instead(scope, receive, deliver)
            return
        self.tasks_seen.append(asyncio.current_task() is not None)
        request = Request(scope, receive, "")
        assert self.answer is not None
        await deliver(request, await self.answer(request))

    async def talk(self, *parts: bytes, until: bytes | None = None) -> bytes:
        """What the server says until it says ``until``, hangs up, or says no more for long."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        said = b""
        try:
            async with asyncio.timeout(WAIT_S):
                for part in parts:
                    writer.write(part)
                    await asyncio.sleep(0.01)
                while until is None or until not in said:
                    more = await reader.read(4_096)
                    if not more:
                        return said + b"<hung up>"
                    said += more
        except TimeoutError:
            return said + b"<silence>"
        finally:
            writer.close()
        return said


async def by_cycle(_scope: Scope, receive: Receive, send: Send) -> None:
    """What uvicorn's cycle calls: answers with the body it got."""
    message = await receive()
    body = bytes(message["body"])  # type: ignore[call-overload]
    while message.get("more_body"):
        message = await receive()
        body += message["body"]  # type: ignore[operator]
    length = str(len(body) + 6).encode()
    headers = [(b"content-length", length)]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"cycle:" + body})


def plain(body: bytes, status: int = 200) -> Response:
    """A known answer."""
    return Response(status, [(b"content-length", str(len(body)).encode())], body)


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    """Listening."""
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    made = Served()
    made.state.default_headers = [(b"date", b"today")]

    class Protocol(BoundedHttpProtocol):
        serve = staticmethod(made.serve)
        outbox = Outbox()

        @override
        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            made.lost.set()

    config = Config(by_cycle, ws="none", lifespan="off", log_config=None, timeout_keep_alive=1)
    config.load()
    server = await asyncio.get_running_loop().create_server(
        lambda: Protocol(config=config, server_state=made.state, app_state={}), "127.0.0.1", 0
    )
    made.port = server.sockets[0].getsockname()[1]
    yield made
    server.close()


async def test_a_read_that_waits_for_nothing_is_answered_without_a_task(served: Served):
    """A task costs as much as a read."""

    async def answer(_request: Request) -> Response:
        return plain(b"hi")

    served.answer = answer

    said = await served.talk(GET, until=b"hi")

    assert said == b"HTTP/1.1 200 OK\r\ndate: today\r\ncontent-length: 2\r\n\r\nhi"
    assert served.tasks_seen == [False]
    assert served.state.total_requests == 1


async def test_a_read_that_waits_goes_on_as_a_task_in_its_context(served: Served):
    """What a handler set before it waited is there afterwards, and nowhere else."""

    async def answer(_request: Request) -> Response:
        before = SAID.get()
        SAID.set("something")
        await asyncio.sleep(0.01)
        assert asyncio.current_task() in served.state.tasks
        return plain(f"{before} {SAID.get()}".encode())

    served.answer = answer

    twice = await served.talk(GET, GET, until=b"something")
    again = await served.talk(GET, until=b"something")

    assert b"nothing something" in twice
    assert again.endswith(b"nothing something")
    assert not served.state.tasks


async def test_a_write_is_a_task_from_the_start(served: Served):
    """Writes wait for their commit, and their handlers set time limits before."""

    async def answer(request: Request) -> Response:
        message = await request.receive()
        assert message["more_body"] is False
        return plain(b"got " + bytes(message["body"]))  # type: ignore[call-overload]

    served.answer = answer

    said = await served.talk(
        b"POST /api/batch HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\nabc", until=b"abc"
    )

    assert said.endswith(b"got abc")
    assert served.tasks_seen == [True]


BODY = b"content-length: 4\r\n\r\n"


@pytest.mark.parametrize(
    ("head", "sent"),
    [
        pytest.param(b"POST /api/x HTTP/1.1\r\n" + BODY + b"ab", b"cd", id="late body"),
        pytest.param(b"POST /elsewhere HTTP/1.1\r\n" + BODY, b"abcd", id="not the API"),
        pytest.param(
            b"POST /api/x HTTP/1.1\r\nexpect: 100-continue\r\n" + BODY, b"abcd", id="asks first"
        ),
        pytest.param(b"POST /api/x HTTP/1.0\r\n" + BODY + b"abcd", b"", id="old protocol"),
        pytest.param(
            b"POST /api/x HTTP/1.1\r\nconnection: close\r\n" + BODY + b"abcd", b"", id="last one"
        ),
    ],
)
async def test_what_is_not_whole_or_not_plain_is_uvicorns_affair(
    served: Served, head: bytes, sent: bytes
):
    """Its cycle knows all of HTTP; an exchange knows the common case."""
    said = await served.talk(head, sent, until=b"cycle:abcd")

    assert said.endswith(b"cycle:abcd")
    assert not served.tasks_seen


async def test_requests_sent_ahead_are_answered_in_order(served: Served):
    """A client may send the next request before it has the answer."""
    count = 0

    async def answer(_request: Request) -> Response:
        nonlocal count
        count += 1
        mine = count
        if mine == 1:
            await asyncio.sleep(0.05)
        return plain(b"answer %d;" % mine)

    served.answer = answer

    said = await served.talk(GET + GET + GET, until=b"cycle:")

    assert said.find(b"answer 1;") < said.find(b"cycle:")
    assert b"answer 2;" not in said  # The others waited their turn.
    assert served.state.total_requests >= 2


@pytest.mark.parametrize(
    ("next_one", "its_answer"),
    [
        pytest.param(b"GET /elsewhere HTTP/1.1\r\n\r\n", b"cycle:", id="by the cycle"),
        pytest.param(b"no request at all\r\n\r\n", b"HTTP/1.1 400 ", id="refused"),
    ],
)
async def test_an_answer_leaves_before_the_next_one_is_written(
    served: Served, next_one: bytes, its_answer: bytes
):
    """X3: an answer waits for the end of the turn, unless something else would overtake it."""

    async def answer(_request: Request) -> Response:
        return plain(b"first;")

    served.answer = answer

    said = await served.talk(GET + next_one, until=its_answer)

    assert 0 < said.find(b"first;") < said.find(its_answer)


async def test_a_server_that_stops_sends_what_is_ready(served: Served):
    """X3: an answer that waits for the end of the turn is an answer given."""

    async def answer(_request: Request) -> Response:
        connections = tuple(served.state.connections)
        asyncio.get_running_loop().call_soon(lambda: [one.shutdown() for one in connections])
        return plain(b"last words")

    served.answer = answer

    said = await served.talk(GET)

    assert said.endswith(b"last words<hung up>")


async def test_head_has_the_headers_alone(served: Served):
    """The length tells what GET would send."""

    async def answer(_request: Request) -> Response:
        return plain(b"hi")

    served.answer = answer

    said = await served.talk(GET.replace(b"GET", b"HEAD"), until=b"\r\n\r\n")

    assert b"content-length: 2" in said


async def test_a_streamed_answer_is_sent_in_pieces_until_it_ends(served: Served):
    """Realtime and files come through the same door."""

    async def pieces() -> AsyncIterator[bytes]:
        yield b"one"
        await asyncio.sleep(0.01)
        yield b"two"

    async def answer(_request: Request) -> Response:
        return Response(200, [(b"content-type", b"text/plain")], stream=pieces())

    served.answer = answer

    said = await served.talk(GET, until=b"0\r\n\r\n")

    assert b"transfer-encoding: chunked" in said
    assert b"3\r\none\r\n3\r\ntwo\r\n" in said


async def test_a_stream_ends_when_its_client_goes_away(served: Served):
    """Nobody is left to send to."""
    closed = asyncio.Event()

    async def pieces() -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"again"
                await asyncio.sleep(0.005)
        finally:
            closed.set()

    async def answer(_request: Request) -> Response:
        return Response(200, [], stream=pieces())

    served.answer = answer

    await served.talk(GET, until=b"again")

    async with asyncio.timeout(WAIT_S):
        await closed.wait()


async def test_a_handler_that_waits_for_the_client_hears_that_it_is_gone(served: Served):
    """ASGI's ``receive`` after the body tells of the end of the connection."""
    heard = asyncio.get_running_loop().create_future()

    async def answer(request: Request) -> Response:
        await request.receive()
        heard.set_result((await request.receive())["type"])
        return plain(b"late")

    served.answer = answer

    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(0.05):
            await served.talk(GET)

    async with asyncio.timeout(WAIT_S):
        assert await heard == "http.disconnect"


async def test_a_handler_that_fails_is_answered_500_and_the_server_goes_on(served: Served):
    """The application answers its own failures; this is for what escapes it."""

    async def answer(_request: Request) -> Response:
        raise ValueError("nobody expected this")

    served.answer = answer

    said = await served.talk(GET, until=b"Internal Server Error")

    assert said.startswith(b"HTTP/1.1 500 ")


async def test_a_header_with_a_line_end_is_never_sent(served: Served):
    """It would be another header, or another answer."""

    async def answer(_request: Request) -> Response:
        return Response(200, [(b"x-name", b"a\r\nset-cookie: b"), (b"content-length", b"0")])

    served.answer = answer

    said = await served.talk(GET, until=b"Internal Server Error")

    assert said.startswith(b"HTTP/1.1 500 ")
    assert b"set-cookie" not in said


async def test_a_connection_that_idles_is_closed_but_not_one_at_work(served: Served):
    """H5: its time begins when the last answer has left."""
    delay_s = 1.3  # Longer than the second of the fixture.

    async def answer(_request: Request) -> Response:
        await asyncio.sleep(delay_s)
        return plain(b"done")

    served.answer = answer

    said = await served.talk(GET, GET)

    assert said.count(b"done") == 1
    assert said.endswith(b"cycle:<hung up>")


def get(path: str) -> bytes:
    """A plain request."""
    return f"GET {path} HTTP/1.1\r\nhost: x\r\n\r\n".encode()


async def test_a_client_that_breaks_off_costs_nobody_else_an_answer(served: Served):
    """X3: answers leave together, and one of them may have nobody left to take it."""
    big = plain(b"x" * 20_000_000)

    async def answer(request: Request) -> Response:
        if request.query_string == b"big":
            return big
        if request.query_string == b"wait":
            await served.lost.wait()
        return plain(b"mine")

    served.answer = answer
    others = [asyncio.create_task(served.talk(get(RECORD + "?wait"), until=b"mine")) for _ in "abc"]
    _reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    writer.write(get(RECORD + "?big") + get(RECORD) * 4)
    await asyncio.sleep(0.1)

    linger = struct.pack("ii", 1, 0)  # Closing resets the connection.
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()

    assert [said[-4:] for said in await asyncio.gather(*others)] == [b"mine"] * 3


async def test_requests_behind_a_stream_keep_their_order_and_their_bodies(served: Served):
    """X1: a stream's cycle does not stand in the place of the request that came after it."""

    async def pieces() -> AsyncIterator[bytes]:
        await asyncio.sleep(0.05)
        yield b"streamed;"

    async def answer(_request: Request) -> Response:
        return Response(200, [(b"content-length", b"9")], stream=pieces())

    served.answer = answer
    post = b"POST /api/x HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\nab"

    said = await served.talk(GET + post, b"cd", get("/elsewhere"))

    bodies = [part.partition(b"\r\n\r\n")[2] for part in said.split(b"HTTP/1.1 200 OK")]
    assert bodies == [b"", b"streamed;", b"cycle:abcd", b"cycle:<hung up>"]


async def test_an_error_after_the_answer_ends_the_connection_and_keeps_the_answer(served: Served):
    """A second answer, or a 500 in its place, would be taken for another request's."""

    async def serve(scope: Scope, receive: Receive, deliver: Deliver) -> None:
        await deliver(Request(scope, receive, ""), plain(b"done"))
        raise ValueError("too late")

    served.serve_instead = serve

    said = await served.talk(GET)

    assert said.endswith(b"done<hung up>")


async def test_an_empty_line_after_an_answer_does_not_keep_a_connection(served: Served):
    """H5: what is no request does not stop the clock."""

    async def answer(_request: Request) -> Response:
        return plain(b"done")

    served.answer = answer

    said = await served.talk(GET, b"\r\n")

    assert said.endswith(b"done<hung up>")


async def test_trailers_are_no_headers(served: Served):
    """A trailer is written by whoever wrote the body, and after all checks of the head."""

    async def answer(request: Request) -> Response:
        return plain(f"token={request.token};".encode())

    served.answer = answer
    head = b"POST /api/x HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"

    said = await served.talk(head + b"0\r\nauthorization: abc\r\n\r\n", until=b";")

    assert said.endswith(b"token=;")


async def test_many_small_requests_at_once_are_no_large_head(served: Served):
    """H1 counts the bytes of one head, not those of a read that holds many."""

    async def answer(_request: Request) -> Response:
        return plain(b"done;")

    served.answer = answer
    count = 2_000
    everything = GET * count
    half = len(GET) // 2

    said = await served.talk(everything[:-half], everything[-half:])

    assert said.count(b"done;") + said.count(b"cycle:") == count
