"""Errors as one line for a person at a terminal, the same wherever a command ran."""

from __future__ import annotations

from collections.abc import Iterator

from yadokari.base.errors import BadRequest, YadokariError
from yadokari.base.problems import Problem, Problems


def told(error: YadokariError) -> str:
    """What went wrong, and with which values."""
    problems = error.problems if isinstance(error, BadRequest) else {}
    return " ".join([str(error) or type(error).__name__, *_sentences(problems)])


def _sentences(problems: Problems, path: str = "") -> Iterator[str]:
    for key, problem in problems.items():
        name = f"{path}{key}"
        if isinstance(problem, Problem):
            yield f"{name}: {problem.message}"
        else:
            yield from _sentences(problem, f"{name}.")
