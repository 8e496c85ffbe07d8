"""Which cells are dealt, and when a cell counts as compared."""

import json
import random
from collections.abc import Mapping

import pytest

from tests.oracle.ask import Answers, Caller, Request
from tests.oracle.client import Answer, Json
from tests.oracle.deck import CELLS, VAIN_DEALS_MAX, Cell, Deck
from tests.oracle.differential import Differential

CELL: Cell = ("=", "text", "guest")
FILTERED = Request(
    area="filter", caller="guest", method="GET", path="/kit/records?filter=x", cell=("=", "text")
)


class Canned:
    """Servers that answer by whether the request is a cell."""

    def __init__(self, answers: Mapping[str, tuple[Answer, Answer]]) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def ask(self, request: Request) -> Answers:
        """See Asks."""
        self.asked.append(request.path)
        oracle, ours = self.answers["filtered" if request.cell else "unfiltered"]
        return Answers(oracle=oracle, ours=ours)

    def sign_in(self, caller: Caller, *, oracle: str, ours: str) -> None:
        """See Asks."""


def test_the_rarest_cells_come_first():
    """Y1: none is dealt twice before all were dealt once."""
    deck, dice = Deck(), random.Random(1)
    for cell in CELLS[5:]:
        deck.count(cell)

    first = {deck.deal(dice) for _ in range(5)}
    others = {deck.deal(dice) for _ in CELLS[5:]}

    assert first == set(CELLS[:5])
    assert others == set(CELLS[5:])


def test_only_missing_cells_are_dealt_when_asked_for():
    """The end of a run is for those alone."""
    deck, dice = Deck(), random.Random(1)
    for cell in CELLS[1:]:
        deck.count(cell)

    assert deck.least == 0
    assert deck.deal(dice, below=1) == CELLS[0]
    deck.count(CELLS[0])
    assert deck.deal(dice, below=1) is None
    assert deck.least == 1


def test_a_cell_dealt_in_vain_comes_back_but_not_for_ever():
    """Y2: a rule that refuses everyone must not stop a round."""
    deck, dice = Deck(), random.Random(1)
    for cell in CELLS[1:]:
        deck.count(cell)

    for _ in range(VAIN_DEALS_MAX):
        assert deck.deal(dice, below=1) == CELLS[0]
        deck.take_back(CELLS[0])

    assert deck.deal(dice, below=1) is None
    deck.begin_round()
    assert deck.deal(dice, below=1) == CELLS[0]


@pytest.mark.parametrize(("kept", "split"), [(2, 0), (1, 1), (0, 0)])
def test_equal_answers_about_visible_records_count(kept: int, split: int):
    """D3: keeping all and keeping none are decisions, too; what is visible is asked once."""
    pair = Canned({"filtered": both(listed(kept)), "unfiltered": both(listed(2))})
    run = Differential(pair, seed=1)

    run.compare(FILTERED)
    run.compare(FILTERED)

    assert run.report.cells == {CELL: 2}
    assert run.report.splits[CELL] == 2 * split
    assert len(pair.asked) == 3


@pytest.mark.parametrize(
    ("filtered", "unfiltered"),
    [
        ((400, 400), (200, 200)),
        ((403, 403), (200, 200)),
        ((200, 400), (200, 200)),
        ((200, 200), (403, 403)),
    ],
)
def test_refusals_and_differences_do_not_count(
    filtered: tuple[int, int], unfiltered: tuple[int, int]
):
    """D3: nothing was decided, or not alike."""
    pair = Canned({
        "filtered": (answer(filtered[0]), answer(filtered[1])),
        "unfiltered": (answer(unfiltered[0]), answer(unfiltered[1])),
    })  # fmt: skip
    run = Differential(pair, seed=1)

    run.compare(FILTERED)

    assert not run.report.cells


def test_a_filter_over_records_that_nobody_shows_does_not_count():
    """D3: behind a rule that hides everything any comparison looks right."""
    run = Differential(Canned({"filtered": both(listed(0)), "unfiltered": both(listed(0))}), seed=1)

    run.compare(FILTERED)

    assert not run.report.mismatches
    assert not run.report.cells


def listed(total: int) -> Json:
    """A page of so many records."""
    return {"items": [{"id": f"id0{at:012d}"} for at in range(total)], "totalItems": total}


def answer(status: int, body: Json = None) -> Answer:
    """An answer, by default with one record or a refusal."""
    body = body or (listed(1) if status == 200 else {"data": {}, "status": status})
    return Answer(
        status=status,
        body=json.dumps(body).encode(),
        headers={"content-type": "application/json"},
    )


def both(body: Json) -> tuple[Answer, Answer]:
    """The same page from both servers."""
    return answer(200, body), answer(200, body)
