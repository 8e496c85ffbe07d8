"""The operator matrix (left operand x right operand x operator), replayed from the golden file.

`YADOKARI_MATRIX=full` replays every cell; otherwise a seeded sample with every operand pair's
vector at least touched by one operator of each family.
"""

import json
import os
import random
from collections.abc import Iterator

import pytest

from tests.oracle.client import Json
from tests.oracle.deviations import LIKE_OF_SUBMITTED_LIST
from tests.oracle.fixture import fixture_from, load
from tests.oracle.measure_operators import GOLDEN, UNSTABLE, ask
from tests.oracle.server import Server

REFUSED = "!400"
CELLS_SAMPLED = 15_000  # About fifteen seconds; the full matrix takes minutes.
DIFFERENCES_SHOWN_MAX = 60  # More is no easier to read.


def cells(document: dict[str, Json]) -> Iterator[tuple[str, str, str, str]]:
    """Every lasting cell: left, operator, right, golden result."""
    operands, operators = _texts(document["operands"]), _texts(document["operators"])
    vectors = [one.split(" ") for one in _texts(document["vectors"])]
    grid = document["cells"]
    assert isinstance(grid, list)
    for left, row in zip(operands, grid, strict=True):
        assert isinstance(row, list)
        for right, vector in zip(operands, row, strict=True):
            assert isinstance(vector, int)
            for operator, golden in zip(operators, vectors[vector], strict=True):
                if golden != UNSTABLE and not _is_deviation(operator, right, golden):
                    yield left, operator, right, golden


def _is_deviation(operator: str, right: str, golden: str) -> bool:
    """Deviation 2: we answer where the oracle refuses."""
    return golden == REFUSED and "~" in operator and right == LIKE_OF_SUBMITTED_LIST


def differences(server: Server, *, sample: int | None, seed: int) -> list[str]:
    """Cells that the server answers otherwise, one readable line each."""
    document: dict[str, Json] = json.loads(GOLDEN.read_text(encoding="utf-8"))
    load(server, fixture_from(document["fixture"]))
    ids = _texts(document["ids"])
    asked = list(cells(document))
    if sample is not None:
        asked = random.Random(seed).sample(asked, sample)
    found: list[str] = []
    for left, operator, right, golden in asked:
        text = f"{left} {operator} {right}"
        result = ask(server, text, ids=ids)
        if result != golden:
            found.append(f"{text}: golden {_rows(golden)}, got {_rows(result)}")
    return sorted(found)


def report(found: list[str]) -> str:
    """The differences, shortened."""
    shown = found[:DIFFERENCES_SHOWN_MAX]
    return f"{len(found)} cells differ:\n" + "\n".join(shown)


def test_sampled_operator_cells_give_the_golden_rows(ours: Server, seed: int):
    """Kinds and operators meet in more ways than anybody would write down by hand."""
    sample = None if os.environ.get("YADOKARI_MATRIX") == "full" else CELLS_SAMPLED

    found = differences(ours, sample=sample, seed=seed)

    assert not found, report(found)


@pytest.mark.proof
@pytest.mark.timeout(1_800)
def test_all_operator_cells_give_the_golden_rows(ours: Server, seed: int):
    """The sample is luck; this is the whole matrix."""
    found = differences(ours, sample=None, seed=seed)

    assert not found, report(found)


@pytest.mark.proof
def test_operator_matrix_is_what_the_oracle_answers(oracle: Server, seed: int):
    """A golden file that the oracle disowns would teach us errors."""
    found = differences(oracle, sample=CELLS_SAMPLED, seed=seed)

    assert not found, report(found)


def _texts(value: Json) -> list[str]:
    assert isinstance(value, list)
    return [str(one) for one in value]


def _rows(result: str) -> str:
    if result.startswith("!"):
        return result[1:]
    bits = int(result, 16)
    rows = [str(index) for index in range(bits.bit_length()) if bits >> index & 1]
    return ",".join(rows) or "none"
