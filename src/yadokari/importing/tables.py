"""Making the imported collections in an empty store.

TB1  All tables, indexes and views are made in one unit of work.
TB2  An index or a view that the store refuses is left out and told; its table and rows stay.
TB3  A rule is kept as it is written; one that this program cannot read is told.

Not here: the collections of an ordinary first start (collections/reserved.py).
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from yadokari.base.errors import BadRequest, Conflict
from yadokari.collections.reserved import Box, row_of
from yadokari.importing.findings import Findings
from yadokari.ports.store import ABSENT, Store, Transaction
from yadokari.rules.resolve import check_rule
from yadokari.schema.collection import Collection, Schema
from yadokari.schema.collection_json import RULE_KEYS
from yadokari.schema.steps import AddCollection, CreateIndexes, IndexToCreate, SetView


async def make_tables(
    store: Store, collections: Sequence[Collection], *, box: Box, findings: Findings
) -> Schema:
    """Make everything; the schema as it is then.

    Args:
        store: An empty store.
        collections: In the order in which they were made.
        box: Seals their secrets.
        findings: Told of what the store refuses.
    """
    refused: list[tuple[str, str]] = []

    async def work(tx: Transaction) -> None:
        refused.clear()
        made = {item.id: item for item in await _tables(tx, collections, refused)}
        made |= {item.id: item for item in await _views(tx, collections, refused)}
        kept = [made[item.id] for item in collections if item.id in made]
        await tx.apply((), schema=tx.schema.with_collections(kept))
        for item in kept:
            await tx.put(row_of(item, box), expected=ABSENT)

    committed = await store.transact(work)
    await committed.settled()
    for what, name in refused:
        findings.left_out(what, name)
    for item in store.schema.collections:
        _check_rules(item, store.schema, findings)
    return store.schema


async def _tables(
    tx: Transaction, collections: Sequence[Collection], refused: list[tuple[str, str]]
) -> list[Collection]:
    tables = [item for item in collections if not item.is_view]
    steps = [AddCollection(collection=replace(item, indexes=())) for item in tables]
    await tx.apply(steps, schema=tx.schema.with_collections(tables))
    return [await _indexed(tx, item, refused) for item in tables]


async def _indexed(tx: Transaction, item: Collection, refused: list[tuple[str, str]]) -> Collection:
    kept: list[str] = []
    for text in item.indexes:
        one = (IndexToCreate(position=0, text=text),)
        step = CreateIndexes(collection_id=item.id, table=item.name, indexes=one)
        try:
            async with tx.savepoint():
                await tx.apply((step,), schema=tx.schema)
        except (BadRequest, Conflict):
            refused.append(("Indexes that cannot be made here.", f"{item.name}: {text}"))
        else:
            kept.append(text)
    return replace(item, indexes=tuple(kept))


async def _views(
    tx: Transaction, collections: Sequence[Collection], refused: list[tuple[str, str]]
) -> list[Collection]:
    """The views that can be made, in rounds: one may read another that comes later."""
    waiting = [item for item in collections if item.is_view]
    made: list[Collection] = []
    reasons: dict[str, str] = {}
    while True:
        left: list[Collection] = []
        for item in waiting:
            try:
                async with tx.savepoint():
                    schema = tx.schema.with_collections((*tx.schema.collections, item))
                    await tx.apply((SetView(collection=item),), schema=schema)
            except (BadRequest, Conflict) as exc:
                left.append(item)
                reasons[item.id] = str(exc)
            else:
                made.append(item)
        if not left or len(left) == len(waiting):
            refused += [
                ("Views whose SELECT does not run here.", f"{item.name}: {reasons[item.id]}")
                for item in left
            ]
            return made
        waiting = left


def _check_rules(item: Collection, schema: Schema, findings: Findings) -> None:
    rules = {key: getattr(item, attribute) for key, attribute in RULE_KEYS.items()}
    if item.auth is not None:
        rules["authRule"] = item.auth.auth_rule
        rules["manageRule"] = item.auth.manage_rule
        rules["mfa.rule"] = item.auth.mfa.rule
    for key, rule in rules.items():
        reason = check_rule(rule, item, schema) if rule else None
        if reason is not None:
            findings.look_at(
                "Rules that this program cannot read: requests under them are refused.",
                f"{item.name}.{key}: {reason}",
            )
