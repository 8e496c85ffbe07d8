"""The HTTP protocol of the server, with limits on what precedes a body.

H1  A request's line and headers are at most 64 KiB and arrive within ``head_timeout_s``, and so
    does the first byte of a connection: who is slower, or sends more, is hung up on.
H2  Whatever is refused before it becomes a request is refused in the contract's shape: a malformed
    request with 400, a connection too many with 503.
H3  A body that nobody reads any more, since its request is answered, has its time too; and so has
    an answer that the client does not take: both end with the connection.
H4  A request to the API that is whole when it is read, the only one under way on its connection,
    is answered by an exchange (app/exchange.py); every other one by uvicorn's cycle.
H5  A connection without a request for ``timeout_keep_alive`` seconds is closed.

Not here: limits on bodies that are read (api/body.py).
"""

from __future__ import annotations

import asyncio

import msgspec
from typing_extensions import override
from uvicorn._types import ASGI3Application
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from yadokari.api.request import Scope
from yadokari.app.exchange import Exchange, Outbox, Serve
from yadokari.contract import messages

HEAD_BYTES_MAX = 64 * 1024  # Proxies cut at 8 to 32 KiB; a token and cookies are far below.
HEAD_TIMEOUT_S = 10.0  # Radio links stall for seconds; an attacker holds for minutes.
BODY_TIMEOUT_S = 300.0  # As in api/body.py, which answers; this is for what it no longer reads.
BODY_GRACE_S = 1.0  # Lets the answer "too slow" leave before we hang up.
TAKE_TIMEOUT_S = 60.0  # 64 KiB wait then: slower than a modem of 1990 is nobody.
API_PREFIX = b"/api/"
RECORDS_PREFIX = b"/api/collections/"  # Read on the loop: seldom anything to wait for.


