"""Hostile clients at a real server: slow ones, silent ones, ones that vanish or do not listen."""

from __future__ import annotations

import contextlib
import resource
import socket
import time
from collections.abc import Callable, Iterator

import pytest

from tests.simulation.hostile import (
    ANSWER_S,
    MIB,
    Hostile,
    assert_refused_bytes,
    heard,
    hostile_server,
)

TIMEOUT_S = 2
DRIP_S = 0.1
SETTLE_S = 0.2
IDLE = 500
IDLE_OF_PROOF = 5_000
IDLE_BYTES_MAX = 20 * 1024
EVENTS = 400
EVENT_TEXT = "x" * 4_000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hostile]:
    """A server with short times."""
    seconds = str(TIMEOUT_S)
    flags = ["--head-timeout", seconds, "--body-timeout", seconds, "--keep-alive", "30"]
    with hostile_server(tmp_path_factory.mktemp("clients"), *flags) as server:
        server.make(name="things", fields=[{"name": "title", "type": "text"}])
        yield server


THINGS = "/api/collections/things/records"
HALF = (
    b"POST " + THINGS.encode() + b" HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
    b'content-length: 1000\r\n\r\n{"title":"half'
)
SUBSCRIBE = b"GET /api/realtime HTTP/1.1\r\nhost: x\r\n\r\n"


def total(server: Hostile) -> int:
    """How many records there are."""
    return int(server.http.get(THINGS).json()["totalItems"])


def settled(server: Hostile) -> int:
    """How many there are when no request of an earlier test is under way any more."""
    before, now = -1, total(server)
    while now != before:
        time.sleep(SETTLE_S)
        before, now = now, total(server)
    return now


def dripping(talking: socket.socket, drop: bytes) -> float:
    """Send drop after drop until the server hangs up; returns after how many seconds."""
    began = time.perf_counter()
    talking.settimeout(DRIP_S)
    with contextlib.suppress(ConnectionError):
        while time.perf_counter() - began < ANSWER_S:
            talking.sendall(drop)
            try:
                if not talking.recv(65_536):
                    break
            except TimeoutError:
                continue
    return time.perf_counter() - began


DRIPS = {
    "nothing": (b"", b""),
    "a head": (b"GET /api/health HTTP/1.1\r\nhost: x\r\n", b"x: y\r\n"),
    "one header": (b"GET /api/health HTTP/1.1\r\nhost: x\r\nx: ", b"y"),
    "a body": (HALF, b"a"),
    "a body nobody reads": (HALF.replace(b"things", b"nothing"), b"a"),
    "chunks": (
        HALF.replace(b"content-length: 1000", b"transfer-encoding: chunked").partition(b"{")[0],
        b"1\r\na\r\n",
    ),
    "an upload": (
        HALF.replace(b"application/json", b"multipart/form-data; boundary=x").partition(b"{")[0]
        + b'--x\r\ncontent-disposition: form-data; name="f"; filename="a"\r\n\r\n',
        b"a",
    ),
}


@pytest.mark.parametrize("kind", DRIPS)
def test_a_client_that_drips_is_hung_up_on(server: Hostile, kind: str):
    """Slowloris: a head or a body has its time as a whole, however many bytes come."""
    first, drop = DRIPS[kind]
    before = settled(server)

    with server.watched(growth_bytes_max=10 * MIB), server.connect() as talking:
        talking.sendall(first)
        took_s = dripping(talking, drop)

    assert took_s < TIMEOUT_S * 3
    assert total(server) == before


def test_a_slow_body_is_told_so(server: Hostile):
    """Who is slow but listens learns why."""
    with server.connect() as talking:
        talking.sendall(HALF)
        said = heard(talking)

    assert b" 408 " in said
    assert_refused_bytes(said)


def test_a_client_that_vanishes_writes_nothing(server: Hostile):
    """Half a body is no request."""
    before = settled(server)
    with server.watched(growth_bytes_max=20 * MIB):
        for _ in range(200):
            with server.connect() as talking:
                talking.sendall(HALF)

    assert total(server) == before


def test_a_client_that_vanishes_after_its_request_loses_only_the_answer(server: Hostile):
    """What was asked completely is done, and nothing is left over."""
    body = b'{"title":"whole"}'
    head = HALF.partition(b"\r\n\r\n")[0].replace(b"1000", str(len(body)).encode())
    before = settled(server)
    with server.watched(growth_bytes_max=20 * MIB):
        for _ in range(100):
            with server.connect() as talking:
                talking.sendall(head + b"\r\n\r\n" + body)
                linger = (1).to_bytes(4, "little") + (0).to_bytes(4, "little")
                talking.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

    until(lambda: before < total(server) <= before + 100)


def until(reached: Callable[[], bool]) -> None:
    """Wait for a state."""
    deadline = time.perf_counter() + ANSWER_S
    while not reached():
        assert time.perf_counter() < deadline
        time.sleep(DRIP_S)


def test_a_listener_that_stops_reading_costs_no_memory(server: Hostile):
    """It is given up once too much waits for it; the others hear everything."""
    with server.connect() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        deaf.sendall(SUBSCRIBE)
        client_id = deaf.recv(65_536).partition(b'"clientId":"')[2].partition(b'"')[0].decode()
        while not client_id:
            client_id = deaf.recv(65_536).partition(b'"clientId":"')[2].partition(b'"')[0].decode()
        form = {"clientId": client_id, "subscriptions": ["things/*"]}
        assert server.http.post("/api/realtime", json=form).status_code == 204
        with server.watched(growth_bytes_max=30 * MIB):
            for number in range(EVENTS):
                title = f"{number} {EVENT_TEXT}"
                assert server.http.post(THINGS, json={"title": title}).status_code == 200


def test_idle_connections_cost_little(server: Hostile):
    """Each is a few kilobytes, and they do not slow others down."""
    hold_idle(server, IDLE)


@pytest.mark.proof
def test_five_thousand_idle_connections_cost_little(server: Hostile):
    """As many as half of what the server takes by default."""
    hold_idle(server, IDLE_OF_PROOF)


def hold_idle(server: Hostile, count: int) -> None:
    """Open so many kept-alive connections and look at everybody else."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count + 200:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, count + 200), hard))
    with contextlib.ExitStack() as stack:
        growth_bytes_max = 8 * MIB + count * IDLE_BYTES_MAX
        with server.watched(growth_bytes_max=growth_bytes_max):
            for _ in range(count):
                talking = stack.enter_context(server.connect())
                talking.sendall(b"GET /api/health HTTP/1.1\r\nhost: x\r\n\r\n")
                assert talking.recv(4_096).startswith(b"HTTP/1.1 200")
        with server.watched(growth_bytes_max=2 * MIB):
            assert total(server) >= 0


def test_a_server_with_hostile_clients_stops_in_time(tmp_path_factory: pytest.TempPathFactory):
    """A deploy must not wait for a client that never ends."""
    folder = tmp_path_factory.mktemp("stopping")
    with contextlib.ExitStack() as stack, hostile_server(folder, "--stop-timeout", "2") as server:
        server.make(name="things", fields=[{"name": "title", "type": "text"}])
        for first in (SUBSCRIBE, HALF, b"GET /", b""):
            stack.enter_context(server.connect()).sendall(first)
        assert total(server) == 0
        server.process.terminate()
        began = time.perf_counter()
        server.process.wait(ANSWER_S)

    assert time.perf_counter() - began < 8
    assert server.process.returncode == 0
