"""The oracle's measured answers, replayed on the compiler and on the evaluator."""

import random
from collections.abc import Iterable, Iterator

import pytest

from tests.oracle.client import Json
from tests.oracle.test_operators import cells
from tests.unit.rules.questions import World, appendix_world, operators_world
from yadokari.rules.errors import RuleError

SAMPLE = 4_000  # Some seconds; the proof replays everything.


def lasting(world: World) -> Iterator[tuple[str, list[str]]]:
    """Filters of the matrix with the ids they find; refusals are no matter of ours."""
    ids = world.document["ids"]
    assert isinstance(ids, list)
    for left, operator, right, golden in cells(world.document):
        if not golden.startswith("!"):
            rows = int(golden, 16)
            found = [str(one) for place, one in enumerate(ids) if rows >> place & 1]
            yield f"{left} {operator} {right}", found


def differences(world: World, asked: Iterable[tuple[str, list[str]]]) -> list[str]:
    """Filters that any way answers otherwise."""
    found: list[str] = []
    for text, golden in asked:
        for way, ids in world.answers(text).items():
            if ids != golden:
                found.append(f"{text} by {way}: golden {golden}, got {ids}")
    return found


def test_sampled_cells_of_the_matrix_agree_on_every_way(seed: int):
    """Scan, look-up and evaluator are three readings of one language."""
    world = operators_world()
    asked = random.Random(seed).sample(list(lasting(world)), SAMPLE)

    assert differences(world, asked) == []


@pytest.mark.proof
@pytest.mark.timeout(1_800)
def test_every_cell_of_the_matrix_agrees_on_every_way():
    """The sample is luck; this is the whole matrix."""
    world = operators_world()

    assert differences(world, lasting(world)) == []


def test_golden_filters_agree_on_every_way():
    """The contract's own table of filters."""
    world = appendix_world()
    entries = _entries(world, "filters")
    asked = [(str(one["filter"]), _ids(one["rows"])) for one in entries if one["rows"] != 400]

    assert differences(world, asked) == []


def test_filters_and_sorts_that_the_oracle_refuses_are_refused():
    """A filter that is silently read otherwise is worse than none."""
    world = appendix_world()
    refused = [one for key in ("filters", "sorts") for one in _entries(world, key)]

    for entry in refused:
        if entry["rows"] == 400:
            with pytest.raises(RuleError):
                world.plan(str(entry.get("filter", "")), sort=str(entry.get("sort", "")))


def test_golden_sorts_give_the_golden_order():
    """The contract's own table of sorts."""
    world = appendix_world()

    for entry in _entries(world, "sorts"):
        if entry["rows"] == 400:
            continue
        plan, binding = world.plan("", sort=str(entry["sort"]))
        assert world.database.scanned(plan, binding) == _ids(entry["rows"]), entry["sort"]


def _entries(world: World, key: str) -> list[dict[str, Json]]:
    entries = world.document[key]
    assert isinstance(entries, list)
    return [one for one in entries if isinstance(one, dict)]


def _ids(rows: Json) -> list[str]:
    assert isinstance(rows, list)
    return [f"personaaaaaaaa{row}" for row in rows]