class BoundedHttpProtocol(HttpToolsProtocol):
    """uvicorn's protocol with H1 to H5."""

    serve: Serve | None = None
    """Answers exchanges; None leaves every request to uvicorn's cycle."""
    outbox: Outbox
    """Of all connections of a server that answers exchanges."""

    head_timeout_s: float = HEAD_TIMEOUT_S
    """Seconds for a head to arrive."""
    body_timeout_s: float = BODY_TIMEOUT_S
    """Seconds for a body to arrive."""
    take_timeout_s: float = TAKE_TIMEOUT_S
    """Seconds for a client to take what waits for it."""
    _head_bytes = 0
    """Bytes of reads that lie wholly inside the present head."""
    _is_in_head = True
    _head_timer: asyncio.TimerHandle | None = None
    _is_in_body = False
    _body_timer: asyncio.TimerHandle | None = None
    _take_timer: asyncio.TimerHandle | None = None
    _idle_since: float | None = None
    """Time of the loop at which the last answer left; None while a request is under way."""
    _idle_timer: asyncio.TimerHandle | None = None
    """Looks whether the connection is idle too long; armed at most once in that time."""
    _standing: tuple[list[tuple[bytes, bytes]], bytes] | None = None
    _is_arriving = False
    """Whether a request that may become an exchange has its head, and not yet its body."""
    _arrived: bytes = b""
    """What arrived of its body."""
    _answering: Exchange | RequestResponseCycle | None = None
    """The request that is being answered, or was the last one; ``cycle`` is the last that came."""
    _leaving: bytes = b""
    """An answer that waits for the end of this turn of the loop."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, object],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        # uvicorn would count requests too, and answer in plain text.
        self._connections_max = config.limit_concurrency
        self.limit_concurrency: int | None = None

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        if self._connections_max is not None and len(self.connections) > self._connections_max:
            self._refuse(b"503 Service Unavailable", messages.UNAVAILABLE, retry_after_s=1)
            return
        self._head_timer = self.loop.call_later(self.head_timeout_s, self._hang_up)

    @override
    def data_received(self, data: bytes) -> None:
        self._idle_since = None
        self._head_bytes += len(data)
        super().data_received(data)
        if self._is_arriving and not self.transport.is_closing():
            self._leave_to_cycle()
        if self._is_in_head:
            if self._head_bytes > HEAD_BYTES_MAX:
                self._hang_up()
            elif self._head_timer is None:
                self._head_timer = self.loop.call_later(self.head_timeout_s, self._hang_up)
        elif self._is_in_body:
            if self._body_timer is None:
                wait_s = self.body_timeout_s + BODY_GRACE_S
                self._body_timer = self.loop.call_later(wait_s, self._hang_up)
        elif self._idle_since is None:
            self._begin_idle()

    @override
    def on_message_begin(self) -> None:
        self._is_in_head = True
        self._head_bytes = 0
        self._stop_head_timer()
        self.url = b""
        self.headers: list[tuple[bytes, bytes]] = []
        self.expect_100_continue = False

    @override
    def on_header(self, name: bytes, value: bytes) -> None:
        if self._is_in_head:  # Else it is a trailer, which nobody here asks for.
            super().on_header(name, value)

    @override
    def on_headers_complete(self) -> None:
        self._is_in_head = False
        self._is_in_body = True
        self._stop_head_timer()
        if self._may_be_exchange():
            self._is_arriving, self._arrived = True, b""
        else:
            self._begin_cycle()

    @override
    def on_body(self, body: bytes) -> None:
        if self._is_arriving:
            self._arrived = self._arrived + body if self._arrived else body
        else:
            super().on_body(body)

    @override
    def on_message_complete(self) -> None:
        self._is_in_body = False
        if self._body_timer is not None:
            self._body_timer.cancel()
            self._body_timer = None
        if self._is_arriving:
            self._is_arriving = False
            self._begin_exchange()
        else:
            super().on_message_complete()

    def _may_be_exchange(self) -> bool:
        parser, url, cycle = self.parser, self.url, self.cycle
        return (
            self.serve is not None
            and url.startswith(API_PREFIX)
            and (cycle is None or cycle.response_complete)
            and not self.expect_100_continue
            and parser.get_http_version() == "1.1"
            and parser.should_keep_alive()
            and not parser.should_upgrade()
            and url.isascii()
            and b"#" not in url
        )

    def _begin_exchange(self) -> None:
        """Answer what is whole (H4)."""
        assert self.serve is not None
        raw_path, _, query = self.url.partition(b"?")
        method = self.parser.get_method()
        scope: Scope = {
            "type": "http",
            "method": method.decode("ascii"),
            "raw_path": raw_path,
            "query_string": query,
            "headers": self.headers,
            "client": self.client,
            "whole_body": self._arrived,
        }
        exchange = self._answering = Exchange(self, scope)
        self.cycle = exchange  # type: ignore[assignment]  # has all that is asked of a cycle
        at_once = (
            method == b"GET"
            and not self._arrived
            and not self._leaving  # A client that sends many ahead shall not hold up the others.
            and raw_path.startswith(RECORDS_PREFIX)
        )
        exchange.run(self.serve, at_once=at_once)

    def _leave_to_cycle(self) -> None:
        """The rest of the body is still to come: uvicorn's cycle takes it piece by piece."""
        self._is_arriving = False
        self._begin_cycle()
        if self._arrived:
            super().on_body(self._arrived)

    def _begin_cycle(self) -> None:
        url, headers, expects = self.url, self.headers, self.expect_100_continue
        super().on_message_begin()  # Makes the scope, and forgets what was read.
        self.url, self.expect_100_continue = url, expects
        self.headers.extend(headers)
        super().on_headers_complete()

    def standing_lines(self) -> bytes:
        """See Connection.standing_lines."""
        lines = self.server_state.default_headers  # A new list each second.
        known = self._standing
        if known is None or known[0] is not lines:
            known = self._standing = (lines, b"".join([b"%b: %b\r\n" % line for line in lines]))
        return known[1]

    def whole_cycle(self, exchange: Exchange, scope: Scope) -> RequestResponseCycle:
        """See Connection.whole_cycle."""
        self.flush()
        cycle = RequestResponseCycle(
            scope=scope,  # type: ignore[arg-type]  # uvicorn's own type is narrower
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=False,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=False,
            keep_alive=exchange.keep_alive,
            on_response=self.on_response_complete,
        )
        cycle.more_body = False
        cycle.disconnected = exchange.disconnected
        self._answering = cycle
        if self.cycle is exchange:  # type: ignore[comparison-overlap]  # else the next one is there
            self.cycle = cycle
        return cycle

    @override
    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._answering = cycle
        super()._start_asgi_task(cycle, app)

    def answer(self, data: bytes, *, keep_alive: bool) -> None:
        """See Connection.answer."""
        self.flush()
        self._leaving = data
        if keep_alive:
            self.outbox.add(self)
        else:
            self.flush()
            self.transport.close()
        self.on_response_complete()

    def flush(self) -> None:
        """See Connection.flush."""
        data = self._leaving
        if data:
            self._leaving = b""
            self.transport.write(data)

    def break_off(self, error: BaseException) -> None:
        """See Connection.break_off."""
        self.logger.error("An application failed after its answer", exc_info=error)
        self._hang_up()

    @override
    def shutdown(self) -> None:
        self.flush()
        super().shutdown()

    @override
    def on_response_complete(self) -> None:
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
            return
        self._begin_idle()

    def _begin_idle(self) -> None:
        """Count the idle time from now, unless something is still being answered."""
        if self.pipeline or (self._answering and not self._answering.response_complete):
            return
        self._idle_since = self.loop.time()
        if self._idle_timer is None:
            self._watch_idle(self._idle_since)

    def _watch_idle(self, since: float) -> None:
        self._idle_timer = self.loop.call_at(since + self.timeout_keep_alive, self._end_idle)

    def _end_idle(self) -> None:
        """Close the connection when it is idle for long, else look again later.

        A timer for each answer would cost as much as half of the answer.
        """
        self._idle_timer = None
        since = self._idle_since
        if since is None:
            return
        if self.loop.time() - since < self.timeout_keep_alive:
            self._watch_idle(since)
        else:
            self.timeout_keep_alive_handler()

    @override
    def pause_writing(self) -> None:
        super().pause_writing()
        if self._take_timer is None:
            self._take_timer = self.loop.call_later(self.take_timeout_s, self._give_up)

    @override
    def resume_writing(self) -> None:
        if self._take_timer is not None:
            self._take_timer.cancel()
            self._take_timer = None
        super().resume_writing()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._leaving = b""
        answering = self._answering
        if answering is not None and not answering.response_complete:
            answering.disconnected = True
            answering.message_event.set()
        for timer in (self._head_timer, self._body_timer, self._take_timer, self._idle_timer):
            if timer is not None:
                timer.cancel()
        self._head_timer = self._body_timer = self._take_timer = self._idle_timer = None
        super().connection_lost(exc)

    @override
    def send_400_response(self, msg: str) -> None:
        self._refuse(b"400 Bad Request", messages.GENERIC)

    def _refuse(self, status: bytes, message: str, *, retry_after_s: int = 0) -> None:
        shown: dict[str, object] = {"data": {}, "message": message, "status": int(status[:3])}
        body = msgspec.json.encode(shown)
        waiting = b"retry-after: %d\r\n" % retry_after_s if retry_after_s else b""
        self.flush()
        self.transport.write(
            b"HTTP/1.1 %b\r\ncontent-type: application/json\r\ncontent-length: %d\r\n"
            b"connection: close\r\nx-content-type-options: nosniff\r\n%b\r\n%b"
            % (status, len(body), waiting, body)
        )
        self.transport.close()

    def _give_up(self) -> None:
        """Drop what waits: closing would first wait for the client to take it."""
        self._take_timer = None
        self.transport.abort()

    def _stop_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _hang_up(self) -> None:
        self._head_timer = self._body_timer = None
        if not self.transport.is_closing():
            self.flush()
            self.transport.close()
