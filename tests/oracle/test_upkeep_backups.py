"""Backups over HTTP: made, listed, brought, fetched, removed, put back."""

import io
import time
import zipfile
from collections.abc import Callable

import pytest

from tests.oracle.client import Json
from tests.oracle.scene import PASSWORD, Scene, Seen
from tests.oracle.server import SUPERUSER_EMAIL, SUPERUSER_PASSWORD, ServerFailed, running

RESTORED_SECONDS_MAX = 20.0


@pytest.fixture(scope="module")
def kept(scene: Scene) -> bytes:
    """The zip of a backup named a1.zip."""
    assert scene.root("POST", "/api/backups", {"name": "a1.zip"}).status == 204
    return fetched(scene, "a1.zip").raw.body


def file_token(scene: Scene, by: str | None = None) -> str:
    """A file token, of the superuser when nobody else is named."""
    answer = scene.ask("POST", "/api/files/token", by=by or scene.server.token)
    return str(answer["token"])


def fetched(scene: Scene, key: str) -> Seen:
    """A download by the superuser."""
    return scene.ask("GET", f"/api/backups/{key}?token={file_token(scene)}")


def bring(scene: Scene, name: str, content: bytes, *, field: str = "file") -> Seen:
    """An upload."""
    disposition = f'form-data; name="{field}"; filename="{name}"'
    body = (
        f"--b\r\nContent-Disposition: {disposition}\r\n"
        "Content-Type: application/octet-stream\r\n\r\n"
    ).encode() + content + b"\r\n--b--\r\n"  # fmt: skip
    return scene.ask(
        "POST",
        "/api/backups/upload",
        by=scene.server.token,
        body=body,
        media="multipart/form-data; boundary=b",
    )


def keys(scene: Scene) -> list[Json]:
    """Names of all backups."""
    listed = scene.root("GET", "/api/backups").body
    assert isinstance(listed, list)
    return [one["key"] for one in listed if isinstance(one, dict)]


def test_a_backup_is_listed_with_its_size(scene: Scene, kept: bytes):
    """Not in pages."""
    listed = scene.root("GET", "/api/backups").body

    assert isinstance(listed, list)
    [mine] = [one for one in listed if isinstance(one, dict) and one["key"] == "a1.zip"]
    assert set(mine) == {"key", "size", "modified"}
    assert mine["size"] == len(kept)
    assert str(mine["modified"]).endswith("Z")
    assert scene.root("GET", "/api/backups?fields=key").status == 200


def test_it_is_a_zip_with_the_database(kept: bytes):
    """Whoever has it can look into it with any tool."""
    with zipfile.ZipFile(io.BytesIO(kept)) as archive:
        assert archive.testzip() is None
        assert "data.db" in archive.namelist()
        assert not [name for name in archive.namelist() if name.startswith("backups")]
        assert archive.read("data.db").startswith(b"SQLite format 3\0")


def test_a_download_is_an_attachment(scene: Scene, kept: bytes):
    """With ranges, so that a broken one can go on."""
    path = f"/api/backups/a1.zip?token={file_token(scene)}"
    whole = scene.ask("GET", path).raw
    part = scene.ask("GET", path, headers={"Range": "bytes=0-3"}).raw

    assert whole.headers["content-disposition"] == 'attachment; filename="a1.zip"'
    assert whole.headers["content-type"] == "application/zip"
    assert whole.headers["x-frame-options"] == "SAMEORIGIN"
    assert (part.status, part.body) == (206, b"PK\x03\x04")


def test_only_a_superusers_file_token_opens_it(scene: Scene, kept: bytes):
    """A backup holds everything."""
    scene.people("backuppeople")
    person = scene.sign_up("backuppeople", "backup@example.com")
    message = "Insufficient permissions to access the resource."

    for token in ("", "x", scene.server.token, file_token(scene, person)):
        answer = scene.ask("GET", f"/api/backups/a1.zip?token={token}", by=scene.server.token)
        assert (answer.status, answer["message"]) == (403, message)
    assert fetched(scene, "nope.zip").status == 404


def test_names_are_checked(scene: Scene, kept: bytes):
    """Lower case, digits, _ and -."""
    for name in ("Bad.zip", "a b.zip", "a1", "../a.zip", ".zip"):
        assert scene.root("POST", "/api/backups", {"name": name}).codes == {
            "name": "validation_match_invalid"
        }, name
    assert scene.root("POST", "/api/backups", {"name": "a1.zip"}).codes == {
        "name": "validation_backup_name_exists"
    }
    unread = scene.root("POST", "/api/backups", {"name": 5})
    assert unread["message"] == "An error occurred while loading the submitted data."


def test_a_backup_without_a_name_gets_one(scene: Scene):
    """Of the application's name and the time."""
    before = set(map(str, keys(scene)))
    assert scene.root("POST", "/api/backups").status == 204

    [made] = set(map(str, keys(scene))) - before

    assert made.startswith("pb_backup_acme_20")
    assert len(made) == len("pb_backup_acme_20261121184840.zip")


def test_a_zip_can_be_brought(scene: Scene, kept: bytes):
    """It keeps its name; what it is decides its content, not its name."""
    assert bring(scene, "Up Load.zip", kept).status == 204
    assert bring(scene, "b.txt", kept).status == 204
    assert bring(scene, "a1.zip", kept).codes == {"file": "validation_backup_name_exists"}
    assert bring(scene, "no.zip", b"no").codes == {"file": "validation_invalid_mime_type"}
    assert bring(scene, "c.zip", kept, field="x").codes == {"file": "validation_required"}
    assert {"Up Load.zip", "b.txt"} <= set(map(str, keys(scene)))
    assert scene.root("DELETE", "/api/backups/Up%20Load.zip").status == 204
    assert scene.root("DELETE", "/api/backups/b.txt").status == 204
    assert not {"Up Load.zip", "b.txt"} & set(map(str, keys(scene)))


