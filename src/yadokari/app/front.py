"""Admin pages or the API, for requests that are no exchange (app/exchange.py).

Not here: routes of either (admin/pages.py, api/asgi.py).
"""

from __future__ import annotations

from yadokari.admin.pages import HOME_PATH, AdminPages
from yadokari.api.request import Receive, Scope
from yadokari.api.response import Send
from yadokari.app.parts import AsgiApp


class Front:
    """An ASGI application that hands ``/_/…`` to the admin pages and the rest to the API."""

    __slots__ = ("_admin", "_api")

    def __init__(self, *, api: AsgiApp, admin: AdminPages) -> None:
        self._api, self._admin = api, admin

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection scope."""
        if scope["type"] == "http" and scope["path"].startswith(HOME_PATH):
            await self._admin(dict(scope), receive, send)
        else:
            await self._api(scope, receive, send)
