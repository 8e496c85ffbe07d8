"""The health endpoint."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from yadokari.api.door import Door
from yadokari.api.request import Request
from yadokari.api.response import Response, json_response
from yadokari.api.router import Route
from yadokari.contract import messages

_KNOWN_PROXY_HEADERS = ("CF-Connecting-IP", "Fly-Client-IP")


class HealthRoutes:
    """``/api/health``."""

    def __init__(
        self,
        *,
        door: Door,
        proxy_headers: Callable[[], Sequence[str]],
        can_back_up: Callable[[], bool],
    ) -> None:
        self._door = door
        self._proxy_headers = proxy_headers
        self._can_back_up = can_back_up

    def routes(self) -> list[Route]:
        """The endpoint."""
        return [Route("GET", "/api/health", self.health)]

    async def health(self, request: Request) -> Response:
        """That the process answers; superusers also learn how they are seen."""
        data: dict[str, object] = {}
        if (await self._door.caller(request)).is_superuser:
            data = {
                "canBackup": self._can_back_up(),
                "realIP": request.real_ip,
                "possibleProxyHeader": self._proxy_header(request),
            }
        return json_response(request, {"message": messages.HEALTHY, "code": 200, "data": data})

    def _proxy_header(self, request: Request) -> str:
        for name in (*self._proxy_headers(), *_KNOWN_PROXY_HEADERS):
            if request.header(name.lower().encode()):
                return name
        return ""
