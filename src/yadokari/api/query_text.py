"""Percent-encoded pairs: the query of a URL and the bodies of forms.

Q1  In a query the first of equal names wins, and a pair with a broken escape or a ``;`` vanishes.
Q2  In a form the same faults condemn the whole body.
Q3  Bytes that are no UTF-8 become U+FFFD.

Not here: what form values mean (api/forms.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import unquote_to_bytes

KEPT_MAX = 1_000  # Parsed queries that are kept: half a MiB.
KEPT_BYTES_MAX = 250  # Longer ones are seldom asked twice.
_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


def unescaped(text: str, *, plus_is_space: bool) -> str | None:
    """The text with escapes replaced; None when one is broken."""
    if plus_is_space and "+" in text:
        text = text.replace("+", " ")
    if "%" not in text:
        return text
    if _BROKEN_ESCAPE.search(text):
        return None
    return unquote_to_bytes(text).decode("utf-8", "replace")


def parse_query(raw: bytes) -> Mapping[str, str]:
    """The query by name (Q1); clients ask the same ones again and again."""
    return _kept_query(raw) if len(raw) <= KEPT_BYTES_MAX else _query(raw)


def _query(raw: bytes) -> Mapping[str, str]:
    query: dict[str, str] = {}
    for pair in raw.decode("utf-8", "replace").split("&"):
        if not pair or ";" in pair:
            continue
        name, _, value = pair.partition("=")
        name_text = unescaped(name, plus_is_space=True)
        value_text = unescaped(value, plus_is_space=True)
        if name_text is not None and value_text is not None and name_text not in query:
            query[name_text] = value_text
    return query


_kept_query = lru_cache(KEPT_MAX)(_query)


def parse_pairs(raw: bytes) -> list[tuple[str, str]] | None:
    """All pairs in order; None when one is broken (Q2)."""
    pairs: list[tuple[str, str]] = []
    for pair in raw.decode("utf-8", "replace").split("&"):
        if not pair:
            continue
        if ";" in pair:
            return None
        name, _, value = pair.partition("=")
        name_text = unescaped(name, plus_is_space=True)
        value_text = unescaped(value, plus_is_space=True)
        if name_text is None or value_text is None:
            return None
        pairs.append((name_text, value_text))
    return pairs
