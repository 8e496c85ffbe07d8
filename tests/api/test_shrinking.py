"""Smaller pictures over the API: an option of file fields that PocketBase has not."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image

from tests.api.program import House, Part
from tests.api.test_files import NOTES, names, notes
from tests.pictures import photo, picture

WIDE = photo(800, 600, orientation=6)


async def stored(house: House, content: bytes, name: str = "a.jpg") -> tuple[str, bytes, str]:
    """Name, content and type of an upload as it is served."""
    made = await house("POST", NOTES, [Part("files", content, name)])
    assert made.status == 200, made.body
    got = await house("GET", f"/api/files/notes/{made.id}/{names(made)[0]}")
    return names(made)[0], got.body, got.headers["content-type"]


@pytest.mark.parametrize(
    ("options", "extension", "mime_type"),
    [({}, ".webp", "image/webp"), ({"shrinkFormat": "jpeg"}, ".jpg", "image/jpeg")],
)
async def test_a_picture_is_stored_smaller(
    house: House, options: dict[str, object], extension: str, mime_type: str
) -> None:
    """Upright, under a name that says what it is now."""
    await notes(house, shrinkSide=300, **options)

    name, body, kind = await stored(house, WIDE)

    assert Image.open(BytesIO(body)).size == (225, 300)
    assert (name.startswith("a_") or name[0] == "a", name.endswith(extension)) == (True, True)
    assert kind == mime_type


async def test_other_files_of_the_field_stay_as_they_are(house: House) -> None:
    """Documents beside photos."""
    await notes(house, shrinkSide=300)
    animation = picture("GIF", 600, 400, frames=2)

    assert (await stored(house, b"hello", "a.txt"))[1] == b"hello"
    assert (await stored(house, animation, "a.gif"))[1] == animation


async def test_limits_count_for_what_is_stored_and_types_for_what_is_sent(house: House) -> None:
    """I4: a photo that is too large for the field is what the option is for."""
    await notes(house, shrinkSide=100, maxSize=8_000, mimeTypes=["image/jpeg"])
    assert len(WIDE) > 8_000

    accepted = await house("POST", NOTES, [Part("files", WIDE, "a.jpg")])
    refused = await house("POST", NOTES, [Part("files", picture("PNG", 10, 10), "a.png")])

    assert accepted.status == 200
    assert refused.codes == {"files": "validation_invalid_mime_type"}


async def test_the_options_are_shown_only_where_they_are_set(house: House) -> None:
    """Collections without them look as PocketBase's do."""
    await notes(house)
    plain = await house("GET", "/api/collections/notes", token=house.root)
    fields = plain.record["fields"]
    assert isinstance(fields, list)
    for field in fields:
        assert isinstance(field, dict)
        if field["name"] == "files":
            field |= {"shrinkSide": 300, "shrinkQuality": 70}

    changed = await house("PATCH", "/api/collections/notes", {"fields": fields}, token=house.root)
    again = await house("GET", "/api/collections/notes", token=house.root)

    assert b"shrink" not in plain.body
    assert b'"shrinkSide":300' in again.body
    assert b'"shrinkQuality":70' in again.body
    assert b"shrinkFormat" not in again.body
    assert changed.body == again.body


@pytest.mark.parametrize(
    ("option", "value", "code"),
    [
        ("shrinkSide", 5, "validation_min_greater_equal_than_required"),
        ("shrinkSide", 20_000, "validation_max_less_equal_than_required"),
        ("shrinkSide", -1, "validation_min_greater_equal_than_required"),
        ("shrinkQuality", 101, "validation_max_less_equal_than_required"),
        ("shrinkFormat", "gif", "validation_in_invalid"),
    ],
)
async def test_options_out_of_range_are_refused(
    house: House, option: str, value: object, code: str
) -> None:
    """Like every option of a field."""
    fields = [{"type": "file", "name": "files", option: value}]

    refused = await house(
        "POST", "/api/collections", {"name": "notes", "fields": fields}, token=house.root
    )

    assert (refused.status, code in str(refused.codes)) == (400, True)
