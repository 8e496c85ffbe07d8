"""Field checks before a record is stored: the pure ones, and those that ask the store.

C1  Every field is checked and every problem reported together; a field has one problem.
C2  Uniqueness of indexed values is the store's own check at the write; so are ids by the default
    pattern, while ids that ignore case are checked here.
"""

from __future__ import annotations

from collections.abc import Mapping

from yadokari.base.problems import Problem, Problems
from yadokari.ports.store import Transaction
from yadokari.records.plans import Plans
from yadokari.records.submission import is_too_long
from yadokari.rules.bind import RequestContext
from yadokari.schema.collection import Collection
from yadokari.schema.field_list import missing_records
from yadokari.schema.field_text import id_taken, ids_ignore_case, password_problem
from yadokari.schema.fields import PasswordField, RelationField, TextField, Value

_NO_CONTEXT = RequestContext()


async def field_problems(
    tx: Transaction,
    collection: Collection,
    values: Mapping[str, Value],
    stored: Mapping[str, Value] | None,
    *,
    plain_passwords: Mapping[str, str],
    id_is_drawn: bool,
    plans: Plans,
) -> Problems:
    """What is wrong with a record's values (C1).

    Args:
        values: All values as they are to be stored.
        stored: All values before; None on create.
        plain_passwords: Plain text of the passwords that are being set, by field.
        id_is_drawn: Whether a new record's id was made here, not by its client.
    """
    recipe = collection.recipe
    found: dict[str, Problem | None] = recipe.problems(values, stored)
    for secret in recipe.passwords:
        if secret.name in plain_passwords:
            found[secret.name] = _password_problem(secret, plain_passwords[secret.name])
    for relation in recipe.relations:
        value = values[relation.name]
        if value and found.get(relation.name) is None:
            found[relation.name] = await _relation_problem(tx, relation, value)
    if stored is None and found.get("id") is None:
        id_field = collection.by_name["id"]
        assert isinstance(id_field, TextField), "ids are text"
        # Of others the store's unique index says the same, should one be taken (C2).
        if not id_is_drawn or collection.is_auth or ids_ignore_case(id_field):
            found["id"] = await _id_problem(tx, collection, id_field, str(values["id"]), plans)
    return {name: problem for name, problem in found.items() if problem is not None}


def _password_problem(field: PasswordField, plain: str) -> Problem | None:
    if is_too_long(plain):
        return Problem("validation_invalid_value", "Is too long to be hashed.")
    return password_problem(field, plain)


async def _relation_problem(tx: Transaction, field: RelationField, value: Value) -> Problem | None:
    target = tx.schema.by_id.get(field.collection_id)
    if target is None:
        return Problem("validation_missing_rel_collection", "The related collection is missing.")
    ids = value if isinstance(value, tuple) else (str(value),)
    found = await tx.get(target, ids)
    return None if all(one in found for one in ids) else missing_records()


async def _id_problem(
    tx: Transaction,
    collection: Collection,
    field: TextField,
    id: str,
    plans: Plans,
) -> Problem | None:
    if ids_ignore_case(field):
        if await tx.get(collection, (id,)):
            return id_taken(field)
        quoted = id.lower().replace("\\", "\\\\").replace("'", "\\'")
        same = plans.query(
            collection,
            (f"id:lower = '{quoted}'",),
            caller=None,
            context=_NO_CONTEXT,
        )
        if await tx.first(same.plan, same.binding) is not None:
            return id_taken(field)
    if collection.is_auth:
        for other in tx.schema.collections:
            if other.is_auth and other.id != collection.id and await tx.get(other, (id,)):
                return Problem("validation_invalid_auth_id", "The id is taken by another account.")
    return None
