"""E-mail addresses and URLs: their shape, and the lists of allowed or refused domains.

A1  Shapes are judged by RE2 or by patterns that never go back, so never slowly.
A2  Domains are compared exactly, letter case and port included.

Not here: whether anybody reads that mail.
"""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv6Address

import msgspec

from yadokari.base.problems import Problem, required
from yadokari.schema.fields import EmailField, UrlField
from yadokari.schema.patterns import is_match

URL_CHARS_MAX = 2_082
URL_BYTES_MIN = 4

_WIDE = r"\x{a0}-\x{d7ff}\x{f900}-\x{fdcf}\x{fdf0}-\x{ffef}"
_ATOM = rf"[a-zA-Z0-9!#$%&'*+\-/=?^_`{{|}}~{_WIDE}]+"
_EDGE = rf"[a-zA-Z0-9{_WIDE}]"
_LABEL = rf"{_EDGE}(?:[a-zA-Z0-9\-._~{_WIDE}]*{_EDGE})?"
_TOP = rf"[a-zA-Z{_WIDE}](?:[a-zA-Z0-9\-_~{_WIDE}]*[a-zA-Z{_WIDE}])?"
_EMAIL = rf"\A{_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+{_TOP}\.?\z"

_WORDS = r"[a-zA-Z0-9_+\-]++(?:\.[a-zA-Z0-9_+\-]++)*+"
_HOST_NAME = r"(?:[a-zA-Z0-9]++(?:-++[a-zA-Z0-9]++)*+\.)++[a-zA-Z]++"
_PLAIN_EMAIL = re.compile(rf"{_WORDS}@{_HOST_NAME}\Z")
"""Most addresses; all of them fit ``_EMAIL`` too, which costs ten times as much to ask."""

_BYTE = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]\d|\d)"
_IPV4 = rf"{_BYTE}(?:\.{_BYTE}){{3}}"
_IPV6 = r"\[[0-9a-fA-F:.]*:[0-9a-fA-F:.]*\]"
_LETTER = r"[a-zA-Z0-9\x{a1}-\x{ffff}]"
_PLAIN = r"[a-zA-Z0-9]"
_BEFORE = (
    rf"(?:{_PLAIN}[a-zA-Z0-9_\-]*{_PLAIN}(?:[-.]{_PLAIN}+)*"
    rf"|www\.|{_PLAIN}+(?:[-_.]?{_PLAIN})*{_PLAIN}\.{_PLAIN}+)"
)
_HOST = rf"{_BEFORE}?(?:{_LETTER}+-?-?)*{_LETTER}+(?:\.[a-zA-Z\x{{a1}}-\x{{ffff}}]+)?"
_URL = (
    r"\A(?:(?:ftp|tcp|udp|wss?|https?)://)?(?:\S+(?::\S*)?@)?"
    rf"(?:{_IPV4}|{_IPV6}|{_HOST})\.?(?::\d{{1,5}})?(?:[/?#]\S*)?\z"
)
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.\-]*:")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_BROKEN_ESCAPE = re.compile(r"%(?![0-9a-fA-F]{2})")
_USER = re.compile(r"(?:[a-zA-Z0-9\-._:~!$&'()*+,;=@]|%[0-9a-fA-F]{2})*\Z")
_AUTHORITY_HOST = re.compile(r"(?:\[[^\]]*\]|[^\[\]:%]*)(?::[0-9]*)?\Z")
_DOMAIN = (
    r"\A(?:[a-zA-Z0-9](?:[a-zA-Z0-9\-]{0,61}[a-zA-Z0-9])?\.)+"
    r"[a-zA-Z]{1,63}\z"
)


def email_problem(field: EmailField, value: str) -> Problem | None:
    """What is wrong with an e-mail address."""
    if not value:
        return required() if field.required else None
    if not is_email(value):
        return Problem("validation_is_email", "Must be an e-mail address.")
    _, _, domain = value.rpartition("@")
    if _is_refused(domain, only=field.only_domains, excepted=field.except_domains):
        return Problem("validation_email_domain_not_allowed", "This domain is not allowed.")
    return None


def url_problem(field: UrlField, value: str) -> Problem | None:
    """What is wrong with a URL."""
    if not value:
        return required() if field.required else None
    if not is_url(value):
        return Problem("validation_invalid_url", "Must be a URL.")
    parts = _split(value)
    host = parts.host if parts is not None else ""
    if _is_refused(host, only=field.only_domains, excepted=field.except_domains):
        return Problem("validation_url_domain_not_allowed", "This domain is not allowed.")
    return None


def is_email(text: str) -> bool:
    """Whether it looks like an address whose domain holds a dot."""
    if len(text) > URL_CHARS_MAX:
        return False
    return _PLAIN_EMAIL.match(text) is not None or is_match(_EMAIL, text)


def is_url(text: str) -> bool:
    """Whether it looks like a URL; the scheme may be missing when there is a dot or a port."""
    if len(text) > URL_CHARS_MAX or len(text.encode("utf-8", "replace")) < URL_BYTES_MIN:
        return False
    if text.startswith("."):
        return False
    # "host:port" alone would read as a scheme.
    parts = _split(f"http://{text}" if ":" in text and "://" not in text else text)
    if parts is None or parts.host.startswith("."):
        return False
    if parts.host.startswith("[") and not _is_ipv6(parts.host[1:].partition("]")[0]):
        return False
    if not parts.host and parts.path and "." not in parts.path:
        return False
    return is_match(_URL, text)


def is_domain(text: str) -> bool:
    """Whether it is a host name with at least two labels."""
    return len(text) <= 255 and is_match(_DOMAIN, text)


def _is_ipv6(text: str) -> bool:
    try:
        IPv6Address(text)
    except AddressValueError:
        return False
    return True


class _Parts(msgspec.Struct, frozen=True):
    host: str
    """With its port; "" when there is none."""
    path: str


def _split(text: str) -> _Parts | None:
    """Host and path as RFC 3986 cuts them, None when the text breaks its rules."""
    rest, _, fragment = text.partition("#")
    scheme = _SCHEME.match(rest)
    rest = rest[scheme.end() :] if scheme else rest
    rest, _, _ = rest.partition("?")
    if rest.startswith(":") or _CONTROL.search(text) or _BROKEN_ESCAPE.search(fragment):
        return None
    if not rest.startswith("/"):
        if scheme:
            return _Parts("", "")
        if ":" in rest.partition("/")[0]:
            return None
    host = ""
    if rest.startswith("//") and (scheme or not rest.startswith("///")):
        authority, slash, path = rest[2:].partition("/")
        rest = slash + path
        user, _, host = authority.rpartition("@")
        if _USER.match(user) is None or _AUTHORITY_HOST.match(host) is None:
            return None
    return None if _BROKEN_ESCAPE.search(rest) else _Parts(host, rest)


def _is_refused(domain: str, *, only: tuple[str, ...], excepted: tuple[str, ...]) -> bool:
    return bool(only and domain not in only) or domain in excepted
