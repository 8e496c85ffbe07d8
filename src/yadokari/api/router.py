"""Routes: which handler answers a method and path, found by a few dictionary lookups.

E1  Matching is exact and case-sensitive; a parameter takes one segment that is not empty.
E2  Among patterns that match, the one with a literal at the earlier place wins.
E3  HEAD finds the routes of GET. A wrong method is as unknown as a wrong path.

Not here: what happens to a path before (api/asgi.py).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from operator import itemgetter
from typing import TypeAlias

import msgspec

from yadokari.api.request import BODY_BYTES_MAX, Request
from yadokari.api.response import Response

Handler: TypeAlias = Callable[[Request], Awaitable[Response]]


class Route(msgspec.Struct, frozen=True):
    """One endpoint."""

    method: str
    """Upper case; GET answers HEAD too."""
    pattern: str
    """Such as ``/api/collections/{c}/records``."""
    handler: Handler
    body_bytes_max: int | None = BODY_BYTES_MAX
    """Largest body in bytes; None for no limit."""
    body_limit: Callable[[Request], int] | None = None
    """Tells the largest body in bytes where path or settings decide; in place of the above."""
    action: str = ""
    """Action of rate-limit labels, "" for none."""


class Router:
    """All routes of a door."""

    __slots__ = ("_shapes",)

    def __init__(self, routes: Iterable[Route]) -> None:
        """Prepare the lookups.

        Raises:
            ValueError: two routes have the same method and pattern.
        """
        tables: dict[tuple[str, int], dict[tuple[int, ...], dict[object, _Entry]]] = {}
        for route in routes:
            segments = route.pattern.split("/")[1:]
            literals = tuple(i for i, segment in enumerate(segments) if segment[:1] != "{")
            names = tuple((i, s[1:-1]) for i, s in enumerate(segments) if s[:1] == "{")
            table = tables.setdefault((route.method, len(segments)), {})
            entries = table.setdefault(literals, {})
            key = _key_of(literals)(segments)
            if key in entries:
                raise ValueError(f"{route.method} {route.pattern} is routed twice")
            entries[key] = _Entry(route, names)
        self._shapes: dict[tuple[str, int], list[_Shape]] = {
            size: [
                _Shape(_key_of(literals), table[literals])
                for literals in sorted(table, key=lambda found: _first_literal(found, size[1]))
            ]
            for size, table in tables.items()
        }

    def find(self, method: str, segments: Sequence[str]) -> tuple[Route, dict[str, str]] | None:
        """The route of a method and decoded segments, with its parameters; None for none."""
        for shape in self._shapes.get((method, len(segments)), ()):
            entry = shape.entries.get(shape.key_of(segments))
            if entry is None:
                continue
            params = {name: segments[position] for position, name in entry.names}
            if "" in params.values():
                continue
            return entry.route, params
        return None


class _Entry(msgspec.Struct, frozen=True):
    route: Route
    names: tuple[tuple[int, str], ...]


class _Shape(msgspec.Struct, frozen=True):
    """Patterns with literals at the same places."""

    key_of: Callable[[Sequence[str]], object]
    entries: dict[object, _Entry]


def _first_literal(literals: tuple[int, ...], count: int) -> tuple[bool, ...]:
    """Sorts patterns of so many segments by E2."""
    return tuple(place not in literals for place in range(count))


def _key_of(literals: tuple[int, ...]) -> Callable[[Sequence[str]], object]:
    """Picks the literal segments of a path."""
    if not literals:
        return lambda _segments: ()
    return itemgetter(*literals)
