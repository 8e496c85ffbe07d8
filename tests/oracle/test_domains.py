"""`serve DOMAIN` on both servers: what plain HTTP answers beside automatic HTTPS."""

from __future__ import annotations

import http.client
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.oracle.server import START_SECONDS_MAX, Kind, free_port, program
from tests.unit.app.served import environment
from tests.unit.app.test_certificate_keeper import made
from yadokari.app.certificate_shelf import Shelf

DIRECTORY = "https://127.0.0.1:1/directory"  # Nobody is asked: there is a certificate.
NAMES = ("example.com", "example.net")


def asked(port: int, method: str, path: str, *, host: str) -> tuple[int, str | None]:
    """Status and ``location`` of an answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=START_SECONDS_MAX)
    try:
        connection.request(method, path, headers={"host": host})
        answer = connection.getresponse()
        answer.read()
        return answer.status, answer.headers.get("location")
    finally:
        connection.close()


@contextmanager
def serving(kind: Kind, folder: Path) -> Iterator[int]:
    """The port for plain HTTP of a server with domains."""
    port = free_port()
    command = [
        *(str(program(kind)), "serve", *NAMES, "--dir", str(folder)),
        *("--http", f"127.0.0.1:{port}", "--https", f"127.0.0.1:{free_port()}"),
    ]
    if kind == "ours":
        command += ["--acme-directory", DIRECTORY]
        shelf = Shelf(folder / "certificates", directory=DIRECTORY)
        shelf.probe()
        for name in NAMES:
            shelf.keep(name, made(name, begins_ms=time.time_ns() // 1_000_000 - 60_000))
    process = subprocess.Popen(
        command, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + START_SECONDS_MAX
        while True:
            try:
                asked(port, "GET", "/", host=NAMES[0])
                break
            except OSError:
                assert time.monotonic() < deadline
                time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=START_SECONDS_MAX)


def test_plain_http_answers_as_the_reference_does(tmp_path: Path):
    """Whoever moves a site here keeps its old links, and its clients their errors."""
    requests = [
        (method, path, host)
        for method in ("GET", "HEAD", "POST", "PATCH", "DELETE", "OPTIONS")
        for path in ("/", "/api/health?a=1&b=%20", "/_/", "/a%2Fb", "/api/nope")
        for host in (*NAMES, "example.com:80")
    ]
    requests.append(("GET", "/.well-known/acme-challenge/unknown", "example.com"))
    answers = []
    for kind in ("oracle", "ours"):
        with serving(kind, tmp_path / kind) as port:
            answers.append([asked(port, *one[:2], host=one[2]) for one in requests])

    oracle, ours = answers

    assert [
        (request, theirs, own)
        for request, theirs, own in zip(requests, oracle, ours, strict=True)
        # With a port in the header the reference writes `:443`, which is the same address.
        if (theirs[0], (theirs[1] or "").replace(":443/", "/")) != (own[0], own[1] or "")
    ] == []


@pytest.mark.parametrize("host", ["evil.test", "www.example.com"])
def test_deviations_of_redirects_are_as_noted(tmp_path: Path, host: str):
    """Rows 16 and 17 of docs/deviations.md."""
    with serving("oracle", tmp_path / "oracle") as port:
        assert asked(port, "GET", "/", host=host) == (302, f"https://{host}/")
    with serving("ours", tmp_path / "ours") as port:
        assert asked(port, "GET", "/", host=host) == (302, "https://example.com/")
