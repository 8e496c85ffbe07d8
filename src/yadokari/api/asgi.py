"""The HTTP door: path, route, handler, answer; as an ASGI application too.

A1  Every request gets an answer of the contract's shape; a client never sees a traceback.
A2  What a client sends is parsed only when a handler asks for it.
A3  Streams end when the client goes away; temporary files end with the request.
A4  Errors become answers in one place (api/errors.py), unknown ones are logged here.
A5  How an answer leaves is the server's affair: ``serve`` hands it to a ``Deliver``; ASGI is one.

Not here: routes and handlers (their own modules), building all of it (app/build.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from time import perf_counter
from typing import Protocol, TypeAlias
from urllib.parse import quote

import msgspec

from yadokari.api.body import BODY_TIMEOUT_S, ClientGone
from yadokari.api.client_ip import RealIp
from yadokari.api.cors import Origins
from yadokari.api.errors import error_response, status_of
from yadokari.api.query_text import unescaped
from yadokari.api.request import Receive, Request, Scope
from yadokari.api.response import Message, Response, Send, redirect
from yadokari.api.router import Route, Router
from yadokari.api.static import StaticFiles
from yadokari.base.errors import BadRequest, NotFound
from yadokari.base.log import Log
from yadokari.contract import messages

DASHBOARD_PREFIX = "/_/"

Guard: TypeAlias = Callable[[Request, Route | None], Awaitable[None]]
"""Runs before a handler, such as a rate limit; raises to refuse. Static files and unknown paths
have no route."""
Hook: TypeAlias = Callable[[], Awaitable[None]]
Deliver: TypeAlias = Callable[[Request, Response], Awaitable[None]]
"""Sends an answer to the client; for HEAD, its headers alone."""


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to one request, for logs."""

    request: Request
    status: int
    """0 when the client was gone before the answer."""
    took_us: int
    error: BaseException | None


class AccessHook(Protocol):
    """Hears of every request that is over."""

    def new_id(self) -> str:
        """An id for a request that begins."""
        ...

    def finished(self, access: Access) -> None:
        """Take note; never raises, never waits."""
        ...


class Application:
    """The ASGI application."""

    __slots__ = (
        "_body_timeout_s",
        "_dashboard",
        "_home",
        "_on_shutdown",
        "_on_startup",
        "_origins",
        "_public",
        "_router",
        "access",
        "guard",
        "log",
        "trusted_proxy",
    )

    def __init__(
        self,
        routes: Iterable[Route],
        *,
        log: Log,
        origins: Origins | None = None,
        public: StaticFiles | None = None,
        dashboard: StaticFiles | None = None,
        home: str = "",
        trusted_proxy: RealIp | None = None,
        guard: Guard | None = None,
        access: AccessHook | None = None,
        body_timeout_s: float = BODY_TIMEOUT_S,
        on_startup: Iterable[Hook] = (),
        on_shutdown: Iterable[Hook] = (),
    ) -> None:
        """Put the door together.

        Args:
            routes: Every endpoint.
            log: Hears of unknown errors.
            origins: Which pages may read answers; any by default.
            public: Files at ``/``.
            dashboard: Files at ``/_/``.
            home: Where ``/`` leads when ``public`` has no index; "" for nowhere.
            trusted_proxy: May be exchanged while running, as ``guard`` and ``access``.
            guard: Runs before each handler.
            access: Hears of each request.
            body_timeout_s: Longest time for a whole body, in seconds.
            on_startup: Awaited in order before the first request.
            on_shutdown: Awaited in order after the last one.
        """
        self._router = Router(routes)
        self._origins = origins or Origins()
        self._public = public
        self._dashboard = dashboard
        self._home = home
        self._body_timeout_s = body_timeout_s
        self._on_startup = tuple(on_startup)
        self._on_shutdown = tuple(on_shutdown)
        self.log = log
        self.trusted_proxy = trusted_proxy
        self.guard = guard
        self.access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection scope."""
        kind = scope["type"]
        if kind == "http":

            async def deliver(request: Request, response: Response) -> None:
                await deliver_by_asgi(request, response, receive, send)

            await self.serve(scope, receive, deliver)
        elif kind == "lifespan":
            await self._lifespan(receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    async def serve(self, scope: Scope, receive: Receive, deliver: Deliver) -> None:
        """Answer one request.

        Args:
            scope: What ASGI calls so; ``method``, ``raw_path``, ``query_string``, ``headers`` and
                ``client`` are enough.
            receive: The body, in messages of ASGI.
            deliver: Called once, unless the client is gone.
        """
        path, segments, elsewhere = read_path(scope)
        request = Request(scope, receive, path)
        if request.method == "OPTIONS":
            await deliver(request, self._origins.preflight(request.raw_headers))
            return
        if self.trusted_proxy is not None:
            request.real_ip = self.trusted_proxy.real_ip(request)
        if self.access is not None:
            await self._watched(request, segments, elsewhere, deliver)
            return
        try:
            response = await self._respond(request, segments, elsewhere)
        except ClientGone:
            return
        except Exception as exc:  # noqa: BLE001 - A1: nothing but an answer leaves
            response = self._failed(request, exc)
        try:
            await deliver(request, self._shared(request, response))
        finally:
            request.close()

    async def _watched(
        self, request: Request, segments: list[str] | None, elsewhere: str, deliver: Deliver
    ) -> None:
        """Answer and tell the access hook."""
        access = self.access
        assert access is not None
        began = perf_counter()
        request.id = access.new_id()
        error: BaseException | None = None
        status = 0
        try:
            try:
                response = await self._respond(request, segments, elsewhere)
            except ClientGone as exc:
                error = exc
                return
            except Exception as exc:  # noqa: BLE001 - A1: nothing but an answer leaves
                error = exc
                response = self._failed(request, exc)
            status = response.status
            await deliver(request, self._shared(request, response))
        finally:
            request.close()
            took_us = round((perf_counter() - began) * 1_000_000)
            access.finished(Access(request=request, status=status, took_us=took_us, error=error))

    async def _respond(
        self, request: Request, segments: list[str] | None, elsewhere: str
    ) -> Response:
        if elsewhere:
            return redirect(elsewhere)
        if segments is None:
            raise BadRequest
        method = request.method
        found = self._router.find("GET" if method == "HEAD" else method, segments)
        if found is None:
            if self.guard is not None:
                await self.guard(request, None)
            if method not in ("GET", "HEAD"):
                raise NotFound
            return await self._static(request)
        route, request.params = found
        request.action = route.action
        limit = route.body_limit
        request.body_bytes_max = route.body_bytes_max if limit is None else limit(request)
        request.body_timeout_s = self._body_timeout_s
        if self.guard is not None:
            await self.guard(request, route)
        return await route.handler(request)

    async def _static(self, request: Request) -> Response:
        path = request.path
        if path == "/_":
            return redirect(DASHBOARD_PREFIX)
        if path.startswith(DASHBOARD_PREFIX) and self._dashboard is not None:
            return await self._dashboard.respond(request, path)
        if self._public is not None and (
            path != "/" or not self._home or await self._public.has_index()
        ):
            return await self._public.respond(request, path)
        if path == "/" and self._home:
            return redirect(self._home)
        raise NotFound(messages.FILE_NOT_FOUND)

    def _failed(self, request: Request, error: Exception) -> Response:
        if status_of(error) == 500:
            self.log.error(
                "request_failed", error=error, method=request.method, request_id=request.id
            )
        return error_response(error)

    def _shared(self, request: Request, response: Response) -> Response:
        """The answer, readable to the page that asked."""
        for name, origin in request.raw_headers:
            if name == b"origin":
                if (allowed := self._origins.allowed(origin)) is not None:
                    response.headers.append((b"access-control-allow-origin", allowed))
                break
        return response

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            hooks = self._on_startup if message["type"] == "lifespan.startup" else self._on_shutdown
            try:
                for hook in hooks:
                    await hook()
            except Exception as exc:  # noqa: BLE001 - the server decides what becomes of it
                self.log.error("lifespan_failed", error=exc, step=str(message["type"]))
                await send({"type": f"{message['type']}.failed", "message": "see the log"})
                return
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return


def raw_path(scope: Scope) -> str:
    """The path below the application's root as it was sent, escapes and all."""
    raw = scope.get("raw_path")
    if raw is None:
        raw = quote(scope["path"]).encode()
    root = scope.get("root_path", "")
    if root:
        raw = raw.removeprefix(root.encode())
    return raw.decode("utf-8", "replace") or "/"


