"""Which web pages of other origins may read answers.

O1  Any OPTIONS request is answered 204, whatever its path.
O2  A page whose origin is not allowed gets its answer without Access-Control-Allow-Origin.
O3  Credentials are never allowed across origins.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from yadokari.api.response import Response
from yadokari.contract import headers as fixed

ORIGIN_BYTES_MAX = 512
"""Longer origins match nothing: a host has 253 characters at most."""


class Origins:
    """The allowed origins; entries may hold ``*`` and ``?``."""

    __slots__ = ("_any", "_exact", "_patterns")

    def __init__(self, allowed: Sequence[str] = ("*",)) -> None:
        entries = [entry.strip() for entry in allowed if entry.strip()]
        self._any = "*" in entries
        self._exact = frozenset(entry.encode() for entry in entries)
        self._patterns = tuple(
            re.compile(
                re.escape(entry).replace(r"\*", ".*").replace(r"\?", ".").encode(), re.DOTALL
            )
            for entry in entries
            if "*" in entry or "?" in entry
        )

    def allowed(self, origin: bytes) -> bytes | None:
        """The value of Access-Control-Allow-Origin for this origin; None for none."""
        if self._any:
            return b"*"
        if origin in self._exact:
            return origin
        if len(origin) > ORIGIN_BYTES_MAX:
            return None
        matched = any(pattern.fullmatch(origin) for pattern in self._patterns)
        return origin if matched else None

    def preflight(self, raw_headers: list[tuple[bytes, bytes]]) -> Response:
        """The answer to an OPTIONS request."""
        asked = dict(raw_headers)
        answer = Response(204, [fixed.VARY_ORIGIN])
        origin = asked.get(b"origin")
        if origin is None:
            return answer
        allowed = self.allowed(origin)
        if allowed is None:
            return answer
        answer.headers.extend(
            (
                (b"vary", b"Access-Control-Request-Method"),
                (b"vary", b"Access-Control-Request-Headers"),
                (b"access-control-allow-origin", allowed),
                (b"access-control-allow-methods", fixed.CORS_METHODS),
            )
        )
        wanted = asked.get(b"access-control-request-headers")
        if wanted:
            answer.headers.append((b"access-control-allow-headers", wanted))
        return answer
