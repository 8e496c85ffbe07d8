"""Hostile input at a real server: bounded time and memory, an answer of the contract's shape."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.simulation.hostile import (
    LEAKS,
    MIB,
    Hostile,
    assert_refused,
    assert_refused_bytes,
    fill,
    hostile_server,
)

FLOOD_BYTES = 10 * 1_000 * 1_000
DEEP = 100_000
ROWS_OF_PROOF = 500_000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hostile]:
    """One server for all of it: what one test breaks, the next must find."""
    with hostile_server(tmp_path_factory.mktemp("hostile"), "--query-timeout", "2") as server:
        server.make(
            name="things",
            fields=[
                {"name": "title", "type": "text"},
                {"name": "n", "type": "number"},
                {"name": "j", "type": "json"},
                {"name": "code", "type": "text", "pattern": "^(a+)+$"},
                {"name": "f", "type": "file", "maxSelect": 99},
            ],
        )
        fill(server, "things")
        yield server


THINGS = "/api/collections/things/records"
JSON = {"Content-Type": "application/json"}

FLOODS = {
    "parentheses": "(" * FLOOD_BYTES,
    "closing parentheses": ")" * FLOOD_BYTES,
    "balanced parentheses": "(" * (FLOOD_BYTES // 2) + "n=1" + ")" * (FLOOD_BYTES // 2),
    "an open text": "'" + "a" * FLOOD_BYTES,
    "backslashes": "n='" + "\\" * FLOOD_BYTES,
    "comments": "//\n" * (FLOOD_BYTES // 3),
    "comparisons": "n=1&&" * (FLOOD_BYTES // 5) + "n=1",
    "a name": "n" * FLOOD_BYTES + "=1",
    "a path": "n." * (FLOOD_BYTES // 2) + "n=1",
    "a number": "n=" + "9" * FLOOD_BYTES,
    "question marks": "?" * FLOOD_BYTES,
    "calls": "geoDistance(" * (FLOOD_BYTES // 12),
    "blanks": " " * FLOOD_BYTES,
}


@pytest.mark.parametrize("kind", FLOODS)
def test_ten_megabytes_of_rule_are_refused(server: Hostile, kind: str):
    """Rules come from superusers, and from scripts that superusers run."""
    with server.watched(growth_bytes_max=160 * MIB):
        answer = server.http.patch("/api/collections/things", json={"updateRule": FLOODS[kind]})

    if kind in ("blanks", "a number") and answer.status_code == 200:
        server.http.patch("/api/collections/things", json={"updateRule": None})
        return
    assert_refused(answer)


@pytest.mark.parametrize("kind", FLOODS)
def test_ten_megabytes_of_filter_are_refused(server: Hostile, kind: str):
    """In a batch or over a test client a URL may be of any length."""
    item = {"method": "GET", "url": f"{THINGS}?filter={FLOODS[kind]}"}
    with server.watched(growth_bytes_max=160 * MIB):
        answer = server.http.post("/api/batch", json={"requests": [item]})
        short = server.http.get(THINGS, params={"filter": FLOODS[kind][:20_000], "perPage": "1"})

    assert_refused(answer)
    if kind not in ("blanks", "comments"):
        assert_refused(short)


JSONS = {
    "lists": b'{"j":' + b"[" * DEEP + b"]" * DEEP + b"}",
    "open lists": b'{"j":' + b"[" * FLOOD_BYTES,
    "objects": b'{"j":' + b'{"a":' * DEEP + b"1" + b"}" * DEEP + b"}",
    "a number": b'{"n":' + b"9" * FLOOD_BYTES + b"}",
    "an exponent": b'{"n":1e' + b"9" * 1_000 + b"}",
    "a huge exponent": b'{"n":1e999999999}',
    "a long fraction": b'{"n":0.' + b"1" * FLOOD_BYTES + b"}",
    "not a number": b'{"n":NaN}',
    "NUL": b'{"title":"\0"}',
    "bad UTF-8": b'{"title":"\xff\xfe\xc0\x80"}',
    "a bad escape": b'{"title":"\\ud800\\q"}',
    "keys": b"{" + b",".join(b'"k%d":1' % i for i in range(200_000)) + b"}",
    "equal keys": b"{" + b'"title":"a",' * 200_000 + b'"title":"b"}',
    "a long string": b'{"title":"' + b"a" * FLOOD_BYTES + b'"}',
    "a list": b"[]",
    "nothing": b"null",
}


@pytest.mark.parametrize("kind", JSONS)
def test_hostile_json_is_refused_or_stored_sanely(server: Hostile, kind: str):
    """100,000 levels, numbers of 10 MB, texts that are none."""
    with server.watched(growth_bytes_max=200 * MIB):
        answer = server.http.post(THINGS, content=JSONS[kind], headers=JSON)

    if kind in ("equal keys", "keys", "a list", "nothing", "a long fraction", "NUL"):
        assert answer.status_code < 500
        assert "Traceback" not in answer.text
        return
    assert_refused(answer)


def path_of(length: int) -> str:
    """A relation path through ``up``."""
    return ".".join(["up"] * length) + '.title = "x"'


FILTERS = {
    "a long path": path_of(200),
    "many paths": "&&".join(f"things_via_up.up.things_via_up.title='{i}'" for i in range(80)),
    "200 comparisons": "&&".join(f"n!={i}" for i in range(201)),
    "200 joins": "||".join(f"@collection.things:a{i}.n={i}" for i in range(200)),
    "products": "&&".join(f"@collection.things:a{i}.n>n" for i in range(8)),
    "a deep JSON path": "j." + ".".join("a" * 1 for _ in range(1_500)) + "=1",
    "patterns": "&&".join(f"title~'%{'a%' * 40}{i}'" for i in range(30)),
    "huge numbers": "n=" + "9" * 3_000,
    "NUL": "title='\0'||n=1",
}


@pytest.mark.parametrize("kind", FILTERS)
def test_hostile_filters_end_in_time(server: Hostile, kind: str):
    """Whatever it means, it is over in seconds, in a thread, and nobody else waits."""
    if not any(c["name"] == "tree" for c in collections_of(server)):
        server.make(name="tree", fields=[{"name": "title", "type": "text"}])
        up = {"name": "up", "type": "relation", "collectionId": id_of(server, "tree")}
        fields = [*fields_of(server, "tree"), up]
        answer = server.http.patch("/api/collections/tree", json={"fields": fields})
        assert answer.status_code == 200, answer.text
    with server.watched(growth_bytes_max=120 * MIB):
        for collection in ("tree", "things"):
            path = f"/api/collections/{collection}/records"
            answer = server.http.get(path, params={"filter": FILTERS[kind], "perPage": "1"})
            if answer.status_code not in (200, 503):
                assert_refused(answer)


def collections_of(server: Hostile) -> list[dict[str, str]]:
    """Names and ids."""
    return list(server.http.get("/api/collections", params={"perPage": "500"}).json()["items"])


def id_of(server: Hostile, name: str) -> str:
    """A collection's id."""
    return str(server.http.get(f"/api/collections/{name}").json()["id"])


