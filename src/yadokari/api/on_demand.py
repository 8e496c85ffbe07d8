"""Endpoints whose module is loaded when the first of them is asked for.

A short start is worth more than they are: most servers never get such a request.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import TypeAlias

from yadokari.api.request import Request
from yadokari.api.response import Response
from yadokari.api.router import Handler, Route

Endpoint: TypeAlias = tuple[str, str, str] | tuple[str, str, str, str]
"""Method, pattern, the name of the handler, and the action that limits know, when there is one."""


def on_demand(make: Callable[[], object], endpoints: Iterable[Endpoint]) -> list[Route]:
    """Routes to the handlers of an object that is made at the first request.

    Args:
        make: Imports and builds it; called once.
        endpoints: Its handlers, coroutine functions of a request.
    """
    made: list[object] = []

    def handler(name: str) -> Handler:
        async def handle(request: Request) -> Response:
            if not made:
                made.append(make())
            found: Callable[[Request], Awaitable[Response]] = getattr(made[0], name)
            return await found(request)

        return handle

    return [
        Route(method, pattern, handler(name), action="".join(action))
        for method, pattern, name, *action in endpoints
    ]
