"""Bool values."""

from __future__ import annotations

from yadokari.base.problems import Problem, required
from yadokari.schema.fields import BoolField

_TRUE_WORDS = frozenset(["1", "t", "T", "true", "TRUE", "True"])


def bool_of(submitted: object) -> bool:
    """What a bool field makes of a submitted value; never fails."""
    if isinstance(submitted, bool | int | float):
        return submitted != 0
    return isinstance(submitted, str) and submitted in _TRUE_WORDS


def bool_problem(field: BoolField, value: bool) -> Problem | None:
    """What is wrong: a required bool has to be true."""
    return required() if field.required and not value else None
