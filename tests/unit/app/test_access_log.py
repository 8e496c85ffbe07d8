"""Lines about requests: problems always, the rest when asked, queries never."""

from __future__ import annotations

from typing import Literal

import pytest
from typing_extensions import override

from yadokari.api.asgi import Access
from yadokari.api.request import Request, Scope
from yadokari.app.access_log import AccessLog
from yadokari.app.system_clock import SystemEntropy
from yadokari.base.log import LogValue, SilentLog


class KeptLog(SilentLog):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, dict[str, LogValue]]] = []

    @override
    def info(self, event: str, **fields: LogValue) -> None:
        """Keep it."""
        self.lines.append(("info", fields))

    @override
    def warning(self, event: str, **fields: LogValue) -> None:
        """Keep it."""
        self.lines.append(("warning", fields))


async def receive() -> dict[str, object]:
    """Nothing comes."""
    return {}


def access(status: int, *, took_ms: int = 1, path: str = "/api/x") -> Access:
    """A request that is over."""
    scope: Scope = {"type": "http", "method": "GET", "query_string": b"token=t", "headers": []}
    request = Request(scope, receive, path)
    request.id = "r1"
    return Access(request=request, status=status, took_us=took_ms * 1_000, error=None)


@pytest.mark.parametrize(
    ("lines", "said", "levels"),
    [
        ("problems", access(200), []),
        ("problems", access(404), []),
        ("problems", access(500), ["warning"]),
        ("problems", access(200, took_ms=100), ["warning"]),
        ("problems", access(200, took_ms=100_000, path="/api/realtime"), []),
        ("all", access(200), ["info"]),
        ("all", access(503), ["warning"]),
    ],
)
def test_which_requests_get_a_line(
    lines: Literal["problems", "all"], said: Access, levels: list[str]
):
    """A failing client is its own problem; a failing server is ours. Streams are long by nature."""
    log = KeptLog()

    AccessLog(log, entropy=SystemEntropy(), lines=lines, slow_ms=100).finished(said)

    assert [level for level, _ in log.lines] == levels


def test_a_line_has_no_query():
    """L6: queries carry tokens."""
    log = KeptLog()

    AccessLog(log, entropy=SystemEntropy(), lines="all", slow_ms=1_000).finished(access(200))

    assert log.lines[0][1] == {
        "request_id": "r1",
        "method": "GET",
        "path": "/api/x",
        "status": 200,
        "took_ms": 1,
    }


def test_ids_of_requests_differ():
    """Within a run by counting, between runs by chance."""
    first, second = (
        AccessLog(KeptLog(), entropy=SystemEntropy(), lines="all", slow_ms=1) for _ in range(2)
    )

    assert len({first.new_id(), first.new_id(), second.new_id(), second.new_id()}) == 4
