"""Schema steps: what a store has to do so that its tables fit a changed schema.

T1  Steps are applied in the order given; each one names the table as it is called at that moment.
T2  A field's id is its identity; steps carry whole fields so that a store sees id, name and type.
T3  A step says what, never how: a store without DDL may do nothing for some of them.

Not here: finding the steps (schema/diff.py), applying them (stores).
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from yadokari.schema.collection import Collection
from yadokari.schema.fields import Field, ListField


class AddCollection(msgspec.Struct, frozen=True, kw_only=True):
    """Make the table of a base or auth collection with all its fields; indexes follow."""

    collection: Collection


class DropCollection(msgspec.Struct, frozen=True, kw_only=True):
    """Remove a base or auth collection's table, side tables and indexes."""

    collection: Collection


class RenameCollection(msgspec.Struct, frozen=True, kw_only=True):
    """Rename a table; its rows, side tables and indexes stay."""

    collection_id: str
    old_table: str
    new_table: str


class AddField(msgspec.Struct, frozen=True, kw_only=True):
    """Add a column; existing rows get the field's zero value."""

    collection_id: str
    table: str
    field: Field


class DropField(msgspec.Struct, frozen=True, kw_only=True):
    """Remove a column, its data and its side table."""

    collection_id: str
    table: str
    field: Field


class RenameField(msgspec.Struct, frozen=True, kw_only=True):
    """Rename a column, data kept. In a swap of names one goes through a passing ``$`` name."""

    collection_id: str
    table: str
    field: Field
    """The field as it will be; its name may differ from ``new_name`` in a swap."""
    old_name: str
    new_name: str


class ChangeMultiplicity(msgspec.Struct, frozen=True, kw_only=True):
    """Turn single values into lists of one (empty into none), or lists into their last item.

    The column already has its new name.
    """

    collection_id: str
    table: str
    old: ListField
    new: ListField


class DropIndexes(msgspec.Struct, frozen=True, kw_only=True):
    """Remove these indexes by name; a missing one is no error."""

    collection_id: str
    table: str
    names: tuple[str, ...]


class IndexToCreate(msgspec.Struct, frozen=True, kw_only=True):
    """One index and where in the collection's list it stands (for the error's position)."""

    position: int
    text: str


class CreateIndexes(msgspec.Struct, frozen=True, kw_only=True):
    """Create these indexes; a failure is reported on ``indexes.<position>``."""

    collection_id: str
    table: str
    indexes: tuple[IndexToCreate, ...]


class SetView(msgspec.Struct, frozen=True, kw_only=True):
    """Make or replace the view of a view collection; its name is free or its own by now."""

    collection: Collection


class DropView(msgspec.Struct, frozen=True, kw_only=True):
    """Remove a view by its present name; a missing one is no error."""

    collection_id: str
    table: str


SchemaStep: TypeAlias = (
    AddCollection
    | DropCollection
    | RenameCollection
    | AddField
    | DropField
    | RenameField
    | ChangeMultiplicity
    | DropIndexes
    | CreateIndexes
    | SetView
    | DropView
)
