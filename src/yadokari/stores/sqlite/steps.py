"""Schema steps as SQLite's DDL, inside the unit of work that changes the schema.

Y1  Every step runs in the transaction of its unit, so a failing one leaves nothing behind.
Y2  A step that would break somebody's view is refused, as PocketBase refuses it; renaming a column
    carries views along.

Not here: which steps a change needs (schema/diff.py), texts of tables (stores/sqlite/ddl.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import assert_never

import apsw

from yadokari.base.errors import BadRequest
from yadokari.base.problems import Problem, Problems
from yadokari.contract.codes import sentence_of
from yadokari.schema.collection import Collection, Schema
from yadokari.schema.fields import is_list
from yadokari.schema.steps import (
    AddCollection,
    AddField,
    ChangeMultiplicity,
    CreateIndexes,
    DropCollection,
    DropField,
    DropIndexes,
    DropView,
    IndexToCreate,
    RenameCollection,
    RenameField,
    SchemaStep,
    SetView,
)
from yadokari.stores.sqlite.ddl import column_type, create_table, drop_extras, field_extras
from yadokari.stores.sqlite.names import CREATED, quoted, side_table
from yadokari.stores.sqlite.single import run_single
from yadokari.stores.sqlite.views import create_view

_BAD_INDEX = "validation_invalid_index_expression"
_PASSING = '"$passing"'
"""Column that holds converted values until the old column is gone."""


def apply_steps(
    connection: apsw.Connection, steps: Sequence[SchemaStep], *, schema: Schema
) -> None:
    """Run the steps in order.

    Raises:
        BadRequest: an index, a view or a dependent view does not allow it; ``problems`` names it.
    """
    run = _Steps(connection, schema)
    for step in steps:
        run.apply(step)


class _Steps:
    def __init__(self, connection: apsw.Connection, schema: Schema) -> None:
        self._connection, self._schema = connection, schema

    def apply(self, step: SchemaStep) -> None:
        match step:
            case AddCollection():
                self._all(create_table(step.collection))
            case DropCollection():
                self._drop_collection(step.collection)
            case RenameCollection():
                self._rename_collection(step)
            case AddField():
                column = f"{quoted(step.field.name)} {column_type(step.field)}"
                self._run(f"ALTER TABLE {quoted(step.table)} ADD COLUMN {column}")
                self._all(field_extras(step.collection_id, step.table, step.field))
            case DropField():
                self._all(drop_extras(step.collection_id, step.field))
                self._dependent(
                    f"ALTER TABLE {quoted(step.table)} DROP COLUMN {quoted(step.field.name)}"
                )
            case RenameField():
                self._dependent(
                    f"ALTER TABLE {quoted(step.table)} RENAME COLUMN {quoted(step.old_name)}"
                    f" TO {quoted(step.new_name)}"
                )
            case ChangeMultiplicity():
                self._change_multiplicity(step)
            case DropIndexes():
                self._all(f"DROP INDEX IF EXISTS {quoted(name)}" for name in step.names)
            case CreateIndexes():
                self._create_indexes(step.indexes)
            case SetView():
                create_view(self._connection, step.collection)
            case DropView():
                self._run(f"DROP VIEW IF EXISTS {quoted(step.table)}")
            case _:
                assert_never(step)

    def _run(self, statement: str) -> None:
        self._connection.execute(statement).fetchall()

    def _all(self, statements: Iterable[str]) -> None:
        for statement in statements:
            self._run(statement)

    def _dependent(self, statement: str) -> None:
        """Run what fails when a view depends on it."""
        try:
            self._run(statement)
        except apsw.SQLError as exc:
            raise BadRequest("A view depends on what would change.") from exc

    def _drop_collection(self, collection: Collection) -> None:
        for field in collection.fields:
            self._all(drop_extras(collection.id, field))
        self._run(f"DROP TABLE IF EXISTS {quoted(collection.name)}")
        gone = collection.name.lower()
        for [view, text] in self._connection.execute(
            "SELECT name, sql FROM sqlite_schema WHERE type = 'view'"
        ).fetchall():
            if gone in str(text).lower():
                self._dependent(f"SELECT * FROM {quoted(str(view))} LIMIT 0")

    def _rename_collection(self, step: RenameCollection) -> None:
        old, new = quoted(step.old_table), quoted(step.new_table)
        if step.old_table.lower() == step.new_table.lower():
            passing = quoted(f"$rename {step.collection_id}")
            self._dependent(f"ALTER TABLE {old} RENAME TO {passing}")
            old = passing
        self._dependent(f"ALTER TABLE {old} RENAME TO {new}")

    def _change_multiplicity(self, step: ChangeMultiplicity) -> None:
        """A new column of the new type, filled from the old one, takes its place."""
        table, column = quoted(step.table), quoted(step.new.name)
        self._all(drop_extras(step.collection_id, step.old))
        self._run(f"ALTER TABLE {table} ADD COLUMN {_PASSING} {column_type(step.new)}")
        items = f"CASE WHEN json_valid({column}) AND json_type({column}) = 'array'"
        if is_list(step.new):
            value = (
                f"{items} THEN {column} WHEN {column} = '' THEN '[]' ELSE json_array({column}) END"
            )
        else:
            value = f"{items} THEN coalesce(json_extract({column}, '$[#-1]'), '') ELSE {column} END"
        self._run(f'UPDATE {table} SET {_PASSING} = {value}, "$h" = NULL')
        self._dependent(f"ALTER TABLE {table} DROP COLUMN {column}")
        self._dependent(f"ALTER TABLE {table} RENAME COLUMN {_PASSING} TO {column}")
        self._all(field_extras(step.collection_id, step.table, step.new))
        if is_list(step.new):
            side = quoted(side_table(step.collection_id, step.new.id))
            self._run(
                f"INSERT INTO {side} SELECT t.{CREATED}, i.key, i.value"
                f" FROM {table} t, json_each(t.{column}) i"
            )

    def _create_indexes(self, indexes: Iterable[IndexToCreate]) -> None:
        """Create all that can be; every refused one is named."""
        refused: Problems = {}
        for index in indexes:
            try:
                run_single(self._connection, index.text)
            except (BadRequest, apsw.SQLError, apsw.ConstraintError) as exc:
                reason = f"{sentence_of(_BAD_INDEX)} {exc}."
                refused[str(index.position)] = Problem(_BAD_INDEX, reason)
        if refused:
            raise BadRequest("The index cannot be created.", problems={"indexes": refused})
