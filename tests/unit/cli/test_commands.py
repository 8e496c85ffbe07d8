"""The command line as a person uses it: with and without a running server."""

from __future__ import annotations

import json
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.app.served import WAIT_S, Served, run


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A server on an empty folder."""
    server = Served(tmp_path / "data")
    yield server
    if server.process.poll() is None:
        server.stop()


def test_commands_without_a_server_open_the_store_themselves(tmp_path: Path):
    """And leave nothing locked."""
    folder = ["--dir", str(tmp_path / "data")]

    made = run("superuser", "upsert", "a@b.co", "12345678", *folder)
    again = run("superuser", "create", "a@b.co", "12345678", *folder)
    gone = run("superuser", "delete", "x@b.co", *folder)
    listed = run("superuser", "ips", "10.0.0.0/8", "--json", *folder)

    assert (made.returncode, made.stdout) == (0, 'Successfully saved superuser "a@b.co"!\n')
    assert (again.returncode, again.stdout) == (1, "")
    assert "email: Another superuser has this address." in again.stderr
    assert (gone.returncode, gone.stderr) == (0, "")
    assert json.loads(listed.stdout) == {"superuserIPs": ["10.0.0.0/8"]}


def test_a_password_can_come_from_standard_input(tmp_path: Path):
    """It stays out of the shell's history and of the process list."""
    folder = ["--dir", str(tmp_path / "data")]

    done = run("superuser", "create", "a@b.co", *folder, text="12345678\n")
    short = run("superuser", "create", "c@b.co", *folder, text="1\n")

    assert done.returncode == 0
    assert (short.returncode, "password" in short.stderr) == (1, True)


def test_commands_beside_a_server_go_through_it(served: Served):
    """One process owns the folder; the command is carried out all the same."""
    folder = ["--dir", str(served.folder)]

    made = run("superuser", "create", "a@b.co", "12345678", *folder)
    refused = run("superuser", "create", "b", "1", *folder)
    second = run("serve", "--http", "127.0.0.1:0", *folder)

    assert made.returncode == 0
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "email: " in refused.stderr, "the reason comes through the socket, too"
    assert "password: " in refused.stderr
    assert second.returncode == 1
    assert f"in use by process {served.process.pid}" in second.stderr
    code, _, log = served.stop()
    assert code == 0
    assert '"event":"command_run","command":"superuser.create"' in log
    assert "12345678" not in log


def test_the_printed_link_makes_the_first_superuser(served: Served):
    """A newcomer without a shell password: terminal, browser, done."""
    link = next(line.strip() for line in iter(served.line, "") if "token=" in line)
    path, _, token = link.removeprefix(served.url).partition("?token=")
    form = {"token": token, "email": "a@b.co", "password": "12345678"}

    assert served.ask(f"{path}?token={token}") == 200
    assert served.ask(path, form=form | {"passwordConfirm": "12345678"}) == 200
    assert served.ask(f"{path}?token={token}") == 403
    assert served.ask("/") == 200
    assert served.ask("/api/nothing") == 404

    code, out, log = served.stop()
    assert (code, out) == (0, "")
    assert token not in log


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_when_asked_and_starts_again(tmp_path: Path, by: signal.Signals):
    """G7: exit code 0, folder free, socket gone; the second start offers no link."""
    variables = {
        "YADOKARI_SUPERUSER_EMAIL": "env@example.com",
        "YADOKARI_SUPERUSER_PASSWORD": "from-the-environment",
        "SECRET_KEY": "a-key-from-outside-" + "k" * 20,
    }
    server = Served(tmp_path / "data", **variables)

    code, out, log = server.stop(by=by)

    assert code == 0
    assert "token=" not in out
    assert '"event":"superuser_made"' in log
    assert "from-the-environment" not in log + out
    assert "a-key-from-outside" not in log + out
    assert not (tmp_path / "data" / "control.sock").exists()
    assert not (tmp_path / "data" / "secret_key").exists()
    again = Served(tmp_path / "data", **variables)
    assert "superuser_made" not in again.stop()[2]


def test_a_killed_server_leaves_a_folder_that_starts(tmp_path: Path):
    """Its socket and lock file are still there; nobody has to remove them."""
    server = Served(tmp_path / "data")
    server.stop(by=signal.SIGKILL)
    assert (tmp_path / "data" / "control.sock").exists()

    done = run("superuser", "create", "a@b.co", "12345678", "--dir", str(tmp_path / "data"))

    assert done.returncode == 0
    assert Served(tmp_path / "data").stop()[0] == 0


