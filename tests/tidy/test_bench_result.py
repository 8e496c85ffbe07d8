"""The figures of `make bench` say what they seem to say."""

import pytest

from bench.load import raw_request
from bench.result import Figures, Spread
from bench.seed import note, row_id


def figures(*, more_is_better: bool) -> Figures:
    """Three rounds: the subject has twice, twice and four times the reference's figure."""
    return Figures("case", "unit", more_is_better, "what", [200, 220, 400], [100, 110, 100])


def test_a_ratio_above_one_is_good_when_more_is_better():
    """B3: one reading of all lines of the table."""
    assert figures(more_is_better=True).ratio() == Spread(median=2, min=2, max=4)


def test_a_ratio_above_one_is_good_when_less_is_better():
    """B3: milliseconds and megabytes are turned round."""
    assert figures(more_is_better=False).ratio() == Spread(median=0.5, min=0.25, max=0.5)


def test_rounds_of_unequal_number_give_no_ratio():
    """B2: a figure without its turn on the other side compares nothing."""
    lame = Figures("case", "unit", more_is_better=True, what="", subject=[1], reference=[1, 2])

    with pytest.raises(ValueError, match=r"shorter|longer"):
        lame.ratio()


def test_seeded_bodies_repeat_themselves():
    """B1: both sides and all runs get the same rows."""
    assert note(7) == note(7)
    assert note(7) != note(8)
    assert len(row_id("permissions", 3)) == len(row_id("posts", 99_999)) == 15


def test_requests_with_a_body_carry_its_length():
    """The generators send these bytes as they are."""
    request = raw_request("POST", "/x", body={"a": "ä"}, token="t")
    head, _, body = request.partition(b"\r\n\r\n")

    assert f"Content-Length: {len(body)}".encode() in head
    assert b"Authorization: t" in head
