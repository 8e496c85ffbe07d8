"""Static files and downloads."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.api.door import KeptLog, call
from yadokari.api.asgi import Application
from yadokari.api.byte_ranges import Unsatisfiable, http_date, not_modified, parse_ranges
from yadokari.api.static import StaticFiles, cache_control_of

MODIFIED_S = 1_700_000_000


@pytest.fixture
def public(tmp_path: Path) -> Path:
    """A public folder beside a secret."""
    root = tmp_path / "public"
    (root / "sub").mkdir(parents=True)
    (root / "empty").mkdir()
    (root / "assets").mkdir()
    (root / "file.txt").write_bytes(b"hello file\n")
    (root / "big.txt").write_bytes(b"0123456789" * 60_000)
    (root / "sub" / "index.html").write_bytes(b"<p>sub</p>")
    (root / "assets" / "index-B7vkkFa_.js").write_bytes(b"1")
    (tmp_path / "secret.txt").write_bytes(b"secret")
    (root / "leak.txt").symlink_to(tmp_path / "secret.txt")
    (root / "leaky").symlink_to(tmp_path)
    (root / "inside.txt").symlink_to(root / "file.txt")
    os.utime(root / "file.txt", (MODIFIED_S, MODIFIED_S))
    return root


@pytest.fixture
def app(public: Path) -> Application:
    """A door that only has files."""
    return Application([], log=KeptLog(), public=StaticFiles(public), home="/_/")


@pytest.mark.parametrize(
    ("target", "body"),
    [
        (b"/file.txt", b"hello file\n"),
        (b"/file%2etxt?x=1", b"hello file\n"),
        (b"/sub/", b"<p>sub</p>"),
        (b"/sub/..%2ffile.txt", b"hello file\n"),
        (b"/inside.txt", b"hello file\n"),
    ],
)
async def test_files_are_served(app: Application, target: bytes, body: bytes) -> None:
    """GET and HEAD agree."""
    answer = await call(app, "GET", target)
    head = await call(app, "HEAD", target)

    assert (answer.status, answer.body) == (200, body)
    assert answer.header(b"content-length") == str(len(body)).encode()
    assert (head.status, head.headers, head.body) == (200, answer.headers, b"")


@pytest.mark.parametrize(
    "target",
    [
        b"/nope.txt",
        b"/empty/",
        b"/%2e%2e/secret.txt",
        b"/..%2fsecret.txt",
        b"/sub/..%2f..%2fsecret.txt",
        b"/leak.txt",
        b"/leaky/secret.txt",
        b"/leaky/",
        b"/file.txt%00",
        b"/sub%5cindex.html",
        b"/" + b"a" * 5_000,
        b"/\xff",
    ],
)
async def test_nothing_outside_the_folder_is_served(app: Application, target: bytes) -> None:
    """T1."""
    answer = await call(app, "GET", target)

    assert (answer.status, answer.json()["message"]) == (404, "File not found.")


@pytest.mark.parametrize(
    ("target", "location"),
    [
        (b"/sub", b"/sub/"),
        (b"/sub?x=1", b"/sub/"),
        (b"/empty", b"/empty/"),
        (b"/file.txt/", b"/file.txt"),
        (b"/sub/index.html", b"/sub/"),
        (b"/%2fevil.example/..%2f..%2fsub", b"/sub/"),
    ],
)
async def test_each_file_has_one_address(app: Application, target: bytes, location: bytes) -> None:
    """T2."""
    answer = await call(app, "GET", target)

    assert (answer.status, answer.header(b"location")) == (301, location)


async def test_missing_paths_give_the_index_when_there_is_one(
    app: Application, public: Path
) -> None:
    """Applications with routes of their own need it, below /api/ too."""
    before = await call(app, "GET", b"/")
    (public / "index.html").write_bytes(b"<p>app</p>")

    answers = [await call(app, "GET", target) for target in (b"/", b"/any/where", b"/api/nope")]

    assert (before.status, before.header(b"location")) == (307, b"/_/")
    assert [(one.status, one.body) for one in answers] == [(200, b"<p>app</p>")] * 3
    assert answers[0].header(b"cache-control") == b"no-cache"


async def test_a_dashboard_has_its_own_folder(public: Path) -> None:
    """It lives below its prefix, with its own headers."""
    dashboard = StaticFiles(public / "sub", prefix="/_/", headers=[(b"x-own", b"1")])
    app = Application([], log=KeptLog(), dashboard=dashboard)

    answer = await call(app, "GET", b"/_/")

    assert (answer.status, answer.header(b"x-own")) == (200, b"1")


@pytest.mark.parametrize(
    ("accept", "zipped"),
    [(b"gzip", True), (b"br, gzip;q=0.5", True), (b"gzip;q=0", False), (b"br", False)],
)
async def test_texts_are_compressed_on_request(
    app: Application, accept: bytes, zipped: bool
) -> None:
    """Only for those who say so."""
    answer = await call(app, "GET", b"/big.txt", headers=[(b"accept-encoding", accept)])

    assert (answer.header(b"content-encoding") == b"gzip") is zipped
    body = gzip.decompress(answer.body) if zipped else answer.body
    assert body == b"0123456789" * 60_000


@pytest.mark.parametrize(
    ("wanted", "status", "body", "content_range"),
    [
        (b"bytes=0-3", 206, b"hell", b"bytes 0-3/11"),
        (b"bytes=-3", 206, b"le\n", b"bytes 8-10/11"),
        (b"bytes=6-", 206, b"file\n", b"bytes 6-10/11"),
        (b"bytes=0-999", 206, b"hello file\n", b"bytes 0-10/11"),
        (b"bytes=0-1,99-", 206, b"he", b"bytes 0-1/11"),
        (b"bytes=11-", 416, b"invalid range: failed to overlap\n", b"bytes */11"),
        (b"bytes=3-1", 416, b"invalid range\n", None),
        (b"bytes=a", 416, b"invalid range\n", None),
        (b"lines=1-2", 416, b"invalid range\n", None),
        (b"bytes=", 200, b"hello file\n", None),
    ],
)
async def test_ranges_are_served(
    app: Application, wanted: bytes, status: int, body: bytes, content_range: bytes | None
) -> None:
    """Players seek with them; statuses and texts as observed on the reference."""
    answer = await call(app, "GET", b"/file.txt", headers=[(b"range", wanted)])

    assert (answer.status, answer.body) == (status, body)
    assert answer.header(b"content-range") == content_range
    assert answer.header(b"content-length") == str(len(body)).encode()


async def test_several_ranges_come_as_parts(app: Application) -> None:
    """The length is right, or the connection would break."""
    answer = await call(app, "GET", b"/file.txt", headers=[(b"range", b"bytes=0-1,3-4")])

    kind = answer.header(b"content-type") or b""
    boundary = kind.partition(b"boundary=")[2]
    assert answer.status == 206
    assert answer.body == (
        b"--%b\r\nContent-Range: bytes 0-1/11\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
        b"he\r\n--%b\r\nContent-Range: bytes 3-4/11\r\nContent-Type: text/plain; charset=utf-8"
        b"\r\n\r\nlo\r\n--%b--\r\n" % (boundary, boundary, boundary)
    )
    assert answer.header(b"content-length") == str(len(answer.body)).encode()


@pytest.mark.parametrize(
    ("since_s", "status"), [(MODIFIED_S, 304), (MODIFIED_S + 9, 304), (MODIFIED_S - 1, 200)]
)
async def test_known_files_are_not_sent_again(app: Application, since_s: int, status: int) -> None:
    """Y2."""
    since = http_date(since_s).encode()

    answer = await call(app, "GET", b"/file.txt", headers=[(b"if-modified-since", since)])

    assert answer.status == status
    assert answer.header(b"last-modified") == b"Tue, 14 Nov 2023 22:13:20 GMT"


@pytest.mark.parametrize(
    ("name", "forever"),
    [
        ("/assets/index-B7vkkFa_.js", True),
        ("/assets/index.js", False),
        ("/static/js/main.4f2c9a1b.js.map", True),
        ("/_next/static/chunks/pages/_app-7c2d4f9e81.js", True),
        ("/downloads/report-20240131.pdf", False),
        ("/assets/theme-DarkMode.css", False),
        ("/index-B7vkkFa_.js", False),
        ("/index.html", False),
    ],
)
def test_only_hashed_assets_are_kept_for_ever(name: str, forever: bool) -> None:
    """T3."""
    assert ("immutable" in cache_control_of(name)) is forever


@given(st.text("bytes=-,0123 x", max_size=30), st.integers(0, 50))
def test_random_ranges_lie_in_the_file(header: str, size_bytes: int) -> None:
    """Hostile input."""
    try:
        ranges = parse_ranges("bytes=" + header, size_bytes=size_bytes)
    except Unsatisfiable:
        return

    assert all(one.start >= 0 and one.length >= 1 for one in ranges)
    assert all(one.start + one.length <= size_bytes for one in ranges)


@given(st.text(max_size=40))
def test_random_dates_are_ignored(header: str) -> None:
    """Hostile input."""
    assert not_modified(header, modified_s=MODIFIED_S) in (True, False)


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [("gzip, br", "br"), ("gzip", "gzip"), ("br;q=0, gzip", "gzip"), ("", ""), ("deflate", "")],
)
async def test_what_lies_there_compressed_is_sent_so(
    public: Path, app: Application, accepted: str, encoding: str
) -> None:
    """T5: in the smallest form that the client understands, as the type of the file itself."""
    contents = {"": b"plain", "br": b"small", "gzip": b"smaller than plain"}
    (public / "app.js").write_bytes(contents[""])
    (public / "app.js.br").write_bytes(contents["br"])
    (public / "app.js.gz").write_bytes(contents["gzip"])

    answer = await call(app, "GET", b"/app.js", headers=[(b"accept-encoding", accepted.encode())])

    assert answer.body == contents[encoding]
    assert (answer.header(b"content-encoding") or b"").decode() == encoding
    assert (b"content-type", b"text/javascript; charset=utf-8") in answer.headers


async def test_an_old_compressed_file_is_not_sent(public: Path, app: Application) -> None:
    """T5: somebody built anew and forgot to compress; nor one that is a link."""
    (public / "app.js").write_bytes(b"new")
    (public / "app.js.br").write_bytes(b"old")
    os.utime(public / "app.js.br", (MODIFIED_S, MODIFIED_S))
    (public / "app.js.gz").symlink_to(public.parent / "secret.txt")

    answer = await call(app, "GET", b"/app.js", headers=[(b"accept-encoding", b"br, gzip")])

    assert answer.body == b"new"
