"""The tree of a rule or filter: what was written, before names mean anything.

N1  ``All`` and ``Any`` have at least two parts; a group of one is its part.
N2  Literals carry their place among the text's literals, so a tree serves every text of its shape.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec


class Name(msgspec.Struct, frozen=True):
    """An identifier, dots and modifiers included."""

    text: str


class TextLiteral(msgspec.Struct, frozen=True):
    """A quoted text; ``index`` is its place among the literals."""

    value: str
    index: int


class NumberLiteral(msgspec.Struct, frozen=True):
    """A number; ``index`` is its place among the literals."""

    value: float
    index: int


class Call(msgspec.Struct, frozen=True):
    """A function with its arguments."""

    name: str
    arguments: tuple[Operand, ...]


Operand: TypeAlias = Name | TextLiteral | NumberLiteral | Call


class Comparison(msgspec.Struct, frozen=True):
    """``left op right``; the operator as written, with its ``?``."""

    left: Operand
    operator: str
    right: Operand


class All(msgspec.Struct, frozen=True):
    """Every part holds."""

    parts: tuple[Tree, ...]


class Any(msgspec.Struct, frozen=True):
    """At least one part holds."""

    parts: tuple[Tree, ...]


Tree: TypeAlias = Comparison | All | Any
