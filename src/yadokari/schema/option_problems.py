"""The problems that options of fields and collections share, each with its code and params.

OP1  Bounds skip the zero value, which means "not set".
"""

from __future__ import annotations

from yadokari.base.problems import Problem

WHOLE_MAX = 2**53 - 1
"""Largest integer option: every JSON client can hold it."""


def below(threshold: float) -> Problem:
    """The problem of a value under its bound."""
    return Problem(
        "validation_min_greater_equal_than_required",
        f"Must be at least {threshold}.",
        {"threshold": threshold},
    )


def above(threshold: float) -> Problem:
    """The problem of a value over its bound."""
    return Problem(
        "validation_max_less_equal_than_required",
        f"Must be at most {threshold}.",
        {"threshold": threshold},
    )


def whole_problem(value: int, *, least: int = 0, most: int = WHOLE_MAX) -> Problem | None:
    """What is wrong with a set integer outside its bounds."""
    if value == 0:
        return None
    if value < least:
        return below(least)
    return above(most) if value > most else None


def length_problem(text: str, *, least: int, most: int) -> Problem | None:
    """What is wrong with the length of a non-empty text, in code points."""
    if not text or least <= len(text) <= most:
        return None
    return Problem(
        "validation_length_out_of_range",
        f"Must have between {least} and {most} characters.",
        {"min": least, "max": most},
    )


def match_invalid() -> Problem:
    """The problem of a text that does not have the one allowed form."""
    return Problem("validation_match_invalid", "Has not the allowed form.")


def in_invalid(message: str) -> Problem:
    """The problem of a value that is not among the allowed ones."""
    return Problem("validation_in_invalid", message)


def not_in_invalid() -> Problem:
    """The problem of a value that is reserved."""
    return Problem("validation_not_in_invalid", "This value is reserved.")


def values_mismatch(message: str = "Must not be changed.") -> Problem:
    """The problem of a value that should equal another."""
    return Problem("validation_values_mismatch", message)


def must_be_blank() -> Problem:
    """The problem of a value that excludes another."""
    return Problem("validation_empty", "Must be blank.")


def invalid_regex() -> Problem:
    """The problem of an expression that RE2 does not understand."""
    return Problem("validation_invalid_regex", "Must be a valid RE2 expression.")
