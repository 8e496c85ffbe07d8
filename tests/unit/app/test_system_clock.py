"""The machine's randomness: even draws, however they are batched."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yadokari.app.system_clock import SystemEntropy

ALPHABETS = st.one_of(
    st.text(st.characters(codec="ascii"), min_size=1, max_size=128),
    st.text(min_size=1, max_size=200),
)


@given(ALPHABETS, st.integers(0, 70))
def test_drawn_text_has_its_length_and_its_characters(alphabet: str, length: int) -> None:
    """Refused bytes are drawn again: nothing is missing and nothing else gets in."""
    drawn = SystemEntropy().text(length, alphabet=alphabet)

    assert len(drawn) == length
    assert set(drawn) <= set(alphabet)


@pytest.mark.parametrize("size", [1, 2, 36, 62, 100, 128, 150])
def test_every_character_is_as_likely(size: int) -> None:
    """Ids and secrets: a biased draw is guessed sooner. Six sigma: fails once in a million runs."""
    alphabet = "".join(map(chr, range(size)))
    expected = 400

    counts = Counter(SystemEntropy().text(expected * size, alphabet=alphabet))

    assert len(counts) == size
    assert all(abs(count - expected) < 6 * expected**0.5 for count in counts.values())
