"""What a file is, judged by its content; what a client claims is never believed.

N1  Types and extensions are those that PocketBase gives: fields list them, and files move between
    the two.

Not here: texts (files/sniff_text.py), which types a field accepts (schema/field_list.py).
"""

from __future__ import annotations

import msgspec

HEAD_BYTES = 3_072
"""How much of a file is looked at."""


class Sniffed(msgspec.Struct, frozen=True):
    """A type and the extension that goes with it (with its dot, "" for none)."""

    mime_type: str
    extension: str
    charset: str = ""

    @property
    def content_type(self) -> str:
        """The type as it is served."""
        return f"{self.mime_type}; charset={self.charset}" if self.charset else self.mime_type


_EMPTY = Sniffed("text/plain", ".txt")
_UNKNOWN = Sniffed("application/octet-stream", "")
_FIRST = (  # What the library does not know, or takes for something else.
    (b"\xff\x0a", Sniffed("image/jxl", ".jxl")),
    (b"\0\0\0\x0cJXL ", Sniffed("image/jxl", ".jxl")),
    (b"\0\0\2\0", Sniffed("image/x-icon", ".ico")),
    (b"glTF\1\0\0\0", Sniffed("model/gltf-binary", ".glb")),
    (b"glTF\2\0\0\0", Sniffed("model/gltf-binary", ".glb")),
    (b"PAR1", Sniffed("application/vnd.apache.parquet", ".parquet")),
    (b"OTTO", Sniffed("font/otf", ".otf")),
    (b"wOFF", Sniffed("font/woff", ".woff")),
    (b"wOF2", Sniffed("font/woff2", ".woff2")),
)
_LAST = ((bytes.fromhex("D0CF11E0A1B11AE1"), Sniffed("application/x-ole-storage", "")),)
_BRANDS = {
    b"M4A ": Sniffed("audio/x-m4a", ".m4a"),
    b"M4V ": Sniffed("video/x-m4v", ".m4v"),
    b"qt  ": Sniffed("video/quicktime", ".mov"),
    b"3gp": Sniffed("video/3gpp", ".3gp"),
}
"""By what stands behind ``ftyp``, whole or its first three letters."""
_RENAMED = {
    "application/font-sfnt": Sniffed("font/ttf", ".ttf"),
    "application/rtf": Sniffed("text/rtf", ".rtf"),
    "application/x-deb": Sniffed("application/vnd.debian.binary-package", ".deb"),
    "application/x-executable": Sniffed("application/x-elf", ""),
    "application/x-msdownload": Sniffed("application/vnd.microsoft.portable-executable", ".exe"),
    "application/x-rar-compressed": Sniffed("application/vnd.rar", ".rar"),
    "application/x-sqlite3": Sniffed("application/vnd.sqlite3", ".sqlite"),
    "audio/mp4": Sniffed("audio/x-m4a", ".m4a"),
    "audio/ogg": Sniffed("application/ogg", ".ogg"),
    "audio/x-aiff": Sniffed("audio/aiff", ".aiff"),
    "audio/x-flac": Sniffed("audio/flac", ".flac"),
    "audio/x-wav": Sniffed("audio/wav", ".wav"),
    "image/jpx": Sniffed("image/jp2", ".jp2"),
    "image/tiff": Sniffed("image/tiff", ".tiff"),
    "video/mpeg": Sniffed("video/mpeg", ".mpeg"),
    "video/x-matroska": Sniffed("video/matroska", ".mkv"),
    "video/x-ms-wmv": Sniffed("video/x-ms-asf", ".asf"),
}
_ZIP = "application/zip"
_JAR = Sniffed("application/java-archive", ".jar")


def sniff(head: bytes, *, whole: bool) -> Sniffed:
    """The type of a file by its first bytes.

    Args:
        head: The first HEAD_BYTES, or all of a shorter file.
        whole: Whether this is all of it.
    """
    if not head:
        return _EMPTY
    found = _by_beginning(head, _FIRST) or _branded(head) or _from_library(head)
    found = found or _by_beginning(head, _LAST)
    if found is not None:
        return found
    from yadokari.files.sniff_text import text_kind  # Loaded with the first text.

    text = text_kind(head, whole=whole)
    return _UNKNOWN if text is None else Sniffed(*text)


def _by_beginning(head: bytes, known: tuple[tuple[bytes, Sniffed], ...]) -> Sniffed | None:
    return next((kind for beginning, kind in known if head.startswith(beginning)), None)


def _branded(head: bytes) -> Sniffed | None:
    if head[4:8] != b"ftyp":
        return None
    return _BRANDS.get(head[8:12]) or _BRANDS.get(head[8:11])


def _from_library(head: bytes) -> Sniffed | None:
    import filetype  # Loaded with the first upload: no part of the start.

    kind = filetype.guess(head)
    if kind is None:
        return None
    if kind.mime == _ZIP and head[30:39] == b"META-INF/":
        return _JAR
    return _RENAMED.get(kind.mime) or Sniffed(kind.mime, f".{kind.extension}")
