"""``page``, ``perPage`` and ``skipTotal`` of a list request.

Z1  Whole numbers out of range are corrected, never refused; anything else is refused.

Not here: the page object (contract/page.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from yadokari.base.errors import BadRequest
from yadokari.contract.page import PAGE_DEFAULT, PER_PAGE_DEFAULT, PER_PAGE_MAX

_INTEGER = re.compile(r"[+-]?[0-9]{1,400}")
_INT64_MIN, _INT64_MAX = -(2**63), 2**63 - 1
_TRUE = frozenset(("1", "t", "T", "true", "TRUE", "True"))
_FALSE = frozenset(("0", "f", "F", "false", "FALSE", "False"))


class Paging(msgspec.Struct, frozen=True):
    """Which page is wanted, corrected."""

    page: int = PAGE_DEFAULT
    """From 1."""
    per_page: int = PER_PAGE_DEFAULT
    """1 to PER_PAGE_MAX."""
    skip_total: bool = False
    """Whether nothing shall be counted."""


_DEFAULT = Paging()


def parse_paging(query: Mapping[str, str]) -> Paging:
    """The wanted page (Z1).

    Raises:
        BadRequest: a number is none, or ``skipTotal`` is no bool.
    """
    if not query:
        return _DEFAULT
    page = _whole(query.get("page", ""))
    per_page = _whole(query.get("perPage", ""))
    skip_total = query.get("skipTotal", "")
    return Paging(
        page=page if page > 0 else PAGE_DEFAULT,
        per_page=min(per_page, PER_PAGE_MAX) if per_page > 0 else PER_PAGE_DEFAULT,
        skip_total=parse_bool(skip_total) if skip_total else False,
    )


def parse_bool(text: str) -> bool:
    """``1 t T true TRUE True`` and their counterparts.

    Raises:
        BadRequest: it is none of them.
    """
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise BadRequest


def truthy(text: str) -> bool:
    """Whether it is one of the six words for true; never fails."""
    return text in _TRUE


def _whole(text: str) -> int:
    if not text:
        return 0
    if not _INTEGER.fullmatch(text):
        raise BadRequest
    number = int(text)
    if not _INT64_MIN <= number <= _INT64_MAX:
        raise BadRequest
    return number
