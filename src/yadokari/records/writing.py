"""Creating and updating records inside a unit of work.

W1  The rule comes first and tells nothing; then the auth form; then all fields at once.
W2  A create rule judges the new row before autodates and generated values exist; an update rule
    judges the stored row, with the new values in ``@request.body``.
W3  A new e-mail or password gives a new token key: every token of the record dies.

Not here: what waits (records/submission.py), deleting (records/deleting.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from yadokari.base.dates import date_text
from yadokari.base.errors import BadRequest, Conflict, Invalid, NotFound, Stale
from yadokari.base.problems import Problems
from yadokari.contract import messages
from yadokari.ports.clock import Clock
from yadokari.ports.entropy import Entropy
from yadokari.ports.store import ABSENT, Row, Transaction
from yadokari.records.auth_form import form_problems
from yadokari.records.belongings import Belongings
from yadokari.records.caller import Asking
from yadokari.records.checking import field_problems
from yadokari.records.judging import satisfied
from yadokari.records.plans import Plans
from yadokari.records.reading import applied_rule
from yadokari.records.references import reference_problems
from yadokari.records.submission import Submission, any_too_long, body_facts, writable
from yadokari.schema.autogenerate import generate
from yadokari.schema.collection import SUPERUSERS_ID, Collection
from yadokari.schema.field_text import not_unique
from yadokari.schema.fields import TextField, Value
from yadokari.schema.modifiers import apply_submitted

_NO_PASSWORDS: Mapping[str, str] = {}


class Writing:
    """Creates and updates records."""

    def __init__(
        self, *, plans: Plans, belongings: Belongings, clock: Clock, entropy: Entropy
    ) -> None:
        self._plans = plans
        self._belongings = belongings
        self._clock = clock
        self._entropy = entropy

    def new_id(self, collection: Collection) -> str:
        """An id by the collection's own pattern, "" when it has none."""
        field = collection.by_name["id"]
        assert isinstance(field, TextField), "ids are text"
        pattern = field.autogenerate_pattern
        return generate(pattern, self._entropy) if pattern else ""

    async def create(
        self,
        tx: Transaction,
        asking: Asking,
        collection: Collection,
        submission: Submission,
        *,
        fresh_id: str,
    ) -> Row:
        """Store a new record.

        Args:
            fresh_id: The id when the client gives none.

        Raises:
            Forbidden: the create rule is null and the caller no superuser.
            BadRequest: a view, a rule that is not met, or a password too long.
            Invalid: the values are not acceptable; problems by field.
        """
        if collection.is_view:
            raise BadRequest(messages.COLLECTION_TYPE_UNSUPPORTED)
        rule = applied_rule(collection.create_rule, asking, collection)
        submitted = writable(collection, submission.fields, is_superuser=asking.caller.is_superuser)
        values = dict(collection.zeros)
        resolved = apply_submitted(collection, values, submitted, draw=self._entropy)
        values.update(resolved)
        if not values["id"]:
            values["id"] = fresh_id
        if not asking.caller.is_superuser and any_too_long(collection, resolved):
            raise BadRequest(messages.CREATE_RECORD_FAILED)  # No row a rule could be asked about.
        if rule or collection.is_auth:
            asking = asking.with_body(lambda: body_facts(collection, submitted, resolved, {}))
            virtual = self._virtual(collection, values, submission)
            if rule and not await self._holds(tx, asking, collection, rule, virtual, stored=False):
                raise BadRequest(messages.CREATE_RECORD_FAILED)
            if collection.is_auth:
                manager = await self._manages(tx, asking, collection, virtual, stored=False)
                _refuse(
                    form_problems(collection, submission, resolved, None, manager=manager),
                    messages.CREATE_RECORD_FAILED,
                )
        self._generate(collection, values)
        self._finish(collection, values, submission, resolved, None)
        await self._check(
            tx, collection, values, None, resolved, submission, messages.CREATE_RECORD_FAILED
        )
        row = Row(collection.id, values)
        return await self._put(tx, row, ABSENT, messages.CREATE_RECORD_FAILED)

    async def update(
        self,
        tx: Transaction,
        asking: Asking,
        collection: Collection,
        id: str,
        submission: Submission,
    ) -> Row:
        """Change a stored record.

        Raises:
            Forbidden: the update rule is null and the caller no superuser.
            NotFound: no such record, or the rule is not met.
            BadRequest, Invalid: as ``create``.
        """
        if collection.is_view:
            raise BadRequest(messages.COLLECTION_TYPE_UNSUPPORTED)
        rule = applied_rule(collection.update_rule, asking, collection)
        stored = (await tx.get(collection, (id,))).get(id)
        if stored is None:
            raise NotFound
        submitted = writable(collection, submission.fields, is_superuser=asking.caller.is_superuser)
        resolved = apply_submitted(collection, stored.values, submitted, draw=self._entropy)
        asking = asking.with_body(
            lambda: body_facts(collection, submitted, resolved, stored.values)
        )
        if rule and not await self._finds(tx, asking, collection, rule, id):
            raise NotFound
        if collection.is_auth:
            manager = await self._manages(tx, asking, collection, stored.values, stored=True)
            _refuse(
                form_problems(collection, submission, resolved, stored, manager=manager),
                messages.UPDATE_RECORD_FAILED,
            )
        values = {**stored.values, **resolved}
        self._finish(collection, values, submission, resolved, stored.values)
        await self._check(
            tx,
            collection,
            values,
            stored.values,
            resolved,
            submission,
            messages.UPDATE_RECORD_FAILED,
        )
        row = Row(collection.id, values, stored.version, stored.stamp)
        row = await self._put(tx, row, stored.version, messages.UPDATE_RECORD_FAILED)
        await self._belongings.of_changed(tx, collection, row, before=stored.values)
        return row

    async def touch(
        self, tx: Transaction, collection: Collection, row: Row, values: Mapping[str, Value]
    ) -> Row:
        """Store changed values unchecked, autodates moved: what cascades do to neighbours."""
        now = date_text(self._clock.unix_ms())
        changed = {**row.values, **values}
        for name in collection.recipe.dated_on_update:
            changed[name] = now
        return await tx.put(
            Row(collection.id, changed, row.version, row.stamp), expected=row.version
        )

    # --- rules -----------------------------------------------------------------------------------

    async def _holds(
        self,
        tx: Transaction,
        asking: Asking,
        collection: Collection,
        rule: str,
        values: Mapping[str, Value],
        *,
        stored: bool,
    ) -> bool:
        bound = self._plans.rule(collection, rule, asking.caller.collection, asking.context)
        return await satisfied(bound, values, tx, stored=stored)

    async def _finds(
        self,
        tx: Transaction,
        asking: Asking,
        collection: Collection,
        rule: str,
        id: str,
    ) -> bool:
        bound = self._plans.rule(collection, rule, asking.caller.collection, asking.context)
        return await tx.first(bound.plan, bound.binding, id=id) is not None

    async def _manages(
        self,
        tx: Transaction,
        asking: Asking,
        collection: Collection,
        values: Mapping[str, Value],
        *,
        stored: bool,
    ) -> bool:
        if asking.caller.is_superuser:
            return True
        rule = collection.auth.manage_rule if collection.auth is not None else None
        if not rule or asking.caller.is_guest:
            return False
        return await self._holds(tx, asking, collection, rule, values, stored=stored)

    def _virtual(
        self, collection: Collection, values: Mapping[str, Value], submission: Submission
    ) -> dict[str, Value]:
        """A new row as rules see it (W2)."""
        recipe = collection.recipe
        virtual = {**values, "id": values["id"] or "new"}
        for name in recipe.remembering:
            virtual[name] = _plain(values[name])
        for secret in recipe.passwords:
            virtual[secret.name] = submission.hashes.get(str(values[secret.name]), "")
        if collection.is_auth:
            virtual["verified"] = False
        return virtual

    # --- values ----------------------------------------------------------------------------------

    def _generate(self, collection: Collection, values: dict[str, Value]) -> None:
        for name, pattern in collection.recipe.generated:
            if not values[name]:
                values[name] = generate(pattern, self._entropy)

    def _finish(
        self,
        collection: Collection,
        values: dict[str, Value],
        submission: Submission,
        resolved: Mapping[str, Value],
        stored: Mapping[str, Value] | None,
    ) -> None:
        """Make values what is stored: hashes, autodates, a new token key where one is due (W3)."""
        recipe = collection.recipe
        for name in recipe.remembering:
            values[name] = _plain(values[name])
        for secret in recipe.passwords:
            if secret.name in resolved:
                values[secret.name] = submission.hashes.get(str(resolved[secret.name]), "")
        dated = recipe.dated_on_create if stored is None else recipe.dated_on_update
        if dated:
            now = date_text(self._clock.unix_ms())
            for name in dated:
                values[name] = now
        if collection.id == SUPERUSERS_ID:
            values["verified"] = True
        if collection.is_auth and stored is not None:
            renewed = values["password"] != stored["password"] or values["email"] != stored["email"]
            if renewed and values["tokenKey"] == stored["tokenKey"]:
                token_key = collection.by_name["tokenKey"]
                assert isinstance(token_key, TextField), "token keys are text"
                values["tokenKey"] = generate(token_key.autogenerate_pattern, self._entropy)

    async def _check(
        self,
        tx: Transaction,
        collection: Collection,
        values: Mapping[str, Value],
        stored: Mapping[str, Value] | None,
        resolved: Mapping[str, Value],
        submission: Submission,
        message: str,
    ) -> None:
        recipe = collection.recipe
        judged, plain_passwords = values, _NO_PASSWORDS
        if recipe.remembering:
            judged = {**values, **_chosen(resolved, recipe.remembering)}
        if recipe.passwords:
            plain = _chosen(resolved, [secret.name for secret in recipe.passwords])
            plain_passwords = {
                name: str(value)
                for name, value in plain.items()
                if name not in submission.made_passwords
            }
        problems = await field_problems(
            tx,
            collection,
            judged,
            stored,
            plain_passwords=plain_passwords,
            id_is_drawn=not resolved.get("id"),
            plans=self._plans,
        )
        if not problems and collection.system:
            problems = await reference_problems(tx, collection, values)
        _refuse(problems, message)

    async def _put(self, tx: Transaction, row: Row, expected: int, message: str) -> Row:
        try:
            return await tx.put(row, expected=expected)
        except Conflict as exc:
            raise Invalid(message, problems={name: not_unique() for name in exc.fields}) from exc
        except Stale as exc:
            raise NotFound from exc


def _refuse(problems: Problems, message: str) -> None:
    if problems:
        raise Invalid(message, problems=problems)


def _chosen(values: Mapping[str, Value], names: Iterable[str]) -> dict[str, Value]:
    return {name: values[name] for name in names if name in values}


def _plain(value: Value) -> Value:
    """A value without what the request knew about it; see ``Recipe.remembering``."""
    return tuple(map(str, value)) if isinstance(value, tuple) else str(value)
