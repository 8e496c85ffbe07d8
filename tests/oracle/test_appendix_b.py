"""The golden fixture with its filters and sorts, replayed against our server and the oracle."""

import json
from pathlib import Path

import pytest

from tests.oracle.client import Json
from tests.oracle.fixture import fixture_from, load, matching_ids
from tests.oracle.server import Server

GOLDEN: dict[str, Json] = json.loads(
    (Path(__file__).parent / "golden" / "appendix_b.json").read_text(encoding="utf-8")
)


def differences(server: Server) -> list[str]:
    """Every golden line that the server answers otherwise, one readable line each."""
    load(server, fixture_from(GOLDEN["fixture"]))
    found: list[str] = []
    for key, sort in (("filters", "id"), ("sorts", "")):
        entries = GOLDEN[key]
        assert isinstance(entries, list)
        for entry in entries:
            assert isinstance(entry, dict)
            answer = matching_ids(
                server,
                str(GOLDEN["collection"]),
                filter_text=str(entry.get("filter", "")),
                sort=sort or str(entry.get("sort", "")),
            )
            rows = answer if isinstance(answer, int) else [int(one[-1]) for one in answer]
            if rows != entry["rows"]:
                text = entry.get("filter", entry.get("sort"))
                found.append(f"{key[:-1]} {text!r}: golden {entry['rows']}, got {rows}")
    return found


def test_golden_filters_and_sorts_give_the_same_rows(ours: Server):
    """These tables are the contract of the filter language in its shortest form."""
    assert differences(ours) == []


@pytest.mark.proof
def test_golden_filters_and_sorts_are_what_the_oracle_answers(oracle: Server):
    """A golden file that the oracle disowns would teach us errors."""
    assert differences(oracle) == []
