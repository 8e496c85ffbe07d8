"""Numbers as SQLite writes them, and texts as SQLite reads them as numbers.

E1  A double has 17 significant digits, or fewer when the last ones are noise and fewer read back as
    the same double; always a point or an exponent. In one of 500 doubles that need all 17, SQLite's
    own arithmetic rounds the last digit the other way.
E2  Text is a number when all of it is one, blanks around it aside; a prefix counts only where truth
    or a function's argument is asked for.
"""

from __future__ import annotations

import math
import re

DIGITS = 17
INTEGER_MAX = 2**63 - 1

_BLANKS = " \t\n\v\f\r"
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_INTEGER = re.compile(r"[+-]?[0-9]+")


def number_text(value: float) -> str:
    """The text of an integer or a double."""
    if isinstance(value, int):
        return str(value)
    if value == 0:
        return "0.0"
    if math.isinf(value):
        return "Inf" if value > 0 else "-Inf"
    digits, exponent = _digits(abs(value))
    digits, exponent = _without_noise(abs(value), digits, exponent)
    sign = "-" if value < 0 else ""
    if -5 < exponent < DIGITS:
        return sign + _plain(digits, exponent)
    return f"{sign}{digits[0]}.{digits[1:] or '0'}e{exponent:+03d}"


def _digits(value: float) -> tuple[str, int]:
    """17 digits and the exponent of the first; rounded half up from one digit more, as SQLite."""
    mantissa, _, exponent_text = f"{value:.17e}".partition("e")
    exact = mantissa.replace(".", "")
    digits, exponent = exact[:DIGITS], int(exponent_text)
    if exact[DIGITS] >= "5":
        digits = str(int(digits) + 1)
        if len(digits) > DIGITS:
            digits, exponent = digits[:DIGITS], exponent + 1
    return digits, exponent


def _plain(digits: str, exponent: int) -> str:
    if exponent < 0:
        return "0." + "0" * (-exponent - 1) + digits
    whole = digits[: exponent + 1].ljust(exponent + 1, "0")
    return f"{whole}.{digits[exponent + 1 :] or '0'}"


def _without_noise(value: float, digits: str, exponent: int) -> tuple[str, int]:
    """The digits, shortened when 9s or 0s at the end say that fewer were meant."""
    kept, shifted = digits, exponent
    if digits[14:16] == "99":
        kept = digits[:14].rstrip("9")
        kept, shifted = (str(int(kept) + 1), exponent) if kept else ("1", exponent + 1)
    elif digits[13:16] == "000":
        kept = digits[:13]
    if float(f"{kept[0]}.{kept[1:] or '0'}e{shifted}") != value:
        kept, shifted = digits, exponent
    return kept.rstrip("0"), shifted


def numeric(text: str) -> int | float | None:
    """The number that all of a text is (E2), or None."""
    bare = text.strip(_BLANKS)
    if not bare or not _NUMBER.fullmatch(bare):
        return None
    return _read(bare)


def leading_number(text: str) -> int | float:
    """The number a text begins with; 0 when none."""
    found = _NUMBER.match(text.lstrip(_BLANKS))
    return _read(found.group()) if found else 0


def _read(text: str) -> int | float:
    if _INTEGER.fullmatch(text):
        whole = int(text) if len(text) < 25 else 0
        if text.lstrip("+-0") == "" or (whole and -INTEGER_MAX - 1 <= whole <= INTEGER_MAX):
            return whole
    return as_stored(float(text))


def as_stored(value: float) -> int | float:
    """What a numeric column makes of a double: an integer when it is exactly one."""
    if value.is_integer() and -INTEGER_MAX < value < INTEGER_MAX:
        return int(value)
    return value
