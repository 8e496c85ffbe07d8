"""Free SQL, for superusers who know what they do.

SC1  Reads see committed data, are bounded in rows and time, and change nothing.
SC2  What is written becomes part of the records as if it had come another way: versions, list items
     and the change log follow, in the same transaction.
SC3  Our own tables, the schema and transactions are out of reach.

Not here: who may (api).
"""

from __future__ import annotations

from typing import Protocol

import msgspec

ROWS_MAX = 1_000
"""The contract's limit of one answer."""


class SqlColumn(msgspec.Struct, frozen=True):
    """A column of a result."""

    name: str
    type: str
    """As declared; "" for an expression."""


class SqlOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it."""

    columns: tuple[SqlColumn, ...] = ()
    rows: tuple[tuple[str | None, ...], ...] = ()
    """Texts as the database shows them; at most ROWS_MAX rows."""
    affected: int = 0
    """Rows that the last write changed."""


class SqlConsole(Protocol):
    """A store that takes SQL; ask ``capabilities.raw_sql``."""

    async def run_sql(self, text: str) -> SqlOutcome:
        """Run statements, all or none of them; the last one's result.

        Raises:
            BadRequest: with the database's reason.
            Unavailable: the store cannot serve now.
        """
        ...
