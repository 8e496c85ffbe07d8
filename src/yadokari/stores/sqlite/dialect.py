"""SQLite's spelling of the compiler's primitives: the reference for the other dialects.

D1  Stored lists are JSON arrays; a single value that happens to be a JSON array counts as one,
    as PocketBase does.
"""

from __future__ import annotations

from yadokari.schema.collection import Collection
from yadokari.schema.fields import is_list
from yadokari.stores.sql.fragment import Sql, joined, quoted, sql
from yadokari.stores.sqlite.names import side_table

EARTH_RADIUS_KM = 6371


class SqliteDialect:
    """How SQLite says things; see stores/sql/dialect.py."""

    name = "sqlite"

    def table(self, collection: Collection) -> str:
        """The table or view named as the collection."""
        return quoted(collection.name)

    def in_order_of(self, keys: Sql, *, table: str, key: str) -> Sql:
        """SQLite never changes which side of a CROSS JOIN it walks through first."""
        return sql("({}) p CROSS JOIN {} t ON {} = p.k", keys, Sql(table), Sql(key))

    def side_table(self, collection: Collection, field: str) -> str | None:
        """The side table of a list field; views have none."""
        found = collection.by_name.get(field)
        if found is None or collection.is_view or not is_list(found):
            return None
        return quoted(side_table(collection.id, found.id))

    def items(self, stored: Sql) -> Sql:
        """Items of a stored list or single value."""
        return sql("json_each({})", self._array(stored))

    def json_items(self, text: Sql) -> Sql:
        """Items of a JSON array in a bound text."""
        return sql("json_each({})", self._array(text))

    def _array(self, stored: Sql) -> Sql:
        return sql(
            "CASE WHEN json_valid({}) AND json_type({}) = 'array' THEN {} ELSE json_array({}) END",
            *([stored] * 4),
        )

    def json_part(self, stored: Sql, path: tuple[str | int, ...], *, checked: bool) -> Sql:
        """A value inside JSON; what is no JSON counts as a JSON string."""
        steps = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path)
        part = sql("json_extract({}, '$" + steps + "')", stored)
        if checked:
            return part
        bare = stored if not path else Sql("NULL")
        return sql("CASE WHEN json_valid({}) THEN {} ELSE {} END", stored, part, bare)

    def length(self, stored: Sql, *, many: bool) -> Sql:
        """Number of items."""
        if many:
            return sql("COALESCE(json_array_length({}), 0)", stored)
        blank = sql("{} = '' OR {} IS NULL", stored, stored)
        return sql("CASE WHEN {} THEN 0 ELSE json_array_length({}) END", blank, self._array(stored))

    def unconverted(self, operand: Sql) -> Sql:
        """A unary plus takes a column's affinity away."""
        return sql("+{}", operand)

    def lower(self, operand: Sql) -> Sql:
        """SQLite folds ASCII letters only."""
        return sql("LOWER({})", operand)

    def like(self, left: Sql, pattern: Sql) -> Sql:
        """LIKE folds ASCII letters only."""
        return sql("{} LIKE {} ESCAPE '\\'", left, pattern)

    def containing(self, operand: Sql) -> Sql:
        """The operand's text anywhere."""
        return sql("('%' || {} || '%')", operand)

    def same(self, left: Sql, right: Sql, *, negated: bool) -> Sql:
        """IS and IS NOT never give NULL."""
        return sql("{} IS NOT {}" if negated else "{} IS {}", left, right)

    def as_column(self, operand: Sql, *, text: bool) -> Sql:
        """A cast has the affinity of its type."""
        return sql("CAST({} AS TEXT)" if text else "CAST({} AS NUMERIC)", operand)

    def strftime(self, arguments: tuple[Sql, ...]) -> Sql:
        """The function itself."""
        return sql("strftime({})", joined(", ", arguments))

    def distance(self, arguments: tuple[Sql, ...]) -> Sql:
        """Spherical law of cosines, as PocketBase computes it; rounding may not leave -1 to 1."""
        first_lon, first_lat, second_lon, second_lat = arguments
        return sql(
            f"({EARTH_RADIUS_KM} * acos(max(-1.0, min(1.0, cos(radians({{}})) * cos(radians({{}}))"
            " * cos(radians({}) - radians({})) + sin(radians({})) * sin(radians({}))))))",
            first_lat,
            second_lat,
            second_lon,
            first_lon,
            first_lat,
            second_lat,
        )

    def shuffled(self) -> Sql:
        """Another number for each row."""
        return Sql("random()")
