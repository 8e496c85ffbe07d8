"""The plain text beside a mail's HTML."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yadokari.mail.plain_text import plain_text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One</p><p>Two</p>", "One\n\nTwo\n"),
        ("<p>\n  Best regards,<br/>\n  the team\n</p>", "Best regards,\nthe team\n"),
        (
            '<a class="btn" href="https://x.test/?a=1&amp;b=2">Go</a>',
            "Go: https://x.test/?a=1&b=2\n",
        ),
        ("<head><style>p{}</style><title>no</title></head><p>yes</p>", "yes\n"),
        ("<ul><li>a</li><li>b</li></ul>", "- a\n- b\n"),
        ("1 &lt; 2 &amp; &#34;3&#34;", '1 < 2 & "3"\n'),
        ("<p>宿借り</p>", "宿借り\n"),
        ("", "\n"),
    ],
)
def test_words_links_and_paragraphs_stay(html: str, text: str) -> None:
    """T1: somebody reads mail on a terminal."""
    assert plain_text(html) == text


@given(st.text())
def test_any_text_gives_some_text(html: str) -> None:
    """T2: templates are people's own."""
    assert plain_text(html).endswith("\n")
