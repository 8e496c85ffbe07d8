"""Sizes of thumbnails: what names mean, and what of a picture is taken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yadokari.files.thumb_size import cut_for, parse_size

SIDES = st.integers(1, 5_000)


@pytest.mark.parametrize(
    "text", ["", "x", "10", "10x", "x10", "0x0", "10x10c", "-1x5", "1e2x5", " 1x1"]
)
def test_other_words_are_no_sizes(text: str):
    """They get the original."""
    assert parse_size(text) is None


@pytest.mark.parametrize(
    ("name", "size", "box"),
    [
        ("100x100", (100, 100), (50, 0, 250, 200)),
        ("50x100", (50, 100), (100, 0, 200, 200)),
        ("100x10", (100, 10), (0, 85, 300, 115)),
        ("100x10t", (100, 10), (0, 0, 300, 30)),
        ("100x10b", (100, 10), (0, 170, 300, 200)),
        ("70x50f", (70, 46), (0, 0, 300, 200)),
        ("400x400f", (300, 200), (0, 0, 300, 200)),
        ("70x0", (70, 47), (0, 0, 300, 200)),
        ("0x50b", (75, 50), (0, 0, 300, 200)),
    ],
)
def test_the_part_is_cut_as_pocketbase_cuts_it(
    name: str, size: tuple[int, int], box: tuple[float, ...]
):
    """Z1, for a picture of 300 x 200."""
    wanted = parse_size(name)
    assert wanted is not None

    cut = cut_for(wanted, width=300, height=200)

    assert ((cut.width, cut.height), cut.box) == (size, box)


@given(
    width=SIDES, height=SIDES, across=SIDES, down=SIDES, how=st.sampled_from(["", "t", "b", "f"])
)
def test_every_cut_lies_in_its_picture(width: int, height: int, across: int, down: int, how: str):
    """However thin it is; a fitted one is never larger than asked for."""
    wanted = parse_size(f"{across}x{down}{how}")
    assert wanted is not None

    cut = cut_for(wanted, width=width, height=height)

    left, top, right, bottom = cut.box
    assert 0 <= left < right <= width + 1e-6
    assert 0 <= top < bottom <= height + 1e-6
    assert 1 <= cut.width <= across
    assert 1 <= cut.height <= down
    assert how == "f" or (cut.width, cut.height) == (across, down)
