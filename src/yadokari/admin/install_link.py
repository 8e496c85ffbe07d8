"""The one-time link that lets whoever sees the terminal make the first superuser.

I1  A link works once, for 30 minutes, and only while there is no superuser.
I2  Only a digest of its token is kept, and compared in constant time.

Not here: the page (admin/pages.py), printing the link (app/run.py).
"""

from __future__ import annotations

import hashlib
import hmac

from yadokari.ports.clock import Clock
from yadokari.ports.entropy import Entropy

LINK_MS = 30 * 60_000  # Long enough to find a browser, short enough for a forgotten terminal.
TOKEN_CHARS = 43  # 256 bits.
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


class InstallLink:
    """At most one open link; issuing another ends the former."""

    def __init__(self, *, clock: Clock, entropy: Entropy) -> None:
        self._clock, self._entropy = clock, entropy
        self._digest: bytes | None = None
        self._ends_ms = 0

    def issue(self) -> str:
        """A new token, good for 30 minutes."""
        token = self._entropy.text(TOKEN_CHARS, alphabet=_ALPHABET)
        self._digest = _digest(token)
        self._ends_ms = self._clock.monotonic_ms() + LINK_MS
        return token

    def opens(self, token: str) -> bool:
        """Whether this token may be used now."""
        if self._digest is None or self._clock.monotonic_ms() >= self._ends_ms:
            return False
        return hmac.compare_digest(self._digest, _digest(token))

    def close(self) -> None:
        """End the link: it was used, or a superuser came to be another way."""
        self._digest = None


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
