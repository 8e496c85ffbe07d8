"""User-written regular expressions, run by RE2 so that none can be slow.

Not here: text made from a pattern (schema/autogenerate.py).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Protocol, cast

PATTERN_CHARS_MAX = 100_000  # Longer ones cost memory to compile and nobody can read them.
PATTERNS_KEPT_MAX = 512  # Compiled patterns kept; a schema rarely has more.

REPEATS_MAX = 20_000  # RE2 writes repeats out before it counts: a million cost it 200 MiB.
_REPEATS = re.compile(r"\{(?:[0-9]{1,9},)?([0-9]{1,9})\}")

_ONE_CLASS = re.compile(r"\^\[(?:[A-Za-z0-9_]|[a-z]-[a-z]|[A-Z]-[A-Z]|[0-9]-[0-9])+\]\+\$")
"""A single class from start to end, as ids have it: one meaning to every engine, never slow."""


class Pattern(Protocol):
    """A compiled expression."""

    def search(self, text: bytes, /) -> object | None:
        """Something when it matches anywhere in the text, given in UTF-8."""
        ...


@lru_cache(maxsize=PATTERNS_KEPT_MAX)
def compile_pattern(text: str) -> Pattern | None:
    """The compiled expression, None when RE2 does not understand it."""
    if len(text) > PATTERN_CHARS_MAX or sum(map(int, _REPEATS.findall(text))) > REPEATS_MAX:
        return None
    import re2  # Loaded with the first pattern that is judged: no part of the start.

    options = re2.Options()
    options.log_errors = False
    try:
        compiled = re2.compile(text, options=options)
    except re2.error:
        return None
    if _ONE_CLASS.fullmatch(text):
        # Ten times as fast as crossing into RE2. In Python "$" would allow a last line feed.
        return re.compile(text.encode()[:-1] + rb"\Z")
    return cast(Pattern, compiled)


def is_match(pattern: str, text: str) -> bool:
    """Whether the expression matches anywhere in the text; a broken one matches nothing."""
    compiled = compile_pattern(pattern)
    # Bytes: for text RE2 would work out where in it, in characters, the match stands.
    return compiled is not None and compiled.search(text.encode()) is not None
