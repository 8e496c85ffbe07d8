"""Endpoints of the application's settings, for superusers only.

Not here: what they are and when they are valid (upkeep), tests of mail.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Raw

from yadokari.api.request import Request
from yadokari.api.response import Response, json_response, no_content
from yadokari.api.superuser_check import SuperuserCheck
from yadokari.base.errors import BadRequest
from yadokari.base.json_text import JsonValue
from yadokari.contract import messages
from yadokari.upkeep.app_settings import AppSettings
from yadokari.upkeep.s3_check import S3Check
from yadokari.upkeep.settings_keeper import SettingsKeeper


class SettingsRoutes:
    """Handlers of ``/api/settings``."""

    def __init__(self, *, door: SuperuserCheck, keeper: SettingsKeeper, s3_check: S3Check) -> None:
        self._door = door
        self._keeper = keeper
        self._s3_check = s3_check

    async def view(self, request: Request) -> Response:
        """All settings without secrets."""
        await self._door.superuser(request)
        return _shown(request, self._keeper.current)

    async def update(self, request: Request) -> Response:
        """All settings after a change."""
        await self._door.superuser(request)
        return _shown(request, await self._keeper.change(await _fields(request)))

    async def test_s3(self, request: Request) -> Response:
        """204 when the bucket of the settings can be used."""
        await self._door.superuser(request)
        await self._s3_check.check(await _fields(request))
        return no_content()


async def _fields(request: Request) -> Mapping[str, JsonValue]:
    try:
        return (await request.body()).fields
    except BadRequest as error:
        raise BadRequest(error.message or messages.UNREADABLE) from error


def _shown(request: Request, settings: AppSettings) -> Response:
    return json_response(request, Raw(settings.to_json()), canonical=True)
