"""Imports of folders that are odd, damaged, encrypted or not to be had."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import time
from pathlib import Path

import pytest

from tests.oracle.client import Json
from tests.oracle.moved import run_import
from tests.oracle.server import SUPERUSER_EMAIL, SUPERUSER_PASSWORD, Server, program, running

KEY = "k" * 32
SUPERUSERS = ("superuser", "upsert", SUPERUSER_EMAIL, SUPERUSER_PASSWORD)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder as PocketBase leaves it after its first superuser."""
    folder = tmp_path_factory.mktemp("original") / "pb_data"
    _pocketbase(*SUPERUSERS, "--dir", str(folder))
    return folder


@pytest.fixture
def pb_data(original: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    shutil.copytree(original, tmp_path / "app" / "pb_data")
    return tmp_path / "app" / "pb_data"


def test_what_cannot_be_carried_is_named(pb_data: Path, tmp_path: Path):
    """Nothing is dropped in silence."""
    _sql(
        pb_data,
        "CREATE TABLE ledger (a)",
        "INSERT INTO ledger VALUES (1), (2)",
        "CREATE VIEW ledger_view AS SELECT a FROM ledger",
        "CREATE INDEX by_hand ON users (name)",
        "ALTER TABLE users ADD COLUMN handmade TEXT DEFAULT ''",
        "INSERT INTO _mfas (id, collectionRef, recordRef, method) VALUES ('m1', 'c', 'r', 'otp')",
        "INSERT INTO _params (id, value) VALUES ('other', '1')",
        "INSERT INTO users (id, email, tokenKey, password, avatar)"
        " VALUES ('aaaaaaaaaaaaaa1', 'a@b.co', 'key-1', 'hash', 'gone.png')",
        "CREATE TRIGGER users_log AFTER INSERT ON users BEGIN DELETE FROM ledger; END",
    )
    for name in (
        "backups/one.zip", "storage/_pb_users_auth_/aaaaaaaaaaaaaa1/orphan.txt",
        "storage/_pb_users_auth_/aaaaaaaaaaaaaa1/thumbs_gone.png/10x10_gone.png",
        "storage/pbc_gone/r/f.txt", "notes.txt", "../pb_hooks/main.pb.js",
        "../pb_migrations/17_made.js",
    ):  # fmt: skip
        path = pb_data / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")

    report = json.loads(run_import(pb_data, tmp_path / "data", "--json").stdout)

    found = {(one["sort"], name) for one in report["findings"] for name in one["names"]}
    assert found >= {
        ("left out", "ledger (2 rows)"), ("left out", "ledger_view"),
        ("left out", "users_log on users"), ("left out", "by_hand on users"),
        ("left out", "users.handmade"), ("left out", "_mfas"), ("left out", "other"),
        ("left out", "backups/one.zip"), ("left out", "notes.txt"),
        ("left out", "_pb_users_auth_/aaaaaaaaaaaaaa1/orphan.txt"),
        ("left out", "_pb_users_auth_/aaaaaaaaaaaaaa1/thumbs_gone.png/10x10_gone.png"),
        ("left out", "storage/pbc_gone"), ("left out", "pb_hooks/main.pb.js"),
        ("left out", "pb_migrations/17_made.js"),
        ("look at", "_pb_users_auth_/aaaaaaaaaaaaaa1/gone.png"),
    }  # fmt: skip
    assert any(name.startswith("auxiliary.db") for _, name in found)


def test_many_rows_come_in_their_order_and_odd_values_as_pocketbase_shows_them(
    pb_data: Path, tmp_path: Path
):
    """Several batches, gaps in the row numbers, and values that plain SQL put there."""
    _sql(
        pb_data,
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1700)"
        " INSERT INTO users (rowid, id, email, tokenKey, name, created)"
        " SELECT i * 7 - 9000, printf('%015d', 5000 - i), 'e' || i, 'key' || i, 'n' || i,"
        " '2024-01-01 00:00:00.000Z' FROM n",
        "UPDATE users SET created = '2024-02-03' WHERE email = 'e5'",
        "UPDATE users SET name = CAST(x'61FF62' AS TEXT) WHERE email = 'e900'",
    )

    report = json.loads(run_import(pb_data, tmp_path / "data", "--json").stdout)

    page = "/api/collections/users/records?perPage=1000&sort=@rowid&skipTotal=1"
    pages: list[list[Json]] = []
    for kind, folder in (("oracle", pb_data), ("ours", tmp_path / "data")):
        with running(kind, data=folder) as server:  # type: ignore[arg-type]
            pages.append([_items(server, f"{page}&page={number}") for number in (1, 2)])
    assert pages[0] == pages[1]
    changed = {
        name for one in report["findings"] if one["sort"] == "changed" for name in one["names"]
    }
    assert changed == {"users/000000000004995: created", "users/000000000004100"}


