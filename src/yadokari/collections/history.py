"""The history of migrations: which files were applied, as rows of ``$migrations``.

Not here: running them (collections/migrations.py).
"""

from __future__ import annotations

from collections.abc import Iterable

from yadokari.collections.reserved import MIGRATIONS
from yadokari.ports.store import ABSENT, Reads, Row, Transaction


async def applied_names(reads: Reads) -> list[str]:
    """Names of the applied files, in the order in which they were applied."""
    rows = await reads.all_of(MIGRATIONS)
    return [row.id for row in sorted(rows, key=_moment)]


async def remember(tx: Transaction, name: str, *, applied_us: int) -> None:
    """Take note that a file is applied; ``applied_us`` in microseconds since 1970."""
    known = (await tx.get(MIGRATIONS, (name,))).get(name)
    if known is None:
        await tx.put(Row(MIGRATIONS.id, {"id": name, "applied": applied_us}), expected=ABSENT)


async def forget(tx: Transaction, names: Iterable[str]) -> None:
    """Take files out of the history."""
    for row in (await tx.get(MIGRATIONS, tuple(names))).values():
        await tx.remove(row)


def _moment(row: Row) -> tuple[float, int]:
    applied = row.values["applied"]
    return (applied if isinstance(applied, int | float) else 0, row.stamp)
