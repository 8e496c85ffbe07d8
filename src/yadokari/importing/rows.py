"""Carrying rows over, and reading them again to see that they are the same.

RW1  Rows are put in the order in which they were made, a batch in each unit of work; memory holds
     one batch.
RW2  Ids, dates, password hashes and token keys are put as they are: nobody is signed out.
RW3  Afterwards the source is read anew and compared, row by row and in order, with what the store
     gives back.

Each row is an ordinary write, so it has its entry in the change log (P2). The store for an import
keeps nearly no entries: who follows a log from before the import is told to read everything anew.

Not here: what a row's values are (importing/canonical.py), files (importing/files.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator

import msgspec

from yadokari.base.errors import BadRequest, Conflict
from yadokari.importing.canonical import RowReader
from yadokari.importing.errors import ImportDiffers, ImportRefused
from yadokari.importing.findings import Findings
from yadokari.importing.source import Source, batches
from yadokari.ports.store import ABSENT, Page, Row, Store, Transaction
from yadokari.rules.bind import NOTHING
from yadokari.rules.resolve import Query, resolve
from yadokari.schema.collection import SUPERUSERS_ID, Collection
from yadokari.schema.system import MFAS_NAME, OTPS_NAME

INSTALLER_EMAIL = "__pbinstaller@example.com"
"""PocketBase's passing superuser, there until somebody makes the first real one."""
SHORT_LIVED = frozenset([MFAS_NAME, OTPS_NAME])
"""Half-done sign-ins: a few minutes long, and bound to the server that began them."""

_encode = msgspec.json.Encoder().encode


class CarriedRows(msgspec.Struct, frozen=True):
    """The rows of a collection, as they were read and as the store has them."""

    count: int
    digest: str
    """SHA-256 over all rows in order, as JSON of their values."""


def source_rows(
    source: Source, collection: Collection, findings: Findings | None = None
) -> Iterator[list[Row]]:
    """The rows that are carried, in batches; what is not, or does not fit, goes to findings."""
    present = source.columns(collection.name)
    if not present:
        return
    reader = RowReader(collection, present)
    for raws in batches(source, collection.name, reader.columns):
        if collection.name in SHORT_LIVED:
            if findings is not None:
                findings.left_out(
                    "Half-done sign-ins: whoever is in the middle of one begins anew.",
                    collection.name,
                    count=len(raws),
                )
            continue
        rows = [reader.row(raw, findings) for raw in raws]
        yield [row for row in rows if not _is_installer(row, findings)]


async def put_rows(store: Store, rows: list[Row]) -> None:
    """Write a batch.

    Raises:
        ImportRefused: the store does not take it.
    """

    async def work(tx: Transaction) -> None:
        for row in rows:
            await tx.put(row, expected=ABSENT)

    try:
        committed = await store.transact(work)
        await committed.settled()
    except (Conflict, BadRequest) as exc:
        name = store.schema.by_id[rows[0].collection_id].name
        raise ImportRefused(f"A record of {name} cannot be stored: {exc}.") from exc


async def compare_rows(
    store: Store, source: Source, collection: Collection, *, step: Callable[[int], None]
) -> CarriedRows:
    """Read both sides again (RW3).

    Raises:
        ImportDiffers: they are not the same.
    """
    count, stamp = 0, 0
    read, written = hashlib.sha256(), hashlib.sha256()
    names = tuple(field.name for field in collection.fields)
    for rows in source_rows(source, collection):
        found = await store.get(collection, [row.id for row in rows])
        for row in rows:
            stored = found.get(row.id)
            if stored is None or stored.stamp <= stamp:
                raise _differs(collection, row.id)
            stamp = stored.stamp
            left, right = _line(row, names), _line(stored, names)
            if left != right:
                raise _differs(collection, row.id)
            read.update(left)
            written.update(right)
        count += len(rows)
        step(len(rows))
    if await count_rows(store, collection) != count or read.digest() != written.digest():
        raise _differs(collection, "")
    return CarriedRows(count, written.hexdigest())


async def count_rows(store: Store, collection: Collection) -> int:
    """How many records a collection has, views included. Raises BadRequest."""
    plan = resolve(Query(collection=collection), store.schema)
    return (await store.select_counted(plan, NOTHING, page=Page(offset=0, limit=1))).total


def _line(row: Row, names: tuple[str, ...]) -> bytes:
    return _encode([row.values[name] for name in names]) + b"\n"


def _differs(collection: Collection, id: str) -> ImportDiffers:
    place = f"{collection.name}/{id}" if id else collection.name
    return ImportDiffers(f"What was written of {place} is not what was read; nothing was kept.")


def _is_installer(row: Row, findings: Findings | None) -> bool:
    if row.collection_id != SUPERUSERS_ID or row.values.get("email") != INSTALLER_EMAIL:
        return False
    if findings is not None:
        findings.left_out("PocketBase's passing superuser of its first start.", INSTALLER_EMAIL)
    return True
