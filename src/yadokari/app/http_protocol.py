"""The HTTP protocol of the server, with limits on what precedes a body.

H1  A request's line and headers are at most 64 KiB and arrive within ten seconds, and so does the
    first byte of a connection: who is slower, or sends more, is hung up on.
H2  Whatever is refused before it becomes a request is refused in the contract's shape: a malformed
    request with 400, a connection too many with 503.
H3  A body that nobody reads any more, since its request is answered, has its time too; and so has
    an answer that the client does not take: both end with the connection.

Not here: limits on bodies that are read (api/body.py), idle connections (uvicorn's own timer).
"""

from __future__ import annotations

import asyncio

import msgspec
from typing_extensions import override
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from yadokari.contract import messages

HEAD_BYTES_MAX = 64 * 1024  # Proxies cut at 8 to 32 KiB; a token and cookies are far below.
HEAD_TIMEOUT_S = 10.0  # Radio links stall for seconds; an attacker holds for minutes.
BODY_TIMEOUT_S = 300.0  # As in api/body.py, which answers; this is for what it no longer reads.
BODY_GRACE_S = 1.0  # Lets the answer "too slow" leave before we hang up.
TAKE_TIMEOUT_S = 60.0  # 64 KiB wait then: slower than a modem of 1990 is nobody.


class BoundedHttpProtocol(HttpToolsProtocol):
    """uvicorn's protocol with H1."""

    head_timeout_s: float = HEAD_TIMEOUT_S
    """Seconds for a head to arrive."""
    body_timeout_s: float = BODY_TIMEOUT_S
    """Seconds for a body to arrive."""
    take_timeout_s: float = TAKE_TIMEOUT_S
    """Seconds for a client to take what waits for it."""
    _head_bytes = 0
    _is_in_head = True
    _head_timer: asyncio.TimerHandle | None = None
    _is_in_body = False
    _body_timer: asyncio.TimerHandle | None = None
    _take_timer: asyncio.TimerHandle | None = None

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
        was_in_head = self._is_in_head
        super().data_received(data)
        if not self._is_in_head:
            if self._head_timer is not None:
                self._head_timer.cancel()
                self._head_timer = None
            if self._is_in_body and self._body_timer is None:
                wait_s = self.body_timeout_s + BODY_GRACE_S
                self._body_timer = self.loop.call_later(wait_s, self._hang_up)
            return
        self._head_bytes = self._head_bytes + len(data) if was_in_head else 0
        if self._head_bytes > HEAD_BYTES_MAX:
            self._hang_up()
        elif self._head_timer is None:
            self._head_timer = self.loop.call_later(self.head_timeout_s, self._hang_up)

    @override
    def on_message_begin(self) -> None:
        self._is_in_head = True
        super().on_message_begin()

    @override
    def on_headers_complete(self) -> None:
        self._is_in_head = False
        self._is_in_body = True
        self._head_bytes = 0
        super().on_headers_complete()

    @override
    def on_message_complete(self) -> None:
        self._is_in_body = False
        if self._body_timer is not None:
            self._body_timer.cancel()
            self._body_timer = None
        super().on_message_complete()

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
        for timer in (self._head_timer, self._body_timer, self._take_timer):
            if timer is not None:
                timer.cancel()
        self._head_timer = self._body_timer = self._take_timer = None
        super().connection_lost(exc)

    @override
    def send_400_response(self, msg: str) -> None:
        self._refuse(b"400 Bad Request", messages.GENERIC)

    def _refuse(self, status: bytes, message: str, *, retry_after_s: int = 0) -> None:
        shown: dict[str, object] = {"data": {}, "message": message, "status": int(status[:3])}
        body = msgspec.json.encode(shown)
        waiting = b"retry-after: %d\r\n" % retry_after_s if retry_after_s else b""
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

    def _hang_up(self) -> None:
        self._head_timer = self._body_timer = None
        if not self.transport.is_closing():
            self.transport.close()
