"""Tokens of the rule and filter language, and the shape of a text without its literals.

T1  Texts and numbers are the only literals; everything else is part of the shape.
T2  Two texts with the same shape parse to the same tree with other literals, so a plan made for
    one serves both.
T3  NULs, and comments in groups, are taken out first (rules/source_text.py).
T4  Only a backslash before the enclosing quote, or before another backslash, is an escape.

Not here: how tokens nest (rules/parse.py), what names mean (rules/resolve.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Literal, NamedTuple, TypeAlias

import msgspec

from yadokari.rules.errors import RuleError
from yadokari.rules.source_text import TEXT, needs_care, plain_source

TOKENS_MAX = 20_000  # 200 comparisons have a tenth of it; the rest is a flood of parentheses.
QUICK_CHARACTERS_MAX = 10_000  # Longer texts are taken apart piece by piece, in bounded memory.

TokenKind: TypeAlias = Literal["name", "call", "text", "number", "op", "join", "(", ")", ","]


class Token(NamedTuple):
    """One token and where it stands (characters from the start of the text)."""

    kind: TokenKind
    text: str
    position: int


_BLANK = r"(?:[ \t\n]++|//[^\n]*+)*+"
_NUMBER = r"-?[0-9]++(?:\.[0-9]++)?+(?![0-9A-Za-z_.])"
_NAME = r"[A-Za-z_@#](?:[A-Za-z0-9_.:]*[A-Za-z0-9_])?"
_OP = r"\?(?:!=|!~|>=|<=|=|~|>|<)|!=|!~|>=|<=|=|~|>|<"
_JOIN = r"&&|\|\|"

_TOKEN = re.compile(
    rf"{_BLANK}(?:(?P<text>{TEXT})|(?P<number>{_NUMBER})|(?P<call>{_NAME}\()|(?P<name>{_NAME})"
    rf"|(?P<op>{_OP})|(?P<join>{_JOIN})|(?P<sign>[(),])|(?P<end>\Z)|(?P<wrong>.))",
    re.DOTALL,
)
_QUICK = re.compile(
    rf"{_BLANK}(?:({TEXT})|({_NUMBER})|({_NAME}\(?|{_OP}|{_JOIN}|[(),])|\Z|(.))", re.DOTALL
)
_ESCAPES = {"'": re.compile(r"\\(['\\])"), '"': re.compile(r'\\(["\\])')}


class Tokens(msgspec.Struct, frozen=True, dict=True):
    """A text taken apart. It has a dict: most texts are known by shape, so ``items`` come late."""

    source: str
    literals: tuple[str | float, ...]
    shape: str
    """The text without its literals, blanks and comments."""

    @cached_property
    def items(self) -> tuple[Token, ...]:
        """All tokens in order. Raises RuleError when there are too many."""
        return tuple(_items(self.source))


def tokenize(text: str) -> Tokens:
    """Take a rule or filter apart.

    Raises:
        RuleError: a character that begins no token, a text without its closing quote, or more
            than TOKENS_MAX tokens.
    """
    if needs_care(text):
        text = plain_source(text)
    if len(text) > QUICK_CHARACTERS_MAX:
        _check(text)
    literals: list[str | float] = []
    shape: list[str] = []
    for quoted, number, word, wrong in _QUICK.findall(text):
        if word:
            shape.append(word)
        elif quoted:
            literals.append(_unquoted(quoted))
            shape.append("'")
        elif number:
            literals.append(float(number))
            shape.append("0")
        elif wrong:
            _check(text)
    return Tokens(text, tuple(literals), " ".join(shape))


def _unquoted(word: str) -> str:
    value = word[1:-1]
    return _ESCAPES[word[0]].sub(r"\1", value) if "\\" in value else value


def _check(text: str) -> None:
    for _ in _items(text):
        pass


def _items(text: str) -> Iterator[Token]:
    for count, found in enumerate(_TOKEN.finditer(text)):
        kind = found.lastgroup
        assert kind is not None, "every alternative has a name"
        word, position = found[kind], found.start(kind)
        if count >= TOKENS_MAX:
            raise RuleError(f"more than {TOKENS_MAX} words and signs", position=position)
        match kind:
            case "text":
                yield Token("text", _unquoted(word), position)
            case "call":
                yield Token("call", word[:-1], position)
            case "number" | "name" | "op" | "join":
                yield Token(kind, word, position)
            case "sign":
                yield Token(_SIGNS[word], word, position)
            case "end":
                pass  # The last one: nothing follows it.
            case _:
                raise RuleError(f"unexpected {word!r}", position=position)


_SIGNS: dict[str, TokenKind] = {"(": "(", ")": ")", ",": ","}
