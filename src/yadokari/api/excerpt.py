"""Excerpts: the beginning of a text without its markup.

N1  Tags, comments and what people never read (scripts, forms, drawings) vanish; entities are
    decoded; whitespace collapses; elements that start a block separate words.
N2  The work is linear in the text, and ends where the excerpt is long enough.

Not here: which values are cut (api/picker.py). Source: observed on PocketBase 0.40, tag by tag.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_INLINE = frozenset(
    (
        *("a", "abbr", "acronym", "b", "bdo", "big", "body", "br", "caption", "cite", "code"),
        *("col", "colgroup", "em", "embed", "frame", "frameset", "head", "html", "i", "img"),
        *("input", "label", "q", "small", "span", "strike", "strong", "sub", "sup", "time"),
    )
)
_VOID = frozenset(("area", "base", "hr", "link", "meta", "param", "source", "track", "wbr"))
_TABLE_PARTS = frozenset(("tbody", "td", "tfoot", "th", "thead", "tr"))
_UNREAD = frozenset(
    (
        *("button", "dialog", "form", "iframe", "object", "option", "picture", "script"),
        *("select", "style", "svg", "template", "textarea"),
    )
)
_RAW = frozenset(
    (
        *("iframe", "noembed", "noframes", "noscript", "script", "style", "textarea"),
        *("title", "xmp"),
    )
)
_HEAD = frozenset(("noscript", "title"))

_OPENING = re.compile(
    r"""<(/?)([A-Za-z][^\s/>]*+)((?:[^>"'=]++|=\s*+(?:"[^"]*+"|'[^']*+'|)|["'])*+)>"""
)
_SPACES = re.compile(r"[ \t\n\r\f]+")


def excerpt(text: str, *, characters_max: int, ellipsis: bool) -> str:
    """The first characters of a text without markup.

    Args:
        text: HTML or plain text.
        characters_max: Longest result in code points, without the ellipsis.
        ellipsis: Whether ``...`` marks a cut.
    """
    pieces: list[str] = []
    length = 0
    for piece in _readable(text.replace("\x00", "")):
        pieces.append(piece)
        length += sum(map(len, piece.split()))
        if length > characters_max:
            break
    plain = _SPACES.sub(" ", "".join(pieces)).strip()
    if len(plain) <= characters_max:
        return plain
    cut = plain[:characters_max].strip()
    return cut + "..." if ellipsis else cut


def _readable(text: str) -> Iterator[str]:
    """Pieces of text that people read, blanks where blocks meet."""
    position = 0
    empty = True  # Until something was seen, a title belongs to the head and is not shown.
    table_depth = 0
    while position < len(text):
        mark = text.find("<", position)
        if mark < 0:
            yield _decoded(text[position:])
            return
        if mark > position:
            piece = text[position:mark]
            empty = empty and not piece.strip()
            yield _decoded(piece)
        following = text[mark + 1 : mark + 2]
        if following in ("!", "?") or (following == "/" and not _letter(text, mark + 2)):
            position = _after_comment(text, mark)
            continue
        if following != "/" and not _letter(text, mark + 1):
            yield "<"
            position, empty = mark + 1, False
            continue
        tag = _OPENING.match(text, mark)
        if tag is None:
            return  # A tag without an end swallows the rest.
        position = tag.end()
        closing, name = bool(tag.group(1)), tag.group(2).lower()
        if name == "table":
            table_depth = max(0, table_depth + (-1 if closing else 1))
        if closing:
            if name not in _VOID and _separates(name, table_depth):
                yield " "
            continue
        if name in _UNREAD or (empty and name in _HEAD):
            position = _after_element(text, name, position)
            continue
        if _separates(name, table_depth):
            yield " "
        empty = empty and name in ("html", "head", "meta", "link", "base")
        if name in _RAW:
            end = _after_element(text, name, position)
            yield text[position : text.rfind("<", position, end) if end < len(text) else end]
            yield " "
            position = end


def _letter(text: str, position: int) -> bool:
    character = text[position : position + 1]
    return character.isascii() and character.isalpha()


def _separates(name: str, table_depth: int) -> bool:
    if name in _TABLE_PARTS:
        return table_depth > 0
    return name not in _INLINE


def _after_comment(text: str, mark: int) -> int:
    """Where a comment or declaration that begins at ``mark`` is over."""
    if not text.startswith("<!--", mark):
        end = text.find(">", mark)
        return len(text) if end < 0 else end + 1
    for short in ("<!-->", "<!--->"):
        if text.startswith(short, mark):
            return mark + len(short)
    end = text.find("-->", mark + 4)
    return len(text) if end < 0 else end + 3


def _after_element(text: str, name: str, position: int) -> int:
    """Where the element that was just opened is over, its like nested inside it."""
    pattern = re.compile(rf"<(/?){re.escape(name)}(?=[\s/>])[^>]*+>", re.IGNORECASE)
    depth = 1
    for tag in pattern.finditer(text, position):
        if tag.group(1):
            depth -= 1
        elif name not in _RAW:
            depth += 1
        if depth == 0:
            return tag.end()
    return len(text)


def _decoded(text: str) -> str:
    from html import unescape  # Brings the table of all entities: no part of the start.

    return unescape(text)
