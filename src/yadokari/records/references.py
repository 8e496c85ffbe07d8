"""The helper collections' own references: rows that name a collection and a record by text."""

from __future__ import annotations

from collections.abc import Mapping

from yadokari.base.problems import Problem, Problems
from yadokari.ports.store import Transaction
from yadokari.schema.collection import Collection
from yadokari.schema.fields import Value

HELPER_COLLECTIONS = ("_externalAuths", "_authOrigins", "_mfas", "_otps")
"""Rows that belong to an auth record and go with it."""


async def reference_problems(
    tx: Transaction, collection: Collection, values: Mapping[str, Value]
) -> Problems:
    """What is wrong with ``collectionRef`` and ``recordRef`` of a helper collection's row."""
    if collection.name not in HELPER_COLLECTIONS:
        return {}
    target = tx.schema.by_id.get(str(values["collectionRef"]))
    if target is None or not target.is_auth:
        problem = Problem("validation_invalid_collection", "No such auth collection.")
        return {"collectionRef": problem}
    if not await tx.get(target, (str(values["recordRef"]),)):
        return {"recordRef": Problem("validation_invalid_record", "No such auth record.")}
    return {}
