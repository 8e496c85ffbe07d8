"""Files: upload, replace, remove, download in parts, protection, and what is left behind."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.api.program import House, Part, Reply

NOTES = "/api/collections/notes/records"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
LARGE = bytes(range(256)) * 2_000  # Half a megabyte: several pieces.


async def notes(house: House, **options: object) -> str:
    """A collection with a file field of these options; its id."""
    fields = [
        {"type": "text", "name": "title"},
        {"type": "file", "name": "files", "maxSelect": 3, **options},
    ]
    rules = dict.fromkeys(("listRule", "viewRule", "createRule", "updateRule", "deleteRule"), "")
    return (await house.collection("notes", fields, **rules)).id


def names(reply: Reply) -> list[str]:
    """Stored names of a record's files."""
    found = reply.record["files"]
    assert isinstance(found, list)
    return [str(name) for name in found]


def blobs(folder: Path) -> set[str]:
    """Names of all blobs on disk."""
    storage = folder / "data" / "storage"
    while True:
        try:
            found = [path for path in storage.rglob("*") if path.is_file()]
        except FileNotFoundError:  # A folder went while it was looked into.
            continue
        return {path.name for path in found if path.suffix != ".attrs"}


async def swept(folder: Path, left: set[str]) -> None:
    """Wait until these blobs are left."""
    async with asyncio.timeout(5):
        while blobs(folder) != left:  # noqa: ASYNC110 - the disk tells nobody
            await asyncio.sleep(0.005)


async def test_uploads_are_stored_under_safe_names_and_served(house: House, tmp_path: Path) -> None:
    """The name is made of the client's, a random part and the extension that the content has."""
    id = await notes(house)

    made = await house("POST", NOTES, [Part("title", b"t"), Part("files", b"hello", "../A b?.txt")])

    name = names(made)[0]
    got = await house("GET", f"/api/files/{id}/{made.id}/{name}")
    by_name = await house("GET", f"/api/files/notes/{made.id}/{name}?download=1")
    assert made.record["title"] == "t"
    assert name.startswith("a_b_")
    assert name.endswith(".txt")
    assert blobs(tmp_path) == {name}
    assert (got.status, got.body) == (200, b"hello")
    assert got.headers["content-disposition"] == f'attachment; filename="{name}"'
    assert "sandbox" in got.headers["content-security-policy"]
    assert by_name.body == b"hello"


async def test_only_harmless_kinds_are_shown_inline(house: House) -> None:
    """F1: judged by content; a page in a picture's clothes stays an attachment."""
    await notes(house)
    files = [
        Part("files", PNG, "a.png"),
        Part("files", b"<html><script>1</script>", "b.png"),
        Part("files", b"body {}", "c.css"),
    ]

    made = await house("POST", NOTES, files)

    kinds = []
    for name in names(made):
        got = await house("GET", f"/api/files/notes/{made.id}/{name}")
        kinds.append(
            (got.headers["content-type"], got.headers["content-disposition"].partition(";")[0])
        )
    assert kinds == [
        ("image/png", "inline"),
        ("text/html; charset=utf-8", "attachment"),
        ("text/css", "attachment"),
    ]


async def test_files_are_added_removed_and_replaced(house: House, tmp_path: Path) -> None:
    """S1: what no record names any more goes after the write, in one order with it."""
    await notes(house)
    made = await house(
        "POST", NOTES, [Part("files", b"1", "one.txt"), Part("files", b"2", "two.txt")]
    )
    one, two = names(made)
    path = f"{NOTES}/{made.id}"

    added = names(await house("PATCH", path, [Part("files+", b"3", "three.txt")]))
    removed = names(await house("PATCH", path, {"files-": [one]}))
    replaced = names(await house("PATCH", path, [Part("files", b"4", "four.txt")]))

    assert added[:2] == [one, two]
    assert removed == added[1:]
    assert len(replaced) == 1
    await swept(tmp_path, set(replaced))
    emptied = await house("PATCH", path, {"files": []})
    assert names(emptied) == []
    await swept(tmp_path, set())


async def test_deleted_records_and_collections_leave_no_files(house: House, tmp_path: Path) -> None:
    """S1."""
    await notes(house)
    first = await house("POST", NOTES, [Part("files", b"1", "a.txt")])
    second = await house("POST", NOTES, [Part("files", b"1", "b.txt")])

    await house("DELETE", f"{NOTES}/{first.id}")
    await swept(tmp_path, set(names(second)))
    await house("DELETE", "/api/collections/notes", token=house.root)
    await swept(tmp_path, set())


