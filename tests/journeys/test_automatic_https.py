"""HTTPS with fetched certificates: the real program, and an authority that proves names."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.oracle.server import free_port
from tests.pebble import NOWHERE, Pebble, authority
from tests.unit.app.served import Served
from tests.unit.app.test_certificate_keeper import made
from yadokari.app.certificate_shelf import Shelf
from yadokari.app.renewal import DAY_MS

WAIT_S = 40  # Imports, an order and its proof, on a slow machine.


class Site:
    """A server with domains, and how to come by it."""

    def __init__(self, folder: Path, pebble: Pebble | None, *domains: str, http: int) -> None:
        self.http, self.https = http, free_port()
        self.data = folder / "data"
        self.log = folder / "log.txt"
        directory = pebble.directory if pebble else f"https://127.0.0.1:{free_port()}/dir"
        more = ("--acme-ca", str(pebble.ca)) if pebble else ()
        with self.log.open("w") as log:
            self.served = Served(
                self.data,
                *domains,
                *("--http", f"127.0.0.1:{http}", "--https", f"127.0.0.1:{self.https}"),
                *("--acme-directory", directory, "--acme-email", "ops@example.org", *more),
                errors=log,
            )

    def plain(self, method: str, path: str, *, host: str) -> http.client.HTTPResponse:
        """An answer over plain HTTP, read to its end."""
        connection = http.client.HTTPConnection("127.0.0.1", self.http, timeout=WAIT_S)
        connection.request(method, path, headers={"host": host})
        answer = connection.getresponse()
        answer.said = answer.read()  # type: ignore[attr-defined]
        connection.close()
        return answer

    def handshake(self, name: str | None, *, roots: str) -> ssl.SSLSocket:
        """A connection over TLS for this name; checked as browsers do."""
        trusting = ssl.create_default_context(cadata=roots)
        if name is None:
            trusting.check_hostname = False
        raw = socket.create_connection(("127.0.0.1", self.https), timeout=WAIT_S)
        try:
            return trusting.wrap_socket(raw, server_hostname=name)
        except BaseException:
            raw.close()
            raise

    def secure(self, path: str, *, host: str, roots: str) -> tuple[int, str]:
        """Status and ``location`` of an answer over HTTPS."""
        connection = http.client.HTTPConnection(host, timeout=WAIT_S)
        connection.sock = self.handshake(host, roots=roots)
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.status, answer.headers.get("location", "")

    def shown(self, name: str, *, roots: str) -> bytes:
        """The certificate that is shown for a name."""
        with self.handshake(name, roots=roots) as connection:
            found = connection.getpeercert(binary_form=True)
        assert found is not None
        return found

    def events(self, event: str, **fields: object) -> list[dict[str, object]]:
        """What was logged, as far as it is whole."""
        lines = [json.loads(line) for line in self.log.read_text().splitlines() if line]
        return [
            line
            for line in lines
            if line["event"] == event and all(line[key] == value for key, value in fields.items())
        ]

    def wait(self, event: str, **fields: object) -> dict[str, object]:
        """Wait until this is logged."""
        eventually(lambda: bool(self.events(event, **fields)), said=self.log.read_text)
        return self.events(event, **fields)[0]


def eventually(holds: Callable[[], bool], *, said: Callable[[], str]) -> None:
    """Wait for a state of another process."""
    deadline = time.monotonic() + WAIT_S
    while not holds():
        assert time.monotonic() < deadline, said()
        time.sleep(0.05)


@contextmanager
def site(folder: Path, pebble: Pebble | None, *domains: str, http: int) -> Iterator[Site]:
    """Serve domains; ends with exit code 0."""
    found = Site(folder, pebble, *domains, http=http)
    try:
        yield found
    finally:
        code, _, _ = found.served.stop()
    assert code == 0, found.log.read_text()


def test_a_domain_gets_its_certificate_and_keeps_it(tmp_path: Path):
    """One word on the command line; asked for once, and its key is for nobody else to read."""
    port = free_port()
    with authority(tmp_path, http_port=port) as pebble:
        with site(tmp_path, pebble, "app.example.com", "example.net", http=port) as first:
            first.wait("certificate_obtained", name="app.example.com")
            first.wait("certificate_obtained", name="example.net")
            roots = pebble.roots()

            assert first.served.url == "https://app.example.com"
            for name in ("app.example.com", "example.net"):
                assert first.secure("/api/health", host=name, roots=roots)[0] == 200
                assert first.secure("/_/", host=name, roots=roots)[0] == 200
            shown = first.shown("example.net", roots=roots)
            assert shown != first.shown("app.example.com", roots=roots)

        kept = [path for path in (first.data / "certificates").rglob("*") if path.is_file()]
        assert {path.name for path in kept} == {
            "account.key",
            "app.example.com.pem",
            "example.net.pem",
        }
        assert {stat.S_IMODE(path.stat().st_mode) for path in kept} == {0o600}

        with site(tmp_path, pebble, "app.example.com", "example.net", http=port) as second:
            assert second.shown("example.net", roots=roots) == shown
            assert second.secure("/api/health", host="example.net", roots=roots)[0] == 200
            assert second.events("certificate_asked_for") == []


def test_a_certificate_near_its_end_is_renewed_while_serving(tmp_path: Path):
    """Q3, Q7: the former one serves until the new one is there, without a restart."""
    port = free_port()
    with authority(tmp_path, http_port=port) as pebble:
        shelf = Shelf(tmp_path / "data" / "certificates", directory=pebble.directory)
        former = made("example.com", begins_ms=time.time_ns() // 1_000_000 - 80 * DAY_MS)
        shelf.probe()
        shelf.keep("example.com", former)
        pebble.lead("example.com", NOWHERE)
        with site(tmp_path, pebble, "example.com", http=port) as found:
            said = found.wait("certificate_not_obtained")
            assert said["days_left"] == 9
            pem = former.decode()
            trusted = pem[pem.index("-----BEGIN CERTIFICATE") :]
            assert found.secure("/api/health", host="example.com", roots=trusted)[0] == 200

        pebble.lead("example.com", "127.0.0.1")
        with site(tmp_path, pebble, "example.com", http=port) as found:
            assert found.plain("GET", "/", host="example.com").status == 302
            found.wait("certificate_obtained")
            roots = pebble.roots()
            assert found.secure("/api/health", host="example.com", roots=roots)[0] == 200


def test_plain_http_serves_nothing_but_the_way(tmp_path: Path):
    """Q12 to Q14: with a certificate everything is redirected, and only reading."""
    port = free_port()
    with (
        authority(tmp_path, http_port=port) as pebble,
        site(tmp_path, pebble, "example.com", http=port) as found,
    ):
        found.wait("certificate_obtained")

        for path in ("/", "/api/health?x=1", "/_/"):
            for host in ("example.com", f"EXAMPLE.com:{port}", "www.example.com", "evil.test"):
                answer = found.plain("GET", path, host=host)
                assert (answer.status, answer.headers["location"]) == (
                    302,
                    f"https://example.com{path}",
                )
        assert found.plain("POST", "/api/health", host="example.com").status == 400
        for token in ("", "a-token", "../../api/health"):
            path = f"/.well-known/acme-challenge/{token}"
            assert found.plain("GET", path, host="example.com").status == 404


def test_names_without_a_certificate_are_refused(tmp_path: Path):
    """Q16: another name's certificate would only make browsers warn of an attack."""
    port = free_port()
    with (
        authority(tmp_path, http_port=port) as pebble,
        site(tmp_path, pebble, "example.com", http=port) as found,
    ):
        found.wait("certificate_obtained")
        roots = pebble.roots()

        for name in ("evil.test", None):
            with pytest.raises((ssl.SSLError, ConnectionError)):
                found.handshake(name, roots=roots)
        assert found.events("library_said") == []  # Scanners would fill the log.


