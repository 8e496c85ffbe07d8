"""Superusers as an operator handles them: made, changed and removed by their address.

A12  The last superuser cannot be removed; the first is made at most once, whoever asks at once.
A13  A new password ends every token of its superuser.
A14  What belongs to a superuser goes as it does over the API: references, known devices, codes.

Not here: superusers over the API (records, which this stands on), the one-time link (admin).
"""

from __future__ import annotations

from collections.abc import Callable

from yadokari.auth.passwords import Passwords
from yadokari.base.dates import date_text
from yadokari.base.errors import Conflict, Invalid, NotFound
from yadokari.base.problems import Problem, Problems
from yadokari.ports.clock import Clock
from yadokari.ports.entropy import Entropy
from yadokari.ports.store import ABSENT, Committed, Reads, Row, Store, Transaction
from yadokari.records.service import Records
from yadokari.schema.autogenerate import generate
from yadokari.schema.coerce import coerce
from yadokari.schema.collection import SUPERUSERS_ID, SUPERUSERS_NAME, Collection
from yadokari.schema.field_address import is_email
from yadokari.schema.field_text import password_cost, password_problem
from yadokari.schema.fields import AutodateField, PasswordField, TextField, Value
from yadokari.schema.value_check import value_problem

NOT_SAVED = "The superuser could not be saved."
LAST_STAYS = "You can't delete the only existing superuser."


class Superusers:
    """Superusers of one store."""

    def __init__(
        self,
        *,
        store: Store,
        records: Records,
        passwords: Passwords,
        clock: Clock,
        entropy: Entropy,
    ) -> None:
        self._store, self._records, self._passwords = store, records, passwords
        self._clock, self._entropy = clock, entropy

    async def exists(self) -> bool:
        """Whether there is any."""
        return bool(await self._store.all_of(self._collection, rows_max=1))

    async def create(self, email: str, password: str) -> None:
        """Make one.

        Raises:
            Invalid: bad address or password, or the address is taken; ``problems`` says which.
        """
        row = await self._new(email, password)

        async def work(transaction: Transaction) -> None:
            if await self._found(transaction, email) is not None:
                taken = Problem("validation_not_unique", "Another superuser has this address.")
                raise Invalid(NOT_SAVED, problems={"email": taken})
            await transaction.put(row, expected=ABSENT)

        await _kept(await self._store.transact(work))

    async def create_first(self, email: str, password: str) -> None:
        """Make one unless there is any.

        Raises:
            Invalid: as ``create``.
            Conflict: there is one already.
        """
        row = await self._new(email, password)

        async def work(transaction: Transaction) -> None:
            if await transaction.all_of(self._collection, rows_max=1):
                raise Conflict(collection=SUPERUSERS_NAME, fields=("email",))
            await transaction.put(row, expected=ABSENT)

        await _kept(await self._store.transact(work))

    async def update(self, email: str, password: str) -> None:
        """Give one a new password.

        Raises:
            Invalid: bad password.
            NotFound: nobody has this address.
        """
        change = await self._password_change(password)

        async def work(transaction: Transaction) -> None:
            found = await self._found(transaction, email)
            if found is None:
                raise NotFound(f'There is no superuser "{email}".')
            await self._change(transaction, found, change())

        await _kept(await self._store.transact(work))

    async def upsert(self, email: str, password: str) -> None:
        """Make one, or give it a new password when there is one. Raises Invalid."""
        row = await self._new(email, password)
        hashed = row.values["password"]

        async def work(transaction: Transaction) -> None:
            found = await self._found(transaction, email)
            if found is None:
                await transaction.put(row, expected=ABSENT)
            else:
                await self._change(transaction, found, self._changed(hashed))

        await _kept(await self._store.transact(work))

    async def ensure(self, email: str, password: str) -> bool:
        """Make one when nobody has this address; the password of an existing one stays.

        Returns whether it was made. Raises Invalid.
        """
        if await self._found(self._store, email) is not None:
            return False
        await self.create(email, password)
        return True

    async def delete(self, email: str) -> bool:
        """Remove one; returns whether there was one.

        Raises:
            Invalid: it is the last, or this is no address.
        """
        if not is_email(email):
            raise Invalid(NOT_SAVED, problems={"email": _no_address()})

        async def work(transaction: Transaction) -> bool:
            found = await self._found(transaction, email)
            if found is None:
                return False
            if len(await transaction.all_of(self._collection, rows_max=2)) < 2:
                raise Invalid(LAST_STAYS)
            await self._records.deleting.remove(transaction, self._collection, found)
            return True

        committed = await self._store.transact(work)
        await _kept(committed)
        return committed.value

    @property
    def _collection(self) -> Collection:
        found = self._store.schema.find(SUPERUSERS_ID)
        assert found is not None
        return found

    async def _found(self, reads: Reads, email: str) -> Row | None:
        # An installation has a handful of superusers: no plan, no index, nothing to compile.
        rows = await reads.all_of(self._collection)
        return next((row for row in rows if row.values.get("email") == email), None)

    async def _new(self, email: str, password: str) -> Row:
        values: dict[str, Value] = {}
        for field in self._collection.fields:
            values[field.name] = coerce(field, None)
            if isinstance(field, TextField) and field.autogenerate_pattern:
                values[field.name] = generate(field.autogenerate_pattern, self._entropy)
            elif isinstance(field, AutodateField) and (field.on_create or field.on_update):
                values[field.name] = date_text(self._clock.unix_ms())
        values |= {"email": email, "verified": True, "password": "-"}
        problems: Problems = {}
        for field in self._collection.fields:
            problem = value_problem(field, values[field.name])
            if problem is not None:
                problems[field.name] = problem
        problems |= self._password_problems(password)
        if problems:
            raise Invalid(NOT_SAVED, problems=problems)
        values["password"] = await self._passwords.hash(password, cost=self._cost)
        return Row(collection_id=SUPERUSERS_ID, values=values)

    async def _password_change(self, password: str) -> Callable[[], dict[str, Value]]:
        problems = self._password_problems(password)
        if problems:
            raise Invalid(NOT_SAVED, problems=problems)
        hashed = await self._passwords.hash(password, cost=self._cost)
        return lambda: self._changed(hashed)

    def _changed(self, hashed: Value) -> dict[str, Value]:
        """What a new password changes (A13)."""
        values: dict[str, Value] = {"password": hashed}
        for field in self._collection.fields:
            if isinstance(field, TextField) and field.name == "tokenKey":
                values[field.name] = generate(field.autogenerate_pattern, self._entropy)
            elif isinstance(field, AutodateField) and field.on_update:
                values[field.name] = date_text(self._clock.unix_ms())
        return values

    async def _change(self, transaction: Transaction, row: Row, values: dict[str, Value]) -> None:
        changed = Row(row.collection_id, row.values | values, row.version, row.stamp)
        stored = await transaction.put(changed, expected=row.version)
        belongings = self._records.belongings
        await belongings.of_changed(transaction, self._collection, stored, before=row.values)

    @property
    def _cost(self) -> int:
        field = self._collection.by_name["password"]
        assert isinstance(field, PasswordField)
        return password_cost(field)

    def _password_problems(self, password: str) -> Problems:
        field = self._collection.by_name["password"]
        assert isinstance(field, PasswordField)
        problem = password_problem(field, password)
        return {} if problem is None else {"password": problem}


async def _kept(committed: Committed[None] | Committed[bool]) -> None:
    await committed.settled()


def _no_address() -> Problem:
    return Problem("validation_is_email", "Must be an e-mail address.")
