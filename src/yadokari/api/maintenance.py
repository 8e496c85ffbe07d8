"""Maintenance at the door: who is still answered, and the endpoint that switches it.

S1  Closed: nobody but superusers, who may look, not write. Read-only: everybody may look.
S2  What lets a superuser in and the mode out stays open: signing in as one, renewing a token, and
    this endpoint. The health check, static files and the admin pages are not the API.
S3  Everybody else is told to come back: 503 with ``Retry-After``.

Not here: what the mode is (upkeep/maintenance.py).
"""

from __future__ import annotations

import msgspec

from yadokari.api.asgi import Guard
from yadokari.api.door import Door
from yadokari.api.request import Request
from yadokari.api.response import Response, json_response
from yadokari.api.router import Route
from yadokari.base.errors import Unavailable
from yadokari.contract import messages
from yadokari.schema.collection import SUPERUSERS_NAME
from yadokari.upkeep.maintenance import Maintenance, State, mode_of

RETRY_AFTER_S = 120
"""When a client may ask again; a program that asks more often gains nothing."""

_PATH = "/api/maintenance"
_LOOKING = frozenset(("GET", "HEAD"))
_OPEN_PATHS = frozenset((_PATH, "/api/health"))
_LISTENING_PATH = "/api/realtime"
"""Where a POST says what to listen to, and writes nothing."""
_SIGN_IN_ACTIONS = frozenset(("authWithPassword", "authWithOTP", "requestOTP", "authRefresh"))


class MaintenanceForm(msgspec.Struct):
    """Body of ``PUT /api/maintenance``."""

    mode: str = ""


class MaintenanceRoutes:
    """Handlers of ``/api/maintenance``."""

    def __init__(self, *, door: Door, maintenance: Maintenance) -> None:
        self._door = door
        self._maintenance = maintenance

    async def view(self, request: Request) -> Response:
        """The mode in force."""
        await self._door.superuser(request)
        return _shown(request, self._maintenance.state)

    async def change(self, request: Request) -> Response:
        """The mode after a change."""
        await self._door.superuser(request)
        form = await request.bind(MaintenanceForm)
        return _shown(request, await self._maintenance.set(mode_of(form.mode)))


class MaintenanceGuard:
    """Refuses what the mode does not let through, and asks the next guard about the rest."""

    def __init__(self, *, door: Door, state: State, then: Guard) -> None:
        self._door = door
        self._state = state
        self._then = then

    async def __call__(self, request: Request, route: Route | None) -> None:
        """Let a request through, or not. Raises Unavailable (S3), and what the next one raises."""
        if route is not None and not await self._may_pass(request, route):
            raise Unavailable(messages.MAINTENANCE, retry_after_s=RETRY_AFTER_S)
        await self._then(request, route)

    async def _may_pass(self, request: Request, route: Route) -> bool:
        if request.path in _OPEN_PATHS:
            return True
        if route.action in _SIGN_IN_ACTIONS:
            found = self._door.schema().find(request.params["c"])
            if found is not None and found.name == SUPERUSERS_NAME:
                return True
        if request.method not in _LOOKING and request.path != _LISTENING_PATH:
            return False
        return self._state.mode == "read-only" or (await self._door.caller(request)).is_superuser


def _shown(request: Request, state: State) -> Response:
    return json_response(request, {"mode": state.mode, "forced": state.forced})
