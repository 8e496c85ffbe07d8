"""Log lines of requests: failures of the server and slow ones, or all of them.

L6  A line has the path without the query: queries carry tokens and personal data.

Not here: request logs of the contract (logs.db), what made a request fail (api/asgi.py).
"""

from __future__ import annotations

from typing import Literal

from yadokari.api.asgi import Access, AccessHook
from yadokari.base.log import Log
from yadokari.ports.entropy import Entropy

PATH_CHARS_MAX = 500  # Enough to recognise a route; longer ones are attacks.
_PREFIX_CHARS = 6
_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
_STREAMS = frozenset({"/api/realtime"})


class AccessLog:
    """Writes lines about requests."""

    def __init__(
        self,
        log: Log,
        *,
        entropy: Entropy,
        lines: Literal["problems", "all"],
        slow_ms: int,
    ) -> None:
        self._log, self._lines = log, lines
        self._slow_us = slow_ms * 1_000
        self._prefix = entropy.text(_PREFIX_CHARS, alphabet=_ALPHABET)
        self._count = 0

    def new_id(self) -> str:
        """As AccessHook.new_id: unlike those of other runs and of this one."""
        self._count += 1
        return f"{self._prefix}{self._count:06x}"

    def finished(self, access: Access) -> None:
        """As AccessHook.finished."""
        is_slow = access.took_us >= self._slow_us and access.request.path not in _STREAMS
        is_problem = access.status >= 500 or is_slow
        if not is_problem and self._lines != "all":
            return
        say = self._log.warning if is_problem else self._log.info
        say(
            "request",
            request_id=access.request.id,
            method=access.request.method,
            path=access.request.path[:PATH_CHARS_MAX],
            status=access.status,
            took_ms=access.took_us // 1_000,
        )


_: type[AccessHook] = AccessLog
