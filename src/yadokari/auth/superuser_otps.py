"""One-time passwords of superusers, made by an operator at the terminal.

For whoever has a shell but no mail server: the code is printed, not mailed.
"""

from __future__ import annotations

from yadokari.auth.otps import Otp, Otps
from yadokari.ports.store import Store
from yadokari.schema.collection import SUPERUSERS_ID


class SuperuserOtps:
    """Makes them."""

    def __init__(self, *, store: Store, otps: Otps) -> None:
        self._store, self._otps = store, otps

    async def give(self, email: str) -> Otp:
        """A one-time password of the superuser with this address.

        Raises:
            BadRequest: one-time passwords are off for superusers.
            NotFound: there is no such superuser.
        """
        superusers = self._store.schema.find(SUPERUSERS_ID)
        assert superusers is not None, "system collections cannot be deleted"
        return await self._otps.give(superusers, email=email)