def test_files_are_for_their_owner_only(served: Served):
    """The folder holds hashes, keys and everybody's data."""
    open_to_others = [path.name for path in served.folder.iterdir() if path.stat().st_mode & 0o077]

    assert open_to_others == []


@pytest.mark.parametrize(
    ("arguments", "variables", "code", "said"),
    [
        (["serve", "--workers", "2"], {}, 1, "SQLite lets one process write"),
        (["serve"], {"DATABASE_URL": "mysql://u:secret@h/d"}, 1, "not supported by this version"),
        (["serve"], {"SECRET_KEY": "too-short-secret"}, 1, "at least 32"),
        (["serve", "--http", "nonsense"], {}, 1, "address:port"),
        (["serve", "--nonsense"], {}, 2, "No such option"),
        (["nonsense"], {}, 2, "No such command"),
        (["superuser", "create"], {}, 2, "Missing argument"),
    ],
)
def test_a_wrong_call_says_what_to_do(
    tmp_path: Path, arguments: list[str], variables: dict[str, str], code: int, said: str
):
    """Exit codes as documented; secrets are not repeated; no traceback."""
    variables = {"YADOKARI_DIR": str(tmp_path / "data")} | variables

    done = run(*arguments, **variables)

    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr
    assert "secret@" not in done.stderr
    assert "too-short-secret" not in done.stderr
    assert "Traceback" not in done.stderr


def test_flags_of_pocketbase_are_understood(tmp_path: Path):
    """Scripts written for it keep working."""
    done = run("serve", "--indexFallback=false", "--queryTimeout=0", "--dir", str(tmp_path / "d"))

    assert "--query-timeout is '0'" in done.stderr


def test_a_client_that_never_ends_does_not_hold_the_server(tmp_path: Path):
    """G7: running requests get their time, and not more."""
    server = Served(tmp_path / "data", YADOKARI_STOP_TIMEOUT="1")
    host, _, port = server.url.removeprefix("http://").partition(":")
    head = "POST /_/install HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"
    with socket.create_connection((host, int(port)), timeout=WAIT_S) as stuck:
        stuck.sendall(head.encode() + b"half")
        assert server.ask("/_/") == 200

        code, _, log = server.stop()

    assert code == 0
    assert '"event":"stopped"' in log
    assert "Traceback" not in log


def test_a_request_that_is_running_is_answered_before_the_end(tmp_path: Path):
    """G7: who was let in is served."""
    server = Served(tmp_path / "data")
    host, _, port = server.url.removeprefix("http://").partition(":")
    head = "POST /_/install HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n"
    with socket.create_connection((host, int(port)), timeout=WAIT_S) as slow:
        slow.sendall(head.encode() + b"toke")
        assert server.ask("/_/") == 200
        server.process.send_signal(signal.SIGTERM)
        assert server.process.stderr is not None
        while '"event":"stopping"' not in (line := server.process.stderr.readline()):
            assert line
        slow.sendall(b"n")

        answer = slow.recv(4_096)

    assert answer.startswith(b"HTTP/1.1 403")
    server.process.communicate(timeout=WAIT_S)
    assert server.process.returncode == 0


def test_a_code_at_the_terminal_needs_one_time_passwords_to_be_on(tmp_path: Path):
    """Superusers have none at first."""
    folder = ("--dir", str(tmp_path / "data"))
    run("superuser", "create", "a@b.co", "12345678", *folder)

    off = run("superuser", "otp", "a@b.co", *folder)

    assert (off.returncode, off.stdout) == (1, "")
    assert "One-time passwords are off" in off.stderr


def test_orphans_are_listed_and_removed_only_when_told(tmp_path: Path):
    """The count goes to standard error: the list can be piped."""
    folder = ["--dir", str(tmp_path / "data")]
    run("superuser", "upsert", "a@b.co", "12345678", *folder)
    left = tmp_path / "data" / "storage" / "_pb_users_auth_" / "r" / "a.txt"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"x")
    os.utime(left, (0, 0))

    listed = run("files", "orphans", *folder)
    there = left.exists()
    removed = run("files", "orphans", "--remove", "--json", *folder)

    key = "_pb_users_auth_/r/a.txt"
    assert (listed.returncode, listed.stdout, there) == (0, f"{key}\n", True)
    assert json.loads(removed.stdout) == {"count": 1, "removed": True, "keys": [key]}
    assert not left.exists()
