"""The plain text beside a mail's HTML: for readers that show no HTML.

T1  Paragraphs stay apart, links keep their address, what is not shown is left out.
T2  Any text gives some text: broken HTML is read as a browser would, never refused.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

from typing_extensions import override

_HIDDEN = frozenset(("head", "script", "style", "template", "title"))
_BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "div",
        "dl",
        "dt",
        "dd",
        "fieldset",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "tr",
        "ul",
    ]
)
_SPACES = re.compile(r"[ \t\r\n\f]+")
_MANY_LINES = re.compile(r"\n{3,}")


def plain_text(html: str) -> str:
    """The words of an HTML document."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    lines = (line.strip(" ") for line in "".join(reader.parts).split("\n"))
    return _MANY_LINES.sub("\n\n", "\n".join(lines)).strip() + "\n"


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden = 0
        self._links: list[str] = []

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _HIDDEN:
            self._hidden += 1
        elif tag == "br":
            self.parts.append("\n")
        elif tag == "a":
            self._links.append(dict(attrs).get("href") or "")
        elif tag == "li":
            self.parts.append("\n- ")
        elif tag in _BLOCKS:
            self.parts.append("\n\n")

    @override
    def handle_endtag(self, tag: str) -> None:
        if tag in _HIDDEN:
            self._hidden = max(0, self._hidden - 1)
        elif tag == "a" and self._links:
            address = self._links.pop()
            if address:
                self.parts.append(f": {address}")
        elif tag in _BLOCKS and tag != "li":
            self.parts.append("\n\n")

    @override
    def handle_data(self, data: str) -> None:
        if not self._hidden:
            words = _SPACES.sub(" ", data)
            if words != " " or (self.parts and not self.parts[-1].endswith(("\n", " "))):
                self.parts.append(words)
