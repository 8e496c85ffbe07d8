"""A database of another program, in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from yadokari.importing.source import Stored


@dataclass
class FakeSource:
    """Tables by name: columns, and rows in the order in which they were made."""

    tables: dict[str, tuple[tuple[str, ...], list[tuple[Stored, ...]]]] = field(
        default_factory=dict
    )
    others: list[tuple[str, str, str]] = field(default_factory=list)

    def objects(self) -> Sequence[tuple[str, str, str]]:
        """See importing.source.Source."""
        return [*(("table", name, name) for name in self.tables), *self.others]

    def columns(self, table: str) -> Sequence[str]:
        """See importing.source.Source."""
        return self.tables[table][0] if table in self.tables else ()

    def count(self, table: str) -> int:
        """See importing.source.Source."""
        return len(self.tables[table][1])

    def rows(
        self, table: str, columns: Sequence[str], *, after: int, rows_max: int
    ) -> Sequence[tuple[Stored, ...]]:
        """See importing.source.Source."""
        names, rows = self.tables[table]
        places = [names.index(column) for column in columns]
        numbered = [(number, *(row[place] for place in places)) for number, row in enumerate(rows)]
        return [row for row in numbered if row[0] > after][:rows_max]