@pytest.mark.parametrize(
    ("options", "parts", "code"),
    [
        ({"maxSize": 4}, [Part("files", b"12345", "a.txt")], "validation_file_size_limit"),
        (
            {"mimeTypes": ["image/png"]},
            [Part("files", b"12345", "a.png")],
            "validation_invalid_mime_type",
        ),
        (
            {"maxSelect": 2},
            [Part("files", b"1", f"{n}.txt") for n in range(3)],
            "validation_too_many_files",
        ),
    ],
)
async def test_a_refused_write_leaves_no_files(
    house: House, tmp_path: Path, options: dict[str, object], parts: list[Part], code: str
) -> None:
    """I1: taken in first, and out again when the write fails."""
    await notes(house, **options)

    refused = await house("POST", NOTES, parts)

    assert refused.status == 400
    assert code in str(refused.codes)
    assert blobs(tmp_path) == set()


async def test_files_for_other_fields_are_ignored(house: House, tmp_path: Path) -> None:
    """I3."""
    await notes(house)

    made = await house("POST", NOTES, [Part("title", b"1", "a.txt"), Part("nope", b"1", "b.txt")])

    assert (made.status, names(made), blobs(tmp_path)) == (200, [], set())


async def test_a_batch_takes_files_by_index(house: House, tmp_path: Path) -> None:
    """Under ``requests.0.files`` and ``requests[1].files``; gone when an item fails."""
    await house.settings(batch={"enabled": True})
    await notes(house)
    create = b'{"method":"POST","url":"/api/collections/notes/records","body":{"title":"x"}}'
    update = b'{"method":"PATCH","url":"/api/collections/notes/records/nope","body":{}}'
    files = [Part("requests.0.files", b"0", "a.txt"), Part("requests[1].files", b"1", "b.txt")]

    done = await house(
        "POST",
        "/api/batch",
        [Part("@jsonPayload", b'{"requests":[' + create + b"," + create + b"]}"), *files],
    )
    kept = blobs(tmp_path)
    failed = await house(
        "POST",
        "/api/batch",
        [Part("@jsonPayload", b'{"requests":[' + create + b"," + update + b"]}"), *files],
    )

    assert done.status == 200, done.body
    assert sorted(name[0] for name in kept) == ["a", "b"]
    assert failed.status == 400
    assert blobs(tmp_path) == kept


