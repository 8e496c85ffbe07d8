"""User-written expressions: RE2's meaning, whoever runs them."""

import re2
from hypothesis import given
from hypothesis import strategies as st

from yadokari.schema.patterns import is_match

ITEMS = st.sampled_from(["a", "Z", "_", "0", "a-f", "A-Z", "0-9", "-", "^", "é"])
TEXTS = st.text(st.sampled_from("abzAZ09_-^é\n"), max_size=6)


@given(st.lists(ITEMS, min_size=1, max_size=4), TEXTS)
def test_a_single_class_means_what_re2_says(items: list[str], text: str) -> None:
    """Patterns of ids run on another engine for speed; a last line feed is where they differ."""
    pattern = f"^[{''.join(items)}]+$"
    options = re2.Options()
    options.log_errors = False
    try:
        expected = re2.compile(pattern, options=options).search(text) is not None
    except re2.error:
        expected = False

    assert is_match(pattern, text) is expected
    assert not is_match("^[a-z]+$", "a\n")


@given(TEXTS)
def test_text_beyond_ascii_is_matched_by_characters(text: str) -> None:
    """RE2 is handed bytes; a dot is still a whole character."""
    assert is_match(r"\A(?s:.)*\z", text)
    assert is_match(r"\A(?s:.){3}\z", text) is (len(text) == 3)
