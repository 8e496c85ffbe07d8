"""`yadokari backup` beside a running server and without one."""

from __future__ import annotations

import json
import time
import zipfile
from pathlib import Path

from tests.unit.cli.test_commands import Served, run

RESTART_SECONDS_MAX = 20.0


def at(tmp_path: Path) -> list[str]:
    """Options of a call on one folder."""
    return ["--dir", str(tmp_path / "data")]


def emails(tmp_path: Path) -> bytes:
    """Everything in the database file, for a look at who is in it."""
    folder = tmp_path / "data"
    return b"".join(path.read_bytes() for path in folder.glob("data.db*"))


def test_a_backup_is_made_listed_verified_and_restored(tmp_path: Path):
    """Without a server, as a cron job of the machine would do it."""
    run("superuser", "create", "then@example.com", "secret-12345", *at(tmp_path))
    made = run("backup", "create", "a.zip", *at(tmp_path))
    listed = run("backup", "list", "--json", *at(tmp_path))
    drill = run("backup", "verify", "a.zip", *at(tmp_path))
    run("superuser", "create", "later@example.com", "secret-12345", *at(tmp_path))
    asked = run("backup", "restore", "a.zip", *at(tmp_path), text="n\n")
    still_there = b"later@example.com" in emails(tmp_path)
    restored = run("backup", "restore", "--yes", "a.zip", *at(tmp_path))

    assert made.stdout == "Made a.zip\n", made.stderr
    assert [one["key"] for one in json.loads(listed.stdout)] == ["a.zip"]
    assert drill.stdout.startswith("a.zip of ")
    assert (asked.returncode, still_there) == (1, True)
    assert restored.stdout.startswith("Restored a.zip of "), restored.stderr
    assert b"then@example.com" in emails(tmp_path)
    assert b"later@example.com" not in emails(tmp_path)
    kept = run("superuser", "update", "then@example.com", "x-secret-1", *at(tmp_path))
    assert kept.returncode == 0, kept.stderr


def test_a_damaged_backup_fails_the_drill(tmp_path: Path):
    """An exit code that a script can look at."""
    run("backup", "create", "a.zip", *at(tmp_path))
    (tmp_path / "data" / "backups" / "b.zip").write_bytes(b"PK\x03\x04 and nothing else")

    drill = run("backup", "verify", "b.zip", *at(tmp_path))
    restored = run("backup", "restore", "--yes", "b.zip", *at(tmp_path))

    assert drill.returncode == 1
    assert drill.stderr.startswith("b.zip cannot be restored: ")
    assert restored.returncode == 1


def test_a_running_server_restarts_on_the_restored_data(tmp_path: Path):
    """Same process, same port: whoever watches it sees nothing end."""
    server = Served(tmp_path / "data")
    run("superuser", "create", "then@example.com", "secret-12345", *at(tmp_path))
    run("backup", "create", "a.zip", *at(tmp_path))
    run("superuser", "create", "later@example.com", "secret-12345", *at(tmp_path))

    restored = run("backup", "restore", "--yes", "a.zip", *at(tmp_path))
    wait_for_absence(tmp_path / "data" / ".restore")
    gone = run("superuser", "update", "later@example.com", "secret-54321", *at(tmp_path))
    kept = run("superuser", "update", "then@example.com", "secret-54321", *at(tmp_path))
    answered = server.ask("/api/health")
    owner = (tmp_path / "data" / "lock").read_text().strip()

    assert restored.returncode == 0, restored.stderr
    assert (gone.returncode, kept.returncode) == (1, 0), kept.stderr
    assert answered == 200
    assert owner == str(server.process.pid)
    assert server.stop()[0] == 0


def wait_for_absence(path: Path) -> None:
    """Until a folder is gone."""
    deadline = time.monotonic() + RESTART_SECONDS_MAX
    while path.exists() and time.monotonic() < deadline:
        time.sleep(0.02)


def test_restored_data_that_cannot_be_opened_gives_way_to_the_data_before(tmp_path: Path):
    """G11: a backup of elsewhere without its key is whole, and yet of no use here."""
    elsewhere, here = tmp_path / "elsewhere", tmp_path / "data"
    run("superuser", "create", "far@example.com", "secret-12345", "--dir", str(elsewhere))
    run("backup", "create", "a.zip", "--dir", str(elsewhere))
    run("superuser", "create", "near@example.com", "secret-12345", *at(tmp_path))
    (here / "backups").mkdir()
    with (
        zipfile.ZipFile(elsewhere / "backups" / "a.zip") as source,
        zipfile.ZipFile(here / "backups" / "a.zip", "w") as target,
    ):
        for name in source.namelist():
            if name != "secret_key":
                target.writestr(name, source.read(name))
    server = Served(here)

    restored = run("backup", "restore", "--yes", "a.zip", *at(tmp_path))
    wait_for_absence(here / ".restore")
    kept = run("superuser", "update", "near@example.com", "secret-54321", *at(tmp_path))
    code, _, said = server.stop()

    assert restored.returncode == 0, restored.stderr
    assert kept.returncode == 0, kept.stderr
    assert code == 0
    assert "restore_undone" in said
