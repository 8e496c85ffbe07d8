"""Pages: which rows come before them."""

import pytest

from yadokari.contract.page import offset_of


@pytest.mark.parametrize(
    ("page", "offset"),
    [
        (1, 0),
        (3, 60),
        (307_445_734_561_825_860, 9_223_372_036_854_775_770),
        (307_445_734_561_825_862, 0),
        (4_611_686_018_427_387_904, 9_223_372_036_854_775_778),
        (9_223_372_036_854_775_807, 0),
    ],
)
def test_offsets_wrap_as_they_do_in_64_bits(page: int, offset: int):
    """Absurd pages are answered as PocketBase answers them, and never fail in the store."""
    assert offset_of(page=page, per_page=30) == offset
