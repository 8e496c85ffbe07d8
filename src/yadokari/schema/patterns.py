"""User-written regular expressions, run by RE2 so that none can be slow.

Not here: text made from a pattern (schema/autogenerate.py).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Protocol, cast

import re2

PATTERN_CHARS_MAX = 100_000  # Longer ones cost memory to compile and nobody can read them.
PATTERNS_KEPT_MAX = 512  # Compiled patterns kept; a schema rarely has more.


class Pattern(Protocol):
    """A compiled expression."""

    def search(self, text: str) -> object | None:
        """Something when it matches anywhere in the text."""
        ...


@lru_cache(maxsize=PATTERNS_KEPT_MAX)
def compile_pattern(text: str) -> Pattern | None:
    """The compiled expression, None when RE2 does not understand it."""
    if len(text) > PATTERN_CHARS_MAX:
        return None
    options = re2.Options()
    options.log_errors = False
    try:
        return cast(Pattern, re2.compile(text, options=options))
    except re2.error:
        return None


def is_match(pattern: str, text: str) -> bool:
    """Whether the expression matches anywhere in the text; a broken one matches nothing."""
    compiled = compile_pattern(pattern)
    return compiled is not None and compiled.search(text) is not None
