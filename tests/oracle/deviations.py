"""What differs from the oracle on purpose: at most ten entries, each with its reason.

The goal is an empty table. Every entry stands in docs/deviations.md too, with the
oracle's transcript.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tests.oracle.ask import Answers, Request
from tests.oracle.client import Json

DEVIATIONS_MAX = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """One deliberate difference."""

    id: str
    reason: str
    matches: Callable[[Request, Answers], bool]
    """Whether a difference between two answers is this one."""


def _echoes_a_password(request: Request, answers: Answers) -> bool:
    """A batch whose answers are equal once the oracle's plain passwords are blanked."""
    if request.path != "/api/batch":
        return False
    return _without_passwords(answers.oracle.json()) == _without_passwords(answers.ours.json())


def _without_passwords(value: Json) -> Json:
    if isinstance(value, dict):
        return {
            key: "" if key == "password" else _without_passwords(part)
            for key, part in value.items()
            if key not in _DRAWN
        }
    return [_without_passwords(part) for part in value] if isinstance(value, list) else value


_DRAWN = frozenset(("autodate", "created", "file", "files", "generated", "message", "updated"))

LIKE_OF_SUBMITTED_LIST = "@request.body.sm:each"
"""Deviation 2 of docs/deviations.md: as right side of ``~`` the oracle answers 400."""


def _refuses_an_import_otherwise(request: Request, answers: Answers) -> bool:
    """An import that both refuse."""
    refused = (answers.oracle.status, answers.ours.status) == (400, 400)
    return refused and request.path == "/api/collections/import"


def _expands_hidden_relations(request: Request, answers: Answers) -> bool:
    """What others than superusers get expanded, everything else being equal."""
    if request.caller == "root" or "expand=" not in request.path:
        return False
    oracle, ours = _plain(answers.oracle.json()), _plain(answers.ours.json())
    return oracle == ours


def _plain(value: Json) -> Json:
    if isinstance(value, dict):
        return {
            key: _plain(part)
            for key, part in value.items()
            if key != "expand" and key not in _DRAWN
        }
    return [_plain(part) for part in value] if isinstance(value, list) else value


def _names_a_table_in_other_letters(request: Request, answers: Answers) -> bool:
    """Refusals that are equal but for the letter case of ``usedTableName``."""
    if "/api/collections" not in request.path:
        return False
    oracle, ours = answers.oracle, answers.ours
    return oracle.status == ours.status == 400 and _folded(oracle.json()) == _folded(ours.json())


def _folded(value: Json, key: str = "") -> Json:
    if isinstance(value, dict):
        return {name: _folded(part, name) for name, part in value.items() if name != "message"}
    if isinstance(value, list):
        return [_folded(part) for part in value]
    return value.lower() if key == "usedTableName" and isinstance(value, str) else value


DEVIATIONS: tuple[Deviation, ...] = (
    Deviation(
        id="1",
        reason="a batch never gives back the plain password that was submitted",
        matches=_echoes_a_password,
    ),
    Deviation(
        id="3",
        reason="of several problems of a refused import, another one may be told",
        matches=_refuses_an_import_otherwise,
    ),
    Deviation(
        id="4",
        reason="a hidden relation is hidden in expands too",
        matches=_expands_hidden_relations,
    ),
    Deviation(
        id="7",
        reason="a problem names another collection as it is called now",
        matches=_names_a_table_in_other_letters,
    ),
)


def deviation_of(request: Request, answers: Answers) -> Deviation | None:
    """The deviation that explains a difference, if any."""
    for deviation in DEVIATIONS:
        if deviation.matches(request, answers):
            return deviation
    return None