def test_what_is_not_there_cannot_be_removed_or_put_back(scene: Scene):
    """Both are 400."""
    assert scene.root("DELETE", "/api/backups/nope.zip").status == 400
    answer = scene.root("POST", "/api/backups/nope.zip/restore")
    assert (answer.status, answer["message"]) == (400, "Missing or invalid backup file.")


def test_only_superusers_have_to_do_with_backups(scene: Scene):
    """Guests are asked to sign in, others are refused."""
    scene.people("backupothers")
    token = scene.sign_up("backupothers", "other@example.com")

    for method, path in (
        ("GET", "/api/backups"), ("POST", "/api/backups"), ("POST", "/api/backups/upload"),
        ("DELETE", "/api/backups/x.zip"), ("POST", "/api/backups/x.zip/restore"),
    ):  # fmt: skip
        assert scene.ask(method, path).status == 401, path
        assert scene.ask(method, path, by=token).status == 403, path


@pytest.mark.parametrize("kind", [pytest.param("oracle", marks=pytest.mark.proof), "ours"])
def test_a_restore_brings_the_data_back_in_the_same_process(kind: str):
    """Records, files and tokens as they were; who asks meanwhile waits or is told to try again."""
    with running("oracle" if kind == "oracle" else "ours") as server:
        scene = Scene(server=server)
        scene.people("members", {"name": "paper", "type": "file", "maxSize": 5_000_000})
        token = scene.sign_up("members", "kept@example.com")
        [id] = scene.root("GET", "…/members/records").values("id")
        uploaded = scene.ask(
            "PATCH",
            f"…/members/records/{id}",
            by=token,
            body=b'--b\r\nContent-Disposition: form-data; name="paper"; filename="p.txt"\r\n\r\n'
            b"on paper\r\n--b--\r\n",
            media="multipart/form-data; boundary=b",
        )
        paper = f"/api/files/members/{id}/{uploaded['paper']}"
        assert scene.root("POST", "/api/backups", {"name": "then.zip"}).status == 204
        scene.sign_up("members", "later@example.com")
        scene.root("DELETE", f"…/members/records/{id}")
        assert scene.ask("GET", paper).status == 404

        answer = scene.root("POST", "/api/backups/then.zip/restore")

        assert answer.status == 204
        wait_until(scene, lambda: scene.root("GET", "…/members/records").values("id") == [id])
        assert scene.ask("GET", paper).raw.body == b"on paper"
        assert scene.ask("POST", "…/members/auth-refresh", by=token).status == 200
        assert "then.zip" in keys(scene)
        scene.sign_up("members", "after@example.com")


def wait_until(scene: Scene, holds: Callable[[], bool]) -> None:
    """Until the server has this state."""
    deadline = time.monotonic() + RESTORED_SECONDS_MAX
    while time.monotonic() < deadline:
        try:
            if holds():
                return
        except (OSError, AssertionError, TypeError):
            pass
        time.sleep(0.05)
    raise AssertionError("the restored data did not come")


@pytest.mark.proof
def test_pocketbase_opens_what_we_backed_up():
    """Collections, rules, records, passwords and files; people sign in anew."""
    try:
        with running("ours") as ours:
            made = Scene(server=ours)
            made.people("members", {"name": "tags", "type": "select", "maxSelect": 2,
                                    "values": ["a", "b"]})  # fmt: skip
            made.sign_up("members", "kept@example.com")
            [id] = made.root("GET", "…/members/records").values("id")
            made.root("PATCH", f"…/members/records/{id}", {"tags": ["b", "a"]})
            view: Json = {
                "name": "views",
                "type": "view",
                "viewQuery": "SELECT id, email FROM members",
            }
            assert made.root("POST", "…", view).status == 200
            made.root("POST", "/api/backups", {"name": "ours.zip"})
            content = fetched(made, "ours.zip").raw.body
        with running("oracle") as oracle:
            theirs = Scene(server=oracle)
            assert bring(theirs, "ours.zip", content).status == 204
            assert theirs.root("POST", "/api/backups/ours.zip/restore").status == 204
            wait_until(theirs, lambda: signed_in(theirs) != "")
            token = signed_in(theirs)
            member = theirs.ask("GET", f"…/members/records/{id}", by=token)
            assert member.has({"id": str(id), "email": "kept@example.com", "tags": ["b", "a"]})
            again = theirs.ask("POST", "…/members/auth-with-password",
                               {"identity": "kept@example.com", "password": PASSWORD})  # fmt: skip
            assert again.status == 200
            assert theirs.ask("PATCH", f"…/members/records/{id}", {"tags": ["a"]}, by=token)[
                "tags"
            ] == ["a"]
            new = theirs.ask("POST", "…/members/records", {
                "email": "new@example.com", "password": PASSWORD, "passwordConfirm": PASSWORD,
            }, by=token)  # fmt: skip
            assert new.status == 200
            assert len(theirs.ask("GET", "…/views/records", by=token).values("email")) == 2
    except ServerFailed as error:
        pytest.fail(str(error), pytrace=False)


def signed_in(scene: Scene) -> str:
    """A superuser's token of the restored data; "" while it is not there."""
    who: Json = {"identity": SUPERUSER_EMAIL, "password": SUPERUSER_PASSWORD}
    answer = scene.ask("POST", "…/_superusers/auth-with-password", who)
    found = scene.ask("GET", "…/members", by=str(answer["token"]))
    return str(answer["token"]) if found.status == 200 else ""
