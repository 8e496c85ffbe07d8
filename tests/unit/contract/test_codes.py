"""Constants of the wire contract."""

from __future__ import annotations

import pytest

from yadokari.contract import messages
from yadokari.contract.codes import SENTENCES, sentence_of
from yadokari.contract.messages import sentence
from yadokari.contract.page import page_object


@pytest.mark.parametrize("code", sorted(SENTENCES))
def test_every_code_has_a_sentence(code: str) -> None:
    """K1."""
    assert sentence_of(code) == sentence(SENTENCES[code])


@pytest.mark.parametrize(
    ("total", "per_page", "pages"), [(0, 30, 0), (1, 30, 1), (30, 30, 1), (31, 30, 2), (-1, 30, -1)]
)
def test_pages_are_counted_upwards(total: int, per_page: int, pages: int) -> None:
    """G2."""
    page = page_object([], page=1, per_page=per_page, total_items=total)

    assert page["totalPages"] == pages
    assert list(page) == ["items", "page", "perPage", "totalItems", "totalPages"]


def test_lists_in_sentences_are_readable() -> None:
    """K2."""
    shown = sentence_of("validation_invalid_file", {"invalidFiles": ["a.txt", "b.txt"]})

    assert shown == "These are no files of this record: a.txt, b.txt."
    assert sentence_of("unheard_of") == "This value is not valid."


def test_messages_are_sentences() -> None:
    """C1."""
    said = [value for name, value in vars(messages).items() if name.isupper()]

    assert [sentence(text) for text in said] == said
    assert sentence(" no such thing ") == "No such thing."
    assert sentence("") == ""
