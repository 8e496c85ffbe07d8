"""Which addresses a request of ours may go to.

WA1  An address that stands for another one (IPv4 in IPv6, 6to4, Teredo, NAT64) is judged as that.
WA2  Unreadable is refused.

Source: the special-purpose registries of IANA, as Python's ``ipaddress`` has them.
"""

from __future__ import annotations

import ipaddress
from typing import TypeAlias

from yadokari.ports.web import Reach

_Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_METADATA = (
    ipaddress.IPv4Network("169.254.0.0/16"),
    ipaddress.IPv6Network("fe80::/10"),
    ipaddress.IPv6Network("fd00:ec2::/32"),
    ipaddress.IPv4Network("100.100.100.200/32"),
    ipaddress.IPv4Network("168.63.129.16/32"),
)
"""Where clouds answer their own machines with credentials, and the rest of link-local."""


def is_allowed(text: str, *, reach: Reach) -> bool:
    """Whether an IP address may be connected to."""
    try:
        address = _meant(ipaddress.ip_address(text.partition("%")[0]))
    except ValueError:
        return False
    if any(address in network for network in _METADATA if network.version == address.version):
        return False
    if reach == "configured":
        return not (address.is_multicast or address.is_unspecified)
    return address.is_global and not address.is_multicast


def _meant(address: _Address) -> _Address:
    """The address that packets to this one end at (WA1)."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address
