"""Checks that forms with a fixed shape share: lengths and addresses."""

from __future__ import annotations

from yadokari.base.problems import Problem, required
from yadokari.contract.codes import sentence_of
from yadokari.schema.field_address import is_email

EMAIL_CHARS_MAX = 255  # the contract's


def length_problem(value: str, *, least: int, most: int) -> Problem | None:
    """What is wrong with a required text of ``least`` to ``most`` characters."""
    if not value:
        return required()
    if least <= len(value) <= most:
        return None
    code = "validation_length_out_of_range"
    params = {"min": least, "max": most}
    return Problem(code, sentence_of(code, params), params)


def email_problem(value: str) -> Problem | None:
    """What is wrong with a required e-mail address."""
    problem = length_problem(value, least=1, most=EMAIL_CHARS_MAX)
    if problem is None and not is_email(value):
        code = "validation_is_email"
        return Problem(code, sentence_of(code))
    return problem
