"""Shapes of e-mail addresses, URLs and domains, as the oracle was seen to judge them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yadokari.schema import field_address
from yadokari.schema.field_address import is_domain, is_email, is_url
from yadokari.schema.patterns import compile_pattern, is_match

URLS = [
    "ok.com",
    "http://a",
    "ftp://a.b",
    "mailto:a@b.co",
    "http://localhost:80/x?y#z",
    "http://1.2.3.4",
    "http://[::1]:80",
    "http://é.co",
    "http://a_b.co",
    "http://a.b:99999",
    "www.x",
    "tel:5",
    "1:80",
    "http://u:p@a.b",
    "http://a.b?%zz",
    "é.é",
    "?a@?@b",
]
NO_URLS = [
    "5",
    "a.b",
    "http://a b",
    "javascript:x",
    "localhost",
    "//a.b",
    "http://",
    "/x.y",
    ".abc",
    "http://.a",
    "http://a.b/ x",
    "HTTP://A.B",
    "x:y.z",
    "http://a..b",
    "http://-a.b",
    "http://a/%zz",
    "http://a.b#%zz",
    "http://[1:2:3]",
    "http://a-é@b.c",
    ":http://a.b",
    "http:a.b://",
    "x~y:z://a.b",
    "http://a.b\x7f",
    "http://a.b/" + "x" * 2_100,
]
EMAILS = ["a@b.c", "A@B.Co", "a+b@c.d.co", "é@b.co", "a@é.co", "a@c_d.co", "a@b.co.", "a/b@c.co"]
NO_EMAILS = [
    "a@b",
    " a@b.co",
    "a b@b.co",
    '"a b"@b.co',
    '"ab"@b.co',
    "a@[1.2.3.4]",
    "a..b@c.co",
    ".a@c.co",
    "a.@b.co",
    "a@-c.co",
    "a@b.c1",
    "a@b.123",
    "<a@b.co>",
    "a@b.co\n",
    "a@b.c._d",
    "a@" + "b" * 2_100 + ".co",
]


@pytest.mark.parametrize("text", URLS)
def test_these_are_urls(text: str) -> None:
    """Rows that PocketBase holds have to stay valid."""
    assert is_url(text)


@pytest.mark.parametrize("text", NO_URLS)
def test_these_are_no_urls(text: str) -> None:
    """A link that runs script is none of them."""
    assert not is_url(text)


@pytest.mark.parametrize("text", EMAILS)
def test_these_are_addresses(text: str) -> None:
    """Rows that PocketBase holds have to stay valid."""
    assert is_email(text)


@pytest.mark.parametrize("text", NO_EMAILS)
def test_these_are_no_addresses(text: str) -> None:
    """No line break or second address slips into a mail."""
    assert not is_email(text)


def test_domains_have_two_labels_and_letters_at_the_end() -> None:
    """What onlyDomains and exceptDomains may hold."""
    good = ["ok.com", "A.COM", "a.b.c.d", "xn--a.com", "1.com"]
    bad = ["localhost", "a_b.co", "a.b:80", "a-.com", "a.c1", "a.xn--a", ".a.com", "a.com.", "é.co"]

    assert [text for text in good if not is_domain(text)] == []
    assert [text for text in bad if is_domain(text)] == []


@given(st.text(alphabet="ahtp:/.@[]?#%1é -\x00", max_size=30))
def test_judging_never_raises(text: str) -> None:
    """Addresses come from anybody."""
    assert is_url(text) in (True, False)
    assert is_email(text) in (True, False)


def test_patterns_that_are_too_long_or_broken_match_nothing() -> None:
    """RE2 bounds the time, the length bounds the memory."""
    assert compile_pattern("a" * 100_001) is None
    assert not is_match("(", "(")
    assert is_match("a|b", "xbx")


@given(st.text("aZ09_+-.@", max_size=24) | st.from_regex(r"\A[aZ0_+.-]+@([a0-]+\.)+[aZ-]+\Z"))
def test_plain_addresses_are_judged_as_the_whole_pattern_judges_them(text: str) -> None:
    """A1: most addresses never reach RE2; it would have said the same of each."""
    pattern = field_address._EMAIL

    assert is_email(text) == is_match(pattern, text)