def fields_of(server: Hostile, name: str) -> list[object]:
    """A collection's fields as they are."""
    return list(server.http.get(f"/api/collections/{name}").json()["fields"])


PAGES = [
    "-1",
    "0",
    "1e9",
    "9" * 19,
    "9" * 400,
    "9" * 4_000,
    "9223372036854775807",
    "0x1",
    "١",
    "",
    "\0",
]


@pytest.mark.parametrize("name", ["page", "perPage", "skipTotal"])
@pytest.mark.parametrize("number", PAGES, ids=ascii)
def test_absurd_pages_are_corrected_or_refused(server: Hostile, name: str, number: str):
    """An offset beyond the integers of the store is no reason to fail."""
    with server.watched(growth_bytes_max=40 * MIB):
        answer = server.http.get(THINGS, params={name: number, "fields": "id"})

    if answer.status_code != 200:
        assert_refused(answer)


def test_a_scan_of_all_rows_lets_others_pass(server: Hostile):
    """A filter that no index helps moves to a thread; reads by id go on beside it."""
    slow = {"filter": "title ~ '%z%z%z%9%9%z%' || title ~ '%none%such%'", "sort": "-title"}
    with server.watched(growth_bytes_max=60 * MIB, quick_s=1.0):
        for _ in range(5):
            answer = server.http.get(THINGS, params=slow)
            assert answer.status_code == 200


