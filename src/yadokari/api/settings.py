"""Endpoints of the application's settings, for superusers only.

Not here: what they are and when they are valid (upkeep), tests of mail and storage.
"""

from __future__ import annotations

from msgspec import Raw

from yadokari.api.request import Request
from yadokari.api.response import Response, json_response
from yadokari.api.superuser_check import SuperuserCheck
from yadokari.base.errors import BadRequest
from yadokari.contract import messages
from yadokari.upkeep.app_settings import AppSettings
from yadokari.upkeep.settings_keeper import SettingsKeeper


class SettingsRoutes:
    """Handlers of ``/api/settings``."""

    def __init__(self, *, door: SuperuserCheck, keeper: SettingsKeeper) -> None:
        self._door = door
        self._keeper = keeper

    async def view(self, request: Request) -> Response:
        """All settings without secrets."""
        await self._door.superuser(request)
        return _shown(request, self._keeper.current)

    async def update(self, request: Request) -> Response:
        """All settings after a change."""
        await self._door.superuser(request)
        try:
            body = await request.body()
        except BadRequest as error:
            raise BadRequest(error.message or messages.UNREADABLE) from error
        return _shown(request, await self._keeper.change(body.fields))


def _shown(request: Request, settings: AppSettings) -> Response:
    return json_response(request, Raw(settings.to_json()), canonical=True)