def test_encrypted_settings_open_with_their_key_and_are_sealed_again(tmp_path: Path):
    """And without it nothing is made."""
    source, target = tmp_path / "pb_data", tmp_path / "data"
    with running("oracle", options=("--encryptionEnv", "PB_KEY"), PB_KEY=KEY) as server:
        change: dict[str, Json] = {"smtp": {"password": "smtp-secret-1"}}
        server.client.send("PATCH", "/api/settings", token=server.token, json=change)
        shutil.copytree(server.directory / "data", source)
    variables = {"PB_KEY": KEY, "WRONG": "w" * 32}

    for more in ((), ("--encryptionEnv", "WRONG"), ("--encryptionEnv", "UNSET")):
        refused = _import(source, target, *more, **variables)
        assert refused.returncode == 1, refused.stdout
        assert not target.exists()
    done = _import(source, target, "--encryptionEnv", "PB_KEY", **variables)

    assert done.returncode == 0, done.stderr
    [[kept]] = _rows(target, 'SELECT value FROM "$settings"')
    sealed = json.loads(str(kept))["smtp"]["password"]
    assert sealed.startswith("sealed.v1.")
    assert b"smtp-secret-1" not in (target / "data.db").read_bytes()


def test_a_failed_import_leaves_the_target_as_it_was(pb_data: Path, tmp_path: Path):
    """Missing stays missing, empty stays empty, and the reason is told."""
    _sql(pb_data, "UPDATE _collections SET fields = '[' WHERE name = 'users'")
    missing, empty = tmp_path / "missing", tmp_path / "empty"
    empty.mkdir()

    answers = [_import(pb_data, target) for target in (missing, empty)]

    assert [answer.returncode for answer in answers] == [1, 1]
    assert "'users' cannot be read" in answers[0].stderr
    assert not missing.exists()
    assert list(empty.iterdir()) == []


def test_a_store_that_refuses_a_record_undoes_everything(pb_data: Path, tmp_path: Path):
    """Half of the records would be worse than none."""
    _sql(
        pb_data,
        "DROP INDEX idx_email__pb_users_auth_",
        *(
            f"INSERT INTO users (id, email, tokenKey) VALUES ('{one}', 'a@b.co', '{one}')"
            for one in ("aaaaaaaaaaaaaa1", "aaaaaaaaaaaaaa2")
        ),
    )

    refused = _import(pb_data, tmp_path / "data")

    assert refused.returncode == 1
    assert "A record of users cannot be stored" in refused.stderr
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_an_interrupted_import_leaves_nothing(pb_data: Path, tmp_path: Path, by: signal.Signals):
    """Whoever stops it may begin again."""
    _sql(
        pb_data,
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000)"
        " INSERT INTO users (id, email, tokenKey) SELECT printf('%015d', i), 'e' || i, i FROM n",
    )
    target = tmp_path / "data"
    process = subprocess.Popen(
        [program("ours"), "import", "pocketbase", pb_data, "--dir", target],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 30
    while not (target / ".importing" / "data.db-wal").exists() and time.monotonic() < deadline:
        time.sleep(0.01)

    process.send_signal(by)

    assert process.wait(timeout=30) != 0
    assert not target.exists()


def test_only_an_empty_folder_is_filled(pb_data: Path, tmp_path: Path):
    """Data that is there stays; what an interrupted import left does not count as data."""
    target = tmp_path / "data"
    (target / ".importing" / "storage").mkdir(parents=True)
    (target / ".importing" / "data.db").write_text("half")

    first, second = _import(pb_data, target), _import(pb_data, target)

    assert first.returncode == 0, first.stderr
    assert second.returncode == 1
    assert "is not empty" in second.stderr
    assert sorted(path.name for path in target.iterdir()) == ["data.db", "lock", "secret_key"]


def test_the_target_may_not_lie_in_the_source(pb_data: Path):
    """It would be written to."""
    refused = _import(pb_data, pb_data / "new")

    assert refused.returncode == 1
    assert not (pb_data / "new").exists()


def test_a_folder_in_use_is_refused(tmp_path: Path):
    """What PocketBase writes meanwhile would be lost, or read by half."""
    with running("oracle") as server:
        refused = _import(server.directory / "data", tmp_path / "data")

    assert refused.returncode == 1
    assert "in use by process" in refused.stderr


@pytest.mark.parametrize(
    ("statements", "told"),
    [
        (("CREATE TABLE other (a)",), "is it a data folder of PocketBase"),
        (
            ("CREATE TABLE _collections (id, schema)", "CREATE TABLE _params (id, value)"),
            "before 0.23",
        ),
    ],
)
def test_other_folders_are_refused_with_the_next_step(
    tmp_path: Path, statements: tuple[str, ...], told: str
):
    """A reader learns what to do."""
    source = tmp_path / "pb_data"
    source.mkdir()
    _sql(source, *statements)

    refused = _import(source, tmp_path / "data")

    assert refused.returncode == 1
    assert told in refused.stderr


def _pocketbase(*arguments: str) -> None:
    subprocess.run([program("oracle"), *arguments], check=True, capture_output=True, timeout=30)


def _import(
    source: Path, target: Path, *more: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    command = [program("ours"), "import", "pocketbase", source, "--dir", target, *more]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, **variables},
    )


def _sql(folder: Path, *statements: str) -> None:
    connection = sqlite3.connect(folder / "data.db")
    try:
        with connection:
            for statement in statements:
                connection.execute(statement)
    finally:
        connection.close()


def _rows(folder: Path, statement: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(folder / "data.db")
    try:
        return connection.execute(statement).fetchall()
    finally:
        connection.close()


def _items(server: Server, path: str) -> Json:
    told = server.client.send("GET", path, token=server.token).json()
    assert isinstance(told, dict)
    return told["items"]
