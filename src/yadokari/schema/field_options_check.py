"""What is wrong with the options of one field, whatever the collection's other fields.

FO1  Problems are keyed by the option's key on the wire; positions in lists are string keys.

Not here: names and ids among a collection's fields (schema/fields_check.py).
"""

from __future__ import annotations

import re
from typing import assert_never

from yadokari.base.problems import Problem, Problems, required
from yadokari.schema.autogenerate import UnsupportedPattern, generate
from yadokari.schema.collection import Collection, Schema
from yadokari.schema.field_address import is_domain
from yadokari.schema.field_number import below_minimum
from yadokari.schema.field_text import PASSWORD_CHARS_MAX, text_problem
from yadokari.schema.fields import (
    AutodateField,
    BoolField,
    DateField,
    EditorField,
    EmailField,
    Field,
    FileField,
    GeoPointField,
    JsonField,
    NumberField,
    PasswordField,
    RelationField,
    SelectField,
    TextField,
    UrlField,
)
from yadokari.schema.ids import Draw
from yadokari.schema.option_problems import (
    below,
    in_invalid,
    invalid_regex,
    length_problem,
    match_invalid,
    must_be_blank,
    not_in_invalid,
    values_mismatch,
    whole_problem,
)
from yadokari.schema.patterns import compile_pattern

HELP_CHARS_MAX = 300
PASSWORD_COST_MIN = 4
PASSWORD_COST_MAX = 31
"""bcrypt's own bounds."""

_THUMB = re.compile(r"[0-9]+x[0-9]+[tbf]?\Z")
SHRINK_SIDE_MIN = 16
SHRINK_SIDE_MAX = 16_383  # WebP's own limit.
SHRINK_QUALITY_MAX = 100
SHRINK_FORMATS = ("", "webp", "jpeg")
_NO_THUMBS = frozenset(["0x0", "0x0t", "0x0b", "0x0f"])


def option_problems(
    field: Field, before: Field | None, *, owner: Collection, schema: Schema, draw: Draw
) -> Problems:
    """What is wrong with a field's own options.

    Args:
        field: The field as it shall be.
        before: The field of that id as it is; None for a new one.
        owner: The collection it is in, as it shall be.
        schema: All collections as they are, for relations.
        draw: For the trial run of a generating pattern.
    """
    problems: Problems = {}
    if not isinstance(field, AutodateField):
        _note(problems, "help", length_problem(field.help, least=1, most=HELP_CHARS_MAX))
    match field:
        case TextField():
            _text_options(problems, field, draw)
        case EditorField() | JsonField():
            _note(problems, "maxSize", whole_problem(field.max_size))
        case NumberField():
            _number_options(problems, field)
        case EmailField() | UrlField():
            _domain_options(problems, field)
        case AutodateField():
            _autodate_options(problems, field, before)
        case SelectField():
            _select_options(problems, field)
        case FileField():
            _file_options(problems, field)
        case RelationField():
            _relation_options(problems, field, owner=owner, schema=schema)
        case PasswordField():
            _password_options(problems, field)
        case DateField() | BoolField() | GeoPointField():
            pass
        case _:
            assert_never(field)
    return problems


def composite_key() -> Problem:
    """The problem of each primary key when there are several."""
    return Problem(
        "validation_unsupported_composite_pk", "A collection has exactly one primary key."
    )


def _note(problems: Problems, key: str, problem: Problem | Problems | None) -> None:
    if problem:
        problems[key] = problem


def _text_options(problems: Problems, field: TextField, draw: Draw) -> None:
    _note(problems, "min", whole_problem(field.min))
    _note(problems, "max", whole_problem(field.max, least=field.min))
    if field.pattern and compile_pattern(field.pattern) is None:
        problems["pattern"] = invalid_regex()
    if field.primary_key:
        if field.name.lower() != "id":
            problems["name"] = in_invalid('The primary key must be called "id".')
        if not field.pattern:
            problems["pattern"] = required()
        if not field.required:
            problems["required"] = required()
        if field.hidden:
            problems["hidden"] = must_be_blank()
    _note(problems, "autogeneratePattern", _generator_problem(field, draw))


