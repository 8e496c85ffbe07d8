"""Pictures: opened within bounds, turned upright, cut and written again. Runs in threads.

G1  The head says how large a picture is before a pixel is unpacked; one that is too large is
    refused, whatever its file's size says.
G2  Only kinds that browsers show are ever opened; a file cannot choose another reader.
G3  What cannot be read whole is refused: no half pictures.

Not here: where bytes come from (files/thumbs.py, files/shrinking.py), geometry (thumb_size.py).
"""

from __future__ import annotations

import io
import struct
from typing import IO, TYPE_CHECKING, Literal, TypeAlias

from yadokari.base.errors import YadokariError
from yadokari.files.thumb_size import Cut, ThumbSize, cut_for

if TYPE_CHECKING:
    from PIL.Image import Image

PIXELS_MAX = 50_000_000  # 200 MB unpacked; photos of telephones have up to 50 million.
RESULT_PIXELS_MAX = 25_000_000  # A thumbnail beyond this serves nobody.
SPARE = 2.0  # A photo is unpacked at no more than this times the size that is needed.

JPEG_QUALITY = 90
GIF_COLORS = 256
TURNED = 5  # Orientations from here on change width and height.
_ORIENTATION = 0x0112  # EXIF's tag.
_READERS = ("PNG", "JPEG", "GIF", "WEBP")

Kind: TypeAlias = Literal["JPEG", "GIF", "PNG", "WEBP"]

MIME_TYPES: dict[Kind, str] = {
    "JPEG": "image/jpeg",
    "GIF": "image/gif",
    "PNG": "image/png",
    "WEBP": "image/webp",
}


class NoPicture(YadokariError):
    """This cannot become a picture: damaged, too large, or of a kind that is not read."""


def thumbnail(source: IO[bytes], size: ThumbSize) -> tuple[bytes, str]:
    """A picture's thumbnail and its type; of an animation, the first frame's.

    GIF and JPEG stay what they are, everything else becomes PNG. An animated WebP has none, as in
    PocketBase. EXIF's orientation counts in photos alone, as there.

    Raises:
        NoPicture: it cannot be made.
    """
    image = opened(source)
    kind: Kind = "JPEG" if image.format == "JPEG" else "GIF" if image.format == "GIF" else "PNG"
    if image.format == "WEBP" and getattr(image, "is_animated", False):
        raise NoPicture("animated")
    turn = orientation_of(image) if kind == "JPEG" else 1
    width, height = image.size if turn < TURNED else (image.height, image.width)
    cut = cut_for(size, width=width, height=height)
    if cut.width * cut.height > RESULT_PIXELS_MAX:
        raise NoPicture("too large")
    try:
        _draft(image, cut)
        _within(image)
        small = _resized(turned(plain(image), turn), cut, width=width)
        return encoded(small, kind, quality=JPEG_QUALITY), MIME_TYPES[kind]
    except _failures() as exc:
        raise NoPicture("damaged") from exc


def smaller(source: IO[bytes], *, side: int, kind: Literal["JPEG", "WEBP"], quality: int) -> bytes:
    """A picture without metadata, upright, at most so large; never enlarged.

    Transparent parts become white in a JPEG.

    Args:
        side: The longest one, in pixels.
        quality: 1 to 100.

    Raises:
        NoPicture: it cannot be made, or is an animation.
    """
    image = opened(source)
    if getattr(image, "is_animated", False):
        raise NoPicture("animated")
    try:
        turn, profile = orientation_of(image), image.info.get("icc_profile")
        width, height = image.size if turn < TURNED else (image.height, image.width)
        cut = cut_for(ThumbSize(side, side, "f"), width=width, height=height)
        _draft(image, cut)
        _within(image)
        small = _resized(turned(plain(image), turn), cut, width=width)
        return encoded(small, kind, quality=quality, profile=profile)
    except _failures() as exc:
        raise NoPicture("damaged") from exc


def opened(source: IO[bytes]) -> Image:
    """A picture of which only the head was read. Raises NoPicture (G2)."""
    from PIL import Image  # Loaded with the first picture: no part of the start.

    try:
        return Image.open(source, formats=_READERS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as exc:
        raise NoPicture("too large") from exc
    except _failures() as exc:
        raise NoPicture("damaged") from exc


def plain(image: Image) -> Image:
    """The first frame as RGB, or RGBA when parts of it may be transparent."""
    if image.mode.startswith("I"):  # 16 bits a pixel.
        image = image.point(lambda value: value / 256).convert("L")
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        return image.convert("RGBA")
    return image.convert("RGB")


def turned(image: Image, orientation: int) -> Image:
    """The picture as EXIF's orientation 1 to 8 wants it seen."""
    from PIL.Image import Transpose

    ways = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }
    way = ways.get(orientation)
    return image if way is None else image.transpose(way)


def encoded(image: Image, kind: Kind, *, quality: int, profile: bytes | None = None) -> bytes:
    """The picture as a file without any metadata.

    Args:
        quality: Of JPEG and WebP, 1 to 100.
        profile: What its colours mean, of JPEG and WebP.
    """
    out = io.BytesIO()
    image.info.clear()  # Writers may put into the file what they find here.
    match kind:
        case "JPEG":
            flat = _on_white(image) if image.mode == "RGBA" else image
            flat.save(out, "JPEG", quality=quality, optimize=True, icc_profile=profile)
        case "WEBP":
            image.save(out, "WEBP", quality=quality, method=4, icc_profile=profile)
        case "GIF":
            image.quantize(GIF_COLORS).save(out, "GIF")
        case "PNG":
            image.save(out, "PNG")
    return out.getvalue()


def _on_white(image: Image) -> Image:
    from PIL.Image import new

    flat = new("RGB", image.size, "white")
    flat.paste(image, mask=image.getchannel("A"))
    return flat


def _draft(image: Image, cut: Cut) -> None:
    """Have a photo unpacked at a smaller scale, when so much is thrown away anyway."""
    left, top, right, bottom = cut.box
    scale = SPARE * max(cut.width / (right - left), cut.height / (bottom - top))
    if image.format == "JPEG" and scale < 1:
        wanted = (int(image.width * scale) + 1, int(image.height * scale) + 1)
        image.draft("RGB" if image.mode == "YCbCr" else image.mode, wanted)


def _within(image: Image) -> None:
    if image.width * image.height > PIXELS_MAX:
        raise NoPicture("too large")


def _resized(image: Image, cut: Cut, *, width: int) -> Image:
    from PIL.Image import Resampling

    scale = image.width / width  # Below 1 after a draft.
    left, top, right, bottom = (edge * scale for edge in cut.box)
    box = (left, top, min(right, image.width), min(bottom, image.height))
    return image.resize((cut.width, cut.height), Resampling.BILINEAR, box=box, reducing_gap=SPARE)


def orientation_of(image: Image) -> int:
    """EXIF's orientation, 1 to 8; 1 when it says nothing that can be understood."""
    try:
        value = image.getexif().get(_ORIENTATION, 1)
    except _failures():
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _failures() -> tuple[type[Exception], ...]:
    """What a damaged file makes a reader raise."""
    return (
        OSError,
        SyntaxError,
        ValueError,
        ArithmeticError,
        LookupError,
        TypeError,
        MemoryError,
        struct.error,
    )
