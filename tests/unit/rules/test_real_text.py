"""Numbers as SQLite writes and reads them."""

import apsw
import pytest

from yadokari.rules.real_text import leading_number, number_text, numeric

DATABASE = apsw.Connection(":memory:")


@pytest.mark.parametrize(
    "number",
    [
        0.1,
        1e-243,
        1e-14,
        1e89,
        1e220,
        968.5219552958999,
        5.876643578446999,
        0.30000000000000004,
        99999999999999.99,
        -2.5e-7,
        1e300,
        5e-324,
    ],
)
def test_a_number_becomes_the_text_that_sqlite_makes_of_it(number: float) -> None:
    """E2: as ``||`` would; 9s and 0s of noise at the end go."""
    [(text,)] = DATABASE.execute("SELECT CAST(? AS TEXT)", (number,))

    assert number_text(number) == text


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("12", 12),
        (" -0 ", 0),
        ("9" * 20, 1e20),
        ("9" * 30, 1e30),
        ("1e3", 1_000),
        ("1.5x", None),
        ("", None),
    ],
)
def test_a_text_is_a_number_as_a_whole_or_not_at_all(text: str, number: float | None) -> None:
    """E2."""
    assert numeric(text) == number


def test_a_text_may_begin_with_a_number() -> None:
    """As CAST reads it."""
    assert [leading_number(text) for text in ("12ab", " 1.5", "x")] == [12, 1.5, 0]
