"""The outermost select list and sources of a view's SELECT, read lightly.

Q1  Reads what PocketBase's own reader reads, and refuses what it refuses: a column is a word, an
    expression without bare spaces, and an optional name.
Q2  Brackets and quotes are honoured, the rest is words: SQLite judges the SQL itself.

Not here: what a column means (stores/sqlite/views.py).
"""

from __future__ import annotations

import re

import msgspec

from yadokari.base.errors import BadRequest

_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)|--[^\n]*", re.DOTALL)
_PAIRS = {"(": ")", "[": "]", "'": "'", '"': '"', "`": "`"}
_QUOTES = "`\"'[]"
_END_OF_SOURCES = frozenset(("where", "group", "having", "window", "order", "limit", "offset"))
_JOINS = frozenset(("left", "right", "full", "outer", "inner", "cross", "join"))
_NOISE = frozenset(("distinct", "all"))
_CONDITION = "on"
"""Stands for the condition of a join, whose words do not matter."""


class Named(msgspec.Struct, frozen=True):
    """An expression and the name it goes by."""

    text: str
    """As written, without the name."""
    name: str
    """Without quotes."""


class SelectParts(msgspec.Struct, frozen=True):
    """What stands between SELECT and FROM, and after FROM."""

    columns: tuple[Named, ...]
    sources: tuple[Named, ...]


def read_select(text: str) -> SelectParts:
    """Columns and sources of the outermost SELECT.

    Raises:
        BadRequest: a column or source has more words than an expression and a name.
    """
    columns: list[list[str]] = []
    sources: list[list[str]] = []
    into: list[list[str]] = []
    """Where words go: columns, sources, or nowhere."""
    for word in _words(_COMMENT.sub(" ", text)):
        lower = word.lower()
        if lower in ("select", "from"):
            # The second SELECT of a union goes on in the same lists: PocketBase's reading.
            into = columns if lower == "select" else sources
            if not into:
                into.append([])
        elif into is sources and lower in _END_OF_SOURCES:
            into = []
        elif not into or (into == [[]] and lower in _NOISE):
            continue
        elif word == "," or (into is sources and lower in _JOINS):
            if into[-1] or word == ",":
                into.append([])
        elif into is sources and lower == "on":
            into.append([_CONDITION])
        elif into[-1] != [_CONDITION]:
            into[-1].append(word)
    return SelectParts(_named(columns), _named([s for s in sources if s != [_CONDITION]]))


def unquoted(name: str) -> str:
    """A name without its quotes."""
    return name.strip(_QUOTES)


def _named(pieces: list[list[str]]) -> tuple[Named, ...]:
    found: list[Named] = []
    for words in pieces:
        match words:
            case []:
                continue
            case [expression]:
                found.append(Named(expression, unquoted(expression.rpartition(".")[2])))
            case [expression, name]:
                found.append(Named(expression, unquoted(name)))
            case [expression, as_word, name] if as_word.lower() == "as":
                found.append(Named(expression, unquoted(name)))
            case _:
                raise BadRequest(f"Write brackets around the expression: {' '.join(words)}.")
    return tuple(found)


def _words(text: str) -> list[str]:
    """Words and commas outside of brackets and quotes; brackets and quotes stay in their word."""
    words: list[str] = []
    word: list[str] = []
    closers: list[str] = []
    for char in text:
        if closers:
            word.append(char)
            if char == closers[-1]:
                closers.pop()
            elif closers[-1] == ")" and char in _PAIRS:
                closers.append(_PAIRS[char])
        elif char in _PAIRS:
            word.append(char)
            closers.append(_PAIRS[char])
        elif char.isspace() or char in ",;":
            if word:
                words.append("".join(word))
                word = []
            if char == ",":
                words.append(",")
        else:
            word.append(char)
    if word:
        words.append("".join(word))
    return words