def read_path(scope: Scope) -> tuple[str, list[str] | None, str]:
    """The decoded path, its decoded segments and where it leads instead.

    Segments are None when an escape is broken; the last is "" unless the path needs cleaning.
    """
    root, text = scope.get("root_path", ""), raw_path(scope)
    if "//" in text or "/." in text:
        clean = clean_path(text)
        if clean != text:
            query = scope["query_string"].decode("latin-1")
            location = root + quote(clean, safe="/%:@!$&'()*+,;=~-._")
            return clean, None, f"{location}?{query}" if query else location
    if "%" not in text:
        return text, text.split("/")[1:], ""
    segments: list[str] = []
    for segment in text.split("/")[1:]:
        decoded = unescaped(segment, plus_is_space=False)
        if decoded is None:
            return text, None, ""
        segments.append(decoded)
    return "/" + "/".join(segments), segments, ""


def clean_path(path: str) -> str:
    """The path without empty, ``.`` and ``..`` segments; a last slash stays."""
    kept: list[str] = []
    for segment in path.split("/"):
        if segment in ("", "."):
            continue
        if segment == "..":
            if kept:
                kept.pop()
            continue
        kept.append(segment)
    clean = "/" + "/".join(kept)
    return clean + "/" if path.endswith("/") and kept else clean


async def deliver_by_asgi(
    request: Request, response: Response, receive: Receive, send: Send
) -> None:
    """Deliver an answer through ASGI's ``send``, a streamed one until the client goes away."""
    head = request.method == "HEAD"
    if response.stream is None or head:
        await response.send(send, head=head)
    else:
        await _send_stream(response, receive, send)


async def _send_stream(response: Response, receive: Receive, send: Send) -> None:
    """Send a streamed answer until it ends or the client goes away (A3)."""
    stream = response.stream
    assert stream is not None
    try:
        async with asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(_until_gone(receive))
            sending = tasks.create_task(response.send(send, head=False))
            watching.add_done_callback(lambda _: sending.cancel())
            sending.add_done_callback(lambda _: watching.cancel())
    finally:
        close = getattr(stream, "aclose", None)
        if close is not None:
            await close()


async def _until_gone(receive: Receive) -> None:
    message: Message = {}
    while message.get("type") != "http.disconnect":
        message = await receive()
