"""What an import has to tell: everything that was left out, changed, or needs a look.

FI1  Every case is counted; of each sort the first ones are named.

Not here: finding it (the other modules of this folder).
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

NAMED_MAX = 100  # A list longer than this is read by nobody; the count tells of the rest.

Sort: TypeAlias = Literal["left out", "changed", "look at"]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One sort of thing that a reader of the report should know."""

    sort: Sort
    what: str
    """A sentence."""
    count: int
    names: tuple[str, ...]
    """The first of them."""


class Findings:
    """Gathers findings in the order in which the first of each is met."""

    def __init__(self) -> None:
        self._counts: dict[tuple[Sort, str], int] = {}
        self._names: dict[tuple[Sort, str], list[str]] = {}

    def left_out(self, what: str, name: str, *, count: int = 1) -> None:
        """Something is not carried over."""
        self._add("left out", what, name, count)

    def changed(self, what: str, name: str) -> None:
        """A value is carried over, but not as it was stored."""
        self._add("changed", what, name, 1)

    def look_at(self, what: str, name: str) -> None:
        """Something is carried over, and somebody should look at it."""
        self._add("look at", what, name, 1)

    def all(self) -> tuple[Finding, ...]:
        """Everything found so far."""
        return tuple(
            Finding(sort=key[0], what=key[1], count=count, names=tuple(self._names[key]))
            for key, count in self._counts.items()
        )

    def _add(self, sort: Sort, what: str, name: str, count: int) -> None:
        key = (sort, what)
        self._counts[key] = self._counts.get(key, 0) + count
        names = self._names.setdefault(key, [])
        if len(names) < NAMED_MAX:
            names.append(name)
