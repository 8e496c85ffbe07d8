"""The guard before every handler: rate limits by the application settings.

Not here: counting (api/rate_limit.py).
"""

from __future__ import annotations

from yadokari.api.door import Door
from yadokari.api.rate_limit import RateLimits, labels_of
from yadokari.api.request import Request
from yadokari.api.router import Route
from yadokari.base.errors import TooMany


class RateGuard:
    """Refuses requests beyond the limits; superusers have none."""

    def __init__(self, *, door: Door) -> None:
        self._door = door
        self.limits: RateLimits | None = None
        """None while limits are off; replaced when settings change."""

    async def __call__(self, request: Request, route: Route | None) -> None:
        """Count a request. Raises TooMany."""
        if self.limits is None or not self.limits.active:
            return
        action = route.action if route is not None and route.action else None
        await self._count(request, request.method, request.path, action)

    async def count_item(self, request: Request, method: str, path: str, action: str) -> None:
        """Count an item of a batch. Raises TooMany."""
        if self.limits is not None and self.limits.active:
            await self._count(request, method, path, action)

    async def _count(self, request: Request, method: str, path: str, action: str | None) -> None:
        limits = self.limits
        assert limits is not None, "asked only while limits are on"
        caller = await self._door.caller(request)
        if caller.is_superuser:
            return
        segments = path.split("/")
        named = segments[3] if action and len(segments) > 3 else ""
        collection = self._door.schema().find(named) if named else None
        labels = labels_of(
            method=method,
            path=path,
            collection=collection.name if collection is not None else None,
            action=action,
        )
        if not limits.allows(
            labels,
            client_ip=request.real_ip,
            signed_in=not caller.is_guest,
            counter=f"{named}:{action}" if action else "",
        ):
            raise TooMany
