"""Quirks of files: who may have a protected one, and what becomes of pictures (A.47, A.48)."""

from io import BytesIO

import pytest
from PIL import Image

from tests.oracle.scene import END, MULTIPART, Scene, field_of, form_part, text
from tests.pictures import photo, picture

MEMBER = '@request.auth.name = "in" && @request.context = "protectedFile"'


def _stored(scene: Scene, collection: str, content: bytes = b"content", name: str = "a.txt") -> str:
    """The path of a new record's only file."""
    body = form_part("f", content, file=name) + END
    made = scene.ask("POST", f"…/{collection}/records", body=body, media=MULTIPART)
    assert made.status == 200, made.raw.text
    return f"/api/files/{collection}/{made['id']}/{made['f']}"


def _file_token(scene: Scene, by: str) -> str:
    return str(scene.ask("POST", "/api/files/token", by=by)["token"])


def test_a48_a_protected_file_is_there_for_those_who_may_view(scene: Scene):
    """Whoever may not gets 404; an Authorization header does not help."""
    scene.people("a48p", text("name"))
    scene.collection("a48", field_of("file", "f", protected=True), viewRule=MEMBER)
    inside = scene.sign_up("a48p", "in@example.com", name="in")
    outside = scene.sign_up("a48p", "out@example.com", name="out")
    path = _stored(scene, "a48")

    def status(query: str = "", by: str | None = None) -> int:
        return scene.ask("GET", path + query, by=by).status

    assert status() == 404
    assert status("?token=garbage") == 404
    assert status(by=inside) == 404
    assert status(by=scene.server.token) == 404
    assert status(f"?token={inside}") == 404  # of kind auth
    assert status(f"?token={scene.server.token}") == 404
    assert status(f"?token={_file_token(scene, inside)}") == 200
    assert status(f"?token={_file_token(scene, outside)}") == 404
    assert status(f"?token={_file_token(scene, scene.server.token)}") == 200
    assert status(f"?token={_file_token(scene, inside)}&download=1&thumb=100x100") == 200


@pytest.mark.parametrize(
    ("rule", "guest", "user"), [("", 200, 200), (None, 404, 404), ("id != ''", 200, 200)]
)
def test_a48_the_view_rule_alone_decides(scene: Scene, rule: str | None, guest: int, user: int):
    """An open collection needs no token, a closed one a superuser's."""
    which = {"": "open", None: "closed"}.get(rule, "ruled")
    scene.people(f"a48p_{which}")
    scene.collection(f"a48_{which}", field_of("file", "f", protected=True), viewRule=rule)
    token = _file_token(scene, scene.sign_up(f"a48p_{which}", "u@example.com"))
    path = _stored(scene, f"a48_{which}")

    assert scene.ask("GET", path).status == guest
    assert scene.ask("GET", f"{path}?token={token}").status == user
    root = _file_token(scene, scene.server.token)
    assert scene.ask("GET", f"{path}?token={root}").status == 200


def test_a48_the_rule_sees_the_request_for_the_file(scene: Scene):
    """Its context, method and query are those of the download; headers too."""
    rules = {
        "context": '@request.context = "protectedFile"',
        "default": '@request.context = "default"',
        "method": '@request.method = "GET"',
        "query": '@request.query.x = "1"',
        "header": '@request.headers.x_a = "1"',
        "token": "@request.query.token:isset = true",
        "body": "@request.body.a:isset = false",
    }
    seen: dict[str, int] = {}
    scene.collection("a48c", field_of("file", "f", protected=True))
    path = _stored(scene, "a48c")

    for which, rule in rules.items():
        scene.change("a48c", viewRule=rule)
        seen[which] = scene.ask("GET", f"{path}?x=1&token=t", headers={"X-A": "1"}).status

    assert seen == {**dict.fromkeys(rules, 200), "default": 404}


def test_a48_no_rule_is_asked_for_an_unprotected_file(scene: Scene):
    """A closed collection's plain files are there for whoever knows their names."""
    scene.collection("a48u", field_of("file", "f"), viewRule=None)
    path = _stored(scene, "a48u")

    assert scene.ask("GET", path).status == 200
    assert scene.ask("GET", path + "?token=garbage").status == 200


def test_a48_a_token_for_files_needs_a_caller_and_is_good_for_files_alone(scene: Scene):
    """It cannot sign anybody in."""
    scene.people("a48t")
    token = scene.sign_up("a48t", "u@example.com")

    given = scene.ask("POST", "/api/files/token", by=token)

    assert scene.ask("POST", "/api/files/token").status == 401
    assert scene.ask("POST", "/api/files/token", by="garbage").status == 401
    assert isinstance(given.body, dict)
    assert [*given.body] == ["token"]
    assert scene.ask("POST", "/api/files/token", by=_file_token(scene, token)).status == 401


