"""Pictures made smaller before they are stored, where a field asks for it.

SH1  What is stored carries no metadata: no place, no camera, no date. The way it was held becomes
     the way it is; its colour profile stays.
SH2  Animations, and kinds that are no photos (GIF, SVG), stay as they came.
SH3  What cannot be read as a picture stays as it came, too: it may still be a file somebody needs.

Not here: pixels (files/pictures.py), which fields ask (schema/fields.py).
"""

from __future__ import annotations

from pathlib import PurePath
from typing import IO, Literal

import msgspec

from yadokari.files.drawing import Drawing
from yadokari.schema.fields import FileField

SHRINKABLE = frozenset(("image/jpeg", "image/png", "image/webp"))
QUALITY_DEFAULT = 80


class Shrunk(msgspec.Struct, frozen=True):
    """A smaller picture."""

    body: bytes
    mime_type: str
    extension: str
    """With its dot."""


class Shrinking:
    """Makes pictures smaller."""

    def __init__(self, *, drawing: Drawing) -> None:
        self._drawing = drawing

    async def shrunk(self, field: FileField, source: IO[bytes], mime_type: str) -> Shrunk | None:
        """The picture as the field wants it stored, None when it stays as it is (SH2, SH3).

        Args:
            source: The upload from its start; read in a thread.
            mime_type: What its content says it is.
        """
        if not field.shrink_side or mime_type not in SHRINKABLE:
            return None
        from yadokari.files.pictures import NoPicture, smaller

        kind: Literal["JPEG", "WEBP"] = "JPEG" if field.shrink_format == "jpeg" else "WEBP"
        quality = field.shrink_quality or QUALITY_DEFAULT
        try:
            body = await self._drawing.run(
                lambda: smaller(source, side=field.shrink_side, kind=kind, quality=quality)
            )
        except NoPicture:
            return None
        return Shrunk(body, f"image/{kind.lower()}", ".jpg" if kind == "JPEG" else ".webp")


def renamed(name: str, extension: str) -> str:
    """A client's name with the extension of what is stored."""
    return f"{PurePath(name).stem or name}{extension}"
