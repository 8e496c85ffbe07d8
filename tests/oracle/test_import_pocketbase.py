"""What was imported answers as PocketBase does over the same data."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.oracle.ask import CALLERS, Answers, Pair, Request
from tests.oracle.client import Answer, Client, Json
from tests.oracle.compare import difference, is_unordered
from tests.oracle.deck import Deck
from tests.oracle.deviations import deviation_of
from tests.oracle.generate_auth import PASSWORD
from tests.oracle.generate_requests import Requests
from tests.oracle.moved import Filled, both, run_import
from tests.oracle.server import SUPERUSER_EMAIL, SUPERUSER_PASSWORD, Server, running

REQUESTS = 400


@dataclass(frozen=True, slots=True)
class Moved:
    """Both servers over the same data."""

    filled: Filled
    pb_data: Path
    ours: Server


@pytest.fixture(scope="module")
def moved(tmp_path_factory: pytest.TempPathFactory, seed: int) -> Iterator[Moved]:
    """One import for all tests that only read."""
    with both(tmp_path_factory.mktemp("moved"), seed=seed) as (filled, pb_data, ours):
        yield Moved(filled, pb_data, ours)


@pytest.fixture(scope="module")
def pair(moved: Moved) -> Iterator[Pair]:
    """Asks both with the very tokens that PocketBase issued before the import."""
    pair = Pair(oracle=moved.filled.server, ours=moved.ours)
    for caller in CALLERS:
        token = moved.filled.tokens.get(caller)
        if token is not None:
            pair.sign_in(caller, oracle=token, ours=token)
    yield pair
    pair.close()


def test_generated_reads_are_answered_equally(moved: Moved, pair: Pair):
    """Lists, views, expands and filters of every kind, as every caller, over the same records."""
    drawn = Requests(moved.filled.world, Deck())
    seen: Counter[int] = Counter()
    apart: list[str] = []

    while seen.total() < REQUESTS:
        request = drawn.draw()
        if request.writes or request.method != "GET":
            continue
        answers = pair.ask(request)
        seen[answers.oracle.status] += 1
        if not _is_equal(request, answers) and deviation_of(request, answers) is None:
            apart.append(f"{request.line}\n  {answers.oracle.text}\n  {answers.ours.text}")

    assert apart == []
    assert seen[200] > REQUESTS // 4


@pytest.mark.parametrize(
    "path",
    [
        "/api/collections?perPage=200&sort=@rowid",
        "/api/collections/kit/records?perPage=200&sort=@rowid",
        "/api/collections/people/records?perPage=200&sort=@rowid",
        "/api/collections/vista/records?perPage=200&sort=id",
        "/api/collections/album/records?perPage=200&sort=@rowid",
        "/api/collections/_superusers/records?perPage=200&sort=@rowid",
        "/api/collections/_externalAuths/records?perPage=200&sort=@rowid",
        "/api/collections/_authOrigins/records?sort=@rowid&fields=id,recordRef,fingerprint,created",
        "/api/settings",
    ],
)
def test_what_a_superuser_sees_is_the_same_to_the_letter(pair: Pair, path: str):
    """Ids, times, order of creation, rules, options, links to other accounts, settings."""
    answers = pair.ask(Request(area="state", caller="root", method="GET", path=path))

    assert answers.ours.json() == answers.oracle.json()
    assert answers.oracle.status == 200
    if "records" in path:
        assert answers.oracle.json()["items"]  # type: ignore[index, call-overload]


def test_files_are_downloaded_alike(moved: Moved):
    """Bytes, types and disposition; a protected one with the other server's token as well."""
    listed = moved.filled.root("GET", "/api/collections/album/records?sort=@rowid").json()
    assert isinstance(listed, dict)
    token = _file_token(moved.filled.server, by=moved.filled.tokens["root"])
    compared = 0

    for item in listed["items"]:  # type: ignore[union-attr]
        for name in [item["cover"], *item["pages"], item["hidden"]]:  # type: ignore[index, misc, list-item]
            path = f"/api/files/album/{item['id']}/{name}?token={token}"  # type: ignore[index, call-overload]
            there, here = _both_get(moved, path)
            assert there.status == 200
            assert (here.status, here.body) == (200, there.body)
            for header in ("content-type", "content-disposition", "content-length"):
                assert here.headers.get(header) == there.headers.get(header), (path, header)
            compared += 1

    assert compared == 12


