"""What differs from the oracle on purpose: at most ten entries, each with its reason.

The goal is an empty table. Every entry stands in docs/deviations.md too, with the
oracle's transcript.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tests.oracle.ask import Answers, Request

DEVIATIONS_MAX = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """One deliberate difference."""

    id: str
    reason: str
    matches: Callable[[Request, Answers], bool]
    """Whether a difference between two answers is this one."""


DEVIATIONS: tuple[Deviation, ...] = ()


def deviation_of(request: Request, answers: Answers) -> Deviation | None:
    """The deviation that explains a difference, if any."""
    for deviation in DEVIATIONS:
        if deviation.matches(request, answers):
            return deviation
    return None
