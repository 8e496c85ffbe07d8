"""Proving a record by its password.

I1  An unknown identity and a wrong password give the same answer after the same work.

Not here: what else a sign-in must satisfy (auth/completing.py).
"""

from __future__ import annotations

from collections.abc import Iterable

from yadokari.auth.passwords import Passwords
from yadokari.base.errors import BadRequest
from yadokari.contract import messages
from yadokari.ports.store import Row, Store
from yadokari.schema.collection import Collection
from yadokari.schema.field_address import is_email
from yadokari.schema.field_text import password_cost
from yadokari.schema.fields import PasswordField
from yadokari.schema.index import single_unique_columns

PASSWORD_AUTH_OFF = "The collection is not configured to allow password authentication."


class SignIn:
    """Checks credentials."""

    def __init__(self, *, store: Store, passwords: Passwords) -> None:
        self._store = store
        self._passwords = passwords

    async def by_password(
        self, collection: Collection, *, identity: str, password: str, field: str
    ) -> Row:
        """The record with this identity and password.

        Args:
            field: The identity field to look in; "" for all that are configured.

        Raises:
            BadRequest: no such identity, or the password is wrong.
        """
        row = await self._find(collection, identity, field)
        fits = (
            await self._passwords.verify(password, str(row.values["password"]))
            if row is not None
            else await self._passwords.verify_nothing(password, cost=_cost(collection))
        )
        if row is None or not fits:
            raise BadRequest(messages.SIGN_IN_FAILED)
        return row

    async def _find(self, collection: Collection, identity: str, field: str) -> Row | None:
        assert collection.auth is not None, "only auth collections sign in"
        unique = single_unique_columns(collection)
        for name in _candidates(collection.auth.password_auth.identity_fields, identity, field):
            any_case = unique.get(name, False)
            row = await self._store.by_unique(collection, name, identity, any_case=any_case)
            if row is not None:
                return row
        return None


def _candidates(configured: Iterable[str], identity: str, field: str) -> list[str]:
    """Identity fields in the order to try them: e-mail first when the identity looks like one."""
    if field:
        return [field]
    names = list(configured)
    if "email" in names:
        names.remove("email")
        if is_email(identity):
            names.insert(0, "email")
    return names


def _cost(collection: Collection) -> int:
    field = collection.by_name["password"]
    assert isinstance(field, PasswordField), "auth collections have a password"
    return password_cost(field)
