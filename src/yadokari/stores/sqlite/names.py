"""Physical names of what the SQLite store keeps beside the collections' own tables.

A ``$`` stands in each, which no user's name can contain.
"""

from __future__ import annotations


def side_table(collection_id: str, field_id: str) -> str:
    """The table with the items of a list field: record (creation stamp), pos, value."""
    return f"$multi {collection_id} {field_id}"


def side_index(collection_id: str, field_id: str) -> str:
    """The index of a side table on (value, record)."""
    return f"$multi_value {collection_id} {field_id}"


def relation_index(collection_id: str, field_id: str) -> str:
    """The hidden index on a single relation's column."""
    return f"$rel {collection_id} {field_id}"
