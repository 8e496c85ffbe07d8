"""What kind of text a file is, and in which characters.

Not here: everything that is no text (files/sniff.py).
"""

from __future__ import annotations

import csv
import re
from itertools import islice

import msgspec

_START = r"^\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*|<!DOCTYPE[^>]*>\s*)*"
_FLAGS = re.DOTALL | re.IGNORECASE
_SVG = re.compile(_START + r"<svg[\s>]", _FLAGS)
_RSS = re.compile(_START + r"<rss[\s>]", _FLAGS)
_ATOM = re.compile(_START + r"<feed\s[^>]*http://www\.w3\.org/2005/Atom", _FLAGS)
_HTML = re.compile(
    r"^\s*(?:<!--.*?-->\s*)*"
    r"<(?:!doctype html|html|head|body|script|iframe|h1|div|font|table|a|style|title|b|br|p)[\s>]",
    _FLAGS,
)
_XML = re.compile(r"^\s*<\?xml\s")
_JSON = re.compile(r"^\s*[\[{]")
_GEO = re.compile(
    r'^\s*\{\s*"type"\s*:\s*"(?:Feature|FeatureCollection|Point|LineString|Polygon|MultiPoint'
    r'|MultiLineString|MultiPolygon|GeometryCollection)"'
)
_PHP = re.compile(r"^\s*<\?php\s", re.IGNORECASE)
_PROGRAM = re.compile(r"^#!\S*(?:/env\s+|/)(python|perl|ruby|bash|dash|zsh|sh)[\d.]*\b")
_SUBTITLES = re.compile(r"^1\r?\n\d{2}:\d{2}:\d{2}[,.]\d{3} --> \d{2}:\d{2}:\d{2}[,.]\d{3}")
_PROGRAMS = {
    "python": ("text/x-python", ".py"),
    "perl": ("text/x-perl", ".pl"),
    "ruby": ("text/x-ruby", ".rb"),
}
_WITH_CHARSET = frozenset(("text/plain", "text/html", "text/xml"))
_BEGINNINGS = (
    ("BEGIN:VCARD", "text/vcard", ".vcf"),
    ("BEGIN:VCALENDAR", "text/calendar", ".ics"),
    ("WEBVTT", "text/vtt", ".vtt"),
)
_UTF_16 = {b"\xff\xfe": "utf-16le", b"\xfe\xff": "utf-16be"}
TABLE_LINES_MAX = 100  # Of a table; more say nothing new.


def text_kind(head: bytes, *, whole: bool) -> tuple[str, str, str] | None:
    """Type, extension and charset of a text; None when it is none.

    Args:
        head: The first bytes.
        whole: Whether this is all of it.
    """
    utf_16 = _UTF_16.get(head[:2])
    if utf_16 is not None:
        return "text/plain", ".txt", utf_16
    if any(byte < 9 or 13 < byte < 27 or 27 < byte < 32 for byte in head):
        return None
    text = _utf_8(head, whole=whole)
    if text is None:
        western = any(0x80 <= byte < 0xA0 for byte in head)
        return "text/plain", ".txt", "windows-1252" if western else "iso-8859-1"
    mime_type, extension = _kind(text.removeprefix("\ufeff"), whole=whole)
    return mime_type, extension, "utf-8" if mime_type in _WITH_CHARSET else ""


def _utf_8(head: bytes, *, whole: bool) -> str | None:
    try:
        return head.decode("utf-8")
    except UnicodeDecodeError as exc:
        if not whole and exc.start > len(head) - 4:
            return head[: exc.start].decode("utf-8")
        return None


def _kind(text: str, *, whole: bool) -> tuple[str, str]:
    markup = _markup(text)
    if markup is not None:
        return markup
    program = _PROGRAM.match(text)
    if program is not None:
        return _PROGRAMS.get(program[1], ("text/x-shellscript", ".sh"))
    if _JSON.match(text):
        return _json_kind(text, whole=whole)
    if _SUBTITLES.match(text):
        return "application/x-subrip", ".srt"
    if _is_table(text, ",", whole=whole):
        return "text/csv", ".csv"
    if _is_table(text, "\t", whole=whole):
        return "text/tab-separated-values", ".tsv"
    first_line = text.partition("\n")[0].rstrip("\r")
    for beginning, mime_type, extension in _BEGINNINGS:
        if first_line == beginning or first_line.startswith((f"{beginning} ", f"{beginning}\t")):
            return mime_type, extension
    return "text/plain", ".txt"


def _markup(text: str) -> tuple[str, str] | None:
    if _PHP.match(text):
        return "text/x-php", ".php"
    if _SVG.match(text):
        return "image/svg+xml", ".svg"
    if _HTML.match(text):
        return "text/html", ".html"
    if not _XML.match(text):
        return None
    if _RSS.match(text):
        return "application/rss+xml", ".rss"
    if _ATOM.match(text):
        return "application/atom+xml", ".atom"
    return "text/xml", ".xml"


def _json_kind(text: str, *, whole: bool) -> tuple[str, str]:
    if not whole or _is_json(text):
        is_geo = _GEO.match(text) is not None
        return ("application/geo+json", ".geojson") if is_geo else ("application/json", ".json")
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) > 1 and all(_JSON.match(line) and _is_json(line) for line in lines):
        return "application/x-ndjson", ".ndjson"
    return "text/plain", ".txt"


def _is_json(text: str) -> bool:
    try:
        msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def _is_table(text: str, separator: str, *, whole: bool) -> bool:
    """Several lines of the same number of columns, more than one."""
    if separator not in text:
        return False
    lines = text.splitlines()
    if not whole:
        lines = lines[:-1]  # It may be cut.
    try:
        rows = [
            row for row in csv.reader(islice(lines, TABLE_LINES_MAX), delimiter=separator) if row
        ]
    except csv.Error:
        return False
    return len(rows) > 1 and len(rows[0]) > 1 and len({len(row) for row in rows}) == 1
