"""The outer gate: who may reach the site at all, before anything of it is answered.

N1  Two locks: the client's address, and HTTP Basic. With both, each has to open, or one is enough.
N2  What Basic opened, a cookie keeps open: SDKs need the Authorization header for their own tokens.
    The cookie is sealed, ends after a week, and with the credentials it was given for.
N3  Open to all: the health check, which platforms ask without credentials and which tells nothing,
    and preflights, to which browsers never add any.
N4  Guessing is slow: an address that was wrong too often waits, whatever it sends next.

Not here: who a caller is inside (api/door.py), the limits there (api/limits.py).
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Callable, Sequence
from ipaddress import IPv4Network, IPv6Network
from typing import Protocol

import msgspec

from yadokari.api.asgi import Deliver, deliver_by_asgi, raw_path
from yadokari.api.client_ip import within
from yadokari.api.errors import error_response
from yadokari.api.request import Receive, Request, Scope
from yadokari.api.response import Message, Response, Send
from yadokari.base.errors import Forbidden, TooMany, Unauthenticated, YadokariError
from yadokari.contract import messages
from yadokari.ports.clock import Clock

HEALTH_PATH = "/api/health"
COOKIE = "yadokari_gate"
COOKIE_LIFE_S = 7 * 24 * 3_600
WRONG_MAX = 20
"""Wrong credentials from one address in a window; people mistype twice."""
WRONG_WINDOW_MS = 60_000
ADDRESSES_MAX = 10_000
"""Addresses remembered for N4; the oldest leave."""
CREDENTIALS_BYTES_MAX = 1_024

_CONTEXT = "outer gate"


class Sealer(Protocol):
    """Seals texts so that only we can open them; auth/secret_key.py has one."""

    def seal(self, text: str, *, context: str) -> str:
        """The sealed form, good in this place only."""
        ...

    def open(self, sealed: str, *, context: str) -> str:
        """What was sealed. Raises an error of ours when it cannot be opened."""
        ...


class Serve(Protocol):
    """What stands behind the gate; ``Application.serve`` is one."""

    async def __call__(self, scope: Scope, receive: Receive, deliver: Deliver) -> None:
        """Answer one request."""
        ...


class AsgiApp(Protocol):
    """The same as an ASGI application."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection scope."""
        ...


class Locks(msgspec.Struct, frozen=True, kw_only=True):
    """What the gate asks for; nothing, as it comes."""

    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    """Addresses that may enter."""
    credentials: tuple[str, ...] = ()
    """``user:password`` pairs that may enter."""
    one_is_enough: bool = False


