"""Indexes: the `CREATE INDEX` texts of a collection, read and rebuilt.

X1  A text that names its collection's table is kept verbatim; any other is rebuilt.
X2  Reading never fails loudly: a text that is no index yields None.
X3  Column names are compared ignoring ASCII case, as SQLite does.

Not here: which indexes a collection may have (schema/index_check.py), creating them (stores).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

if TYPE_CHECKING:
    from yadokari.schema.collection import Collection

INDEX_TEXT_CHARS_MAX = 10_000  # Reading is linear in practice; nobody writes longer ones.

_SHAPE = re.compile(
    r"create\s+(?P<unique>unique\s+)?\s*index\s*(?P<optional>if\s+not\s+exists\s+)?"
    r"(?P<name>\S*)\s+on\s+(?P<table>\S*?)\s*\((?P<rest>.*)\Z",
    re.IGNORECASE | re.DOTALL,
)
_COLUMN = re.compile(
    r"(?P<name>.+?)(?:\s+collate\s+(?P<collate>\w+))?(?:\s+(?P<order>asc|desc))?\s*\Z",
    re.IGNORECASE | re.DOTALL,
)
_WHERE = re.compile(r"\s*where\s+(?P<where>.*)\Z", re.IGNORECASE | re.DOTALL)
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`|\[[^\]]*\]")
_QUOTES = "`\"'[] \t\r\n"
_PLAIN_NAME = re.compile(r"\w+\Z")


class IndexColumn(msgspec.Struct, frozen=True, kw_only=True):
    """One part of an index: a column name or an expression."""

    name: str
    """Without quotes; an expression keeps its text."""
    collate: str = ""
    order: str = ""
    """``ASC``, ``DESC`` or empty; upper case."""

    @property
    def is_expression(self) -> bool:
        """Whether it is computed instead of being a plain column."""
        return _PLAIN_NAME.match(self.name) is None


class Index(msgspec.Struct, frozen=True, kw_only=True):
    """An index as data."""

    name: str
    table: str
    columns: tuple[IndexColumn, ...]
    unique: bool = False
    optional: bool = False
    """``IF NOT EXISTS`` was written."""
    schema_name: str = ""
    where: str = ""
    """The condition after WHERE, verbatim."""
    text: str = ""
    """What was read, verbatim; "" for an index made in code."""

    def build(self) -> str:
        """The statement in one fixed layout."""
        unique = "UNIQUE " if self.unique else ""
        optional = "IF NOT EXISTS " if self.optional else ""
        place = f"`{self.schema_name}`." if self.schema_name else ""
        if len(self.columns) > 1:
            columns = "\n  " + ",\n  ".join(map(_column_text, self.columns)) + "\n"
        else:
            columns = "".join(map(_column_text, self.columns))
        where = f" WHERE {self.where}" if self.where else ""
        start = f"CREATE {unique}INDEX {optional}{place}`{self.name}` ON `{self.table}`"
        return f"{start} ({columns}){where}"

    def on_table(self, table: str) -> Index:
        """The same index for another table, its text rebuilt; itself when it is the same table."""
        if self.table == table:
            return self
        moved = replace(self, table=table, text="")
        return replace(moved, text=moved.build())


def parse_index(text: str) -> Index | None:
    """Read a `CREATE INDEX` text; None when it is not one.

    The table may be empty, as it is while a collection has no name: nobody asks an index for it.
    """
    if len(text) > INDEX_TEXT_CHARS_MAX:
        return None
    shape = _SHAPE.search(text)
    if shape is None:
        return None
    inside, after = _split_columns(shape["rest"])
    where = _WHERE.match(after)
    if inside is None or (after.strip() and where is None) or _has_second_statement(after):
        return None
    schema_name, _, name = shape["name"].rpartition(".")
    index = Index(
        name=name.strip(_QUOTES),
        table=shape["table"].strip(_QUOTES),
        columns=tuple(filter(None, map(_parse_column, inside))),
        unique=bool(shape["unique"]),
        optional=bool(shape["optional"]),
        schema_name=schema_name.strip(_QUOTES),
        where=where["where"].strip() if where else "",
        text=text,
    )
    return index if index.name and index.columns else None


def parse_indexes(texts: Iterable[str]) -> tuple[Index, ...]:
    """Every index that can be read from these texts."""
    return tuple(filter(None, map(parse_index, texts)))


def single_unique_columns(collection: Collection) -> Mapping[str, bool]:
    """Fields with a UNIQUE index of their own, each with whether it ignores ASCII case.

    Keys are the fields' names as the collection spells them.
    """
    found: dict[str, bool] = {}
    names = {field.name.lower(): field.name for field in collection.fields}
    for index in parse_indexes(collection.indexes):
        if not index.unique or len(index.columns) != 1:
            continue
        column = index.columns[0]
        name = names.get(column.name.lower())
        if name is not None:
            found.setdefault(name, column.collate.lower() == "nocase")
    return found


def _column_text(column: IndexColumn) -> str:
    name = column.name if column.is_expression else f"`{column.name}`"
    collate = f" COLLATE {column.collate}" if column.collate else ""
    order = f" {column.order}" if column.order else ""
    return f"{name}{collate}{order}"


def _parse_column(text: str) -> IndexColumn | None:
    match = _COLUMN.match(text.strip())
    if match is None:
        return None
    name = match["name"].strip()
    if "(" not in name:
        name = name.strip(_QUOTES)
    if not name:
        return None
    return IndexColumn(
        name=name, collate=match["collate"] or "", order=(match["order"] or "").upper()
    )


def _has_second_statement(text: str) -> bool:
    """Whether a semicolon stands outside quotes: nothing may hide behind an index."""
    return ";" in _QUOTED.sub("", text)


def _split_columns(rest: str) -> tuple[list[str] | None, str]:
    """Cut what follows the opening bracket into columns and what comes after the closing one."""
    parts: list[str] = []
    start = depth = 0
    quote = ""
    for at, char in enumerate(rest):
        if quote:
            quote = "" if char == quote else quote
        elif char in "`\"'":
            quote = char
        elif char == "[":
            quote = "]"
        elif char == "(":
            depth += 1
        elif char == ")" and depth == 0:
            parts.append(rest[start:at])
            return parts, rest[at + 1 :]
        elif char == ")":
            depth -= 1
        elif char == "," and depth == 0:
            parts.append(rest[start:at])
            start = at + 1
    return None, ""