def test_tokens_of_either_server_are_good_on_the_other(moved: Moved, tmp_path: Path):
    """Nobody is signed out by the move, and nobody by moving back after a restart."""
    refresh = "/api/collections/people/auth-refresh"
    known = moved.filled.tokens["user"]
    here = moved.ours.client.send("POST", refresh, token=known)
    assert here.status == 200
    ours = str(here.json()["token"])  # type: ignore[index, call-overload]

    with running("oracle", data=moved.pb_data) as again:
        assert again.client.send("POST", refresh, token=ours).status == 200
        assert again.client.send("POST", refresh, token=known).status == 200


def test_passwords_and_superusers_still_sign_in(moved: Moved):
    """Hashes are carried as they are."""
    for collection, identity, password in (
        ("people", "other@example.com", PASSWORD),
        ("_superusers", SUPERUSER_EMAIL, SUPERUSER_PASSWORD),
    ):
        path = f"/api/collections/{collection}/auth-with-password"
        answers = [
            server.client.send("POST", path, json={"identity": identity, "password": password})
            for server in (moved.filled.server, moved.ours)
        ]
        assert [answer.status for answer in answers] == [200, 200], collection


def test_the_source_is_only_read(moved: Moved, tmp_path: Path):
    """Bytes, times and names are as before, also of a folder with a write-ahead log."""
    before = _snapshot(moved.pb_data)
    assert (moved.pb_data / "data.db-wal").stat().st_size > 0

    done = run_import(moved.pb_data, tmp_path / "data", "--json")

    assert _snapshot(moved.pb_data) == before
    report = json.loads(done.stdout)
    assert report["compared"] is True
    kit = next(item for item in report["collections"] if item["name"] == "kit")
    assert kit["records"] == len(moved.filled.world.shapes["kit"].ids)
    assert len(kit["digest"]) == 64


def test_a_dry_run_reports_the_same_and_writes_nothing(moved: Moved, tmp_path: Path):
    """An operator looks first."""
    target = tmp_path / "data"

    dry = json.loads(run_import(moved.pb_data, target, "--dry-run", "--json").stdout)
    wet = json.loads(run_import(moved.pb_data, tmp_path / "real", "--json").stdout)

    assert not target.exists()
    assert dry["findings"] == wet["findings"]
    assert [item["records"] for item in dry["collections"]] == [
        item["records"] for item in wet["collections"]
    ]


def _is_equal(request: Request, answers: Answers) -> bool:
    """Equal to the letter where there is an answer, as the oracle's comparer has it otherwise."""
    if answers.oracle.status != 200 or answers.ours.status != 200:
        return difference(request, answers) is None
    bodies = [answer.json() for answer in (answers.oracle, answers.ours)]
    if is_unordered(request):
        return difference(request, answers) is None
    return bodies[0] == bodies[1]


def _both_get(moved: Moved, path: str) -> tuple[Answer, Answer]:
    clients = [Client(port=server.port) for server in (moved.filled.server, moved.ours)]
    try:
        there, here = (client.send("GET", path) for client in clients)
    finally:
        for client in clients:
            client.close()
    return there, here


def _file_token(server: Server, *, by: str) -> str:
    told: Json = server.client.send("POST", "/api/files/token", token=by).json()
    assert isinstance(told, dict)
    return str(told["token"])


def _snapshot(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    return {
        path.relative_to(folder).as_posix(): (
            path.stat().st_mtime_ns,
            path.stat().st_mode,
            path.read_bytes() if path.is_file() else b"",
        )
        for path in sorted(folder.rglob("*"))
    }
