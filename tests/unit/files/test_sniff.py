"""What a file is, by its content."""

from __future__ import annotations

import pytest

from yadokari.files.sniff import HEAD_BYTES, Sniffed, sniff

EMPTY = Sniffed("text/plain", ".txt")
TEXT = Sniffed("text/plain", ".txt", "utf-8")
UNKNOWN = Sniffed("application/octet-stream", "")
JSON = Sniffed("application/json", ".json")
HTML = Sniffed("text/html", ".html", "utf-8")
SVG = Sniffed("image/svg+xml", ".svg")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", EMPTY),
        (b"hello", TEXT),
        ("é".encode(), TEXT),
        (b"\xff\xfe\x00", Sniffed("text/plain", ".txt", "utf-16le")),
        (b"a\x01b", UNKNOWN),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 20, Sniffed("image/png", ".png")),
        (b' {"a": [1]}', JSON),
        (b'{"a": ', TEXT),
        (b"[" * 2_000, TEXT),
        (b"<!-- c --><HTML>", HTML),
        (b"<!doctype html >", HTML),
        (b"<htmlx>", TEXT),
        (b'<?xml version="1.0"?><svg >', SVG),
        (b"\xef\xbb\xbf<svg>", SVG),
        (b'<?xml version="1.0"?><a/>', Sniffed("text/xml", ".xml", "utf-8")),
    ],
)
def test_content_decides(content: bytes, expected: Sniffed) -> None:
    """Never what the client claims."""
    assert sniff(content, whole=True) == expected


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b'{"a": "' + b"x" * HEAD_BYTES, JSON),
        (b"x" * (HEAD_BYTES - 1) + "é".encode()[:1], TEXT),
        (b"x" + b"\xff" + b"x" * HEAD_BYTES, Sniffed("text/plain", ".txt", "iso-8859-1")),
    ],
)
def test_a_head_may_end_in_the_middle(head: bytes, expected: Sniffed) -> None:
    """Of a value or of a character; more of the file follows."""
    assert sniff(head[:HEAD_BYTES], whole=False) == expected
