"""What endpoints for superusers need of the door; api/door.py has it."""

from __future__ import annotations

from typing import Protocol

from yadokari.api.request import Request


class SuperuserCheck(Protocol):
    """Lets superusers pass."""

    async def superuser(self, request: Request) -> object:
        """Who asks. Raises Unauthenticated for a guest, Forbidden for anybody else."""
        ...
