"""Number values: IEEE doubles with bounds.

Not here: reading numbers from text (schema/number_text.py).
"""

from __future__ import annotations

import math

from yadokari.base.problems import Problem, required
from yadokari.schema.fields import NumberField
from yadokari.schema.number_text import canonical_number, parse_number

_INT64_MIN, _INT64_END = -(2**63), 2**63
"""What PocketBase takes as whole: larger doubles have no fraction and are refused all the same."""


def number_of(submitted: object) -> int | float:
    """What a number field makes of a submitted value; never fails.

    Infinite words stay infinite, so that the check can name them.
    """
    if isinstance(submitted, bool):
        return int(submitted)
    if isinstance(submitted, int | float):
        return canonical_number(submitted)
    if isinstance(submitted, str):
        return canonical_number(parse_number(submitted) or 0)
    return 0


def number_problem(field: NumberField, value: float) -> Problem | None:
    """What is wrong with a number; exactly 0 passes the bounds."""
    if not math.isfinite(value):
        return Problem("validation_not_a_number", "Must be a finite number.")
    if value == 0:
        return required() if field.required else None
    if field.only_int and not (value == value // 1 and _INT64_MIN <= value < _INT64_END):
        return Problem("validation_only_int_constraint", "Must be a whole number.")
    if field.min is not None and value < field.min:
        return below_minimum(field.min)
    if field.max is not None and value > field.max:
        return Problem(
            "validation_max_number_constraint",
            f"Must be at most {field.max}.",
            {"max": canonical_number(field.max)},
        )
    return None


def below_minimum(minimum: float) -> Problem:
    """The problem of a number under its bound."""
    return Problem(
        "validation_min_number_constraint",
        f"Must be at least {minimum}.",
        {"min": canonical_number(minimum)},
    )
