"""What ``~`` looks for, and which letters it takes for the same."""

import pytest

from yadokari.rules.like_pattern import like_pattern, matches_like


@pytest.mark.parametrize(
    ("value", "pattern"),
    [
        ("ab", "%ab%"),
        ("", "%%"),
        ("a_b", "%a\\_b%"),
        ("a\\b", "%a\\\\b%"),
        ("a\\%b", "%a\\%b%"),
        ("a\\_b", "%a\\_b%"),
        ("a%", "a%"),
        ("%a_b", "%a_b"),
        ("a\\\\%", "a\\\\%"),
        (5, "%5%"),
        (2.5, "%2.5%"),
        (1e21, "%1000000000000000000000%"),
        (True, "%true%"),
        (None, None),
    ],
)
def test_values_become_patterns(value: str | float | None, pattern: str | None):
    """K1, K2: contained literally, unless a wildcard says otherwise."""
    assert like_pattern(value) == pattern


@pytest.mark.parametrize(
    ("text", "value", "matches"),
    [
        ("AXB", "a_b", False),
        ("xA_Bx", "a_b", True),
        ("100%", "0\\%", True),
        ("1000", "0\\%", False),
        ("ab", "a%\\", False),
        ("É", "é", False),
        ("ÉA", "Éa", True),
        ("ſ", "s", False),
        ("\u212a", "k", False),  # The Kelvin sign, which Unicode folds to k.
        ("abc", "a%c", True),
        ("abcd", "a%c", False),
    ],
)
def test_letters_fold_as_the_database_folds_them(text: str, value: str, matches: bool):
    """K3: ASCII alone, or lists and events would part."""
    pattern = like_pattern(value)

    assert pattern is not None
    assert matches_like(text, pattern) is matches
