"""Tokens, their literals, and the shape that is left."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yadokari.rules.errors import RuleError
from yadokari.rules.parse import parse
from yadokari.rules.tokens import QUICK_CHARACTERS_MAX, TOKENS_MAX, tokenize

FLOODS = {
    "parentheses": "(" * 10_000_000,
    "comparisons": "t='a'&&" * 1_000_000,
    "quotes": "'" * 1_000_001,
    "backslashes": '"' + "\\" * 5_000_000,
    "escaped quotes": "t='" + "a\\'" * 1_000_000,
    "comments": "//" * 3_000_000,
    "blanks": " " * 10_000_000,
    "a long name": "a" * 10_000_000,
    "a long number": "1" * 10_000_000,
    "dots": "a." * 1_000_000,
}
FLOOD_SECONDS_MAX = 5.0  # A tenth would do; the machine may be busy.


def kinds(text: str) -> list[str]:
    """The kinds of a text's tokens."""
    return [token.kind for token in tokenize(text).items]


@pytest.mark.parametrize(
    ("text", "literal"),
    [
        ("'it\\'s'", "it's"),
        ("'a\\\\'", "a\\"),
        ("'\\n'", "\\n"),
        ("'c\\d'", "c\\d"),
        ('"a\\"b"', 'a"b'),
        ('"a\\\'b"', "a\\'b"),
        ("'a\nb'", "a\nb"),
        ("00005", 5.0),
        ("-5.50", -5.5),
    ],
)
def test_literals_mean_what_their_escapes_say(text: str, literal: str | float):
    """Only the enclosing quote and the backslash itself are escaped (T4)."""
    assert tokenize(text).literals == (literal,)


@pytest.mark.parametrize(
    "text",
    ["'a", '"a', "'\\'", "5.", ".5", "1e3", "0x1", "+5", "5a", "a.", "a:", "&", "|", "?", "!", "é",
     "t\r='a'", "t\u00a0='a'", "`a`", "a+b"],
)  # fmt: skip
def test_what_begins_no_token_is_refused(text: str):
    """A message with a place beats a filter that is read otherwise than meant."""
    with pytest.raises(RuleError) as caught:
        tokenize(text)

    assert caught.value.position >= 0


def test_texts_of_one_shape_differ_in_literals_alone():
    """T2: plans are kept by shape."""
    first, second = tokenize("a = 'x' && n>5 // why"), tokenize("a='y'\n&&n > -7.5")

    assert first.shape == second.shape
    assert first.literals == ("x", 5.0)
    assert second.literals == ("y", -7.5)
    assert parse(first) != parse(second)


def test_shapes_tell_names_and_calls_and_joins_apart():
    """T2: what parses otherwise has another shape."""
    shapes = {tokenize(one).shape for one in ("f (", "f(", "a='b'", "a=5", "a~5", "a&&b", "a||b")}

    assert len(shapes) == 7


def test_a_nul_ends_a_text_where_something_could_begin():
    """T3: so does the oracle read it."""
    assert kinds("a = 'x'\0 && nonsense '") == ["name", "op", "text"]
    with pytest.raises(RuleError):
        tokenize("a = 'x\0'")


def test_tokens_know_their_places():
    """Errors point at them."""
    tokens = tokenize("  ab ?!~ f('x', 5)").items

    assert [(token.kind, token.text, token.position) for token in tokens] == [
        ("name", "ab", 2),
        ("op", "?!~", 5),
        ("call", "f", 9),
        ("text", "x", 11),
        (",", ",", 14),
        ("number", "5", 16),
        (")", ")", 17),
    ]


@pytest.mark.parametrize("name", FLOODS)
def test_a_flood_costs_bounded_time(name: str):
    """Ten megabytes of anything are refused, or taken apart, without a stall."""
    started = time.monotonic()

    with pytest.raises(RuleError):
        parse(tokenize(FLOODS[name]))

    assert time.monotonic() - started < FLOOD_SECONDS_MAX


def test_long_texts_are_read_like_short_ones():
    """The careful way and the quick way must not differ."""
    padding = " " * QUICK_CHARACTERS_MAX

    assert tokenize("a = 'b'" + padding).shape == tokenize("a = 'b'").shape
    with pytest.raises(RuleError, match="words and signs"):
        tokenize("(" * (TOKENS_MAX + 1))


@given(st.text(alphabet="ab_@#.:'\"\\ \n/-5(),=!?~<>&|\0é", max_size=30))
def test_tokens_never_fail_otherwise_than_by_refusal(text: str):
    """Clients send anything."""
    try:
        tokens = tokenize(text)
        found = [token.text for token in tokens.items if token.kind in ("text", "number")]
    except RuleError:
        return

    assert len(found) == len(tokens.literals)
    assert len(tokens.items) == len(tokens.shape.split(" ")) - (not tokens.shape)
