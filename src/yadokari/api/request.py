"""A request as handlers see it: everything is parsed when first asked for.

R1  Path segments and parameters are decoded once; the first of equal query names wins.
R2  Header names are lower-case; the first of equal headers wins, ``header_values`` has all.
R3  A request is made for each call, so it does no work before it is asked.

Not here: reading and parsing bodies (api/body.py), who the caller is.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import TypeAlias, TypedDict

from yadokari.api.body import BODY_TIMEOUT_S, Body, read_body
from yadokari.api.query_text import parse_query
from yadokari.api.shape import Shape, bind
from yadokari.base.errors import BadRequest, TooLarge, TooSlow
from yadokari.contract import messages


class Scope(TypedDict, total=False):
    """What the server knows of a connection, as ASGI names it."""

    type: str
    method: str
    path: str
    raw_path: bytes | None
    root_path: str
    query_string: bytes
    headers: list[tuple[bytes, bytes]]
    client: tuple[str, int] | None
    whole_body: bytes
    """The body, from a server of ours that has all of it when it asks."""


Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, object]]]

BODY_BYTES_MAX = 32 * 1024 * 1024
"""Largest body of an ordinary request; PocketBase's ceiling."""


class Request:
    """One HTTP request."""

    __slots__ = (
        "_body",
        "_header_map",
        "_headers",
        "_query",
        "action",
        "body_bytes_max",
        "body_timeout_s",
        "id",
        "memo",
        "method",
        "params",
        "path",
        "query_string",
        "raw_headers",
        "real_ip",
        "receive",
        "remote_ip",
        "whole_body",
    )

    def __init__(self, scope: Scope, receive: Receive, path: str) -> None:
        """Take over an ASGI scope of type http; ``path`` is decoded already."""
        self.method = scope["method"]
        """Upper case, as sent; HEAD stays HEAD."""
        self.path = path
        """Decoded path; ambiguous where a segment holds a slash, so for logs and labels only."""
        self.query_string = scope["query_string"]
        """Undecoded query without the question mark."""
        self.raw_headers = scope["headers"]
        """As ASGI gives them: lower-case names."""
        self.receive = receive
        self.whole_body = scope.get("whole_body")
        """The body, when it has arrived; None when ``receive`` must be asked."""
        client = scope.get("client")
        self.remote_ip = client[0] if client else ""
        """Address of the socket's other end, "" when unknown."""
        self.real_ip = self.remote_ip
        """Address of the client behind trusted proxies (api/client_ip.py sets it)."""
        self.action = ""
        """What the route does, as rate limits and API keys call it; "" when it has no such name."""
        self.params: dict[str, str] = {}
        """Values of the route's ``{names}``, decoded."""
        self.body_bytes_max: int | None = BODY_BYTES_MAX
        """Largest body that is read, in bytes; None for no limit. Handlers may widen it before
        the first use of the body."""
        self.body_timeout_s = BODY_TIMEOUT_S
        """Longest time for the whole body, in seconds."""
        self.id = ""
        """For logs; set when somebody listens."""
        self.memo: dict[str, object] = {}
        """Whatever the steps of one request tell each other; keys are module names."""
        self._query: Mapping[str, str] | None = None
        self._header_map: dict[bytes, bytes] | None = None
        self._headers: dict[str, str] | None = None
        self._body: Body | BadRequest | TooLarge | TooSlow | None = None

    @property
    def query(self) -> Mapping[str, str]:
        """Query values by name (R1)."""
        query = self._query
        if query is None:
            query = self._query = parse_query(self.query_string) if self.query_string else {}
        return query

    @property
    def headers(self) -> dict[str, str]:
        """All headers as text by lower-case name (R2)."""
        headers = self._headers
        if headers is None:
            headers = self._headers = {
                name.decode("latin-1"): value.decode("utf-8", "replace")
                for name, value in self._map().items()
            }
        return headers

    def header(self, name: bytes) -> str:
        """One header by lower-case name, "" when absent; cheaper than ``headers``."""
        value = self._map().get(name)
        return "" if value is None else value.decode("utf-8", "replace")

    def header_values(self, name: bytes) -> list[str]:
        """All values of a header in order."""
        return [value.decode("utf-8", "replace") for key, value in self.raw_headers if key == name]

    @property
    def token(self) -> str:
        """The bearer token, "" when there is none; the word Bearer is optional."""
        value = self._map().get(b"authorization")
        if value is None:
            return ""
        text = value.decode("latin-1")
        if text[:7].lower() == "bearer ":
            text = text[7:]
        return text.strip()

    async def body(self) -> Body:
        """The parsed body, read once.

        Raises:
            BadRequest: it is malformed, of an unknown content type or XML.
            TooLarge: it passes ``body_bytes_max``.
            TooSlow: it did not arrive in time.
            ClientGone: the client went away.
        """
        body = await self._read()
        if body.kind == "xml":
            raise BadRequest
        if body.kind == "endless":
            raise BadRequest(messages.RECORD_UNREADABLE)
        return body

    async def bind(self, shape: type[Shape]) -> Shape:
        """The body of an endpoint with a fixed shape (api/shape.py).

        Raises:
            BadRequest: it is malformed, or a value has the wrong type.
            TooLarge, TooSlow, ClientGone: as ``body``.
        """
        try:
            return bind(await self._read(), shape)
        except BadRequest as exc:
            if exc.message:
                raise
            raise BadRequest(messages.UNREADABLE) from exc

    async def _read(self) -> Body:
        """The body or the error that reading it gave, however often it is asked for."""
        body = self._body
        if body is None:
            try:
                body = self._body = await read_body(self)
            except (BadRequest, TooLarge, TooSlow) as exc:
                self._body = exc
                raise
        if isinstance(body, Exception):
            raise body
        return body

    def close(self) -> None:
        """Give back temporary files of the body."""
        if isinstance(self._body, Body):
            self._body.close()

    def _map(self) -> dict[bytes, bytes]:
        headers = self._header_map
        if headers is None:
            # Reversed, so that the first of equal names is the one that stays.
            headers = self._header_map = dict(reversed(self.raw_headers))
        return headers
