"""What a file is, judged by its content; what a client claims is never believed.

Not here: which types a field accepts (schema/field_list.py).
"""

from __future__ import annotations

import re

import msgspec

HEAD_BYTES = 3_072
"""How much of a file is looked at."""

_SVG = re.compile(
    r"^(?:\ufeff)?\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*|<!DOCTYPE[^>]*>\s*)*<svg[\s>]",
    re.DOTALL | re.IGNORECASE,
)
_HTML = re.compile(
    r"^(?:\ufeff)?\s*(?:<!--.*?-->\s*)*"
    r"<(?:!doctype html|html|head|body|script|iframe|h1|div|font|table|a|style|title|b|br|p)[\s>]",
    re.DOTALL | re.IGNORECASE,
)
_XML = re.compile(r"^(?:\ufeff)?\s*<\?xml\s")
_JSON = re.compile(r"^\s*[\[{]")


class Sniffed(msgspec.Struct, frozen=True):
    """A type and the extension that goes with it (with its dot, "" for none)."""

    mime_type: str
    extension: str


_TEXT = Sniffed("text/plain", ".txt")
_UNKNOWN = Sniffed("application/octet-stream", "")


def sniff(head: bytes, *, whole: bool) -> Sniffed:
    """The type of a file by its first bytes.

    Args:
        head: The first HEAD_BYTES, or all of a shorter file.
        whole: Whether this is all of it.
    """
    if not head:
        return _TEXT
    import filetype  # Loaded with the first upload: no part of the start.

    kind = filetype.guess(head)
    if kind is not None:
        return Sniffed(kind.mime, f".{kind.extension}")
    text = _as_text(head, whole=whole)
    return _UNKNOWN if text is None else _text_kind(text, whole=whole)


def _as_text(head: bytes, *, whole: bool) -> str | None:
    if any(byte < 9 or 13 < byte < 27 or 27 < byte < 32 for byte in head):
        return None
    try:
        return head.decode("utf-8")
    except UnicodeDecodeError as exc:
        if not whole and exc.start > len(head) - 4:
            return head[: exc.start].decode("utf-8")
        return None


def _text_kind(text: str, *, whole: bool) -> Sniffed:
    if _SVG.match(text):
        return Sniffed("image/svg+xml", ".svg")
    if _HTML.match(text):
        return Sniffed("text/html", ".html")
    if _XML.match(text):
        return Sniffed("text/xml", ".xml")
    if _JSON.match(text) and (not whole or _is_json(text)):
        return Sniffed("application/json", ".json")
    return _TEXT


def _is_json(text: str) -> bool:
    try:
        msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True