def test_a48_a_file_token_ends_with_its_account(scene: Scene):
    """A new password, or no account any more, ends it at once."""
    scene.people("a48e")
    scene.collection(
        "a48ef", field_of("file", "f", protected=True), viewRule='@request.auth.id != ""'
    )
    path = _stored(scene, "a48ef")
    tokens = {}
    for email in ("a@example.com", "b@example.com"):
        tokens[email] = _file_token(scene, scene.sign_up("a48e", email))
        assert scene.ask("GET", f"{path}?token={tokens[email]}").status == 200
    ids = scene.root("GET", "…/a48e/records?sort=email").values("id")

    password = {"password": "another-12345", "passwordConfirm": "another-12345"}
    assert scene.root("PATCH", f"…/a48e/records/{ids[0]}", {**password}).status == 200
    assert scene.root("DELETE", f"…/a48e/records/{ids[1]}").status == 204

    for token in tokens.values():
        assert scene.ask("GET", f"{path}?token={token}").status == 404


def test_a48_one_protected_field_does_not_guard_another(scene: Scene):
    """Each file is judged by the field that holds it."""
    scene.collection(
        "a48m", field_of("file", "f", protected=True), field_of("file", "g"), viewRule=None
    )
    body = form_part("f", b"1", file="a.txt") + form_part("g", b"2", file="b.txt") + END
    made = scene.ask("POST", "…/a48m/records", body=body, media=MULTIPART)

    base = f"/api/files/a48m/{made['id']}"
    assert scene.ask("GET", f"{base}/{made['f']}").status == 404
    assert scene.ask("GET", f"{base}/{made['g']}").status == 200


SIZES = {
    "100x100": (100, 100), "70x50": (70, 50), "50x70t": (50, 70), "70x50b": (70, 50),
    "70x50f": (70, 46), "0x50": (75, 50), "70x0": (70, 47), "500x500f": (300, 200),
    "500x0": (500, 333),
}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "made_as"), [("PNG", "PNG"), ("JPEG", "JPEG"), ("GIF", "GIF"), ("WEBP", "PNG")]
)
def test_a47_a_thumbnail_has_the_wanted_size(scene: Scene, kind: str, made_as: str):
    """Whatever the picture is; only WebP becomes another kind."""
    name = f"a47{kind.lower()}"
    scene.collection(name, field_of("file", "f", thumbs=[*SIZES]))
    path = _stored(scene, name, picture(kind, 300, 200), "a.img")
    seen: dict[str, tuple[int, int]] = {}

    for size in SIZES:
        got = scene.ask("GET", f"{path}?thumb={size}").raw
        stored = path.rpartition("/")[2]
        assert got.headers["content-disposition"] == f'inline; filename="{size}_{stored}"'
        assert got.headers["content-type"] == f"image/{made_as.lower()}"
        image = Image.open(BytesIO(got.body))
        assert image.format == made_as
        seen[size] = image.size

    assert seen == SIZES


@pytest.mark.parametrize("size", ["33x33", "0x0", "100X100", "100x", "abc", "%20100x100", "..%2Fa"])
def test_a47_a_size_that_is_not_listed_gives_the_original(scene: Scene, size: str):
    """With 200 and its own name."""
    which = "a47s" + "".join(letter for letter in size.lower() if letter.isalnum())
    scene.collection(which, field_of("file", "f"))
    content = picture("PNG", 30, 20)
    path = _stored(scene, which, content, "a.png")

    got = scene.ask("GET", f"{path}?thumb={size}").raw

    assert (got.status, got.body) == (200, content)
    assert path.rpartition("/")[2] in got.headers["content-disposition"]


