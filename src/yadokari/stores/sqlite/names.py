"""Names of tables, columns and indexes in the file.

N1  Everything that is not the user's carries a ``$``, which no user name can contain.
N2  Names built from ids stay right when a collection or a field is renamed.
"""

from __future__ import annotations

CREATED = '"$c"'
"""Creation stamp; the rowid, so insertion order is the table's own order."""
VERSION = '"$v"'
DIGEST = '"$h"'
RESERVED_PREFIX = "$"
"""Names of tables that hold system data begin with it."""


def quoted(name: str) -> str:
    """The name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def side_table(collection_id: str, field_id: str) -> str:
    """The table with the items of a list field: record (creation stamp), pos, value."""
    return f"$multi {collection_id} {field_id}"


def side_index(collection_id: str, field_id: str) -> str:
    """The index of a side table on (value, record)."""
    return f"$multi_value {collection_id} {field_id}"


def relation_index(collection_id: str, field_id: str) -> str:
    """The hidden index on a single relation's column."""
    return f"$rel {collection_id} {field_id}"
