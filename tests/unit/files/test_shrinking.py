"""Pictures made smaller before they are stored: what is left of them, and what is not."""

from __future__ import annotations

from io import BytesIO
from typing import Literal

import pytest
from PIL import Image

from tests.pictures import GPS, gradient, large_photo, photo, picture
from yadokari.files.drawing import Drawing
from yadokari.files.pictures import NoPicture, smaller
from yadokari.files.shrinking import Shrinking, renamed
from yadokari.schema.fields import FileField

KINDS = pytest.mark.parametrize("kind", ["WEBP", "JPEG"])
STORED_BYTES_MAX = 400_000


def shrunk(
    content: bytes, *, side: int = 200, kind: Literal["JPEG", "WEBP"] = "WEBP"
) -> Image.Image:
    """The smaller picture, opened."""
    return Image.open(BytesIO(smaller(BytesIO(content), side=side, kind=kind, quality=80)))


@KINDS
def test_a_photo_of_a_telephone_fits_a_small_plan(kind: Literal["JPEG", "WEBP"]):
    """12 megapixels and some 4 MB become at most 400 kB, upright, without its place."""
    content = large_photo()
    assert 3_500_000 < len(content) < 5_000_000

    body = smaller(BytesIO(content), side=2_048, kind=kind, quality=80)

    image = Image.open(BytesIO(body))
    assert len(body) <= STORED_BYTES_MAX
    assert image.size == (1_536, 2_048)


@KINDS
@pytest.mark.parametrize("size", [(60, 40), (600, 400)])
def test_nothing_but_the_picture_is_kept(kind: Literal["JPEG", "WEBP"], size: tuple[int, int]):
    """SH1: a small picture is written anew all the same, for the place in it."""
    content = photo(*size, orientation=6)
    assert GPS in Image.open(BytesIO(content)).getexif()

    image = shrunk(content, kind=kind)

    assert not image.getexif()
    assert not {"exif", "xmp", "comment", "photoshop"} & image.info.keys()
    body = smaller(BytesIO(content), side=200, kind=kind, quality=80)
    assert b"Exif" not in body
    assert b"telephone" not in body


@KINDS
def test_a_comment_in_a_drawing_is_no_part_of_it(kind: Literal["JPEG", "WEBP"]):
    """SH1: PNG files hold texts as well."""
    from PIL.PngImagePlugin import PngInfo

    texts = PngInfo()
    texts.add_text("Author", "somebody")
    out = BytesIO()
    gradient(60, 40).save(out, "PNG", pnginfo=texts)

    assert b"somebody" not in smaller(out, side=200, kind=kind, quality=80)


@KINDS
def test_colours_keep_their_meaning(kind: Literal["JPEG", "WEBP"]):
    """SH1: without its profile a photo of a telephone looks pale."""
    out = BytesIO()
    gradient(60, 40).save(out, "JPEG", icc_profile=b"a profile")

    assert shrunk(out.getvalue(), kind=kind).info["icc_profile"] == b"a profile"


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_stays_as_it_was_held(orientation: int):
    """The corner where both colours are dark goes where the camera said."""
    image = shrunk(photo(400, 400, orientation=orientation)).convert("RGB")

    corners = {(0, 0): 0, (199, 0): 0, (199, 199): 0, (0, 199): 0}
    for at in corners:
        pixel = image.getpixel(at)
        assert isinstance(pixel, tuple)
        corners[at] = pixel[0] + pixel[1]
    dark = {1: (0, 0), 2: (199, 0), 3: (199, 199), 4: (0, 199),
            5: (0, 0), 6: (199, 0), 7: (199, 199), 8: (0, 199)}  # fmt: skip
    plain = shrunk(photo(400, 400)).convert("RGB").getpixel((0, 0))
    assert isinstance(plain, tuple)
    assert corners[dark[orientation]] == pytest.approx(plain[0] + plain[1], abs=12)


def test_a_picture_is_never_made_larger():
    """Pixels cannot be invented."""
    assert shrunk(picture("PNG", 30, 20)).size == (30, 20)


def test_transparent_parts_stay_so_or_become_white():
    """WebP can have them, JPEG cannot."""
    image = gradient(60, 40)
    image.putalpha(Image.new("L", (60, 40), 0))
    out = BytesIO()
    image.save(out, "PNG")

    assert shrunk(out.getvalue()).getchannel("A").getextrema() == (0, 0)
    white = shrunk(out.getvalue(), kind="JPEG").getpixel((30, 20))
    assert white == (255, 255, 255)


@pytest.mark.parametrize(
    ("content", "mime_type"),
    [
        (picture("WEBP", 60, 40, frames=3), "image/webp"),
        (picture("GIF", 60, 40, frames=3), "image/gif"),
        (picture("GIF", 60, 40), "image/gif"),
        (b"<svg/>", "image/svg+xml"),
        (b"hello", "text/plain"),
        (photo(60, 40)[:300], "image/jpeg"),
    ],
)
async def test_what_is_no_still_photo_stays_as_it_came(content: bytes, mime_type: str):
    """SH2, SH3."""
    drawing = Drawing()
    field = FileField(id="f", name="f", shrink_side=20)

    assert await Shrinking(drawing=drawing).shrunk(field, BytesIO(content), mime_type) is None
    drawing.close()


def test_an_enormous_picture_is_not_unpacked():
    """G1."""
    out = BytesIO()
    Image.new("1", (8_000, 8_000)).save(out, "PNG")

    with pytest.raises(NoPicture):
        smaller(out, side=100, kind="WEBP", quality=80)


@pytest.mark.parametrize(
    ("name", "kept"),
    [("My Photo.JPG", "My Photo.webp"), ("a.b.png", "a.b.webp"), ("x", "x.webp"), ("", ".webp"),
     ("../../x.jpg", "x.webp"), (".hidden", ".hidden.webp")],
)  # fmt: skip
def test_the_name_says_what_is_stored(name: str, kept: str):
    """Programs go by it."""
    assert renamed(name, ".webp") == kept
