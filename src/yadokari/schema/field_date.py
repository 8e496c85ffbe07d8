"""Date values: canonical text, compared as text.

Not here: the layouts that are read (base/dates.py).
"""

from __future__ import annotations

from yadokari.base.dates import parse_date, rfc3339
from yadokari.base.problems import Problem, required
from yadokari.schema.fields import DateField


def date_of(submitted: object) -> str:
    """What a date field makes of a submitted value; "" when it is no date."""
    return parse_date(submitted) if isinstance(submitted, str) else ""


def date_problem(field: DateField, value: str) -> Problem | None:
    """What is wrong with a date."""
    if not value:
        return required() if field.required else None
    if field.min and value < field.min:
        return Problem(
            "validation_min_greater_equal_than_required",
            f"Must be {field.min} or later.",
            {"threshold": rfc3339(field.min)},
        )
    if field.max and value > field.max:
        return Problem(
            "validation_max_less_equal_than_required",
            f"Must be {field.max} or earlier.",
            {"threshold": rfc3339(field.max)},
        )
    return None
