"""The tree of a rule or filter: what was written, before names mean anything.

N1  ``All`` and ``Any`` have at least two parts; a group of one is its part.
N2  Literals carry their place among the text's literals, so a tree serves every text of its shape.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Name:
    """An identifier, dots and modifiers included."""

    text: str


@dataclass(frozen=True, slots=True)
class TextLiteral:
    """A quoted text; ``index`` is its place among the literals."""

    value: str
    index: int


@dataclass(frozen=True, slots=True)
class NumberLiteral:
    """A number; ``index`` is its place among the literals."""

    value: float
    index: int


@dataclass(frozen=True, slots=True)
class Call:
    """A function with its arguments."""

    name: str
    arguments: tuple[Operand, ...]


Operand: TypeAlias = Name | TextLiteral | NumberLiteral | Call


@dataclass(frozen=True, slots=True)
class Comparison:
    """``left op right``; the operator as written, with its ``?``."""

    left: Operand
    operator: str
    right: Operand


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds."""

    parts: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Any:
    """At least one part holds."""

    parts: tuple[Tree, ...]


Tree: TypeAlias = Comparison | All | Any
