"""Randomness, handed in so that a seeded run repeats itself."""

from __future__ import annotations

from typing import Protocol


class Entropy(Protocol):
    """Where unguessable values come from."""

    def bytes(self, count: int) -> bytes:
        """That many random bytes."""
        ...

    def text(self, length: int, *, alphabet: str) -> str:
        """Characters drawn evenly from ``alphabet``."""
        ...

    def below(self, bound: int) -> int:
        """A number from 0 to ``bound`` - 1."""
        ...