def _generator_problem(field: TextField, draw: Draw) -> Problem | None:
    pattern = field.autogenerate_pattern
    if not pattern:
        return None
    if compile_pattern(pattern) is None:
        return invalid_regex()
    try:
        trial = generate(pattern, draw)
    except UnsupportedPattern as exc:
        return Problem("validation_invalid_autogenerate_pattern", f"The pattern {exc}.")
    if text_problem(field, trial, stored=None) is not None:
        return Problem(
            "validation_invalid_autogenerate_pattern_value",
            f"The pattern can make values that the field refuses, such as {trial[:100]!r}.",
        )
    return None


def _number_options(problems: Problems, field: NumberField) -> None:
    for key, bound in (("min", field.min), ("max", field.max)):
        if field.only_int and bound is not None and bound != int(bound):
            problems[key] = Problem("validation_only_int_constraint", "Must be a whole number.")
    least, most = field.min, field.max
    if "max" not in problems and least is not None and most is not None and most < least:
        problems["max"] = below_minimum(least)


def _domain_options(problems: Problems, field: EmailField | UrlField) -> None:
    if field.only_domains and field.except_domains:
        problems["onlyDomains"] = problems["exceptDomains"] = must_be_blank()
        return
    for key, domains in (
        ("onlyDomains", field.only_domains),
        ("exceptDomains", field.except_domains),
    ):
        wrong: Problems = {
            str(at): Problem("validation_is_domain", "Must be a domain.")
            for at, domain in enumerate(domains)
            if domain and not is_domain(domain)
        }
        _note(problems, key, wrong)


def _autodate_options(problems: Problems, field: AutodateField, before: Field | None) -> None:
    if field.system and isinstance(before, AutodateField):
        if field.on_create != before.on_create:
            problems["onCreate"] = values_mismatch()
        if field.on_update != before.on_update:
            problems["onUpdate"] = values_mismatch()
    if not problems and not field.on_create and not field.on_update:
        message = "At least one of the two must be on."
        problems["onCreate"] = problems["onUpdate"] = Problem("validation_required", message)


def _select_options(problems: Problems, field: SelectField) -> None:
    if not field.values:
        problems["values"] = required()
    _note(problems, "maxSelect", whole_problem(field.max_select, most=max(1, len(field.values))))


def _file_options(problems: Problems, field: FileField) -> None:
    _note(problems, "maxSelect", whole_problem(field.max_select))
    _note(problems, "maxSize", whole_problem(field.max_size))
    wrong: Problems = {}
    for at, thumb in enumerate(field.thumbs):
        if thumb in _NO_THUMBS:
            wrong[str(at)] = not_in_invalid()
        elif thumb and _THUMB.match(thumb) is None:
            wrong[str(at)] = match_invalid()
    _note(problems, "thumbs", wrong)
    if field.shrink_side:
        least, most = SHRINK_SIDE_MIN, SHRINK_SIDE_MAX
        _note(problems, "shrinkSide", whole_problem(field.shrink_side, least=least, most=most))
    _note(problems, "shrinkQuality", whole_problem(field.shrink_quality, most=SHRINK_QUALITY_MAX))
    if field.shrink_format not in SHRINK_FORMATS:
        problems["shrinkFormat"] = Problem("validation_in_invalid", "Must be webp or jpeg.")


def _relation_options(
    problems: Problems, field: RelationField, *, owner: Collection, schema: Schema
) -> None:
    if not field.collection_id:
        problems["collectionId"] = required()
    else:
        target = schema.by_id.get(field.collection_id)
        if target is None:
            problems["collectionId"] = Problem(
                "validation_field_relation_missing_collection",
                "The related collection does not exist.",
            )
        elif target.is_view and not owner.is_view:
            problems["collectionId"] = Problem(
                "validation_relation_field_non_view_base_collection",
                "Only views may relate to views.",
            )
    if field.min_select < 0:
        problems["minSelect"] = below(0)
    if field.min_select > 0 and field.max_select == 0:
        problems["maxSelect"] = required()
    elif field.max_select != 0 and field.max_select < field.min_select:
        problems["maxSelect"] = below(field.min_select)


def _password_options(problems: Problems, field: PasswordField) -> None:
    _note(problems, "min", whole_problem(field.min, least=1, most=PASSWORD_CHARS_MAX))
    _note(problems, "max", whole_problem(field.max, least=field.min, most=PASSWORD_CHARS_MAX))
    _note(
        problems,
        "cost",
        whole_problem(field.cost, least=PASSWORD_COST_MIN, most=PASSWORD_COST_MAX),
    )
    if field.pattern and compile_pattern(field.pattern) is None:
        problems["pattern"] = invalid_regex()
