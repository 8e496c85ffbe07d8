"""Short cuts of address checks agree with the patterns they save asking."""

from hypothesis import given
from hypothesis import strategies as st

from yadokari.schema import field_address
from yadokari.schema.field_address import is_email
from yadokari.schema.patterns import is_match


@given(st.text("aZ09_+-.@", max_size=24) | st.from_regex(r"\A[aZ0_+.-]+@([a0-]+\.)+[aZ-]+\Z"))
def test_plain_addresses_are_judged_as_the_whole_pattern_judges_them(text: str) -> None:
    """A1: most addresses never reach RE2; it would have said the same of each."""
    pattern = field_address._EMAIL

    assert is_email(text) == is_match(pattern, text)
