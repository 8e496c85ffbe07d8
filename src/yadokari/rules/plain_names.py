"""Filters over a few plain fields: which names they may use.

N1  Names of the request and of other collections are unknown; macros and functions work.

Not here: which fields (collections/listing.py, upkeep/logs.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from yadokari.rules.errors import RuleError
from yadokari.rules.tree import All, Any, Call, Comparison, Name, Operand, Tree

_WORDS = frozenset(("null", "true", "false"))
_SORT_MACROS = frozenset(("@random", "@rowid"))
_UNKNOWN_PREFIXES = ("@request", "@collection")


def check_plain_names(tree: Tree | None, sort: str, is_known: Callable[[str], bool]) -> None:
    """Let a filter and a sort pass that name known fields only.

    Raises:
        RuleError: they name something else.
    """
    for name in _names_in(tree) if tree is not None else ():
        is_macro = name.startswith("@") and not name.startswith(_UNKNOWN_PREFIXES)
        if not is_macro and not is_known(name) and name.lower() not in _WORDS:
            raise RuleError(f"unknown field {name!r}")
    for item in sort.split(",") if sort else ():
        name = item.strip().lstrip("+-")
        if not is_known(name) and name not in _SORT_MACROS:
            raise RuleError(f"unknown field {name!r}")


def _names_in(tree: Tree) -> Iterator[str]:
    match tree:
        case All() | Any():
            for part in tree.parts:
                yield from _names_in(part)
        case Comparison():
            yield from _operand_names(tree.left)
            yield from _operand_names(tree.right)


def _operand_names(operand: Operand) -> Iterator[str]:
    match operand:
        case Name():
            yield operand.text
        case Call():
            for argument in operand.arguments:
                yield from _operand_names(argument)
        case _:
            return
