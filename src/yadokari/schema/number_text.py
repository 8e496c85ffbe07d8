"""Numbers of number fields: read from text, and brought into their one canonical type.

N1  A number is an IEEE double: ``int`` when integral and at most 2**53 in size, else ``float``.
N2  Minus zero is zero.

Not here: numbers as JSON or decimal text (base/json_text.py).
"""

from __future__ import annotations

import math
import re

from yadokari.base.json_text import INTEGER_MAX

NUMBER_CHARS_MAX = 1_000  # No sensible number is longer; reading very long ones is slow.

_DIGITS = r"[0-9]+(?:_[0-9]+)*"
_DECIMAL = re.compile(rf"[+-]?(?:{_DIGITS}\.?(?:{_DIGITS})?|\.{_DIGITS})(?:[eE][+-]?{_DIGITS})?\Z")
_HEX = re.compile(r"[+-]?0[xX](?:[0-9a-fA-F]+\.?[0-9a-fA-F]*|\.[0-9a-fA-F]+)[pP][+-]?[0-9]{1,6}\Z")
_ENDLESS = re.compile(r"(?:[+-]?(?:inf|infinity)|nan)\Z", re.IGNORECASE)


def canonical_number(number: float) -> int | float:
    """The same number in its canonical type (N1, N2)."""
    if type(number) is int and -INTEGER_MAX <= number <= INTEGER_MAX:
        return number
    double = as_double(number)
    if double.is_integer() and -INTEGER_MAX <= double <= INTEGER_MAX:
        return int(double)
    return double


def as_double(number: float) -> float:
    """The nearest double; an integer too large for one is infinite."""
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def parse_number(text: str) -> float | None:
    """The double that a text spells in decimal (or hexadecimal with ``p``), None for other text.

    The words for infinity and not-a-number give such doubles; a number too large gives None.
    """
    if len(text) > NUMBER_CHARS_MAX:
        return None
    if _DECIMAL.match(text) is not None:
        double = float(text)
    elif _HEX.match(text) is not None:
        try:
            double = float.fromhex(text.replace("_", ""))
        except OverflowError:
            return None
    elif _ENDLESS.match(text) is not None:
        return float(text)
    else:
        return None
    return double if math.isfinite(double) else None
