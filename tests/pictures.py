"""Pictures for tests, drawn here: a gradient each, so that turning and cutting can be seen."""

from io import BytesIO

from PIL import Image, ImageDraw

GPS = 0x8825  # EXIF's tag of the place.
ORIENTATION = 0x0112


def gradient(width: int, height: int) -> Image.Image:
    """Red grows downwards, green to the right."""
    down = Image.linear_gradient("L")
    across = down.rotate(90)
    blue = Image.new("L", (width, height), 77)
    return Image.merge("RGB", (down.resize((width, height)), across.resize((width, height)), blue))


def picture(kind: str, width: int, height: int, *, frames: int = 1) -> bytes:
    """A picture file of Pillow's ``kind``; with more frames, an animation."""
    out = BytesIO()
    first = gradient(width, height)
    if frames == 1:
        first.save(out, kind)
    else:
        more = [Image.new("RGB", (width, height), (60 * at, 0, 0)) for at in range(1, frames)]
        first.save(out, kind, save_all=True, append_images=more, duration=100)
    return out.getvalue()


def photo(width: int, height: int, *, orientation: int = 1, quality: int = 90) -> bytes:
    """A JPEG as telephones write it, with orientation and place."""
    out = BytesIO()
    facts = Image.Exif()
    facts[ORIENTATION] = orientation
    facts[GPS] = {1: "N", 2: (35.0, 41.0, 22.0)}
    gradient(width, height).save(
        out, "JPEG", quality=quality, exif=facts, comment=b"somebody's telephone"
    )
    return out.getvalue()


def large_photo() -> bytes:
    """12 megapixels in 4 MB, held upright: a scene with shapes, grain and a place."""
    width, height = 4_000, 3_000
    image = gradient(width, height)
    draw = ImageDraw.Draw(image)
    for at in range(400):  # Leaves, windows, faces: edges everywhere.
        x, y, size = at * 811 % width, at * 1_301 % height, 40 + at * 37 % 300
        draw.ellipse((x, y, x + size, y + size // 2), fill=(at * 53 % 256, at * 97 % 256, 120))
    grain = Image.effect_noise((width, height), 24).convert("L")
    image = Image.blend(image, Image.merge("RGB", (grain, grain, grain)), 0.32)
    out = BytesIO()
    facts = Image.Exif()
    facts[ORIENTATION] = 6
    facts[GPS] = {1: "N", 2: (35.0, 41.0, 22.0)}
    image.save(out, "JPEG", quality=88, exif=facts)
    return out.getvalue()
