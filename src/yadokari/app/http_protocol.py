"""The HTTP protocol of the server, with limits on what precedes a body.

H1  A request's line and headers are at most 64 KiB and arrive within ten seconds, and so does the
    first byte of a connection: who is slower, or sends more, is hung up on.

Not here: limits on bodies (api/body.py), idle connections (uvicorn's own timer).
"""

from __future__ import annotations

import asyncio

from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES_MAX = 64 * 1024  # Proxies cut at 8 to 32 KiB; a token and cookies are far below.
HEAD_TIMEOUT_S = 10  # Radio links stall for seconds; an attacker holds for minutes.


class BoundedHttpProtocol(HttpToolsProtocol):
    """uvicorn's protocol with H1."""

    head_timeout_s: float = HEAD_TIMEOUT_S
    """Seconds for a head to arrive."""
    _head_bytes = 0
    _is_in_head = True
    _head_timer: asyncio.TimerHandle | None = None

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        self._head_timer = self.loop.call_later(self.head_timeout_s, self._hang_up)

    @override
    def data_received(self, data: bytes) -> None:
        was_in_head = self._is_in_head
        super().data_received(data)
        if not self._is_in_head:
            if self._head_timer is not None:
                self._head_timer.cancel()
                self._head_timer = None
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
        self._head_bytes = 0
        super().on_headers_complete()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
        super().connection_lost(exc)

    def _hang_up(self) -> None:
        self._head_timer = None
        if not self.transport.is_closing():
            self.transport.close()
