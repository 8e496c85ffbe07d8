"""Which addresses may be asked: the guard against being sent to ourselves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yadokari.web.addresses import is_allowed

PRIVATE = (
    "127.0.0.1", "10.0.0.1", "172.16.3.4", "192.168.1.1", "100.64.0.1", "0.0.0.0", "::1", "::",
    "fc00::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::",
    "255.255.255.255", "224.0.0.1", "ff02::1", "198.18.0.1", "192.0.2.1",
)  # fmt: skip
METADATA = (
    "169.254.169.254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "fe80::1", "fe80::1%eth0",
    "fd00:ec2::254", "100.100.100.200", "168.63.129.16",
)  # fmt: skip
PUBLIC = ("93.184.216.34", "8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808")


@pytest.mark.parametrize("address", PUBLIC)
def test_the_open_internet_may_always_be_asked(address: str):
    """Providers and their pictures live there."""
    assert is_allowed(address, reach="public")
    assert is_allowed(address, reach="configured")


@pytest.mark.parametrize("address", PRIVATE + METADATA)
def test_an_address_from_a_stranger_leads_nowhere_private(address: str):
    """WA1: whatever form it is written in."""
    assert not is_allowed(address, reach="public")


@pytest.mark.parametrize("address", METADATA)
def test_nobody_is_sent_where_clouds_keep_credentials(address: str):
    """Not even by a configured address: no provider lives there."""
    assert not is_allowed(address, reach="configured")


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "192.168.1.1", "::1", "fc00::1"])
def test_a_superuser_may_name_a_provider_at_home(address: str):
    """An identity server in one's own network is common."""
    assert is_allowed(address, reach="configured")


@given(st.integers(min_value=0, max_value=2**32 - 1))
def test_ipv4_in_ipv6_is_judged_as_ipv4(number: int):
    """WA1, for every address."""
    octets = ".".join(str(number >> shift & 255) for shift in (24, 16, 8, 0))

    for reach in ("public", "configured"):
        plain = is_allowed(octets, reach=reach)
        assert is_allowed(f"::ffff:{octets}", reach=reach) == plain
        assert is_allowed(f"64:ff9b::{number >> 16:x}:{number & 65535:x}", reach=reach) == plain


def test_what_is_no_address_is_refused():
    """WA2."""
    assert not is_allowed("example.com", reach="configured")
    assert not is_allowed("", reach="public")
