"""From tokens to the tree, without recursion on groups: hostile nesting costs no stack.

P1  ``&&`` binds tighter than ``||``.
P2  A group may follow an expression directly, joined as the one before it was ("and" at first); a
    comparison may not.
P3  A comparison that breaks off before a group is forgotten, as PocketBase forgets it.
P4  At most COMPARISONS_MAX comparisons.
"""

from __future__ import annotations

import msgspec

from yadokari.rules.errors import RuleError
from yadokari.rules.tokens import Token, Tokens
from yadokari.rules.tree import (
    All,
    Any,
    Call,
    Comparison,
    Name,
    NumberLiteral,
    Operand,
    TextLiteral,
    Tree,
)

COMPARISONS_MAX = 200  # PocketBase's ceiling: a rule that saves there saves here.
CALL_DEPTH_MAX = 4  # no function takes a function today; the bound keeps recursion shallow


class _Group(msgspec.Struct):
    """An open group: finished or-parts, the and-parts being read, and what may come next."""

    alternatives: list[Tree] = msgspec.field(default_factory=list)
    conjuncts: list[Tree] = msgspec.field(default_factory=list)
    expects_operand: bool = True
    is_or: bool = False
    """Whether the last join was "or"."""

    def add(self, part: Tree) -> None:
        if not self.expects_operand and self.is_or:
            self._end_alternative()
        self.conjuncts.append(part)
        self.expects_operand = False

    def join(self, *, is_or: bool) -> None:
        if is_or:
            self._end_alternative()
        self.is_or, self.expects_operand = is_or, True

    def close(self) -> Tree:
        self._end_alternative()
        parts = self.alternatives
        return parts[0] if len(parts) == 1 else Any(_flat(parts, Any))

    def _end_alternative(self) -> None:
        parts = self.conjuncts
        self.alternatives.append(parts[0] if len(parts) == 1 else All(_flat(parts, All)))
        self.conjuncts = []


def _flat(parts: list[Tree], kind: type[All] | type[Any]) -> tuple[Tree, ...]:
    flat: list[Tree] = []
    for part in parts:
        if isinstance(part, kind):
            flat.extend(part.parts)
        else:
            flat.append(part)
    return tuple(flat)


def parse(tokens: Tokens) -> Tree:
    """The tree of a rule or filter.

    Raises:
        RuleError: the tokens are no expression, or there are too many comparisons.
    """
    return _Parser(tokens.items).run()


class _Parser:
    def __init__(self, tokens: tuple[Token, ...]) -> None:
        self._tokens = tokens
        self._at = 0
        self._literals = 0
        self._comparisons = 0

    def run(self) -> Tree:
        open_groups = [_Group()]
        while self._at < len(self._tokens):
            token = self._tokens[self._at]
            group = open_groups[-1]
            if token.kind == "(":
                self._at += 1
                open_groups.append(_Group())
            elif token.kind == ")":
                self._close(open_groups, token)
            elif token.kind == "join":
                self._join(group, token)
            else:
                if not group.expects_operand:
                    raise RuleError(
                        "a comparison must be joined by && or ||", position=token.position
                    )
                comparison = self._comparison()
                if comparison is not None:
                    group.add(comparison)
        if len(open_groups) > 1:
            raise RuleError("a group is not closed")
        if open_groups[0].expects_operand:
            raise RuleError("the expression is empty or ends too early")
        return open_groups[0].close()

    def _close(self, open_groups: list[_Group], token: Token) -> None:
        if len(open_groups) == 1:
            raise RuleError("a group is closed that was never opened", position=token.position)
        if open_groups[-1].expects_operand:
            raise RuleError("a group is empty or ends too early", position=token.position)
        self._at += 1
        inner = open_groups.pop().close()
        open_groups[-1].add(inner)

    def _join(self, group: _Group, token: Token) -> None:
        if group.expects_operand:
            raise RuleError(f"{token.text} has nothing on its left", position=token.position)
        group.join(is_or=token.text == "||")
        self._at += 1

    def _comparison(self) -> Comparison | None:
        """A comparison; None when a group begins before it is complete (P3)."""
        self._comparisons += 1
        if self._comparisons > COMPARISONS_MAX:
            raise RuleError(f"more than {COMPARISONS_MAX} comparisons")
        left = self._operand(depth=0)
        if self._at_group():
            return None
        operator = self._next("op").text
        if self._at_group():
            return None
        return Comparison(left, operator, self._operand(depth=0))

    def _operand(self, *, depth: int) -> Operand:
        token = self._next(None)
        match token.kind:
            case "name":
                return Name(token.text)
            case "text":
                return TextLiteral(token.text, self._literal())
            case "number":
                return NumberLiteral(float(token.text), self._literal())
            case "call":
                return self._call(token, depth=depth)
            case _:
                raise RuleError(f"unexpected {token.text!r}", position=token.position)

    def _call(self, token: Token, *, depth: int) -> Call:
        if depth >= CALL_DEPTH_MAX:
            raise RuleError("functions are nested too deeply", position=token.position)
        arguments: list[Operand] = []
        while self._peek() != ")":
            arguments.append(self._operand(depth=depth + 1))
            if self._peek() == ",":
                self._at += 1
            elif self._peek() != ")":
                raise RuleError("arguments must be parted by commas", position=token.position)
        self._at += 1
        return Call(token.text, tuple(arguments))

    def _at_group(self) -> bool:
        return self._at < len(self._tokens) and self._tokens[self._at].kind == "("

    def _literal(self) -> int:
        self._literals += 1
        return self._literals - 1

    def _peek(self) -> str:
        if self._at >= len(self._tokens):
            raise RuleError("the expression ends too early")
        return self._tokens[self._at].kind

    def _next(self, kind: str | None) -> Token:
        if self._at >= len(self._tokens):
            raise RuleError("the expression ends too early")
        token = self._tokens[self._at]
        if kind is not None and token.kind != kind:
            raise RuleError(f"expected an operator, found {token.text!r}", position=token.position)
        self._at += 1
        return token
