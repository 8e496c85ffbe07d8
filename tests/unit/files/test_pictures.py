"""Pictures: what is refused, and what a thumbnail keeps."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image

from tests.pictures import gradient, photo, picture
from yadokari.files.pictures import NoPicture, thumbnail
from yadokari.files.thumb_size import ThumbSize

SMALL = ThumbSize(30, 20, "")


def drawn(content: bytes, size: ThumbSize = SMALL) -> Image.Image:
    """The thumbnail, opened."""
    return Image.open(BytesIO(thumbnail(BytesIO(content), size)[0]))


def corner(image: Image.Image, x: int, y: int) -> tuple[int, int]:
    """Red and green of a pixel, coarse."""
    pixel = image.convert("RGB").getpixel((x, y))
    assert isinstance(pixel, tuple)
    return round(pixel[0] / 64), round(pixel[1] / 64)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_is_turned_as_it_was_held(orientation: int):
    """The corner where both colours are dark goes where the camera said."""
    image = drawn(photo(600, 400, orientation=orientation), ThumbSize(40, 40, ""))

    plain = drawn(photo(600, 400), ThumbSize(40, 40, ""))
    ends = {
        1: (0, 0), 2: (39, 0), 3: (39, 39), 4: (0, 39),
        5: (0, 0), 6: (39, 0), 7: (39, 39), 8: (0, 39),
    }  # fmt: skip
    assert corner(image, *ends[orientation]) == corner(plain, 0, 0)


def test_a_large_photo_keeps_its_picture_when_unpacked_small():
    """The short cut for photos must not move what is cut out."""
    large, small = drawn(photo(2_400, 1_600)), drawn(picture("PNG", 2_400, 1_600))

    assert large.size == small.size
    for x, y in ((0, 0), (29, 0), (0, 19), (29, 19), (15, 10)):
        assert corner(large, x, y) == corner(small, x, y)


def test_transparent_parts_stay_transparent():
    """A logo gets no black box."""
    image = gradient(60, 40)
    image.putalpha(Image.new("L", (60, 40), 0))
    out = BytesIO()
    image.save(out, "PNG")

    alpha = drawn(out.getvalue()).getchannel("A")

    assert alpha.getextrema() == (0, 0)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "I;16"])
def test_every_kind_of_pixel_is_read(mode: str):
    """Scans, grey photos and palettes are pictures, too."""
    out = BytesIO()
    image = gradient(60, 40).convert("L")
    if mode == "I;16":
        image = image.convert("I").point(lambda value: value * 256).convert("I;16")
    else:
        image = image.convert(mode)
    image.save(out, "PNG")

    small = drawn(out.getvalue())

    assert small.size == (30, 20)
    assert corner(small, 0, 0)[0] < corner(small, 0, 19)[0]


def test_a_picture_of_enormous_size_is_refused_by_its_head():
    """G1: 400 million pixels in 50 kB."""
    out = BytesIO()
    Image.new("1", (8_000, 8_000)).save(out, "PNG")

    with pytest.raises(NoPicture):
        thumbnail(out, SMALL)


def test_an_enormous_thumbnail_is_refused():
    """A listed size costs memory each time somebody uploads a picture."""
    with pytest.raises(NoPicture):
        thumbnail(BytesIO(picture("PNG", 1, 500)), ThumbSize(3_000, 0, ""))


@pytest.mark.parametrize("kind", ["BMP", "TIFF", "ICO", "PPM"])
def test_other_kinds_are_never_opened(kind: str):
    """G2: each reader is a way in."""
    with pytest.raises(NoPicture):
        thumbnail(BytesIO(picture(kind, 32, 32)), SMALL)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
@pytest.mark.parametrize("part", [0.05, 0.3, 0.6])
def test_damaged_pictures_are_refused(kind: str, part: float):
    """G3."""
    content = picture(kind, 300, 200)

    with pytest.raises(NoPicture):
        thumbnail(BytesIO(content[: int(len(content) * part)]), SMALL)
