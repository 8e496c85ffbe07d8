"""Text made from patterns."""

import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.schema.fakes import SeededDraw
from yadokari.schema.autogenerate import UnsupportedPattern, generate

PIECES = st.recursive(
    st.sampled_from(
        [
            "a",
            "é",
            r"\d",
            r"\w",
            "[a-c]",
            r"[^\x00-\x{10fffe}]",
            "[[:alpha:]]",
            r"\.",
            "[]a]",
            ".",
        ]
    ),
    lambda inner: st.one_of(
        st.builds("({})".format, inner),
        st.builds("(?:{}|{})".format, inner, inner),
        st.builds("(?:{}){{2}}".format, inner),
        st.builds("(?:{}){{1,3}}".format, inner),
        st.builds("(?:{})+".format, inner),
        st.builds("(?:{})*?".format, inner),
        st.builds("{}{}".format, inner, inner),
    ),
    max_leaves=6,
)


def every(pattern: str) -> set[str]:
    """Texts of many draws."""
    draw = SeededDraw()
    return {generate(pattern, draw) for _ in range(300)}


@pytest.mark.parametrize(
    ("pattern", "lengths"),
    [
        ("a{3}", {3}),
        ("a{1,3}", {1, 2}),
        ("a{2,2}", {2}),
        ("a*", {0, 1, 2, 3, 4, 5}),
        ("a+", {1, 2, 3, 4, 5}),
        ("a{2,}", {2, 3, 4, 5}),
        ("a{9,}", {9}),
        ("a?", {0}),
        ("a{,3}", {5}),
        ("a{", {2}),
        ("a{x}", {4}),
        ("(a{2}){2}", {4}),
    ],
)
def test_repetition_is_half_open(pattern: str, lengths: set[int]) -> None:
    """G2: as the reference draws; apps depend on the lengths."""
    assert {len(text) for text in every(pattern)} == lengths


@pytest.mark.parametrize(
    ("pattern", "texts"),
    [
        ("a?b", {"b"}),
        ("x|yy", {"x", "yy"}),
        ("(?P<n>x)(?<m>y)", {"xy"}),
        (r"\x41\x{42}\n\t", {"AB\n\t"}),
        (r"[\d]", set("0123456789")),
        (r"[^\D]", set("0123456789")),
        ("[[:^alpha:]a-z]", None),
        ("[[:a]", set("[:a")),
        (r"\S", None),
        ("[a-cb]", set("abc")),
        ("[a-]", set("a-")),
        (r"[\w-]", None),
        ("", {""}),
        ("a.", None),
    ],
)
def test_classes_groups_and_escapes_are_understood(pattern: str, texts: set[str] | None) -> None:
    """G1."""
    found = every(pattern)

    assert texts is None or found == texts


@pytest.mark.parametrize(
    "pattern",
    ["^a", "a$", r"\ba", r"\pL", "(?i)a", "a(", "(?=a)", r"\A", "[^\\x00-\\x{10ffff}]", r"\Qa\E"],
)
def test_patterns_without_a_text_are_refused(pattern: str) -> None:
    """They are reported when the field is saved."""
    with pytest.raises(UnsupportedPattern):
        generate(pattern, SeededDraw())


@pytest.mark.parametrize("pattern", ["(" * 900 + "a" + ")" * 900, "(" * 25 + "(?:)" + ")+" * 25])
def test_deep_and_multiplying_patterns_cost_bounded_time(pattern: str) -> None:
    """A superuser's slip must not hang the process."""
    with pytest.raises(UnsupportedPattern):
        every(pattern)


@given(PIECES, st.integers(min_value=0, max_value=1_000))
def test_generated_text_matches_its_own_pattern(pattern: str, seed: int) -> None:
    """What is made from a pattern fits it."""
    text = generate(pattern, SeededDraw(seed))

    assert re2.fullmatch(pattern, text) is not None


@given(st.text(alphabet="a[]^-:()|?*+{},123.\\\\dwxpQE$<>P=\n", max_size=12), st.integers(0, 50))
def test_any_pattern_gives_a_fitting_text_or_is_refused(pattern: str, seed: int) -> None:
    """Patterns come from clients; nothing but the one error may happen."""
    try:
        text = generate(pattern, SeededDraw(seed))
    except UnsupportedPattern:
        return

    assert re2.fullmatch(pattern, text) is not None
