"""`yadokari migrate` beside a running server and without one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.unit.cli.test_commands import Served, run


def folders(tmp_path: Path) -> list[str]:
    """Options of a call on an empty place."""
    return ["--dir", str(tmp_path / "data"), "--migrations-dir", str(tmp_path / "migrations")]


def test_an_empty_migration_is_written_and_applied(tmp_path: Path):
    """Each command does what it says and nothing else: create does not apply."""
    written = run("migrate", "create", "add_notes", "--json", *folders(tmp_path))
    applied = run("migrate", "up", "--json", *folders(tmp_path))
    again = run("migrate", "up", *folders(tmp_path))

    assert written.returncode == 0, written.stderr
    file = Path(json.loads(written.stdout)["file"])
    assert file.parent == tmp_path / "migrations"
    assert json.loads(applied.stdout)["applied"] == [file.name]
    assert again.stdout == "There was nothing to apply.\n"


def test_reverting_asks_first(tmp_path: Path):
    """Data may be lost, so no is the answer to silence."""
    run("migrate", "create", "add_notes", *folders(tmp_path))
    run("migrate", "up", *folders(tmp_path))

    refused = run("migrate", "down", *folders(tmp_path), text="n\n")
    done = run("migrate", "down", "--yes", "--json", *folders(tmp_path))

    assert refused.returncode == 1
    assert len(json.loads(done.stdout)["reverted"]) == 1


def test_a_command_of_another_kind_applies_nothing(tmp_path: Path):
    """Making a superuser must not change the schema."""
    run("migrate", "create", "add_notes", *folders(tmp_path))

    run("superuser", "create", "a@b.co", "12345678", "--dir", str(tmp_path / "data"))

    assert (
        len(json.loads(run("migrate", "up", "--json", *folders(tmp_path)).stdout)["applied"]) == 1
    )


def test_a_server_applies_what_is_pending_and_takes_commands(tmp_path: Path):
    """A new version is put in place by starting it."""
    run("migrate", "create", "add_notes", *folders(tmp_path))
    server = Served(tmp_path / "data", YADOKARI_MIGRATIONS_DIR=str(tmp_path / "migrations"))

    applied = run("migrate", *folders(tmp_path))
    snapshot = run("migrate", "collections", "--json", *folders(tmp_path))
    synced = run("migrate", "history-sync", *folders(tmp_path))

    assert server.stop()[0] == 0
    assert applied.stdout == "There was nothing to apply.\n"
    assert Path(json.loads(snapshot.stdout)["file"]).is_file()
    assert synced.stdout == "Every entry has its file.\n"


def test_help_names_every_command():
    """What cannot be found is not there."""
    said = subprocess.run(
        [sys.executable, "-m", "yadokari.cli.main", "migrate", "--help"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    for name in ("up", "down", "create", "collections", "history-sync"):
        assert f"\n  {name} " in said
