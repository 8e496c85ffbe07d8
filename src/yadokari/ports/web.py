"""The port to other people's servers: one request out, one bounded answer back.

WP1  Nothing is fetched without a limit of time and of bytes.
WP2  Where a request may go is decided after names are resolved, for each redirect anew; what was
     checked is what is connected to.
WP3  Redirects are followed at most five times, never from https to http, and carry neither
     credentials nor a body to another host.

Not here: what is asked of whom (auth/oauth2).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Protocol, TypeAlias

import msgspec

from yadokari.base.errors import YadokariError

REDIRECTS_MAX = 5  # A chain longer than this is a loop or a game.

Reach: TypeAlias = Literal["public", "configured"]
"""``public``: addresses of the open internet only. ``configured``: the first request may go to a
private address too, for a superuser named it; link-local ones (where clouds keep credentials) are
refused all the same, and a redirect to another host is ``public``."""


class Unreachable(YadokariError):
    """The other side gave no usable answer in time. Try again later."""


class AddressRefused(Unreachable):
    """The address is none that may be asked. Another address is needed."""


class WebRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request to somebody else."""

    url: str
    """Absolute, http or https."""
    method: str = "GET"
    headers: Mapping[str, str] = msgspec.field(default_factory=dict)
    body: bytes = b""


class WebAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What came back, whole."""

    status: int
    headers: Mapping[str, str]
    """Lower-case names; the last of equal ones."""
    body: bytes

    @property
    def content_type(self) -> str:
        """The media type alone, lower case."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def is_success(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300


class Web(Protocol):
    """Other people's servers."""

    async def fetch(
        self, request: WebRequest, *, reach: Reach, timeout_s: float, body_bytes_max: int
    ) -> WebAnswer:
        """Send a request and take the whole answer in.

        Args:
            timeout_s: Longest time for everything, redirects included.
            body_bytes_max: Largest body of the answer.

        Raises:
            AddressRefused: it, or a redirect, leads where ``reach`` does not.
            Unreachable: no connection, no answer in time, or one that is too large.
        """
        ...

    async def close(self) -> None:
        """Drop kept connections."""
        ...
