"""Every planted fault turns the tests red that must notice it.

Two runs at a time, each over a copy of the sources of its own; `-k ID` runs one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.faults.catalogue import FAULTS
from tests.faults.fault import Fault
from tests.faults.planting import Outcome, origin_of, plant, run_tests, snapshot

AT_ONCE = 2
FAULTS_MIN = 4
"""Of each area."""

pytestmark = [pytest.mark.proof, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sources without a fault."""
    return snapshot(tmp_path_factory.mktemp("original"))


@pytest.fixture(scope="module")
def outcomes(
    request: pytest.FixtureRequest, original: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Future[Outcome]]]:
    """Runs under way for the faults of this session, in the order of its tests."""
    folder = tmp_path_factory.mktemp("faulty")
    chosen = [
        item.callspec.params["fault"]
        for item in request.session.items
        if isinstance(item, pytest.Function) and hasattr(item, "callspec")
        if isinstance(item.callspec.params.get("fault"), Fault)
    ]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {one.id: pool.submit(_outcome, one, original, folder) for one in chosen}
        pool.shutdown(cancel_futures=True)


def _outcome(fault: Fault, original: Path, folder: Path) -> Outcome:
    sources = plant(fault, original=original, folder=folder / fault.id)
    return run_tests(sources, fault.noticed_by, report=folder / f"{fault.id}.xml")


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.id)
def test_a_planted_fault_is_noticed(fault: Fault, outcomes: dict[str, Future[Outcome]]):
    """A test that stays green over a broken program proves nothing."""
    outcome = outcomes[fault.id].result()

    assert outcome.code == 1, f"{fault.why}\n{outcome.output}"
    for named in fault.noticed_by:
        module, _, function = named.partition("::")
        place = ".".join(["tests", *Path(module).with_suffix("").parts, *function.split("::")])
        assert any(one.startswith(place.rstrip(".")) for one in outcome.noticed), outcome.output


def test_the_named_tests_are_green_without_a_fault(original: Path, tmp_path: Path):
    """Else they would be red for another reason."""
    named = sorted({test for fault in FAULTS for test in fault.noticed_by})

    outcome = run_tests(original, named, report=tmp_path / "report.xml")

    assert outcome.code == 0, outcome.output
    assert outcome.noticed == frozenset()


def test_runs_import_the_copy(original: Path):
    """C1: the installed sources have no fault."""
    assert origin_of(original).is_relative_to(original)


def test_every_area_has_its_faults():
    """One area without faults would be one nobody watches."""
    count = Counter(fault.area for fault in FAULTS)

    assert min(count.values()) >= FAULTS_MIN
    assert len({fault.id for fault in FAULTS}) == len(FAULTS)
