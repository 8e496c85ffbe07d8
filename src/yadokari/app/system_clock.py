"""The machine's time and randomness: the real Clock and Entropy."""

from __future__ import annotations

import secrets  # noqa: TID251 - the one place where randomness comes from the machine
import time

from yadokari.ports.clock import Clock
from yadokari.ports.entropy import Entropy


class SystemClock:
    """Time as the machine has it."""

    def unix_ms(self) -> int:
        """See ports.clock.Clock.unix_ms."""
        return time.time_ns() // 1_000_000  # noqa: TID251 - the one place where time comes in

    def monotonic_ms(self) -> int:
        """See ports.clock.Clock.monotonic_ms."""
        return time.monotonic_ns() // 1_000_000


class SystemEntropy:
    """Randomness that nobody can guess."""

    def bytes(self, count: int) -> bytes:
        """See ports.entropy.Entropy.bytes."""
        return secrets.token_bytes(count)

    def text(self, length: int, *, alphabet: str) -> str:
        """See ports.entropy.Entropy.text."""
        size = len(alphabet)
        span = 256 - 256 % size  # Bytes from here on would favour the first characters.
        found: list[str] = []
        while len(found) < length:
            drawn = secrets.token_bytes(2 * (length - len(found)))
            found += [alphabet[byte % size] for byte in drawn if byte < span]
        return "".join(found[:length])

    def below(self, bound: int) -> int:
        """See ports.entropy.Entropy.below."""
        return secrets.randbelow(bound)


_clock: type[Clock] = SystemClock
_entropy: type[Entropy] = SystemEntropy
