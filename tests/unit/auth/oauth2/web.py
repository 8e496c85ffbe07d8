"""Another web than the network, for tests of what is asked of it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from tests.oracle.client import Json
from yadokari.ports.web import Reach, Unreachable, Web, WebAnswer, WebRequest


@dataclass(kw_only=True)
class FakeWeb:
    """Answers by address."""

    answers: dict[str, WebAnswer] = field(default_factory=dict)
    asked: list[WebRequest] = field(default_factory=list)

    async def fetch(
        self, request: WebRequest, *, reach: Reach, timeout_s: float, body_bytes_max: int
    ) -> WebAnswer:
        self.asked.append(request)
        found = self.answers.get(request.url)
        if found is None:
            raise Unreachable("nobody is there")
        return found

    async def close(self) -> None:
        """Nothing is open."""


_: type[Web] = FakeWeb


def answer(value: Json, *, status: int = 200) -> WebAnswer:
    """A JSON answer."""
    headers = {"content-type": "application/json"}
    return WebAnswer(status=status, headers=headers, body=json.dumps(value).encode())
