"""The client's address behind proxies that are trusted.

D1  A header counts only when it is configured; the first configured one that is present decides.
D2  Its last occurrence is read, its right-most valid address taken (or the left-most).
D3  IPv6 is written in its expanded form.
D4  By number of proxies: each of ours adds the address it sees to the end of X-Forwarded-For, so
    the client's is that many from the end. Whatever stands before it, the client may have made up;
    a list that is too short did not come through all of them, and counts for nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import (
    IPv4Network,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from yadokari.api.request import Request


_FORWARDED = b"x-forwarded-for"


class RealIp(Protocol):
    """A way to find the client's address."""

    def real_ip(self, request: Request) -> str:
        """The client's address, in its long form."""
        ...


class TrustedProxy:
    """Where the client's address is found."""

    __slots__ = ("_headers", "_use_leftmost")

    def __init__(self, headers: Sequence[str] = (), *, use_leftmost: bool = False) -> None:
        self._headers = tuple(name.lower().encode() for name in headers)
        self._use_leftmost = use_leftmost

    def real_ip(self, request: Request) -> str:
        """The client's address; the socket's when no header decides."""
        for name in self._headers:
            values = request.header_values(name)
            if not values or not values[-1]:
                continue
            parts = values[-1].split(",")
            for part in parts if self._use_leftmost else reversed(parts):
                address = expanded(part.strip())
                if address:
                    return address
            break
        return expanded(request.remote_ip) or request.remote_ip


class ProxyCount:
    """The client's address behind so many proxies of ours (D4)."""

    __slots__ = ("_count",)

    def __init__(self, count: int) -> None:
        """``count``: 1 and up."""
        self._count = count

    def real_ip(self, request: Request) -> str:
        """The client's address; the socket's when the list is too short or holds no address."""
        parts = [part for value in request.header_values(_FORWARDED) for part in value.split(",")]
        named = expanded(parts[-self._count].strip()) if len(parts) >= self._count else ""
        return named or expanded(request.remote_ip) or request.remote_ip


def expanded(text: str) -> str:
    """An address in its long form, "" when it is none."""
    if len(text) > 64:
        return ""
    try:
        return ip_address(text).exploded
    except ValueError:
        return ""


def parse_networks(texts: Sequence[str]) -> tuple[IPv4Network | IPv6Network, ...]:
    """Addresses and CIDR ranges.

    Raises:
        ValueError: a text is neither.
    """
    return tuple(ip_network(text.strip(), strict=False) for text in texts)


def within(ip: str, networks: Sequence[IPv4Network | IPv6Network]) -> bool:
    """Whether an address lies in one of the networks; False for what is no address."""
    if not networks:
        return False
    try:
        address = ip_address(ip)
    except ValueError:
        return False
    return any(address in network for network in networks)
