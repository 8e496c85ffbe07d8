"""Endpoints of the request logs, for superusers only.

Not here: what is kept (upkeep/log_queue.py), filters (upkeep/logs.py).
"""

from __future__ import annotations

from msgspec import Raw

from yadokari.api.paging import parse_paging
from yadokari.api.request import Request
from yadokari.api.response import Response, json_response, no_content
from yadokari.api.superuser_check import SuperuserCheck
from yadokari.contract.page import page_object
from yadokari.ports.store import Row
from yadokari.upkeep.logs import LogQuery, RequestLogs


class LogRoutes:
    """Handlers of ``/api/logs``."""

    def __init__(self, *, door: SuperuserCheck, logs: RequestLogs) -> None:
        self._door, self._logs = door, logs

    async def list(self, request: Request) -> Response:
        """A page of entries."""
        await self._door.superuser(request)
        query = request.query
        paging = parse_paging(query)
        found = await self._logs.page(
            LogQuery(
                filter=query.get("filter", ""),
                sort=query.get("sort", ""),
                page=paging.page,
                per_page=paging.per_page,
                skip_total=paging.skip_total,
            )
        )
        page = page_object(
            [_shown(row) for row in found.rows],
            page=paging.page,
            per_page=paging.per_page,
            total_items=found.total,
        )
        return json_response(request, page, page=True)

    async def view(self, request: Request) -> Response:
        """One entry."""
        await self._door.superuser(request)
        return json_response(request, _shown(await self._logs.one(request.params["id"])))

    async def stats(self, request: Request) -> Response:
        """How many entries each hour has."""
        await self._door.superuser(request)
        counts = await self._logs.per_hour(request.query.get("filter", ""))
        return json_response(
            request, [{"date": count.date, "total": count.total} for count in counts]
        )

    async def truncate(self, request: Request) -> Response:
        """No entries any more."""
        await self._door.superuser(request)
        await self._logs.truncate()
        return no_content()


def _shown(row: Row) -> dict[str, object]:
    values = row.values
    return {
        "id": values["id"],
        "created": values["created"],
        "data": Raw(str(values["data"]).encode()),
        "message": values["message"],
        "level": values["level"],
    }
