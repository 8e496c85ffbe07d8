"""Sizes of thumbnails: what a name such as ``100x50t`` asks of a picture.

Z1  The result and the part of the picture that fills it are those of PocketBase, to the pixel.

Not here: pixels themselves (files/pictures.py).
"""

from __future__ import annotations

import re
from typing import Literal

import msgspec

ALWAYS = "100x100"
"""The size that every picture has, listed or not: dashboards show it."""

_SIZE = re.compile(r"(\d{1,5})x(\d{1,5})([tbf]?)")


class ThumbSize(msgspec.Struct, frozen=True):
    """A size in pixels; 0 for one side means as the picture's ratio says."""

    width: int
    height: int
    how: Literal["", "t", "b", "f"]
    """Fill and cut around the centre, from the top, from the bottom; or fit inside."""


class Cut(msgspec.Struct, frozen=True):
    """A part of a picture, and the size it gets."""

    box: tuple[float, float, float, float]
    """Left, top, right, bottom, in pixels of the picture."""
    width: int
    height: int


def parse_size(text: str) -> ThumbSize | None:
    """The size of this name, None when it names none."""
    found = _SIZE.fullmatch(text)
    if found is None:
        return None
    width, height = int(found[1]), int(found[2])
    if not width and not height:
        return None
    match found[3]:
        case "t":
            return ThumbSize(width, height, "t")
        case "b":
            return ThumbSize(width, height, "b")
        case "f":
            return ThumbSize(width, height, "f")
        case _:
            return ThumbSize(width, height, "")


def cut_for(size: ThumbSize, *, width: int, height: int) -> Cut:
    """What of a picture of ``width`` × ``height`` pixels becomes its thumbnail (Z1)."""
    whole = (0.0, 0.0, float(width), float(height))
    if not size.width:
        return Cut(whole, _rounded(size.height * width / height), size.height)
    if not size.height:
        return Cut(whole, size.width, _rounded(size.width * height / width))
    if size.how == "f":
        return Cut(whole, *_fitted(size, width=width, height=height))
    return Cut(_filled(size, width=width, height=height), size.width, size.height)


def _fitted(size: ThumbSize, *, width: int, height: int) -> tuple[int, int]:
    if width <= size.width and height <= size.height:
        return width, height
    if width / height > size.width / size.height:
        return size.width, int(size.width * height / width) or 1
    return int(size.height * width / height) or 1, size.height


def _filled(size: ThumbSize, *, width: int, height: int) -> tuple[float, float, float, float]:
    """The largest part of the wanted ratio."""
    if width / height < size.width / size.height:
        part = max(1.0, width * size.height / size.width)
        top = {"t": 0.0, "b": height - part}.get(size.how, (height - part) / 2)
        return 0.0, top, float(width), top + part
    part = max(1.0, height * size.width / size.height)
    left = (width - part) / 2
    return left, 0.0, left + part, float(height)


def _rounded(length: float) -> int:
    return max(1, int(length + 0.5))
