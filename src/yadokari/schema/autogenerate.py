"""Text made from a pattern: a small regular expression read the other way round.

G1  Literals, classes, ``.``, groups, alternation and repetition are understood; anchors, word
    boundaries and classes by Unicode property are not.
G2  Repetition is half open: from ``{m,n}`` come m to n - 1; ``{m}`` gives exactly m, ``?`` nothing,
    ``*`` up to 5, ``+`` one to 5.
G3  Every choice is drawn evenly from what the caller hands in.

Not here: whether RE2 understands the pattern (schema/patterns.py, asked first).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TypeAlias, assert_never

import msgspec

from yadokari.schema.ids import ALPHANUMERIC, Draw
from yadokari.schema.patterns import compile_pattern

REPEATS_OPEN_MAX = 6
"""Excluded upper end of a repetition without one."""
GENERATING_STEPS_MAX = 100_000  # Nested repetition multiplies; no sensible text needs more.
ALPHABET_CHARS_MAX = 128  # Half a byte's values: a draw by bytes rejects less than every second.
PARSED_KEPT_MAX = 256  # Parsed patterns kept; a schema rarely has more.

_UNICODE_MAX = 0x10FFFF
_SURROGATES = (0xD800, 0xDFFF)
_ESCAPED_CONTROLS = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v", "a": "\a"}
_DIGIT = ((0x30, 0x39),)
_WORD = ((0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A))
_SPACE = ((0x09, 0x0A), (0x0C, 0x0D), (0x20, 0x20))
_POSIX = {
    "alnum": ((0x30, 0x39), (0x41, 0x5A), (0x61, 0x7A)),
    "alpha": ((0x41, 0x5A), (0x61, 0x7A)),
    "ascii": ((0x00, 0x7F),),
    "blank": ((0x09, 0x09), (0x20, 0x20)),
    "cntrl": ((0x00, 0x1F), (0x7F, 0x7F)),
    "digit": _DIGIT,
    "graph": ((0x21, 0x7E),),
    "lower": ((0x61, 0x7A),),
    "print": ((0x20, 0x7E),),
    "punct": ((0x21, 0x2F), (0x3A, 0x40), (0x5B, 0x60), (0x7B, 0x7E)),
    "space": ((0x09, 0x0D), (0x20, 0x20)),
    "upper": ((0x41, 0x5A),),
    "word": _WORD,
    "xdigit": ((0x30, 0x39), (0x41, 0x46), (0x61, 0x66)),
}

Ranges: TypeAlias = tuple[tuple[int, int], ...]


class UnsupportedPattern(ValueError):
    """The generator does not understand this pattern. Choose a simpler one."""


class _Class(msgspec.Struct, frozen=True):
    ranges: Ranges
    alphabet: str = ""
    """All its characters when they are few enough to be drawn as one text, else ""."""


class _Series(msgspec.Struct, frozen=True):
    parts: tuple[_Node, ...]


class _Choice(msgspec.Struct, frozen=True):
    options: tuple[_Node, ...]


class _Repeat(msgspec.Struct, frozen=True):
    part: _Node
    least: int
    bound: int
    """Excluded, unless it equals ``least``."""


_Node: TypeAlias = _Class | _Series | _Choice | _Repeat


def generate(pattern: str, draw: Draw) -> str:
    """Text made from the pattern.

    Raises:
        UnsupportedPattern: RE2 or the generator does not understand it, or nested repetition took
            more than GENERATING_STEPS_MAX steps.
    """
    return _maker(pattern)(draw)


@lru_cache(maxsize=PARSED_KEPT_MAX)
def _maker(pattern: str) -> Callable[[Draw], str]:
    """What makes texts of the pattern. Raises UnsupportedPattern."""
    node = _parsed(pattern)
    if isinstance(node, _Repeat) and isinstance(node.part, _Class) and node.part.alphabet:
        count, alphabet = node.least, node.part.alphabet
        if node.bound <= count:  # As ids have it: there is nothing to walk.
            return lambda draw: draw.text(count, alphabet=alphabet)

    def walk(draw: Draw) -> str:
        writer = _Writer(draw)
        writer.write(node)
        return "".join(writer.pieces)

    return walk


def _parsed(pattern: str) -> _Node:
    if compile_pattern(pattern) is None:
        raise UnsupportedPattern("is no regular expression")
    try:
        return _Parser(pattern).parse()
    except RecursionError as exc:
        raise UnsupportedPattern("is nested too deeply") from exc


class _Writer:
    """Writes one text, a piece at a time."""

    def __init__(self, draw: Draw) -> None:
        self.pieces: list[str] = []
        self._draw = draw
        self._steps = 0

    def write(self, node: _Node) -> None:
        """Add what the node stands for. Raises UnsupportedPattern."""
        self._steps += 1
        if self._steps > GENERATING_STEPS_MAX:
            raise UnsupportedPattern("repeats itself too often")
        match node:
            case _Repeat():
                count = node.least
                if node.bound > node.least:
                    count += self._draw.below(node.bound - node.least)
                if isinstance(node.part, _Class) and node.part.alphabet:
                    self._steps += count
                    self.pieces.append(self._draw.text(count, alphabet=node.part.alphabet))
                    return
                for _ in range(count):
                    self.write(node.part)
            case _Class():
                self.pieces.append(_drawn(node.ranges, self._draw))
            case _Series():
                for part in node.parts:
                    self.write(part)
            case _Choice():
                self.write(node.options[self._draw.below(len(node.options))])
            case _:
                assert_never(node)


def _drawn(ranges: Ranges, draw: Draw) -> str:
    at = draw.below(sum(last - first + 1 for first, last in ranges))
    for first, last in ranges:
        if at <= last - first:
            return chr(first + at)
        at -= last - first + 1
    raise AssertionError("drawn beyond the last range")  # pragma: no cover - below() promises it


class _Parser:
    """Reads a pattern that RE2 has accepted, so brackets match and ranges are in order."""

    def __init__(self, pattern: str) -> None:
        self._text = pattern
        self._at = 0

    def parse(self) -> _Node:
        """The whole pattern."""
        return self._choice()

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _take(self) -> str:
        char = self._peek()
        assert char, "RE2 has accepted the pattern, so it does not end here"
        self._at += 1
        return char

    def _skip(self, text: str) -> bool:
        if not self._text.startswith(text, self._at):
            return False
        self._at += len(text)
        return True

    def _choice(self) -> _Node:
        options = [self._series()]
        while self._skip("|"):
            options.append(self._series())
        return options[0] if len(options) == 1 else _Choice(tuple(options))

    def _series(self) -> _Node:
        parts: list[_Node] = []
        while self._peek() not in ("", "|", ")"):
            parts.append(self._repeated(self._atom()))
        return parts[0] if len(parts) == 1 else _Series(tuple(parts))

    def _repeated(self, part: _Node) -> _Node:
        while True:
            if self._skip("*"):
                part = _Repeat(part, 0, REPEATS_OPEN_MAX)
            elif self._skip("+"):
                part = _Repeat(part, 1, REPEATS_OPEN_MAX)
            elif self._skip("?"):
                part = _Repeat(part, 0, 0)
            else:
                bounds = self._bounds()
                if bounds is None:
                    return part
                part = _Repeat(part, *bounds)
            self._skip("?")  # Lazy or greedy: the same texts.

    def _bounds(self) -> tuple[int, int] | None:
        """``{m}``, ``{m,}`` or ``{m,n}``; None, and nothing taken, when it is a plain brace."""
        close = self._text.find("}", self._at)
        if self._peek() != "{" or close < 0:
            return None
        least, comma, bound = self._text[self._at + 1 : close].partition(",")
        if not _is_number(least) or (bound and not _is_number(bound)):
            return None
        self._at = close + 1
        if not comma:
            return int(least), int(least)
        return int(least), int(bound) if bound else max(REPEATS_OPEN_MAX, int(least))

    def _atom(self) -> _Node:
        char = self._take()
        if char == "(":
            return self._group()
        if char == "[":
            return _class_of(self._class())
        if char == ".":
            return _class_of(_merged([(ord(one), ord(one)) for one in ALPHANUMERIC]))
        if char in "^$":
            raise UnsupportedPattern("holds an anchor, which has no text")
        if char == "\\":
            return _class_of(self._escape())
        return _class_of(((ord(char), ord(char)),))

    def _group(self) -> _Node:
        if self._skip("?") and not self._skip(":"):
            if self._skip("P<") or self._skip("<"):
                while self._take() != ">":
                    pass
            else:
                raise UnsupportedPattern("holds flags, which have no text")
        inner = self._choice()
        self._take()
        return inner

    def _class(self) -> Ranges:
        is_negated = self._skip("^")
        found: list[tuple[int, int]] = []
        is_first = True
        while is_first or self._peek() != "]":
            is_first = False
            named = self._named_class()
            if named is not None:
                found.extend(named)
                continue
            low = self._class_item()
            is_range = self._peek() == "-" and self._text[self._at + 1 : self._at + 2] != "]"
            if is_range and len(low) == 1 and low[0][0] == low[0][1]:
                self._take()
                high = self._class_item()
                found.append((low[0][0], high[0][1]))
            else:
                found.extend(low)
        self._take()
        merged = _merged(found)
        ranges = _negated(merged) if is_negated else merged
        if not ranges:
            raise UnsupportedPattern("holds a class without characters")
        return ranges

    def _named_class(self) -> Ranges | None:
        """``[:alpha:]`` and its kin; None, and nothing taken, when none stands here."""
        end = self._text.find(":]", self._at)
        if not self._text.startswith("[:", self._at) or end < 0:
            return None
        name = self._text[self._at + 2 : end]
        ranges = _POSIX[name.removeprefix("^")]  # RE2 refuses other names.
        self._at = end + 2
        return _negated(ranges) if name.startswith("^") else ranges

    def _class_item(self) -> Ranges:
        char = self._take()
        return self._escape() if char == "\\" else ((ord(char), ord(char)),)

    def _escape(self) -> Ranges:
        char = self._take()
        shared = {"d": _DIGIT, "w": _WORD, "s": _SPACE}.get(char.lower())
        if shared is not None:
            return shared if char.islower() else _negated(shared)
        if char == "x":
            return self._hexadecimal()
        if char in _ESCAPED_CONTROLS:
            char = _ESCAPED_CONTROLS[char]
        elif char.isalnum():  # \b, \A, \z, \pL, \Q, octal …
            raise UnsupportedPattern("holds an escape that has no text")
        return ((ord(char), ord(char)),)

    def _hexadecimal(self) -> Ranges:
        if self._skip("{"):
            end = self._text.index("}", self._at)
            digits, self._at = self._text[self._at : end], end + 1
        else:
            digits = self._take() + self._take()
        return ((int(digits, 16), int(digits, 16)),)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _class_of(ranges: Ranges) -> _Class:
    if sum(last - first + 1 for first, last in ranges) > ALPHABET_CHARS_MAX:
        return _Class(ranges)
    return _Class(ranges, "".join(chr(c) for a, b in ranges for c in range(a, b + 1)))


def _merged(ranges: list[tuple[int, int]]) -> Ranges:
    """The same characters as disjoint ranges in order, so that each is as likely."""
    merged: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = merged[-1][0], max(last, merged[-1][1])
        else:
            merged.append((first, last))
    return tuple(merged)


def _negated(ranges: Ranges) -> Ranges:
    """All of Unicode but these, without surrogates, which are no characters."""
    found: list[tuple[int, int]] = []
    start = 0
    for first, last in _merged([*ranges, _SURROGATES]):
        if start < first:
            found.append((start, first - 1))
        start = last + 1
    if start <= _UNICODE_MAX:
        found.append((start, _UNICODE_MAX))
    return tuple(found)
