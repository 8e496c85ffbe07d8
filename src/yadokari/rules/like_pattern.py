r"""The pattern behind ``~``: what the right side of a contains-comparison stands for.

K1  Without an unescaped ``%`` it means "contains": ``_`` and ``\\`` are literal, ``\\%`` and
    ``\\_`` too.
K2  With one it is the pattern as it stands: ``%`` any run, ``_`` any character, ``\\`` escapes.
K3  Letters compare ASCII-case-insensitively.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache

ESCAPE = "\\"


def like_pattern(value: str | int | float | bool | None) -> str | None:
    r"""The LIKE pattern (escape ``\\``) for a bound right side; None for null."""
    if value is None:
        return None
    text = value if isinstance(value, str) else plain_text(value)
    if _has_wildcard(text):
        return text
    return "%" + _escaped(text) + "%"


def plain_text(value: float | bool) -> str:
    """A number or flag as a reader would write it: ``5``, ``2.5``, ``true``."""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = repr(value)
    if "e" in text:
        text = format(Decimal(text), "f")
    return text.removesuffix(".0")


def _has_wildcard(text: str) -> bool:
    escaped = False
    for character in text:
        if character == "%" and not escaped:
            return True
        escaped = character == ESCAPE and not escaped
    return False


def _escaped(text: str) -> str:
    r"""Escape what is not escaped yet; ``\\%`` and ``\\_`` stay as written."""
    pieces: list[str] = []
    place = 0
    while place < len(text):
        character = text[place]
        following = text[place + 1 : place + 2]
        if character == ESCAPE and following in ("%", "_", ESCAPE) and following:
            pieces.append(character + following)
            place += 2
            continue
        pieces.append(ESCAPE + character if character in ("%", "_", ESCAPE) else character)
        place += 1
    return "".join(pieces)


@lru_cache(maxsize=1024)
def _folded(pattern: str) -> str:
    return _ascii_lower(pattern)


def _ascii_lower(text: str) -> str:
    return text.translate(_LOWER)


_SPECIAL = re.compile(r"[%_\\]")
_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}


def ascii_lower(text: str) -> str:
    """ASCII letters in lower case, all else unchanged."""
    return _ascii_lower(text)


def matches_like(text: str, pattern: str) -> bool:
    r"""Whether a text matches a LIKE pattern with ``\\`` as escape; no backtracking blow-up."""
    folded, wild = _ascii_lower(text), _folded(pattern)
    middle = wild[1:-1]
    if wild[:1] == "%" and wild[-1:] == "%" and len(wild) > 1 and not _SPECIAL.search(middle):
        return middle in folded
    return _match(folded, wild)


def _match(text: str, pattern: str) -> bool:
    """Greedy match with one point of return: linear for one run, never exponential."""
    at, place = 0, 0
    run_place, run_at = -1, -1
    while at < len(text):
        token, size = _token(pattern, place)
        if token == "%":
            run_place, run_at = place + 1, at
            place += 1
        elif token is not None and (token == "_" or token == "\0" + text[at]):
            at += 1
            place += size
        elif run_place >= 0:
            run_at += 1
            at, place = run_at, run_place
        else:
            return False
    while place < len(pattern) and pattern[place] == "%":
        place += 1
    return place == len(pattern)


def _token(pattern: str, place: int) -> tuple[str | None, int]:
    """``%``, ``_``, or NUL + a literal character; and how many characters it took."""
    if place >= len(pattern):
        return None, 0
    character = pattern[place]
    if character in "%_":
        return character, 1
    if character == ESCAPE:
        if place + 1 >= len(pattern):
            return None, 1  # a lone escape at the end matches nothing
        return "\0" + pattern[place + 1], 2
    return "\0" + character, 1