@pytest.mark.parametrize(
    ("headers", "status", "body"),
    [
        ({}, 200, LARGE),
        ({"Range": "bytes=1-3"}, 206, LARGE[1:4]),
        ({"Range": "bytes=-2"}, 206, LARGE[-2:]),
        ({"Range": "bytes=70000-"}, 206, LARGE[70_000:]),
        ({"Range": "bytes=9999999-"}, 416, None),
        ({"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}, 304, b""),
    ],
)
async def test_downloads_come_in_parts(
    house: House, headers: dict[str, str], status: int, body: bytes | None
) -> None:
    """M1, M2."""
    await notes(house)
    made = await house("POST", NOTES, [Part("files", LARGE, "large.bin")])

    got = await house("GET", f"/api/files/notes/{made.id}/{names(made)[0]}", headers=headers)

    assert got.status == status
    assert body is None or got.body == body


@pytest.mark.parametrize("path", ["nope/r/f.txt", "notes/nope/f.txt", "notes/{id}/nope.txt"])
async def test_unknown_files_are_not_found(house: House, path: str) -> None:
    """H1: whatever is unknown looks the same."""
    await notes(house)
    made = await house("POST", NOTES, [Part("files", b"1", "a.txt")])

    assert (await house("GET", f"/api/files/{path.format(id=made.id)}")).status == 404


async def test_protected_files_need_a_token_of_someone_who_may_view(house: House) -> None:
    """H2: the token of files, of a caller whom the view rule lets in."""
    await notes(house, protected=True)
    made = await house("POST", NOTES, [Part("files", b"1", "a.txt")])
    await house(
        "PATCH",
        "/api/collections/notes",
        {"viewRule": '@request.auth.name = "in"'},
        token=house.root,
    )
    _, inside = await house.user("in@example.com", name="in")
    _, outside = await house.user("out@example.com")
    path = f"/api/files/notes/{made.id}/{names(made)[0]}"

    async def status(token: str) -> int:
        issued = await house("POST", "/api/files/token", token=token)
        return (await house("GET", f"{path}?token={issued.record['token']}")).status

    assert (await house("POST", "/api/files/token")).status == 401
    assert (await house("GET", path)).status == 404
    assert (await house("GET", f"{path}?token={inside}")).status == 404
    assert [await status(token) for token in (inside, outside, house.root)] == [200, 404, 200]
    await house("PATCH", "/api/collections/notes", {"viewRule": None}, token=house.root)
    assert [await status(token) for token in (inside, house.root)] == [404, 200]


async def test_a_lost_blob_is_not_found(house: House, tmp_path: Path) -> None:
    """The record names it, the disk has it no more."""
    await notes(house)
    made = await house("POST", NOTES, [Part("files", b"1", "a.txt")])
    [name] = names(made)
    [blob] = (tmp_path / "data" / "storage").rglob(name)
    blob.unlink()

    got = await house("GET", f"/api/files/notes/{made.id}/{name}")

    assert got.status == 404


async def test_a_record_made_again_under_an_old_id_keeps_its_files(
    house: House, tmp_path: Path
) -> None:
    """Old files are removed after the answer, when new ones may be there already."""
    await notes(house)
    kept: set[str] = set()
    for content in (b"first", b"second", b"third"):
        parts = [Part("id", b"abcdefghijklmno"), Part("files", content, "a.txt")]
        made = await house("POST", NOTES, parts)
        kept = set(names(made))
        if content != b"third":
            await house("DELETE", f"{NOTES}/{made.id}")
    await swept(tmp_path, kept)

    got = await house("GET", f"/api/files/notes/abcdefghijklmno/{kept.pop()}")

    assert (got.status, got.body) == (200, b"third")


async def test_a_collection_made_again_under_its_name_keeps_its_files(
    house: House, tmp_path: Path
) -> None:
    """Its id comes from its name, so both have the same place in the bucket."""
    for content in (b"first", b"second", b"third"):
        id = await notes(house)
        made = await house("POST", NOTES, [Part("files", content, "a.txt")])
        assert made.status == 200
        if content != b"third":
            await house("DELETE", f"/api/collections/{id}", token=house.root)
    await swept(tmp_path, set(names(made)))

    got = await house("GET", f"/api/files/notes/{made.id}/{names(made)[0]}")

    assert (got.status, got.body) == (200, b"third")


@pytest.mark.parametrize("most", [1, 3])
async def test_files_of_a_view_come_from_the_record_they_were_uploaded_to(
    house: House, most: int
) -> None:
    """Through a view of a view, under another name, and with ids of the view's own."""
    await notes(house, maxSelect=most)
    await house("POST", NOTES, [Part("files", b"another", "c.txt")])
    parts = [Part("files", b"content %d" % at, "a.txt") for at in range(most)]
    made = await house("POST", NOTES, parts)
    name = names(made)[-1] if most > 1 else str(made.record["files"])
    board = "SELECT id, files AS shown FROM notes"
    wall = "SELECT ('x' || b.id) AS id, b.shown AS seen FROM board AS b"
    for view, query in (("board", board), ("wall", wall)):
        await house.collection(view, type="view", viewQuery=query, viewRule="")

    same_id = await house("GET", f"/api/files/board/{made.id}/{name}")
    other_id = await house("GET", f"/api/files/wall/x{made.id}/{name}")
    unknown = await house("GET", f"/api/files/wall/x{made.id}/c.txt")

    content = b"content %d" % (most - 1)
    assert [(got.status, got.body) for got in (same_id, other_id)] == [(200, content)] * 2
    assert unknown.status == 404


async def test_protected_files_of_a_view_are_under_the_views_rule(house: House) -> None:
    """A view that everybody may read shows what it shows, files too."""
    await notes(house, protected=True, maxSelect=1)
    made = await house("POST", NOTES, [Part("files", b"one", "a.txt")])
    name = str(made.record["files"])
    for view, rule in (("open_board", ""), ("closed_board", None)):
        query = "SELECT id, files FROM notes"
        await house.collection(view, type="view", viewQuery=query, viewRule=rule)
    token = (await house.made("/api/files/token", {})).record["token"]

    answers = [
        (await house("GET", f"/api/files/{view}/{made.id}/{name}{query}")).status
        for view in ("open_board", "closed_board")
        for query in ("", f"?token={token}")
    ]

    assert answers == [200, 200, 404, 200]


async def test_a_view_column_that_is_no_files_column_serves_nothing(house: House) -> None:
    """A name made by an expression leads to no record."""
    await notes(house, maxSelect=1)
    made = await house("POST", NOTES, [Part("files", b"one", "a.txt")])
    query = "SELECT id, (files || '') AS files FROM notes"
    await house.collection("board", type="view", viewQuery=query, viewRule="")

    got = await house("GET", f"/api/files/board/{made.id}/{made.record['files']}")

    assert got.status == 404
