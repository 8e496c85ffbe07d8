"""What is wrong with a collection's fields as a list: names, ids, the primary key, fixed traits.

FL1  Checks come in phases; a phase runs only when the ones before found nothing. The first phases
     are about the whole list, the last about each field.

Not here: options of one field (schema/field_options_check.py).
"""

from __future__ import annotations

import re

from yadokari.base.problems import Problem, Problems, required
from yadokari.schema.collection import Collection, Schema
from yadokari.schema.field_options_check import composite_key, option_problems
from yadokari.schema.fields import Field, RelationField, TextField
from yadokari.schema.ids import Draw
from yadokari.schema.option_problems import length_problem, match_invalid, not_in_invalid

FIELD_NAME_CHARS_MAX = 100
FIELD_ID_CHARS_MAX = 100

_NAME = re.compile(r"\w+\Z", re.ASCII)
_RESERVED_NAMES = frozenset(
    ["null", "true", "false", "_rowid_", "collectionId", "collectionName", "expand"]
)
_RESERVED_IN_AUTH = frozenset(["passwordConfirm", "oldPassword"])


def fields_problem(
    new: Collection, old: Collection | None, *, schema: Schema, draw: Draw
) -> Problem | Problems | None:
    """What is wrong with the fields, for the key ``fields``; None when nothing is."""
    has_become_view = new.is_view and old is not None and not old.is_view
    if not new.fields or has_become_view:
        return required()
    keys = [field for field in new.fields if _is_primary_key(field)]
    found: Problem | Problems | None = _duplicate_name_problem(new)
    if found is None and not any(field.name == "id" for field in keys):
        found = Problem("validation_missing_primary_key", "The collection has no id field.")
    if found is None and old is not None:
        found = _system_change_problem(new, old)
    found = found or _duplicate_id_problem(new) or _reserved_problem(new)
    if found is None and old is not None:
        found = _change_problem(new, old)
    if found is not None:
        return found
    if new.is_view:
        return None
    problems: Problems = {}
    for at, field in enumerate(new.fields):
        before = old.by_id.get(field.id) if old is not None else None
        wrong = _shared_problems(field)
        own = option_problems(field, before, owner=new, schema=schema, draw=draw)
        wrong = {**own, **wrong}
        if len(keys) > 1 and _is_primary_key(field):
            wrong["primaryKey"] = composite_key()
        if wrong:
            problems[str(at)] = wrong
    return problems or None


def found_via() -> Problem:
    """The problem of a name that would read as a back-relation."""
    return Problem("validation_found_via", "The name must not hold _via_.")


def _is_primary_key(field: Field) -> bool:
    return isinstance(field, TextField) and field.primary_key


def _duplicate_name_problem(new: Collection) -> Problems | None:
    names: set[str] = set()
    for at, field in enumerate(new.fields):
        if field.name.lower() in names:
            problem = Problem(
                "validation_duplicated_field_name",
                f"Another field is called {field.name}.",
                {"fieldName": field.name},
            )
            return {str(at): {"name": problem}}
        names.add(field.name.lower())
    return None


def _duplicate_id_problem(new: Collection) -> Problems | None:
    ids: set[str] = set()
    for at, field in enumerate(new.fields):
        if field.id in ids:
            problem = Problem("validation_duplicated_field_id", "Another field has this id.")
            return {str(at): {"id": problem}}
        ids.add(field.id)
    return None


def _reserved_problem(new: Collection) -> Problems | None:
    if not new.is_auth:
        return None
    problems: Problems = {
        str(at): {"name": Problem("validation_reserved_field_name", "The name is reserved.")}
        for at, field in enumerate(new.fields)
        if field.name in _RESERVED_IN_AUTH
    }
    return problems or None


def _system_change_problem(new: Collection, old: Collection) -> Problem | None:
    if old.is_view:
        return None
    # The first of an id counts: one put back under its old name comes after the renamed one.
    names = {field.id: field.name for field in reversed(new.fields)}
    for before in old.fields:
        if before.system and names.get(before.id) != before.name:
            return Problem(
                "validation_system_field_change", "System fields cannot be removed or renamed."
            )
    return None


def _change_problem(new: Collection, old: Collection) -> Problems | None:
    for at, after in enumerate(new.fields):
        known = old.by_id.get(after.id)
        if known is None or new.is_view:
            continue
        if known.type != after.type:
            return {str(at): Problem("validation_field_type_change", "A field keeps its type.")}
        if _is_retargeted(known, after):
            problem = Problem("validation_field_relation_change", "A relation keeps its target.")
            return {str(at): {"collectionId": problem}}
    return None


def _is_retargeted(before: Field, after: Field) -> bool:
    return (
        isinstance(before, RelationField)
        and isinstance(after, RelationField)
        and before.collection_id != after.collection_id
    )


def _shared_problems(field: Field) -> Problems:
    problems: Problems = {}
    id_problem = required() if not field.id else None
    id_problem = id_problem or length_problem(field.id, least=1, most=FIELD_ID_CHARS_MAX)
    if id_problem is not None:
        problems["id"] = id_problem
    name_problem = _name_problem(field.name)
    if name_problem is not None:
        problems["name"] = name_problem
    return problems


def _name_problem(name: str) -> Problem | None:
    if not name:
        return required()
    too_long = length_problem(name, least=1, most=FIELD_NAME_CHARS_MAX)
    if too_long is not None:
        return too_long
    if _NAME.match(name) is None:
        return match_invalid()
    if name in _RESERVED_NAMES:
        return not_in_invalid()
    return found_via() if "_via_" in name.lower() else None
