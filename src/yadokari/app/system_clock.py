"""The machine's time and randomness: the real Clock and Entropy."""

from __future__ import annotations

import secrets  # noqa: TID251 - the one place where randomness comes from the machine
import time
from functools import lru_cache
from os import urandom  # noqa: TID251 - as secrets

from yadokari.ports.clock import Clock
from yadokari.ports.entropy import Entropy

ALPHABET_CHARS_MAX = 128  # Beyond it, a byte is refused more often than not.
ALPHABETS_KEPT_MAX = 64  # Half a kilobyte each; a schema has a handful.


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
        return urandom(count)

    def text(self, length: int, *, alphabet: str) -> str:
        """See ports.entropy.Entropy.text."""
        if len(alphabet) > ALPHABET_CHARS_MAX or not alphabet.isascii():
            return "".join([alphabet[secrets.randbelow(len(alphabet))] for _ in range(length)])
        characters, refused = _byte_table(alphabet)
        found = b""
        while len(found) < length:
            drawn = urandom(2 * (length - len(found)))
            found += drawn.translate(characters, refused)
        return found[:length].decode()

    def below(self, bound: int) -> int:
        """See ports.entropy.Entropy.below."""
        return secrets.randbelow(bound)


@lru_cache(maxsize=ALPHABETS_KEPT_MAX)
def _byte_table(alphabet: str) -> tuple[bytes, bytes]:
    """What each random byte stands for, and the bytes that would favour the first characters."""
    size = len(alphabet)
    characters = (alphabet * (256 // size)).encode()
    return characters.ljust(256, b"\0"), bytes(range(len(characters), 256))


_clock: type[Clock] = SystemClock
_entropy: type[Entropy] = SystemEntropy
