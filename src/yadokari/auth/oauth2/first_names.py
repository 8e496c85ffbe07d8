"""Names that Apple tells once, with the first redirect and nowhere else.

FN1  Kept by code for a minute, taken once, never more than a thousand.

Not here: the redirect (api/oauth2_redirect.py).
"""

from __future__ import annotations

from yadokari.base.json_text import MalformedJson, decode_object
from yadokari.ports.clock import Clock

KEPT_MS = 60_000  # The client exchanges the code at once.
NAMES_MAX = 1_000  # Anybody can post to the redirect address.
NAME_CHARS_MAX = 255
USER_CHARS_MAX = 4_096  # A name and an e-mail.
CODE_CHARS_MAX = 1_024


class FirstNames:
    """Keeps names from the redirect to the sign-in."""

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        self._names: dict[str, tuple[str, int]] = {}

    def keep(self, code: str, user: str) -> None:
        """Keep the name of a ``user`` as Apple posts it; anything unreadable is no name."""
        if len(user) > USER_CHARS_MAX or not 0 < len(code) <= CODE_CHARS_MAX:
            return
        try:
            name = decode_object(user.encode("utf-8", "replace")).get("name")
        except MalformedJson:
            return
        if not isinstance(name, dict):
            return
        parts = [name.get(key) for key in ("firstName", "lastName")]
        joined = " ".join(part for part in parts if isinstance(part, str)).strip()
        if joined:
            self._forget()
            self._names[code] = (joined[:NAME_CHARS_MAX], self._clock.monotonic_ms() + KEPT_MS)

    def take(self, code: str) -> str:
        """The name kept for a code, "" when there is none."""
        self._forget()
        name, _ = self._names.pop(code, ("", 0))
        return name

    def _forget(self) -> None:
        now_ms = self._clock.monotonic_ms()
        while self._names:
            code = next(iter(self._names))
            if self._names[code][1] > now_ms and len(self._names) < NAMES_MAX:
                return
            del self._names[code]