def test_a47_what_cannot_be_drawn_is_sent_as_it_is(scene: Scene):
    """Other kinds, damaged pictures, and animations in WebP."""
    scene.collection("a47o", field_of("file", "f"))
    whole = picture("JPEG", 300, 200)
    others = {
        "text": b"hello",
        "pdf": b"%PDF-1.4\n%%EOF",
        "bmp": picture("BMP", 30, 20),
        "half": whole[: len(whole) // 2],
        "head": picture("PNG", 30, 20)[:40],
        "webp": picture("WEBP", 30, 20, frames=3),
    }

    for name, content in others.items():
        path = _stored(scene, "a47o", content, f"{name}.png")
        assert scene.ask("GET", f"{path}?thumb=100x100").raw.body == content, name


def test_a47_an_animation_becomes_its_first_frame(scene: Scene):
    """A thumbnail stands still."""
    scene.collection("a47g", field_of("file", "f"))
    path = _stored(scene, "a47g", picture("GIF", 60, 40, frames=3), "a.gif")

    image = Image.open(BytesIO(scene.ask("GET", f"{path}?thumb=100x100").raw.body))

    assert (image.format, image.size, getattr(image, "n_frames", 1)) == ("GIF", (100, 100), 1)


@pytest.mark.parametrize(
    ("orientation", "size"), [(1, (70, 47)), (3, (70, 47)), (6, (70, 105)), (8, (70, 105))]
)
def test_a47_a_photo_is_turned_upright(scene: Scene, orientation: int, size: tuple[int, int]):
    """As the camera was held."""
    scene.collection(f"a47e{orientation}", field_of("file", "f", thumbs=["70x0"]))
    path = _stored(scene, f"a47e{orientation}", photo(60, 40, orientation=orientation), "a.jpg")

    image = Image.open(BytesIO(scene.ask("GET", f"{path}?thumb=70x0").raw.body))

    assert image.size == size


def test_a_switched_off_bucket_cannot_be_tested(scene: Scene):
    """The test of the S3 settings says what is wrong, to superusers alone."""
    path = "/api/settings/test/s3"

    assert scene.ask("POST", path, {"filesystem": "storage"}).status == 401
    for name in ("storage", "backups"):
        assert scene.root("POST", path, {"filesystem": name}).has({"data": {}, "status": 400})
    assert scene.root("POST", path, {}).codes == {"filesystem": "validation_required"}
    assert scene.root("POST", path, {"filesystem": "x"}).codes == {
        "filesystem": "validation_in_invalid"
    }
    assert scene.root("POST", path, {"filesystem": 5}).has({"data": {}, "status": 400})


PAD = bytes(200)
KINDS = {
    b"": "text/plain",
    b"hello": "text/plain; charset=utf-8",
    "Gr\u00fc\u00dfe".encode("latin-1"): "text/plain; charset=iso-8859-1",
    "hello".encode("utf-16"): "text/plain; charset=utf-16le",
    b"a,b\n1,2\n": "text/csv",
    b"a\tb\n1\t2\n": "text/tab-separated-values",
    b'{"a":[1]}': "application/json",
    b'{"a":1}\n{"b":2}\n': "application/x-ndjson",
    b'{"type":"Feature"}': "application/geo+json",
    b"<!DOCTYPE html><html></html>": "text/html; charset=utf-8",
    b"<?xml version='1.0'?><a/>": "text/xml; charset=utf-8",
    b"<?xml version='1.0'?><rss version='2.0'/>": "application/rss+xml",
    b"<svg xmlns='http://www.w3.org/2000/svg'/>": "image/svg+xml",
    b"#!/usr/bin/env python\n": "text/x-python",
    b"#!/bin/sh\n": "text/x-shellscript",
    b"<?php echo 1;": "text/x-php",
    b"BEGIN:VCARD\nVERSION:3.0\n": "text/vcard",
    b"BEGIN:VCALENDAR\nVERSION:2.0\n": "text/calendar",
    b"WEBVTT\n\n": "text/vtt",
    b"1\n00:00:01,000 --> 00:00:02,000\nhi\n": "application/x-subrip",
    b"{\\rtf1\\ansi}": "text/rtf",
    b"%PDF-1.4\n": "application/pdf",
    b"\0\0\0\x18ftypM4A \0\0\0\0M4A mp42" + PAD: "audio/x-m4a",
    b"\0\0\0\x18ftypqt  \0\0\0\0qt  mp42" + PAD: "video/quicktime",
    b"\0\0\0\x18ftypisom\0\0\0\0isommp42" + PAD: "video/mp4",
    b"\0\0\0\x18ftypheic\0\0\0\0heicmp42" + PAD: "image/heic",
    b"RIFF\0\0\0\0WAVEfmt " + PAD: "audio/wav",
    b"\xff\xfb\x90\x44" + PAD: "audio/mpeg",
    b"fLaC\0\0\0\x22" + PAD: "audio/flac",
    b"OggS\0\2" + bytes(22) + b"\x01\x1e\x01vorbis" + PAD: "application/ogg",
    b"\x1aE\xdf\xa3\x93B\x82\x88matroska" + PAD: "video/matroska",
    b"II*\0\x08\0\0\0" + PAD: "image/tiff",
    b"\x1f\x8b\x08" + PAD: "application/gzip",
    b"7z\xbc\xaf\x27\x1c\0\4" + PAD: "application/x-7z-compressed",
    b"MZ" + PAD: "application/vnd.microsoft.portable-executable",
    b"SQLite format 3\0" + PAD: "application/vnd.sqlite3",
    b"wOF2\0\1\0\0" + PAD: "font/woff2",
    bytes(range(256)): "application/octet-stream",
}  # fmt: skip


def test_a49_the_type_is_that_of_the_content(scene: Scene):
    """Fields list types, so both servers must give a content the same one."""
    scene.collection("a49t", field_of("file", "f"))

    seen = {
        content: scene.ask("GET", _stored(scene, "a49t", content, "x")).raw.headers["content-type"]
        for content in KINDS
    }

    assert seen == KINDS


@pytest.mark.parametrize("wanted", ["bytes=0-1", "bytes=99-", "bytes=0-0,2-3"])
def test_a_part_of_an_empty_file_is_all_of_it(scene: Scene, wanted: str):
    """With 200: some clients always ask for a part."""
    which = "empty_" + "".join(letter for letter in wanted if letter.isalnum())
    scene.collection(which, field_of("file", "f"))

    answer = scene.ask("GET", _stored(scene, which, b""), headers={"Range": wanted}).raw

    assert (answer.status, answer.body) == (200, b"")