def test_a_view_that_never_ends_is_stopped(server: Hostile):
    """Asking it ends at the deadline, in a thread; others are served meanwhile."""
    endless = (
        "SELECT a.id, (SELECT count(*) FROM things b, things d WHERE b.n + d.n + a.n < 0) AS c "
        "FROM things a"
    )
    server.make(name="endless", type="view", viewQuery=endless, createRule=None)
    with server.watched(growth_bytes_max=200 * MIB):
        asked = server.http.get("/api/collections/endless/records", params={"filter": "c > 5"})

    assert asked.status_code == 503
    assert "retry-after" in asked.headers
    assert not LEAKS.search(asked.text)


def test_a_view_that_takes_too_long_to_check_is_refused(server: Hostile):
    """Superusers only; the check has a deadline, and runs in a thread: readers go on."""
    endless = "SELECT a.id, count(*) AS c FROM things a, things b, things d GROUP BY b.title"
    body = {"name": "heavy", "type": "view", "viewQuery": endless}
    with server.watched(growth_bytes_max=200 * MIB):
        made = server.http.post("/api/collections", json=body)

    assert_refused(made)


def test_a_view_that_takes_too_long_to_try_is_stopped(server: Hostile):
    """A column that never ends is met when its first rows are read: others are served meanwhile."""
    endless = (
        "SELECT a.id, (SELECT count(*) FROM things b, things d WHERE b.n + d.n + a.n < 0) AS c "
        "FROM things a"
    )
    with server.watched(growth_bytes_max=200 * MIB):
        tried = server.http.post("/api/collections/meta/dry-run-view", json={"query": endless})

    assert tried.status_code in (400, 503)
    assert not LEAKS.search(tried.text)


def test_a_pattern_that_backtracks_elsewhere_is_matched_at_once(server: Hostile):
    """`^(a+)+$` on a long text that nearly matches takes ages in most engines."""
    with server.watched(growth_bytes_max=20 * MIB, quick_s=1.0):
        answer = server.http.post(THINGS, json={"code": "a" * 4_999 + "b"})

    assert_refused(answer)
    assert answer.json()["data"]["code"]["code"] == "validation_invalid_format"


PATTERNS = ["(" * 50_000, "((a{1,1000}){1,1000}){1,1000}", "a{1,1000}" * 1_000, "(?:" * 5_000, "\\"]


@pytest.mark.parametrize("number", range(len(PATTERNS)))
def test_patterns_that_explode_are_refused(server: Hostile, number: int):
    """A pattern's program has a bounded size."""
    fields = [{"name": "t", "type": "text", "pattern": PATTERNS[number]}]
    made = {"name": "t", "type": "text", "autogeneratePattern": PATTERNS[number]}
    with server.watched(growth_bytes_max=80 * MIB):
        answers = [
            server.http.post("/api/collections", json={"name": "bad", "fields": given})
            for given in (fields, [made])
        ]

    for answer in answers:
        assert_refused(answer)


@pytest.mark.parametrize("parts", [1_001, 10_000])
def test_ten_thousand_parts_are_refused(server: Hostile, parts: int):
    """Each part costs memory and, as a file, a descriptor."""
    part = b'--x\r\ncontent-disposition: form-data; name="f"; filename="a.txt"\r\n\r\na\r\n'
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    with server.watched(growth_bytes_max=60 * MIB):
        answer = server.http.post(THINGS, content=part * parts + b"--x--\r\n", headers=headers)

    assert_refused(answer)


