"""The database of another program, as an import needs it.

Not here: opening it (stores/sqlite/foreign.py does; app names it), what PocketBase's tables mean
(importing/definitions.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol, TypeAlias

Stored: TypeAlias = str | int | float | bytes | None
"""What a column of a foreign file can hold."""

BATCH_ROWS = 500  # Of any size up to some KiB each; together they stay in a few MiB.


class Source(Protocol):
    """Tables that can be read."""

    def objects(self) -> Sequence[tuple[str, str, str]]:
        """Kind (table, view, index, trigger), name and table of everything in it, in order."""
        ...

    def columns(self, table: str) -> Sequence[str]:
        """Names of a table's columns; none when there is no such table."""
        ...

    def count(self, table: str) -> int:
        """How many rows a table or view has. Raises an error of ours when it cannot be read."""
        ...

    def rows(
        self, table: str, columns: Sequence[str], *, after: int, rows_max: int
    ) -> Sequence[tuple[Stored, ...]]:
        """Rows after a rowid in the order in which they were made, each with its rowid first."""
        ...


def batches(
    source: Source, table: str, columns: Sequence[str]
) -> Iterator[list[tuple[Stored, ...]]]:
    """All rows of a table in the order in which they were made, without their rowids."""
    after = -(2**63)
    while rows := source.rows(table, columns, after=after, rows_max=BATCH_ROWS):
        last = rows[-1][0]
        assert isinstance(last, int), "a rowid is a whole number"
        after = last
        yield [row[1:] for row in rows]
