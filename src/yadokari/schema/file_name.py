"""Stored names of uploaded files: readable, safe in a URL and a folder, unguessable.

`<base>_<10 random characters><extension>`

F1  A stored name holds no slash, no control character and no outer dot.
F2  Ten random characters keep names of one record apart and hard to guess.

Not here: sniffing types (files), keys of blobs (files).
"""

from __future__ import annotations

import re

from yadokari.schema.ids import RECORD_ID_ALPHABET, Draw, random_text

NAME_BYTES_MAX = 300  # Longer names say nothing more and some file systems stop at 255.
EXTENSION_CHARS_MAX = 20
BASE_CHARS_MIN = 3
BASE_CHARS_MAX = 100
RANDOM_CHARS = 10

_OUTSIDE_EXTENSION = re.compile(r"[^\w.*\-+=#]+", re.ASCII)
_OUTSIDE_WORD = re.compile(r"[\W_]+", re.ASCII)


def stored_file_name(client_name: str, *, sniffed_extension: str, draw: Draw) -> str:
    """The stored name of a file that the client calls ``client_name``.

    Args:
        client_name: As the client sent it; anything at all.
        sniffed_extension: With its dot, from the content; used when the name has none.
        draw: For the random part.
    """
    name = client_name.encode("utf-8", "replace")[-NAME_BYTES_MAX:].decode("utf-8", "ignore")
    extension = _extension(name)
    base = _snake_case(name.removesuffix(extension).strip("."))
    cleaned = _cleaned_extension(extension) or sniffed_extension
    if len(base) < BASE_CHARS_MIN:
        base += random_text(draw, length=RANDOM_CHARS, alphabet=RECORD_ID_ALPHABET)
    suffix = random_text(draw, length=RANDOM_CHARS, alphabet=RECORD_ID_ALPHABET)
    return f"{base[:BASE_CHARS_MAX]}_{suffix}{cleaned}"


def _extension(name: str) -> str:
    """From the second last dot when there are two or more, else from the only one."""
    parts = name.rsplit(".", 2)
    if len(parts) == 1:
        return ""
    return "." + ".".join(parts[1:])


def _cleaned_extension(extension: str) -> str:
    cleaned = _OUTSIDE_EXTENSION.sub("", extension).strip(".")
    return f".{cleaned[-EXTENSION_CHARS_MAX:].strip('.')}" if cleaned else ""


def _snake_case(text: str) -> str:
    words = [_split_capitals(word) for word in _OUTSIDE_WORD.split(text) if word]
    return "_".join(words).lower()


def _split_capitals(word: str) -> str:
    """An underscore before each capital that follows a character that is none."""
    pieces = [
        "_" + char if at and char.isupper() and not word[at - 1].isupper() else char
        for at, char in enumerate(word)
    ]
    return "".join(pieces)
