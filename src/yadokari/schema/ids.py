"""Ids made by the server: of collections and fields from their names, of records at random.

I1  The same type and name always give the same id, so schemas made apart agree.

Not here: ids that a client chose (schema/collection_check.py, schema/field_text.py).
"""

from __future__ import annotations

import zlib
from collections.abc import Container
from typing import Protocol

RECORD_ID_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"
ALPHANUMERIC = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


class Draw(Protocol):
    """Where random choices come from; the program's Entropy is one."""

    def below(self, bound: int) -> int:
        """A number from 0 to ``bound`` - 1, every one as likely."""
        ...

    def text(self, length: int, *, alphabet: str) -> str:
        """Characters drawn evenly from ``alphabet``; far cheaper than one by one."""
        ...


def crc32_decimal(text: str) -> str:
    """The CRC-32 (IEEE) of the text's UTF-8 bytes, in decimal."""
    return str(zlib.crc32(text.encode("utf-8", "surrogatepass")))


def collection_id(*, type: str, name: str, taken: Container[str] = ()) -> str:
    """The id of a collection whose maker gave none; a number is appended while it is taken."""
    return _free(f"pbc_{crc32_decimal(type + name)}", taken)


def field_id(*, type: str, name: str, taken: Container[str]) -> str:
    """The id of a field whose maker gave none; a number is appended while it is taken."""
    return _free(f"{type}{crc32_decimal(name)}", taken)


def random_text(draw: Draw, *, length: int, alphabet: str = ALPHANUMERIC) -> str:
    """Characters drawn evenly from the alphabet."""
    return draw.text(length, alphabet=alphabet)


def _free(first: str, taken: Container[str]) -> str:
    found, number = first, 2
    while found in taken:
        found, number = f"{first}{number}", number + 1
    return found
