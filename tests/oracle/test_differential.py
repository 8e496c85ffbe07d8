"""The differential suite as tests, and proof that its comparer is neither deaf nor hysterical."""

import json
import os

import pytest

from tests.oracle.ask import Answers, Request
from tests.oracle.client import Answer, Json
from tests.oracle.compare import difference
from tests.oracle.deck import CELLS
from tests.oracle.deviations import DEVIATIONS, DEVIATIONS_MAX
from tests.oracle.differential import Report, prepared
from tests.oracle.server import ServerFailed, ServerMissing

QUICK_REQUESTS = 3_000  # About ten seconds, so that every test run has some.
PROOF_REQUESTS = 10_000  # Of all kinds, of each seed; single cells are asked after them.
SOAK_REQUESTS = 50_000
CELL_MIN = 20  # Every operator x field kind x caller.

LIST = Request(area="list", caller="root", method="GET", path="/x")
PAGE: Json = {
    "items": [
        {"id": "id0000000000001", "n": 5, "t": "a"},
        {"id": "k2j3h4g5f6d7s8a", "n": 5.5, "t": "b"},
    ],
    "page": 1,
}  # fmt: skip


SEED = int(os.environ.get("YADOKARI_SEED") or 1)
"""The same requests in every run, so that a red one is news; `make soak` draws other seeds."""
PROOF_SEEDS = tuple(range(SEED, SEED + 3))
PROOF_CELL_MIN = -(-CELL_MIN // len(PROOF_SEEDS))  # Of each seed, so that all make CELL_MIN.


def run(*, seed: int, requests: int, cell_min: int = 0) -> Report:
    """A run whose report fails the test when a server cannot be asked."""
    try:
        with prepared(seed=seed) as differential:
            return differential.run(requests=requests, cell_min=cell_min)
    except (ServerMissing, ServerFailed) as error:
        pytest.fail(f"the servers cannot be asked: {error}", pytrace=False)


@pytest.mark.timeout(300)
def test_generated_requests_get_the_oracles_answers():
    """What nobody thought of is where two servers differ."""
    report = run(seed=SEED, requests=QUICK_REQUESTS)

    assert not report.mismatches, report.text()


@pytest.mark.proof
@pytest.mark.timeout(2_400)
def test_every_cell_of_the_filter_language_is_compared_twenty_times():
    """Operator x field kind x caller, over several seeds, beside requests of all kinds."""
    reports = [
        run(seed=seed, requests=PROOF_REQUESTS, cell_min=PROOF_CELL_MIN) for seed in PROOF_SEEDS
    ]
    summaries = "\n".join(report.summary() for report in reports)

    assert not any(report.mismatches for report in reports), "\n".join(
        report.text() for report in reports
    )
    assert all(report.compared >= PROOF_REQUESTS for report in reports), summaries
    assert min(sum(one.cells[cell] for one in reports) for cell in CELLS) >= CELL_MIN, summaries


@pytest.mark.soak
def test_long_runs_with_other_seeds_are_equal_too(seed: int):
    """The seeds of record grow old: this one is drawn anew in every run."""
    report = run(seed=seed, requests=SOAK_REQUESTS, cell_min=CELL_MIN)

    assert not report.mismatches, report.text()
    assert report.cell_min >= CELL_MIN, report.summary()


def test_equal_answers_are_equal_whatever_a_server_draws_itself():
    """Ids, times of now, tokens and file suffixes are each server's own."""
    oracle = answer(200, {"id": "k2j3h4g5f6d7s8a", "file": "note_ab12cd34ef.txt", "genX": "abc"})
    ours = answer(200, {"genX": "xyz", "file": "note_ffffffffff.txt", "id": "aaaaaaaaaaaaaaa"})

    assert difference(LIST, Answers(oracle=oracle, ours=ours)) is None


def test_human_texts_are_not_compared_but_codes_and_params_are():
    """Wording is free, codes and params are the contract."""
    field: dict[str, Json] = {"code": "validation_x", "message": "One.", "params": {"min": 3}}
    other: dict[str, Json] = {**field, "message": "Two."}
    wrong: dict[str, Json] = {**field, "params": {"min": 4}}
    index: Json = {"code": "validation_invalid_index_expression"}
    table: Json = {"code": "validation_invalid_index_definition"}

    assert difference(LIST, errors(field, other)) is None
    assert difference(LIST, errors(index, table)) is not None
    assert difference(LIST, errors(field, wrong)) is not None


@pytest.mark.parametrize(
    "alter",
    [
        '{"items":[],"page":1}',
        json.dumps(PAGE).replace("5.5", "5.50"),
        json.dumps(PAGE).replace('"n": 5,', '"n": 5.0,'),
        json.dumps(PAGE).replace('"a"', '"b"'),
        json.dumps(PAGE).replace('"page": 1', '"page": "1"'),
        json.dumps(PAGE).replace("id0000000000001", "id0000000000002"),
        json.dumps(PAGE).replace(', "t": "b"', ""),
    ],
)
def test_an_altered_answer_is_noticed(alter: str):
    """A comparer that never screams proves nothing."""
    altered = Answer(status=200, body=alter.encode(), headers={"content-type": "application/json"})

    assert difference(LIST, Answers(oracle=answer(200, PAGE), ours=altered)) is not None


def test_order_of_items_counts_unless_it_is_free():
    """A tie may fall either way, a sort may not."""
    assert isinstance(PAGE, dict)
    items = PAGE["items"]
    assert isinstance(items, list)
    turned = Answers(oracle=answer(200, PAGE), ours=answer(200, {**PAGE, "items": items[::-1]}))
    free = Request(area="list", caller="root", method="GET", path="/x", order_free=True)

    assert difference(LIST, turned) is not None
    assert difference(free, turned) is None


def test_deviations_are_few_and_have_reasons():
    """The goal is an empty table; ten is the most the contract bears."""
    assert len(DEVIATIONS) <= DEVIATIONS_MAX
    assert len({one.id for one in DEVIATIONS}) == len(DEVIATIONS)
    assert all(one.reason for one in DEVIATIONS)


def answer(status: int, body: Json) -> Answer:
    """An answer of a server."""
    return Answer(
        status=status,
        body=json.dumps(body).encode(),
        headers={"content-type": "application/json"},
    )


def errors(first: Json, second: Json) -> Answers:
    """Two error answers with one problem each."""
    bodies: list[Json] = [
        {"status": 400, "message": "No.", "data": {"t": one}} for one in (first, second)
    ]
    return Answers(oracle=answer(400, bodies[0]), ours=answer(400, bodies[1]))
