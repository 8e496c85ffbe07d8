"""``Range`` and ``If-Modified-Since``: which bytes of a file a client wants.

Y1  Ranges that cannot be met are 416; too many of them, or more bytes than the file has, are
    answered with the whole file.
Y2  There are no entity tags; times count in whole seconds.

Not here: reading files (api/static.py, files).
"""

from __future__ import annotations

import time

import msgspec

RANGES_MAX = 50
"""More pieces than any player asks for; each costs a header and a read."""

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Unsatisfiable(ValueError):
    """None of the ranges lies in the file, or the header is none."""

    def __init__(self, message: str, *, within: bool) -> None:
        super().__init__(message)
        self.within = within
        """Whether the header was well-formed, so the answer tells the length."""


class ByteRange(msgspec.Struct, frozen=True):
    """Some bytes of a file."""

    start: int
    """First byte, from 0."""
    length: int
    """In bytes, at least 1."""

    def content_range(self, *, size_bytes: int) -> str:
        """The value of Content-Range."""
        return f"bytes {self.start}-{self.start + self.length - 1}/{size_bytes}"


def parse_ranges(header: str, *, size_bytes: int) -> list[ByteRange]:
    """The wanted ranges in order; empty for the whole file (Y1).

    Raises:
        Unsatisfiable: 416.
    """
    if not header:
        return []
    if not header.startswith("bytes="):
        raise Unsatisfiable("invalid range", within=False)
    parts = [part.strip() for part in header[6:].split(",")]
    ranges: list[ByteRange] = []
    outside = False
    for part in parts[: RANGES_MAX + 1]:
        if not part:
            continue
        first, dash, last = (text.strip() for text in part.partition("-"))
        if not dash or not _digits_or_blank(first) or not _digits_or_blank(last):
            raise Unsatisfiable("invalid range", within=False)
        if not first:
            if not last:
                raise Unsatisfiable("invalid range", within=False)
            length = min(int(last), size_bytes)
            if length:
                ranges.append(ByteRange(size_bytes - length, length))
            else:
                outside = True
            continue
        start = int(first)
        if start >= size_bytes:
            outside = True
            continue
        end = min(int(last), size_bytes - 1) if last else size_bytes - 1
        if end < start:
            raise Unsatisfiable("invalid range", within=False)
        ranges.append(ByteRange(start, end - start + 1))
    if outside and not ranges:
        raise Unsatisfiable("invalid range: failed to overlap", within=True)
    if len(ranges) > RANGES_MAX or sum(one.length for one in ranges) > size_bytes:
        return []
    return ranges


def not_modified(header: str, *, modified_s: int) -> bool:
    """Whether the client's copy is as new as the file.

    Args:
        header: If-Modified-Since, "" when absent.
        modified_s: Time of the file, seconds since 1970 UTC.
    """
    if not header:
        return False
    from email.utils import parsedate_to_datetime

    try:
        since = parsedate_to_datetime(header)
        return since.tzinfo is not None and modified_s <= since.timestamp()
    except (ValueError, OverflowError, TypeError):
        return False


def http_date(unix_s: int) -> str:
    """A time as headers show it."""
    moment = time.gmtime(unix_s)
    return (
        f"{_DAYS[moment.tm_wday]}, {moment.tm_mday:02d} {_MONTHS[moment.tm_mon - 1]}"
        f" {moment.tm_year:04d} {moment.tm_hour:02d}:{moment.tm_min:02d}:{moment.tm_sec:02d} GMT"
    )


def _digits_or_blank(text: str) -> bool:
    return not text or (text.isascii() and text.isdigit() and len(text) <= 19)
