"""Two servers of one contract: PocketBase (the oracle) and Yadokari, started the same way.

O1  Both are driven over HTTP only; nothing of our own code is imported here.
O2  Each server owns a temporary folder and a free port, and is gone when its context ends.
O3  Both have the same first superuser and batches switched on.

`YADOKARI_ORACLE_OURS=oracle` starts a second PocketBase in place of Yadokari, which proves that the
comparers are quiet when the servers are equal.

Not here: HTTP itself (tests/oracle/client.py), what is asked (measure_*, differential).
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests.oracle.client import Client

Kind = Literal["oracle", "ours"]

SUPERUSER_EMAIL = "root@example.com"
SUPERUSER_PASSWORD = "root-password-1"
START_SECONDS_MAX = 20.0  # A cold PocketBase migrates for about a second; CI machines are slow.
STOP_SECONDS_MAX = 10.0
PORT_TRIES_MAX = 3  # Between choosing a free port and binding it someone may take it.


class ServerMissing(Exception):
    """The program to start is not installed; the text says which and what to run."""


class ServerFailed(Exception):
    """The server did not come up; the text ends with what it printed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running server: its address, a client, and the token of its superuser."""

    kind: Kind
    port: int
    directory: Path
    client: Client
    token: str

    @property
    def url(self) -> str:
        """Address without a trailing slash."""
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def running(
    kind: Kind,
    *,
    batch: bool = True,
    data: Path | None = None,
    options: tuple[str, ...] = (),
    **variables: str,
) -> Iterator[Server]:
    """Start a server in a fresh folder, stop it at the end.

    Args:
        kind: `oracle` is PocketBase, `ours` is Yadokari (or as YADOKARI_ORACLE_OURS says).
        batch: Switch batches on, which both servers have off by default.
        data: A data folder to begin with; a copy of it is used, and it has the superuser already.
        options: More options of its command line.
        variables: More variables for its process.

    Raises:
        ServerMissing: the program is not installed.
        ServerFailed: it did not answer in time.
    """
    directory = Path(tempfile.mkdtemp(prefix=f"yadokari-{kind}-"))
    process: subprocess.Popen[bytes] | None = None
    try:
        if data is not None:
            shutil.copytree(data, directory / "data")
        launch = _Launch(directory, options, {**os.environ, **variables})
        process, port = _start(kind, launch, is_new=data is None)
        client = Client(port=port)
        yield _prepared(kind, port=port, directory=directory, client=client, batch=batch)
        client.close()
    finally:
        if process is not None:
            _stop(process)
        shutil.rmtree(directory, ignore_errors=True)


def program(kind: Kind) -> Path:
    """Path of the server's command beside the running Python.

    Raises:
        ServerMissing: it is not there; `make setup` installs both.
    """
    name = "pocketbase" if _is_pocketbase(kind) else "yadokari"
    path = Path(sys.executable).parent / name
    if not path.exists():
        raise ServerMissing(f"{name} is not installed beside {sys.executable}; run `make setup`")
    return path


def free_port() -> int:
    """A TCP port of the loopback address that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_pocketbase(kind: Kind) -> bool:
    return kind == "oracle" or os.environ.get("YADOKARI_ORACLE_OURS") == "oracle"


@dataclass(frozen=True, slots=True)
class _Launch:
    """Where and with what a server is started."""

    directory: Path
    options: tuple[str, ...]
    variables: Mapping[str, str]


def _start(kind: Kind, launch: _Launch, *, is_new: bool) -> tuple[subprocess.Popen[bytes], int]:
    command, directory = program(kind), launch.directory
    if _is_pocketbase(kind) and is_new:
        at = ("--dir", str(directory / "data"))
        subprocess.run(
            [
                *(command, "superuser", "upsert", SUPERUSER_EMAIL, SUPERUSER_PASSWORD, *at),
                *launch.options,
            ],
            check=True,
            capture_output=True,
            env=launch.variables,
            timeout=START_SECONDS_MAX,
        )
    failure = ""
    for _ in range(PORT_TRIES_MAX):
        port = free_port()
        process = _spawn(command, launch, port=port)
        if _is_up(process, port):
            return process, port
        hangs = process.poll() is None
        _stop(process)
        failure = _output(directory)
        if hangs:  # It has its port, so another one would not help.
            break
    raise ServerFailed(f"{command.name} did not answer on /api/health:\n{failure}")


def _spawn(command: Path, launch: _Launch, *, port: int) -> subprocess.Popen[bytes]:
    directory = launch.directory
    environment = {k: v for k, v in launch.variables.items() if not k.startswith("YADOKARI_")}
    environment["YADOKARI_SUPERUSER_EMAIL"] = SUPERUSER_EMAIL
    environment["YADOKARI_SUPERUSER_PASSWORD"] = SUPERUSER_PASSWORD
    with (directory / "output.log").open("wb") as output:
        return subprocess.Popen(
            [
                *(command, "serve", "--http", f"127.0.0.1:{port}"),
                *("--dir", str(directory / "data"), *launch.options),
            ],
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env=environment,
            cwd=directory,
        )


def _is_up(process: subprocess.Popen[bytes], port: int) -> bool:
    client = Client(port=port)
    deadline = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if client.send("GET", "/api/health").status == 200:
                return True
        except OSError:
            time.sleep(0.02)
        finally:
            client.close()
    return False


def _prepared(kind: Kind, *, port: int, directory: Path, client: Client, batch: bool) -> Server:
    answer = client.send(
        "POST",
        "/api/collections/_superusers/auth-with-password",
        json={"identity": SUPERUSER_EMAIL, "password": SUPERUSER_PASSWORD},
    )
    body = answer.json()
    token = body.get("token") if isinstance(body, dict) else None
    if answer.status != 200 or not isinstance(token, str):
        raise ServerFailed(f"no superuser on {kind}: {answer.text}\n{_output(directory)}")
    if batch:
        client.send("PATCH", "/api/settings", token=token, json={"batch": {"enabled": True}})
    if _is_pocketbase(kind):  # Request logs cost a write each and nobody reads them here.
        client.send("PATCH", "/api/settings", token=token, json={"logs": {"maxDays": 0}})
    return Server(kind=kind, port=port, directory=directory, client=client, token=token)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=STOP_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _output(directory: Path) -> str:
    path = directory / "output.log"
    return path.read_text(errors="replace")[-4_000:] if path.exists() else ""