class Gate:
    """Stands before an application and lets through who may enter."""

    def __init__(
        self,
        locks: Locks,
        *,
        sealer: Sealer,
        clock: Clock,
        real_ip: Callable[[Request], str],
    ) -> None:
        self._locks = locks
        self._digests = tuple(_digest(pair) for pair in locks.credentials)
        self._sealer = sealer
        self._clock = clock
        self._real_ip = real_ip
        self._wrong: OrderedDict[str, tuple[int, int]] = OrderedDict()

    def before(self, serve: Serve) -> Serve:
        """The same service behind the gate."""

        async def gated(scope: Scope, receive: Receive, deliver: Deliver) -> None:
            request = Request(scope, receive, raw_path(scope))
            try:
                cookie = self.admit(request)
            except YadokariError as refusal:
                await deliver(request, refused(refusal))
                return
            if not cookie:
                await serve(scope, receive, deliver)
                return

            async def with_cookie(answered: Request, response: Response) -> None:
                response.headers.append((b"set-cookie", cookie))
                await deliver(answered, response)

            await serve(scope, receive, with_cookie)

        return gated

    def before_asgi(self, application: AsgiApp) -> AsgiApp:
        """The same ASGI application behind the gate."""

        async def gated(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await application(scope, receive, send)
                return
            request = Request(scope, receive, raw_path(scope))
            try:
                cookie = self.admit(request)
            except YadokariError as refusal:
                await deliver_by_asgi(request, refused(refusal), receive, send)
                return

            async def with_cookie(message: Message) -> None:
                if cookie and message["type"] == "http.response.start":
                    headers = message["headers"]
                    assert isinstance(headers, list)
                    message = {**message, "headers": [*headers, (b"set-cookie", cookie)]}
                await send(message)

            await application(scope, receive, with_cookie)

        return gated

    def admit(self, request: Request) -> bytes:
        """Let a request through; returns the cookie to set, or nothing.

        Raises:
            Forbidden: the address may not enter.
            Unauthenticated: credentials are missing or wrong.
            TooMany: they were wrong too often (N4).
        """
        if request.path == HEALTH_PATH or request.method == "OPTIONS":
            return b""
        locks = self._locks
        if locks.networks:
            is_listed = within(self._real_ip(request), locks.networks)
            if is_listed and (locks.one_is_enough or not locks.credentials):
                return b""
            if not is_listed and not (locks.one_is_enough and locks.credentials):
                raise Forbidden(messages.ADDRESS_NOT_ALLOWED)
        return self._by_credentials(request) if locks.credentials else b""

    def _by_credentials(self, request: Request) -> bytes:
        if self._is_open(request):
            return b""
        given = _basic_of(request.header(b"authorization"))
        if given is None:
            raise Unauthenticated
        address = self._real_ip(request)
        now_ms = self._clock.monotonic_ms()
        began_ms, count = self._wrong.get(address, (now_ms, 0))
        if now_ms - began_ms >= WRONG_WINDOW_MS:
            began_ms, count = now_ms, 0
        if count >= WRONG_MAX:
            raise TooMany
        digest = _digest(given)
        if not any(hmac.compare_digest(digest, known) for known in self._digests):
            self._wrong[address] = (began_ms, count + 1)
            self._wrong.move_to_end(address)
            if len(self._wrong) > ADDRESSES_MAX:
                self._wrong.popitem(last=False)
            raise Unauthenticated
        return self._cookie(digest)

    def _is_open(self, request: Request) -> bool:
        for header in request.header_values(b"cookie"):
            for part in header.split(";"):
                name, _, value = part.strip().partition("=")
                if name == COOKIE and self._holds(value):
                    return True
        return False

    def _holds(self, sealed: str) -> bool:
        try:
            ends_s, _, digest = self._sealer.open(sealed, context=_CONTEXT).partition(".")
        except YadokariError:
            return False
        return int(ends_s) * 1_000 > self._clock.unix_ms() and digest in self._digests

    def _cookie(self, digest: str) -> bytes:
        ends_s = self._clock.unix_ms() // 1_000 + COOKIE_LIFE_S
        sealed = self._sealer.seal(f"{ends_s}.{digest}", context=_CONTEXT)
        text = f"{COOKIE}={sealed}; Path=/; Max-Age={COOKIE_LIFE_S}; HttpOnly; SameSite=Lax"
        return text.encode()


def refused(refusal: YadokariError) -> Response:
    """The answer to who may not enter; it asks a browser for credentials where they would help."""
    response = error_response(refusal)
    if isinstance(refusal, Unauthenticated):
        response.headers.append((b"www-authenticate", b'Basic realm="Yadokari", charset="UTF-8"'))
    response.headers.append((b"cache-control", b"no-store"))
    return response


def credentials_of(text: str) -> Sequence[str]:
    """The ``user:password`` lines of a setting.

    Raises:
        ValueError: a line has no colon, or nothing on one side of it.
    """
    pairs = [line.strip() for line in text.splitlines() if line.strip()]
    for pair in pairs:
        user, _, password = pair.partition(":")
        if not user or not password:
            raise ValueError("write user:password, one pair a line")
    return pairs


def _digest(pair: str) -> str:
    return hashlib.sha256(pair.encode("utf-8", "surrogateescape")).hexdigest()


def _basic_of(header: str) -> str | None:
    """The ``user:password`` of a Basic header; None when it is none."""
    scheme, _, encoded = header.strip().partition(" ")
    if scheme.lower() != "basic" or len(encoded) > CREDENTIALS_BYTES_MAX:
        return None
    try:
        return binascii.a2b_base64(encoded.strip()).decode("utf-8", "surrogateescape")
    except (ValueError, binascii.Error):
        return None
