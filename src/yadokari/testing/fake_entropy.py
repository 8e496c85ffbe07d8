"""Randomness that repeats itself with its seed."""

from __future__ import annotations

from random import Random  # noqa: TID251 - seeded on purpose: a run must repeat itself

from yadokari.ports.entropy import Entropy


class FakeEntropy:
    """See ports.entropy.Entropy."""

    def __init__(self, *, seed: int = 1) -> None:
        self._random = Random(seed)  # noqa: S311 - nothing secret hangs on it

    def bytes(self, count: int) -> bytes:
        """See ports.entropy.Entropy.bytes."""
        return self._random.randbytes(count)

    def text(self, length: int, *, alphabet: str) -> str:
        """See ports.entropy.Entropy.text."""
        return "".join(self._random.choices(alphabet, k=length))

    def below(self, bound: int) -> int:
        """See ports.entropy.Entropy.below."""
        return self._random.randrange(bound)


_: type[Entropy] = FakeEntropy
