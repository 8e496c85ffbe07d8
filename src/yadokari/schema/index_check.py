"""What is wrong with a collection's indexes, judged by their texts.

IX1  The first wrong index is the only one reported.
IX2  A unique index over system fields may get other options, but stays unique over them.

Not here: whether columns exist and data fit, which the store finds out (it answers with the same
``invalid_index`` on the position).
"""

from __future__ import annotations

from msgspec.structs import replace

from yadokari.base.problems import Problem, Problems
from yadokari.schema.collection import Collection, Schema
from yadokari.schema.index import Index, parse_index, parse_indexes


def indexes_problem(
    new: Collection, old: Collection | None, *, schema: Schema
) -> Problem | Problems | None:
    """What is wrong with the indexes, for the key ``indexes``; None when nothing is."""
    if new.is_view:
        if new.indexes:
            return Problem("validation_indexes_not_supported", "Views have no indexes.")
        return None
    used = _used_names(new, schema)
    names: set[str] = set()
    definitions: set[str] = set()
    for at, text in enumerate(new.indexes):
        index = parse_index(text)
        problem = invalid_index() if index is None else _problem(index, names, used)
        if problem is None and index is not None:
            problem = _repetition(index, definitions)
        if problem is not None:
            return {str(at): problem}
    return _system_problem(new, old) if old is not None else None


def invalid_index(reason: str = "") -> Problem:
    """The problem of an index that cannot be made; ``reason`` must not hold anybody's data."""
    message = reason or "Must be a CREATE INDEX statement that fits the collection."
    return Problem("validation_invalid_index_expression", message)


def _problem(index: Index, names: set[str], used: dict[str, str]) -> Problem | None:
    name = index.name.lower()
    if name in names:
        return Problem("validation_duplicated_index_name", "Another index has this name.")
    names.add(name)
    table = used.get(name)
    if table is not None:
        return Problem(
            "validation_existing_index_name",
            f"Collection {table} has an index of this name.",
            {"usedTableName": table},
        )
    return None


def _repetition(index: Index, definitions: set[str]) -> Problem | None:
    definition = replace(index, name="", schema_name="").build()
    if definition in definitions:
        return Problem("validation_duplicated_index_definition", "Another index is the same.")
    definitions.add(definition)
    return None


def _used_names(new: Collection, schema: Schema) -> dict[str, str]:
    return {
        index.name.lower(): other.name
        for other in schema.collections
        if other.id != new.id and other.name.lower() != new.name.lower()
        for index in parse_indexes(other.indexes)
    }


def _system_problem(new: Collection, old: Collection) -> Problem | None:
    by_name = {index.name.lower(): index for index in parse_indexes(new.indexes)}
    system = {field.name for field in old.fields if field.system}
    for before in parse_indexes(old.indexes):
        after = by_name.get(before.name.lower())
        if after is None or not before.unique:
            continue
        protected = [column.name for column in before.columns if column.name in system]
        columns = {column.name for column in after.columns}
        if protected and not (after.unique and columns.issuperset(protected)):
            return Problem(
                "validation_invalid_unique_system_field_index",
                f"The index over {protected[0]} has to stay unique.",
                {"fieldName": protected[0]},
            )
    return None
