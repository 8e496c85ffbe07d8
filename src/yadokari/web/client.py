"""Other people's servers over HTTP/1.1, with httpcore.

WC1  Names are resolved here and the connection goes to the very address that was judged, so a name
     that changes its mind in between gains nothing.
WC2  A certificate is always checked, against the name that was asked for.
WC3  Loaded on the first request: a program that signs nobody in by another service pays nothing.

Not here: what the port promises (ports/web.py), which addresses are fine (web/addresses.py).
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable
from typing import TYPE_CHECKING, cast
from urllib.parse import urljoin, urlsplit

from yadokari.ports.web import (
    REDIRECTS_MAX,
    AddressRefused,
    Reach,
    Unreachable,
    Web,
    WebAnswer,
    WebRequest,
)
from yadokari.web.addresses import is_allowed

if TYPE_CHECKING:
    import httpcore

CONNECTIONS_MAX = 20  # Sign-ins are short; more at once wait their turn within their time limit.
KEPT_S = 30  # The second request of a sign-in finds the connection of the first.
_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_KEEP_METHOD = frozenset((307, 308))
_PRIVATE_HEADERS = frozenset(("authorization", "cookie", "client-id", "trakt-api-key"))
_USER_AGENT = "yadokari"


class WebClient:
    """Asks other servers."""

    def __init__(self) -> None:
        """Connects to nobody yet."""
        self._pools: dict[Reach, httpcore.AsyncConnectionPool] = {}

    async def fetch(
        self, request: WebRequest, *, reach: Reach, timeout_s: float, body_bytes_max: int
    ) -> WebAnswer:
        """Send a request; see ``Web.fetch``."""
        import httpcore

        try:
            async with asyncio.timeout(timeout_s):
                return await self._follow(request, reach, body_bytes_max)
        except TimeoutError as exc:
            raise Unreachable("no answer in time") from exc
        except (
            httpcore.ConnectionNotAvailable,
            httpcore.NetworkError,
            httpcore.ProtocolError,
            httpcore.TimeoutException,
            httpcore.UnsupportedProtocol,
            OSError,
        ) as exc:
            raise Unreachable(f"no connection: {type(exc).__name__}") from exc

    async def close(self) -> None:
        """Drop kept connections."""
        while self._pools:
            _, pool = self._pools.popitem()
            await pool.aclose()

    async def _follow(self, request: WebRequest, reach: Reach, bytes_max: int) -> WebAnswer:
        for _ in range(REDIRECTS_MAX + 1):
            answer = await self._once(request, reach, bytes_max)
            location = answer.headers.get("location", "")
            if answer.status not in _REDIRECTS or not location:
                return answer
            following = _redirected(request, location, answer.status)
            if not _same_host(request.url, following.url):
                reach = "public"
            request = following
        raise Unreachable("redirected too often")

    async def _once(self, request: WebRequest, reach: Reach, bytes_max: int) -> WebAnswer:
        _check_url(request.url)
        headers = [
            ("Host", urlsplit(request.url).netloc.rpartition("@")[2]),
            ("User-Agent", _USER_AGENT),
            ("Accept-Encoding", "identity"),  # Nothing to unpack, so nothing can blow up.
            *request.headers.items(),
        ]
        if request.body or request.method == "POST":
            headers.append(("Content-Length", str(len(request.body))))
        async with self._pool(reach).stream(
            request.method,
            request.url,
            headers=[(name.encode(), value.encode()) for name, value in headers],
            content=request.body or None,
        ) as response:
            pieces: list[bytes] = []
            total_bytes = 0
            async for piece in response.aiter_stream():
                total_bytes += len(piece)
                if total_bytes > bytes_max:
                    raise Unreachable("the answer is too large")
                pieces.append(piece)
            return WebAnswer(
                status=response.status,
                headers={
                    name.decode("latin-1").lower(): value.decode("latin-1")
                    for name, value in response.headers
                },
                body=b"".join(pieces),
            )

    def _pool(self, reach: Reach) -> httpcore.AsyncConnectionPool:
        pool = self._pools.get(reach)
        if pool is None:
            pool = self._pools[reach] = _new_pool(reach)
        return pool


def _new_pool(reach: Reach) -> httpcore.AsyncConnectionPool:
    import ssl

    import certifi
    import httpcore
    from httpcore import AnyIOBackend, AsyncNetworkBackend, AsyncNetworkStream
    from typing_extensions import override

    class Guarded(AsyncNetworkBackend):
        """Connects to judged addresses only (WC1)."""

        def __init__(self) -> None:
            self._inner = cast(AsyncNetworkBackend, AnyIOBackend())

        @override
        async def connect_tcp(
            self,
            host: str,
            port: int,
            timeout: float | None = None,
            local_address: str | None = None,
            socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
        ) -> AsyncNetworkStream:
            failure: Exception | None = None
            for address in await resolved(host, port, reach=reach):
                try:
                    return await self._inner.connect_tcp(
                        address, port, timeout, local_address, socket_options
                    )
                except httpcore.ConnectError as exc:
                    failure = exc
            raise failure or httpcore.ConnectError("no address")

        @override
        async def sleep(self, seconds: float) -> None:
            await self._inner.sleep(seconds)

    context = ssl.create_default_context(cafile=certifi.where())
    context.load_default_certs()  # An operator's own authority counts too.
    return httpcore.AsyncConnectionPool(
        ssl_context=context,
        max_connections=CONNECTIONS_MAX,
        keepalive_expiry=KEPT_S,
        network_backend=Guarded(),
    )


async def resolved(host: str, port: int, *, reach: Reach) -> list[str]:
    """The addresses of a name that may be connected to.

    Raises:
        AddressRefused: it has addresses, and none may be.
        OSError: it has none.
    """
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(item[4][0]) for item in found))
    allowed = [address for address in addresses if is_allowed(address, reach=reach)]
    if not allowed:
        raise AddressRefused("the name leads to an address that may not be asked")
    return allowed


def _redirected(request: WebRequest, location: str, status: int) -> WebRequest:
    url = urljoin(request.url, location)
    if urlsplit(request.url).scheme == "https" and urlsplit(url).scheme != "https":
        raise AddressRefused("redirected from https to http")
    keeps = status in _KEEP_METHOD or request.method in ("GET", "HEAD")
    if keeps and _same_host(request.url, url):
        return WebRequest(
            url=url, method=request.method, headers=request.headers, body=request.body
        )
    if keeps and request.body:
        raise AddressRefused("redirected with its body to another host")
    headers = {
        name: value
        for name, value in request.headers.items()
        if name.lower() != "content-type"
        and (name.lower() not in _PRIVATE_HEADERS or _same_host(request.url, url))
    }
    return WebRequest(url=url, method=request.method if keeps else "GET", headers=headers)


def _same_host(first: str, second: str) -> bool:
    one, other = urlsplit(first), urlsplit(second)
    return (one.scheme, one.netloc) == (other.scheme, other.netloc)


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or not url.isascii() or any(sign <= " " for sign in url):
        raise AddressRefused("not an address on the web")


_: type[Web] = WebClient
