"""Pictures for tests, drawn here: a gradient each, so that turning and cutting can be seen."""

from io import BytesIO

from PIL import Image

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
    gradient(width, height).save(out, "JPEG", quality=quality, exif=facts)
    return out.getvalue()
