"""A generated request, and asking both servers the same one.

A1  Both servers get the same bytes, but for the token, which each server issued itself.
A2  Guests and users come from many loopback addresses in turn, or the oracle's throttle on empty
    filtered lists would slow a run to a crawl.

Not here: comparing the answers (tests/oracle/compare.py), generating requests (generate_*.py).
"""

import json as json_text
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from tests.oracle.client import Answer, Client, Json
from tests.oracle.server import Server
from tests.oracle.world import Kind

Caller = Literal["guest", "user", "other", "root"]
CALLERS: tuple[Caller, ...] = ("guest", "user", "other", "root")
ADDRESSES = 60  # Enough addresses that one is asked for an empty list thrice in three seconds.
LINE_CHARS_MAX = 1_200  # A reproduction is read by a person.


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request that both servers get."""

    area: str
    caller: Caller
    method: str
    path: str
    json: Json = None
    body: bytes | None = None
    content_type: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    order_free: bool = False
    """The order of `items` is not promised, so it is not compared."""
    writes: bool = False
    """The state may change; after a difference the round is over."""
    makes: tuple[str, str] | None = None
    """Collection and id of the record that exists once this succeeds."""
    cell: tuple[str, Kind] | None = None
    """Operator and field kind of the one comparison that the filter is."""
    smaller: tuple["Request", ...] = ()
    """Requests to try when this one differs: the first that still differs is the reproduction."""

    @property
    def line(self) -> str:
        """The request on one line."""
        text = f"[{self.caller}] {self.method} {self.path}"
        if self.json is not None:
            text += f" {json_text.dumps(self.json, ensure_ascii=False)}"
        elif self.body is not None:
            text += f" {self.content_type} {self.body!r}"
        if self.headers:
            text += f" {dict(self.headers)}"
        return text[:LINE_CHARS_MAX]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What both servers answered to one request."""

    oracle: Answer
    ours: Answer


class Asks(Protocol):
    """Whoever asks both servers."""

    def ask(self, request: Request) -> Answers:
        """Ask both the same."""
        ...

    def sign_in(self, caller: Caller, *, oracle: str, ours: str) -> None:
        """Keep the tokens that the servers gave to a caller."""
        ...


class Pair:
    """Both servers, with the callers' tokens on each and the connections that ask."""

    def __init__(self, *, oracle: Server, ours: Server) -> None:
        """Nothing is sent yet."""
        self._servers = (oracle, ours)
        self._tokens: tuple[dict[Caller, str], dict[Caller, str]] = (
            {"root": oracle.token},
            {"root": ours.token},
        )
        self._clients = tuple(
            [Client(port=s.port, source=f"127.0.9.{n + 1}") for n in range(ADDRESSES)]
            for s in self._servers
        )
        self._turn = 0

    def sign_in(self, caller: Caller, *, oracle: str, ours: str) -> None:
        """Keep the tokens that the servers gave to a caller."""
        self._tokens[0][caller] = oracle
        self._tokens[1][caller] = ours

    def ask(self, request: Request) -> Answers:
        """Send to both at once and wait for both; a server that hangs up answers status 0."""
        self._turn += 1
        index = 0 if request.caller == "root" else self._turn % ADDRESSES
        body, content_type = request.body, request.content_type
        if request.json is not None:
            body = json_text.dumps(request.json, ensure_ascii=False).encode()
            content_type = "application/json"
        for side in (0, 1):
            headers = dict(request.headers)
            token = self._tokens[side].get(request.caller)
            if token is not None:
                headers.setdefault("Authorization", token)
            if content_type is not None:
                headers["Content-Type"] = content_type
            self._clients[side][index].begin(request.method, request.path, body, headers)
        oracle, ours = (self._clients[side][index].finish() for side in (0, 1))
        return Answers(oracle=oracle, ours=ours)

    def close(self) -> None:
        """Drop all connections."""
        for clients in self._clients:
            for client in clients:
                client.close()
