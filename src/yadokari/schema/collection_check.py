"""What is wrong with a collection as it shall be, beside what it is now.

CC1  Every top-level key gives its problems, whatever the others give; only how auth options fit
     together is judged last, when each of them and authRule and manageRule are right.
CC2  A system collection keeps its name, its rules and its flag.

Not here: merging what a client sent (schema/collection_json.py), the fields of views and whether
indexes can be built (stores), relations that block a deletion (collections).
"""

from __future__ import annotations

import re
from typing import cast

from yadokari.base.problems import Problem, Problems, required
from yadokari.schema.auth_options_check import (
    RuleProblem,
    auth_option_problems,
    invalid_rule,
    joint_auth_problems,
)
from yadokari.schema.collection import COLLECTION_TYPES, Collection, Schema
from yadokari.schema.collection_json import RULE_KEYS
from yadokari.schema.fields_check import fields_problem, found_via
from yadokari.schema.ids import Draw
from yadokari.schema.index_check import indexes_problem
from yadokari.schema.option_problems import in_invalid, length_problem, match_invalid

COLLECTION_NAME_CHARS_MAX = 255
COLLECTION_ID_CHARS_MAX = 100

_NAME = re.compile(r"\w+\Z", re.ASCII)
_INTERNAL_NAMES = frozenset(["_collections", "_params", "_migrations"])
_INTERNAL_PREFIX = "sqlite_"  # SQLite keeps such names for itself.
_WRITE_RULES = frozenset(["createRule", "updateRule", "deleteRule"])


def collection_problems(
    new: Collection,
    old: Collection | None,
    *,
    schema: Schema,
    rule_problem: RuleProblem,
    draw: Draw,
) -> Problems:
    """Everything that is wrong with a collection; empty when it may be saved.

    Args:
        new: The collection as it shall be; of a view, with the fields that its query gives.
        old: As it is now, None for a new one.
        schema: All collections as they are now (in an import: as they shall be).
        rule_problem: Whether a rule's text does not compile against a collection.
        draw: For trial runs of generating patterns.
    """
    found: dict[str, Problem | Problems | None] = {
        "id": _id_problem(new, old, schema),
        "name": _name_problem(new, old, schema),
        "type": _type_problem(new, old),
        "system": _system_problem(new, old),
        "fields": fields_problem(new, old, schema=schema, draw=draw),
        "indexes": indexes_problem(new, old, schema=schema),
    }
    for key in RULE_KEYS:
        found[key] = _rule_problem(key, new, old, rule_problem)
    if new.is_view and not new.view_query.strip():
        found["viewQuery"] = required()
    if new.auth is not None:
        found["authRule"] = _auth_rule_problem(new, old, rule_problem)
        found["manageRule"] = _manage_rule_problem(new, old, rule_problem)
        options = auth_option_problems(new.auth)
        if not (options or found["authRule"] or found["manageRule"]):
            options = joint_auth_problems(new, new.auth, rule_problem=rule_problem)
        found |= options
    return {key: problem for key, problem in found.items() if problem}


def invalid_view_query(reason: str = "") -> Problem:
    """The problem of a view's SELECT that the store cannot run."""
    return Problem("validation_invalid_view_query", reason or "Must be one SELECT with an id.")


def _id_problem(new: Collection, old: Collection | None, schema: Schema) -> Problem | None:
    if old is not None:
        return None
    problem = length_problem(new.id, least=1, most=COLLECTION_ID_CHARS_MAX)
    if problem is None and _NAME.match(new.id) is None:
        problem = match_invalid()
    if problem is None and new.id in schema.by_id:
        problem = Problem("validation_invalid_or_existing_id", "Another collection has this id.")
    return problem


def _name_problem(new: Collection, old: Collection | None, schema: Schema) -> Problem | None:
    name = new.name
    if not name:
        return required()
    problem = length_problem(name, least=1, most=COLLECTION_NAME_CHARS_MAX)
    if problem is None and _NAME.match(name) is None:
        problem = match_invalid()
    if problem is None and "_via_" in name.lower():
        problem = found_via()
    if problem is None and old is not None and old.system and old.name != name:
        problem = Problem(
            "validation_collection_system_name_change", "System collections keep their name."
        )
    return problem or _name_clash(new, old, schema)


def _name_clash(new: Collection, old: Collection | None, schema: Schema) -> Problem | None:
    lower = new.name.lower()
    own_id = None if old is None else old.id  # A new one may claim an id that another has.
    others = [item for item in schema.collections if item is not new and item.id != own_id]
    if any(item.name.lower() == lower for item in others):
        return Problem("validation_collection_name_exists", "Another collection has this name.")
    if new.name in schema.by_id:  # Its own id, too, once it has one.
        return Problem(
            "validation_collection_name_id_duplicate", "A collection has this as its id."
        )
    if lower in _INTERNAL_NAMES or lower.startswith(_INTERNAL_PREFIX):
        return Problem("validation_collection_name_invalid", "The name is taken internally.")
    return None


def _type_problem(new: Collection, old: Collection | None) -> Problem | None:
    if new.type not in COLLECTION_TYPES:
        return in_invalid("Must be base, auth or view.")
    if old is not None and old.type != new.type:
        return Problem("validation_collection_type_change", "A collection keeps its type.")
    return None


def _system_problem(new: Collection, old: Collection | None) -> Problem | None:
    if old is None or old.system == new.system:
        return None
    return Problem(
        "validation_collection_system_flag_change", "A collection keeps its system flag."
    )


def _rule_problem(
    key: str, new: Collection, old: Collection | None, rule_problem: RuleProblem
) -> Problem | None:
    attribute = RULE_KEYS[key]
    text = cast("str | None", getattr(new, attribute))
    if new.is_view and key in _WRITE_RULES:
        return None if text is None else Problem("validation_nil", "Views have no such rule.")
    if text and rule_problem(new, text):
        return invalid_rule()
    if old is not None and old.system and getattr(old, attribute) != text:
        return _system_rule_change()
    return None


def _auth_rule_problem(
    new: Collection, old: Collection | None, rule_problem: RuleProblem
) -> Problem | None:
    text = new.auth.auth_rule if new.auth is not None else None
    if text and rule_problem(new, text):
        return invalid_rule()
    before = old.auth if old is not None and old.system else None
    return _system_rule_change() if before is not None and before.auth_rule != text else None


def _manage_rule_problem(
    new: Collection, old: Collection | None, rule_problem: RuleProblem
) -> Problem | None:
    text = new.auth.manage_rule if new.auth is not None else None
    if text == "":
        return Problem("validation_nil_or_not_empty_required", "Must be null or an expression.")
    if text is not None and rule_problem(new, text):
        return invalid_rule()
    before = old.auth if old is not None and old.system else None
    return _system_rule_change() if before is not None and before.manage_rule != text else None


def _system_rule_change() -> Problem:
    return Problem(
        "validation_collection_system_rule_change", "System collections keep their rules."
    )
