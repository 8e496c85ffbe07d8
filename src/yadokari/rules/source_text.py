"""The text of a rule or filter, rid of what PocketBase's scanner reads in a way of its own.

Y1  A word, sign or blank that runs up to a NUL takes it along, as a comment does; a NUL where
    something could begin ends the whole text; within a text or a group it is an error.
Y2  A group ends at its ``)`` even inside a comment: comments are looked for later. So quotes and
    parentheses in a group's comments count.

Not here: what tokens are (rules/tokens.py), which sends only texts here that need it.
"""

from __future__ import annotations

import re

from yadokari.rules.errors import RuleError

TEXT = r"""'(?:[^'\\]++|\\.)*+'|"(?:[^"\\]++|\\.)*+\""""
"""A quoted text."""

_PIECE = re.compile(
    rf"(?P<text>{TEXT})|(?P<comment>//[^\n\0]*+\n?)|(?P<name>[A-Za-z_@#][A-Za-z0-9_.:]*+)"
    r"|(?P<run>[ \t\n]++|[-0-9][0-9.]*+|[=?!<>~]++|[&|]++)|(?P<sign>.)",
    re.DOTALL,
)
_GROUP_PIECE = re.compile(rf"{TEXT}|[()'\"\0]", re.DOTALL)
_COMMENT = re.compile(rf"(?:[^'\"/]++|{TEXT}|/(?!/))*+//", re.DOTALL)
_CALL = -1
"""Stands for the end of a function's arguments, which are read one by one."""


def needs_care(text: str) -> bool:
    """Whether a text holds a NUL, or a comment and a group."""
    return "\0" in text or ("//" in text and "(" in text and _COMMENT.match(text) is not None)


def plain_source(text: str) -> str:
    """The text that means the same and has neither NULs nor comments.

    Raises:
        RuleError: a NUL stands where none may (Y1), or a group does not end (Y2).
    """
    pieces: list[str] = []
    ends: list[int] = []
    known: dict[int, int] = {}
    at, after_name = 0, False
    while at < len(text):
        if ends and at == ends[-1]:
            ends.pop()
            pieces.append(")")
            at += 1
            continue
        found = _PIECE.match(text, at)
        assert found is not None, "a piece is at least one character"
        kind, word, stop = found.lastgroup, found[0], found.end()
        if kind == "sign":
            if word == "\0":
                if ends:
                    raise RuleError("a NUL inside parentheses", position=at)
                break
            if word == "(":
                ends.append(_CALL if after_name else _end_of_group(text, at, known))
            elif word == ")" and ends:
                ends.pop()
        elif kind == "comment":
            stop = min([stop, *(end for end in ends if end != _CALL)])
            word = " "
        elif kind == "text" and "\0" in word:
            raise RuleError("a NUL inside a text", position=at)
        pieces.append(word)
        after_name = kind == "name"
        at = stop
        takes_nul = kind in ("name", "run") or (kind == "comment" and text[at - 1] != "\n")
        if takes_nul and text.startswith("\0", at):
            pieces.append(" ")
            after_name = False
            at += 1
    return "".join(pieces)


def _end_of_group(text: str, start: int, known: dict[int, int]) -> int:
    """Where the group that opens at ``start`` closes; what is found on the way becomes known."""
    if start in known:
        return known[start]
    opened: list[int] = []
    for found in _GROUP_PIECE.finditer(text, start):
        word, place = found[0], found.start()
        if "\0" in word or word in ("'", '"'):
            break
        if word == "(":
            opened.append(place)
        elif word == ")":
            known[opened.pop()] = place
            if not opened:
                return place
    raise RuleError("a group is not closed", position=start)
