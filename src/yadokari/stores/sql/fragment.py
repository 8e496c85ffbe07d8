"""SQL text with its arguments, put together in the order of the text.

G1  User data only ever stand in arguments; identifiers come from the schema and are quoted.
G2  An argument is a place, not a value: statements are cached and bound anew for each request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal, TypeAlias

import msgspec

from yadokari.rules.bind import Binding, Scalar

ArgumentKind: TypeAlias = Literal["slot", "pattern", "id", "limit", "offset"]


class Argument(msgspec.Struct, frozen=True):
    """Where a bound value comes from; ``slot`` counts for slots and patterns only."""

    kind: ArgumentKind
    slot: int = -1


class Sql(msgspec.Struct, frozen=True):
    """A piece of SQL. Marks are ``?`` in order of ``arguments``."""

    text: str
    arguments: tuple[Argument, ...] = ()


def sql(template: str, *parts: Sql) -> Sql:
    """Fill the ``{}`` of a template with pieces, arguments in the same order."""
    arguments = tuple(argument for part in parts for argument in part.arguments)
    return Sql(template.format(*(part.text for part in parts)), arguments)


def joined(separator: str, parts: Iterable[Sql]) -> Sql:
    """Pieces one after another with a separator."""
    pieces = list(parts)
    arguments = tuple(argument for part in pieces for argument in part.arguments)
    return Sql(separator.join(part.text for part in pieces), arguments)


def quoted(name: str) -> str:
    """An identifier in double quotes."""
    return '"' + name.replace('"', '""') + '"'


class Statement(msgspec.Struct, frozen=True, eq=False):
    """A compiled plan."""

    sql: str
    arguments: tuple[Argument, ...]
    pattern: Callable[[Scalar], Scalar]

    def bind(
        self, binding: Binding, *, id: str | None = None, limit: int = -1, offset: int = 0
    ) -> tuple[Scalar, ...]:
        """The values for the marks, in order."""
        values = binding.values
        bound: list[Scalar] = []
        for argument in self.arguments:
            match argument.kind:
                case "slot":
                    bound.append(values[argument.slot])
                case "pattern":
                    bound.append(self.pattern(values[argument.slot]))
                case "id":
                    bound.append(id)
                case "limit":
                    bound.append(limit)
                case "offset":
                    bound.append(offset)
        return tuple(bound)
