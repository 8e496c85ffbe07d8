"""A real server under attack: how to start it, talk to it in raw bytes, and watch its health.

The watcher is a client like any other: while something hostile goes on it asks for the server's
health all the time, and reads how much memory the process holds.
"""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import apsw
import httpx
from typing_extensions import override

COMMAND = Path(sys.executable).parent / "yadokari"
START_S = 20
ANSWER_S = 30
ADMIN, PASSWORD = "admin@example.com", "long-enough-1"
ROWS = 100_000
MIB = 1024 * 1024
QUICK_S = 2.0
"""Longest answer to anybody else meanwhile: a loaded machine is slow, an outage is slower."""
SPY_EVERY_S = 0.02
LEAKS = re.compile(r"Traceback|\.py\b|SELECT |sqlite|apsw|Exception\b", re.IGNORECASE)


class Hostile:
    """One running server and what a superuser may do with it."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, folder: Path) -> None:
        self.process, self.port, self.folder = process, port, folder
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=ANSWER_S)
        path = "/api/collections/_superusers/auth-with-password"
        answer = self.http.post(path, json={"identity": ADMIN, "password": PASSWORD})
        self.token = str(answer.json()["token"])
        self.http.headers["Authorization"] = self.token

    def memory_bytes(self) -> int:
        """Resident memory of the process."""
        pages = Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def connect(self) -> socket.socket:
        """A bare connection."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=ANSWER_S)

    def say(self, *pieces: bytes) -> bytes:
        """All the server says to these bytes, until it hangs up or says nothing more."""
        with self.connect() as talking:
            with contextlib.suppress(OSError):  # It may hang up before we are done.
                for piece in pieces:
                    talking.sendall(piece)
                talking.shutdown(socket.SHUT_WR)
            return heard(talking)

    def make(self, **collection: object) -> None:
        """Make a collection."""
        body = {"type": "base", "listRule": "", "viewRule": "", "createRule": "", **collection}
        answer = self.http.post("/api/collections", json=body)
        assert answer.status_code == 200, answer.text

    @contextlib.contextmanager
    def watched(self, *, growth_bytes_max: int, quick_s: float = QUICK_S) -> Iterator[None]:
        """Others are answered quickly during this block, and memory grows no further than that."""
        before, watcher = self.memory_bytes(), _Watcher(self)
        watcher.start()
        try:
            yield
        finally:
            watcher.stop.set()
            watcher.join()
        assert watcher.wrong == []
        assert watcher.asked > 0
        assert watcher.slowest_s <= quick_s
        grown = watcher.memory_bytes_max - before
        assert grown <= growth_bytes_max, f"grew by {grown / MIB:.1f} MiB"
        assert self.process.poll() is None


class _Watcher(threading.Thread):
    """Asks for health and reads memory until told to stop."""

    def __init__(self, server: Hostile) -> None:
        super().__init__(daemon=True)
        self.stop = threading.Event()
        self.slowest_s, self.asked, self.memory_bytes_max = 0.0, 0, 0
        self.wrong: list[str] = []
        self._server = server

    @override
    def run(self) -> None:
        with httpx.Client(base_url=self._server.http.base_url, timeout=ANSWER_S) as client:
            while not self.stop.is_set() or not self.asked:
                began = time.perf_counter()
                try:
                    answer = client.get("/api/health")
                    if answer.status_code != 200:
                        self.wrong.append(answer.text)
                except httpx.HTTPError as exc:
                    self.wrong.append(repr(exc))
                self.slowest_s = max(self.slowest_s, time.perf_counter() - began)
                self.memory_bytes_max = max(self.memory_bytes_max, self._server.memory_bytes())
                self.asked += 1
                self.stop.wait(SPY_EVERY_S)


@contextlib.contextmanager
def hostile_server(folder: Path, *flags: str) -> Iterator[Hostile]:
    """A fresh server with a superuser, as `yadokari serve` starts it."""
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("YADOKARI_")},
        "YADOKARI_SUPERUSER_EMAIL": ADMIN,
        "YADOKARI_SUPERUSER_PASSWORD": PASSWORD,
    }
    where = ["--http", "127.0.0.1:0", "--dir", str(folder / "data"), *flags]
    with (
        (folder / "log").open("w+b") as log,
        subprocess.Popen(
            [COMMAND, "serve", *where], stdout=log, stderr=log, env=environment
        ) as process,
    ):
        try:
            server = Hostile(process, _port(process, folder / "log"), folder)
            yield server
            server.http.close()
        finally:
            process.terminate()
            try:
                process.wait(ANSWER_S)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
    said = (folder / "log").read_text()
    assert "Traceback" not in said, said[-4_000:]


def _port(process: subprocess.Popen[bytes], log: Path) -> int:
    deadline = time.perf_counter() + START_S
    while time.perf_counter() < deadline and process.poll() is None:
        found = re.search(r"http://127\.0\.0\.1:([1-9]\d*)", log.read_text())
        if found is not None:
            return int(found[1])
        time.sleep(0.02)
    raise AssertionError(f"the server printed no address:\n{log.read_text()}")


def fill(server: Hostile, collection: str, *, rows: int = ROWS) -> None:
    """Rows put straight into the table, as many as nobody would send."""
    connection = apsw.Connection(str(server.folder / "data" / "data.db"))
    connection.execute(
        "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < ?) "
        f'INSERT INTO "{collection}" (title, n) '
        "SELECT 'row number ' || i || ' ' || hex(randomblob(20)), i FROM c",
        (rows,),
    )
    connection.close()


def heard(talking: socket.socket) -> bytes:
    """Everything until the other end hangs up."""
    said = b""
    with contextlib.suppress(ConnectionError):
        while piece := talking.recv(65_536):
            said += piece
    return said


def assert_refused(answer: httpx.Response) -> None:
    """A refusal in the contract's shape that tells nothing about the inside."""
    assert 400 <= answer.status_code < 500, answer.text[:500]
    body = answer.json()
    assert set(body) == {"data", "message", "status"}
    assert body["status"] == answer.status_code
    assert not LEAKS.search(answer.text), answer.text[:500]


def assert_refused_bytes(said: bytes) -> None:
    """The same of a whole answer as it came over the wire; hanging up says enough, too."""
    if not said:
        return
    head, _, body = said.partition(b"\r\n\r\n")
    status = int(head.split()[1])
    assert_refused(httpx.Response(status, content=body))
