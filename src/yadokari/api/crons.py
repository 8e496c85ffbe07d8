"""Endpoints of the jobs that run at set times, for superusers only.

Not here: the jobs and when they run (upkeep/crons.py).
"""

from __future__ import annotations

from yadokari.api.request import Request
from yadokari.api.response import Response, json_response, no_content
from yadokari.api.superuser_check import SuperuserCheck
from yadokari.upkeep.crons import Crons


class CronRoutes:
    """Handlers of ``/api/crons``."""

    def __init__(self, *, door: SuperuserCheck, crons: Crons) -> None:
        self._door, self._crons = door, crons

    async def list(self, request: Request) -> Response:
        """All jobs."""
        await self._door.superuser(request)
        jobs = [{"id": job.id, "expression": job.expression} for job in self._crons.jobs]
        return json_response(request, jobs)

    async def start(self, request: Request) -> Response:
        """A job begun in the background."""
        await self._door.superuser(request)
        self._crons.start(request.params["id"])
        return no_content()
