"""Changes of an account that its owner proved by a mail, not by the records API.

AC1  A new password or address renews the token key: every token of the account ends.
AC2  What belongs to the account goes as it does over the records API.

Not here: proving (auth/confirming.py, auth/otps.py), checks of values (their callers).
"""

from __future__ import annotations

from collections.abc import Mapping

from yadokari.auth.passwords import Passwords
from yadokari.ports.entropy import Entropy
from yadokari.ports.store import Row, Transaction
from yadokari.records.service import Records
from yadokari.schema.autogenerate import generate
from yadokari.schema.collection import Collection
from yadokari.schema.field_text import password_cost
from yadokari.schema.fields import PasswordField, TextField, Value
from yadokari.schema.ids import ALPHANUMERIC

RANDOM_PASSWORD_CHARS = 40  # Nobody knows it and nobody guesses it.


class AccountChanges:
    """Changes accounts inside units of work."""

    def __init__(self, *, records: Records, passwords: Passwords, entropy: Entropy) -> None:
        self._records, self._passwords, self._entropy = records, passwords, entropy

    async def hashed(self, collection: Collection, password: str) -> str:
        """The hash to store of a new password; slow, so before the unit of work.

        Raises:
            BadRequest: longer than can be hashed.
        """
        return await self._passwords.hash(password, cost=password_cost(password_field(collection)))

    async def unknown_password(self, collection: Collection) -> str:
        """The hash of a password that nobody knows."""
        unknown = self._entropy.text(RANDOM_PASSWORD_CHARS, alphabet=ALPHANUMERIC)
        return await self.hashed(collection, unknown)

    async def put(
        self, tx: Transaction, collection: Collection, row: Row, values: Mapping[str, Value]
    ) -> Row:
        """Store changed values of an account (AC1, AC2).

        Raises:
            Conflict: another record has the address.
            Stale: the record changed since ``row`` was read.
        """
        changed = dict(values)
        renews = any(
            name in changed and changed[name] != row.values[name] for name in ("password", "email")
        )
        if renews:
            token_key = collection.by_name["tokenKey"]
            assert isinstance(token_key, TextField), "token keys are text"
            changed["tokenKey"] = generate(token_key.autogenerate_pattern, self._entropy)
        stored = await self._records.writing.touch(tx, collection, row, changed)
        await self._records.belongings.of_changed(tx, collection, stored, before=row.values)
        return stored


def password_field(collection: Collection) -> PasswordField:
    """The field that an auth collection's records sign in with."""
    field = collection.by_name["password"]
    assert isinstance(field, PasswordField), "auth collections have a password"
    return field
