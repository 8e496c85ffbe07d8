"""What differs between SQL databases: the primitives that the compiler asks for.

D1  Every primitive has SQLite's meaning (rules/plan.py, R5); a dialect spells it out.

Not here: SQLite's spelling (stores/sqlite/dialect.py).
"""

from __future__ import annotations

from typing import Protocol

from yadokari.schema.collection import Collection
from yadokari.stores.sql.fragment import Sql


class Dialect(Protocol):
    """How one database says things."""

    @property
    def name(self) -> str:
        """Key of compiled statements in a plan's cache."""
        ...

    def table(self, collection: Collection) -> str:
        """The quoted table or view of a collection."""
        ...

    def in_order_of(self, keys: Sql, *, table: str, key: str) -> Sql:
        """The rows ``t`` of a table in the order of ``p``, a statement that gives keys as ``k``."""
        ...

    def side_table(self, collection: Collection, field: str) -> str | None:
        """The quoted table with a list field's items (record, pos, value); None = has none."""
        ...

    def items(self, stored: Sql) -> Sql:
        """A table function over a stored list or single value: rows with ``value``."""
        ...

    def json_items(self, text: Sql) -> Sql:
        """A table function over a JSON array, or over one bare text: rows with ``value``."""
        ...

    def json_part(self, stored: Sql, path: tuple[str | int, ...], *, checked: bool) -> Sql:
        """The value at a path of a JSON column, as text, number or NULL.

        ``checked``: the column surely holds JSON or NULL; a view's may hold anything.
        """
        ...

    def length(self, stored: Sql, *, many: bool) -> Sql:
        """How many items a stored list (``many``) or single value has; 0 for NULL."""
        ...

    def unconverted(self, operand: Sql) -> Sql:
        """A column's value as an expression that converts nothing it is compared with."""
        ...

    def lower(self, operand: Sql) -> Sql:
        """ASCII lower case of a value's text."""
        ...

    def like(self, left: Sql, pattern: Sql) -> Sql:
        r"""ASCII-case-insensitive match, ``\\`` escapes; NULL when either side is."""
        ...

    def containing(self, operand: Sql) -> Sql:
        """A pattern that finds the operand's text anywhere; its own wildcards stay active."""
        ...

    def same(self, left: Sql, right: Sql, *, negated: bool) -> Sql:
        """Null-safe (in)equality."""
        ...

    def as_column(self, operand: Sql, *, text: bool) -> Sql:
        """A bound value with the affinity of a text (or else numeric) column."""
        ...

    def strftime(self, arguments: tuple[Sql, ...]) -> Sql:
        """SQLite's strftime."""
        ...

    def distance(self, arguments: tuple[Sql, ...]) -> Sql:
        """Great-circle distance in km of (lon, lat, lon, lat)."""
        ...

    def shuffled(self) -> Sql:
        """An order that is another one each time."""
        ...
