"""Tokens of the rule and filter language, and the shape of a text without its literals.

T1  Texts and numbers are the only literals; everything else is part of the shape.
T2  Two texts with the same shape parse to the same tree with other literals, so a plan made for
    one serves both.
T3  Only a backslash before the enclosing quote, or before another backslash, is an escape.

Not here: how tokens nest (rules/parse.py), what names mean (rules/resolve.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

from yadokari.rules.errors import RuleError

TokenKind: TypeAlias = Literal["name", "call", "text", "number", "op", "join", "(", ")", ","]


@dataclass(frozen=True, slots=True)
class Token:
    """One token and where it stands (characters from the start of the text)."""

    kind: TokenKind
    text: str
    position: int


@dataclass(frozen=True, slots=True)
class Tokens:
    """A text taken apart: tokens, its literals in order, and the shape that is left."""

    items: tuple[Token, ...]
    literals: tuple[str | float, ...]
    shape: str


_TOKEN = re.compile(
    r"""
      (?P<blank>(?:[ \t\r\n]|//[^\n]*)+)
    | (?P<call>[A-Za-z_@\#][A-Za-z0-9_.:]*\()
    | (?P<name>[A-Za-z_@\#][A-Za-z0-9_.:]*)
    | (?P<number>-?[0-9]+(?:\.[0-9]+)?(?![0-9A-Za-z_.]))
    | (?P<single>'(?:\\.|[^'\\])*')
    | (?P<double>"(?:\\.|[^"\\])*")
    | (?P<op>\?(?:!=|!~|>=|<=|=|~|>|<)|!=|!~|>=|<=|=|~|>|<)
    | (?P<join>&&|\|\|)
    | (?P<punct>[(),])
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPES = {"'": re.compile(r"\\(['\\])"), '"': re.compile(r'\\(["\\])')}


def tokenize(text: str) -> Tokens:
    """Take a rule or filter apart.

    Raises:
        RuleError: a character that begins no token, or a text without its closing quote.
    """
    items: list[Token] = []
    literals: list[str | float] = []
    shape: list[str] = []
    position, end = 0, len(text)
    match = _TOKEN.match
    while position < end:
        found = match(text, position)
        if found is None:
            raise RuleError(f"unexpected {text[position]!r}", position=position)
        kind = found.lastgroup
        word = found.group()
        if kind == "name" or kind == "call":
            if word.rstrip("(")[-1] in ".:":
                raise RuleError(f"{word!r} ends with a separator", position=position)
            items.append(Token(kind, word.rstrip("("), position))
            shape.append(word)
        elif kind == "single" or kind == "double":
            quote = word[0]
            value = word[1:-1]
            if "\\" in value:
                value = _ESCAPES[quote].sub(r"\1", value)
            items.append(Token("text", value, position))
            literals.append(value)
            shape.append("'")
        elif kind == "number":
            items.append(Token("number", word, position))
            literals.append(float(word))
            shape.append("0")
        elif kind == "op" or kind == "join":
            items.append(Token(kind, word, position))
            shape.append(word)
        elif kind == "punct":
            items.append(Token(word, word, position))  # type: ignore[arg-type]
            shape.append(word)
        position = found.end()
    return Tokens(tuple(items), tuple(literals), " ".join(shape))
