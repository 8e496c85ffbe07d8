"""Texts with NULs or with comments in groups, read as PocketBase's scanner reads them."""

import pytest

from yadokari.rules.errors import RuleError
from yadokari.rules.resolve import parse_text
from yadokari.rules.source_text import needs_care
from yadokari.rules.tokens import tokenize

SAME = {
    "t\0='a'": "t ='a'",
    "t=\0'a'": "t= 'a'",
    "n=1\0&&n=2": "n=1 &&n=2",
    "n=1 \0&&\0n=2": "n=1 && n=2",
    "t='a'\0&&n=1": "t='a'",
    "n=1\0\0&&n=2": "n=1",
    "(n=1)\0 (": "(n=1)",
    "n=1 // why\0&& n=2": "n=1 && n=2",
    "n=1 // why\n\0&& n=2": "n=1",
    "lower\0(n)=1": "lower (n)=1",
    "strftime('%Y',t\0)='a'": "strftime('%Y',t )='a'",
    "n > 1 // a \0 b": "n > 1 b",
    "(t='a' // x)": "(t='a')",
    "((t='a' // x) // y\n)": "((t='a') )",
    "(t='a' // (b)\n&& n=1)": "(t='a' && n=1)",
    "(t='a' // 'b)'\n)": "(t='a' )",
    "strftime('%Y', t // )\n)='a'": "strftime('%Y', t )='a'",
    "(t='//') // it's (": "(t='//')",
}
REFUSED = (
    "t='\0a'", "\0t='a'", "n=\0", "(t='a'\0)", "((n=1)\0)", "(n=1 // c\0\n)", "n=1 (\0",
    "strftime(\0'%Y')='a'", "strftime('%Y'\0,t)='a'", "(t='a' // x)\n)", "(t='a' // it's\n)",
    "(t='a' // (\n)", "n=1\0.5", "n >\0= 1", "n=-\0" + "1",
)  # fmt: skip


@pytest.mark.parametrize("text", SAME)
def test_such_a_text_reads_as_a_plain_one(text: str):
    """Each pair gives the same rows on the oracle."""
    read, plain = tokenize(text), tokenize(SAME[text])

    assert (read.literals, read.shape) == (plain.literals, plain.shape)


@pytest.mark.parametrize("text", REFUSED)
def test_what_the_scanner_cannot_close_is_refused(text: str):
    """The oracle answers 400 to each."""
    with pytest.raises(RuleError):
        parse_text(text)


def test_ordinary_texts_take_the_short_way():
    """A link in a literal is no comment, and a comment without groups needs no care."""
    assert not needs_care("(url='http://a.co' || b='it\\'s')")
    assert not needs_care("t='a' // why")
    assert needs_care("(t='a') // why")
