"""E-mail addresses and URLs: their shape, and the lists of allowed or refused domains.

A1  Shapes are judged by RE2 or by patterns without nested choices, so never slowly.
A2  Domains are compared exactly, letter case and port included.

Not here: whether anybody reads that mail.
"""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

from yadokari.base.problems import Problem, required
from yadokari.schema.fields import EmailField, UrlField
from yadokari.schema.patterns import is_match

URL_CHARS_MAX = 2_082
URL_CHARS_MIN = 3

_WIDE = r"\x{a0}-\x{d7ff}\x{f900}-\x{fdcf}\x{fdf0}-\x{ffef}"
_ATOM = rf"[a-zA-Z0-9!#$%&'*+\-/=?^_`{{|}}~{_WIDE}]+"
_QUOTED = rf'"(?:[\x01-\x08\x0b\x0c\x0e-\x1f\x7f\x21\x23-\x5b\x5d-\x7e{_WIDE}]|\\[\x01-\x7f])*"'
_EDGE = rf"[a-zA-Z0-9{_WIDE}]"
_LABEL = rf"{_EDGE}(?:[a-zA-Z0-9\-._~{_WIDE}]*{_EDGE})?"
_TOP = rf"[a-zA-Z{_WIDE}](?:[a-zA-Z0-9\-._~{_WIDE}]*[a-zA-Z{_WIDE}])?"
_EMAIL = rf"\A(?:{_ATOM}(?:\.{_ATOM})*|{_QUOTED})@(?:{_LABEL}\.)+{_TOP}\.?\z"

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
_DOMAIN = (
    r"\A(?:[a-zA-Z0-9](?:[a-zA-Z0-9\-]{0,61}[a-zA-Z0-9])?\.)+"
    r"[a-zA-Z](?:[a-zA-Z0-9\-]{0,61}[a-zA-Z])?\z"
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
    host = parts.netloc.rpartition("@")[2] if parts is not None else ""
    if _is_refused(host, only=field.only_domains, excepted=field.except_domains):
        return Problem("validation_url_domain_not_allowed", "This domain is not allowed.")
    return None


def is_email(text: str) -> bool:
    """Whether it looks like an address whose domain holds a dot."""
    return len(text) <= URL_CHARS_MAX and is_match(_EMAIL, text)


def is_url(text: str) -> bool:
    """Whether it looks like a URL; the scheme may be missing when there is a dot."""
    if not URL_CHARS_MIN <= len(text) <= URL_CHARS_MAX or text.startswith("."):
        return False
    parts = _split(text)
    if parts is None or parts.netloc.startswith("."):
        return False
    if not parts.netloc and not parts.scheme and "." not in parts.path:
        return False
    return is_match(_URL, text)


def is_domain(text: str) -> bool:
    """Whether it is a host name with at least two labels."""
    return len(text) <= 255 and is_match(_DOMAIN, text)


def _split(text: str) -> SplitResult | None:
    try:
        return urlsplit(text)
    except ValueError:
        return None


def _is_refused(domain: str, *, only: tuple[str, ...], excepted: tuple[str, ...]) -> bool:
    return bool(only and domain not in only) or domain in excepted