CHUNKED = (
    b"POST /api/collections/things/records HTTP/1.1\r\nhost: x\r\n"
    b"content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
)
UPGRADE = (
    b"GET /api/none HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n"
    b"sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
HEADS = {
    "a header of 1 MB": [b"GET / HTTP/1.1\r\nhost: x\r\nx: " + b"a" * MIB + b"\r\n\r\n"],
    "a path of 1 MB": [b"GET /" + b"a" * MIB + b" HTTP/1.1\r\nhost: x\r\n\r\n"],
    "100,000 headers": [b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 100_000 + b"\r\n"],
    "bad UTF-8 in the path": [b"GET /api/\xff\xfe/%ff%fe HTTP/1.1\r\nhost: x\r\n\r\n"],
    "an escaped bad path": [b"GET /api/collections/%ff%00/records HTTP/1.1\r\nhost: x\r\n\r\n"],
    "a broken escape": [b"GET /api/collections/%zz/records HTTP/1.1\r\nhost: x\r\n\r\n"],
    "bad UTF-8 in the query": [
        b"GET /api/collections/things/records?filter=\xff%ff&sort=\xc0 HTTP/1.1\r\nhost: x\r\n\r\n"
    ],
    "bad UTF-8 in headers": [
        b"GET /api/collections/none HTTP/1.1\r\nhost: \xff\r\nauthorization: \xff\xfe\x80\r\n\r\n"
    ],
    "NUL in a header": [b"GET / HTTP/1.1\r\nhost: x\r\na: \0\r\n\r\n"],
    "two lengths": [b"POST /a HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\naa"],
    "length and chunks": [
        b"POST /a HTTP/1.1\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"
    ],
    "a huge length": [b"POST /a HTTP/1.1\r\ncontent-length: " + b"9" * 30 + b"\r\n\r\n"],
    "a negative length": [b"POST /a HTTP/1.1\r\ncontent-length: -1\r\n\r\n"],
    "a huge chunk": [CHUNKED + b"ffffffffffffffff1\r\n"],
    "an endless chunk line": [CHUNKED + b"1;" + b"a" * MIB],
    "CONNECT": [b"CONNECT a:1 HTTP/1.1\r\n\r\n"],
    "another protocol": [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc" * 100],
    "HTTP/2": [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
    "an absolute URL": [b"GET http://[::1]:99999999/ HTTP/1.1\r\n\r\n"],
    "an upgrade": [UPGRADE],
    "garbage after a request": [b"GET /api/none HTTP/1.1\r\nhost: x\r\n\r\n\xff\0garbage\r\n\r\n"],
}


@pytest.mark.parametrize("kind", HEADS)
def test_hostile_heads_get_a_refusal_or_nothing(server: Hostile, kind: str):
    """What is no request gets 400 in the contract's shape, or is hung up on."""
    with server.watched(growth_bytes_max=30 * MIB):
        said = server.say(*HEADS[kind])

    first, *_ = said.split(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    if first.startswith(b"HTTP/1.1 307"):
        return
    if kind == "garbage after a request":
        first = first.partition(b"}HTTP/1.1")[0].removesuffix(b"}") + b"}"
    assert_refused_bytes(first)


def test_a_thousand_requests_at_once_on_one_connection(server: Hostile):
    """Pipelined requests are answered in order, one after another."""
    one = b"GET /api/health HTTP/1.1\r\nhost: x\r\n\r\n"
    last = b"GET /api/health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
    with server.watched(growth_bytes_max=40 * MIB), server.connect() as talking:
        talking.sendall(one * 999 + last)
        said = b""
        while piece := talking.recv(65_536):
            said += piece

    assert said.count(b"HTTP/1.1 200") == 1_000


@pytest.mark.proof
@pytest.mark.timeout(600)
def test_fifty_scans_of_half_a_million_rows_at_once(server: Hostile, tmp_path: Path):
    """Long reads wait for a thread, in turn; what is short never waits behind them."""
    fill(server, "things", rows=ROWS_OF_PROOF)

    def scan(number: int) -> int:
        slow = {"filter": f"title ~ '%z%z%z%9%9%z{number}%'", "sort": "-title"}
        with httpx.Client(base_url=server.http.base_url, timeout=300) as client:
            return client.get(THINGS, params=slow).status_code

    with server.watched(growth_bytes_max=150 * MIB), ThreadPoolExecutor(50) as pool:
        statuses = set(pool.map(scan, range(50)))

    assert statuses <= {200, 503}
