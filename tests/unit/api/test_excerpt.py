"""Excerpts of texts with markup."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yadokari.api.excerpt import excerpt


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("<p>a</p><p>b</p>", "a b"),
        ("<b>a</b>c", "ac"),
        ("a<br>b", "ab"),
        ("a<hr>b", "a b"),
        ("<script>alert(1)</script>x", "x"),
        ("<style>a<b>c</style >z", "z"),
        ("x<button><b>q</b></button>z", "xz"),
        ("x<!-- a > b -->z", "xz"),
        ("x<!-->z", "xz"),
        ("<title>t</title>u", "u"),
        ("x<title>a<b>c</title>z", "x a<b>c z"),
        ("<table><tr><td>1</td><td>2</td></tr></table>", "1 2"),
        ("x<td>1</td><td>2</td>", "x12"),
        ("a &lt;b&gt; &amp;lt; &copy &#x42;", "a <b> &lt; © B"),
        ("a < b > c 1<2", "a < b > c 1<2"),
        ("a <b", "a"),
        ('x<a title="p>q">z', "xz"),
        ("x</ >z", "xz"),
        ("x<>z", "x<>z"),
        ("&nbsp;&nbsp;x&nbsp;", "x"),
        ("a\x00b", "ab"),
        (" a\t\n b ", "a b"),
    ],
)
def test_markup_vanishes(text: str, plain: str) -> None:
    """N1, observed on the reference."""
    assert excerpt(text, characters_max=60, ellipsis=True) == plain


@pytest.mark.parametrize(
    ("count", "cut"),
    [(1, "日"), (3, "日本"), (4, "日本 語"), (6, "日本 語 é"), (60, "日本 語 é x")],
)
def test_cuts_count_code_points_and_leave_no_blank_at_the_end(count: int, cut: str) -> None:
    """Bytes would cut letters in half."""
    assert excerpt("日本 語 é x", characters_max=count, ellipsis=False) == cut


@given(st.text("<>/!-?ab= \"'&;pt", max_size=60), st.integers(1, 10))
def test_random_markup_gives_a_short_text(text: str, count: int) -> None:
    """Hostile input."""
    assert len(excerpt(text, characters_max=count, ellipsis=True)) <= count + 3


@pytest.mark.parametrize(
    "text",
    ["<a " * 200_000, "<!--" * 200_000, "<b>" * 200_000, '<a x="' * 100_000, "&" * 500_000],
)
def test_hostile_markup_costs_linear_time(text: str) -> None:
    """N2: a quadratic scan would take minutes."""
    began = time.monotonic()

    excerpt(text, characters_max=100_000_000, ellipsis=False)

    assert time.monotonic() - began < 10