def test_www_leads_to_the_domain(tmp_path: Path):
    """Q9, Q17: it has a certificate once somebody came by it."""
    port = free_port()
    with (
        authority(tmp_path, http_port=port) as pebble,
        site(tmp_path, pebble, "example.com", http=port) as found,
    ):
        found.wait("certificate_obtained", name="example.com")
        roots = pebble.roots()
        assert found.events("certificate_asked_for", name="www.example.com") == []

        with pytest.raises((ssl.SSLError, ConnectionError)):
            found.handshake("www.example.com", roots=roots)

        found.wait("certificate_obtained", name="www.example.com")
        for path in ("/api/health?x=1", "/_/"):
            assert found.secure(path, host="www.example.com", roots=roots) == (
                307,
                f"https://example.com{path}",
            )


def test_a_name_that_leads_elsewhere_gets_none_and_others_do(tmp_path: Path):
    """The log says what to do, and visitors are asked for patience."""
    port = free_port()
    with authority(tmp_path, http_port=port) as pebble:
        pebble.lead("lost.example.com", NOWHERE)
        with site(tmp_path, pebble, "lost.example.com", "example.com", http=port) as found:
            said = found.wait("certificate_not_obtained", name="lost.example.com")
            found.wait("certificate_obtained", name="example.com")

            assert "port 80 of lost.example.com" in str(said["advice"])
            assert said["retry_in_s"] == 300
            waiting = found.plain("GET", "/", host="lost.example.com")
            assert (waiting.status, waiting.headers["retry-after"]) == (503, "10")
            assert found.plain("GET", "/", host="example.com").status == 302
            assert found.secure("/api/health", host="example.com", roots=pebble.roots())[0] == 200


def test_a_server_starts_and_stops_without_an_authority(tmp_path: Path):
    """Q15: it answers, says why, and does not keep a stop waiting."""
    with site(tmp_path, None, "example.com", http=free_port()) as found:
        assert found.plain("GET", "/", host="example.com").status == 503
        said = found.wait("certificate_not_obtained")

    assert "127.0.0.1" in str(said["advice"])
    assert said["days_left"] is None
