"""The cases: what is asked, how often, and which figure counts.

B2  Every round measures the subject and then the reference, the next round the other way round.

Not here: the load itself (bench/load.py), the table (bench/result.py).
"""

import random
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import cycle
from urllib.parse import urlencode

import httpx

from bench import fanout, load, memory, pictures
from bench.result import Figures
from bench.seed import (
    GROUPS,
    MEMBER_EMAIL,
    RULE_ALL,
    RULE_ANY,
    SEED,
    THINGS,
    WORDS,
    note,
    row_id,
    set_list_rule,
)
from bench.sides import PASSWORD, Side, running, sign_in

REQUESTS = 1_000
WARM_SECONDS = 1.0
HASHING_WARM_SECONDS = 4.0  # All connections at once wait longer than a second for their hash.
NESTED_PAGES = 5
SAMPLES_MIN = 3
STARTS_PER_ROUND = 3
SETTLE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Pair:
    """Who is measured, and how long."""

    subject: Side
    reference: Side
    seconds: float
    rounds: int
    connections: int
    posts: int


Measure = Callable[[Pair, Side], float]


@dataclass(frozen=True, slots=True)
class Case:
    """One line of the table."""

    name: str
    what: str
    unit: str
    measure: Measure
    more_is_better: bool = True
    serves: bool = True
    """Both servers are up while it runs; else the case starts them itself."""
    check: Callable[[], Sequence[bytes]] | None = None
    """Reading requests, whose answers must agree before anything is measured."""

    def run(self, pair: Pair, *, told: Callable[[str], None]) -> Figures:
        """Measure all rounds."""
        subject: list[float] = []
        reference: list[float] = []
        for number in range(pair.rounds):
            turns = [(pair.subject, subject), (pair.reference, reference)]
            for side, figures in turns if number % 2 == 0 else reversed(turns):
                figures.append(self.measure(pair, side))
                told(f"{self.name} {number + 1}/{pair.rounds} {side.label} {figures[-1]:,.2f}")
        return Figures(self.name, self.unit, self.more_is_better, self.what, subject, reference)


# ---------------------------------------------------------------- requests
def _get_requests() -> list[bytes]:
    numbers = random.Random(SEED).sample(range(THINGS), REQUESTS)
    path = "/api/collections/things/records"
    return [load.raw_request("GET", f"{path}/{row_id('things', one)}") for one in numbers]


def _list(collection: str, **query: str) -> bytes:
    return load.raw_request("GET", f"/api/collections/{collection}/records?{urlencode(query)}")


def _list30_requests() -> list[bytes]:
    base = {"perPage": "30", "sort": "-created", "skipTotal": "1"}
    return [_list("things", filter=f"n = {n}", **base) for n in range(GROUPS)]


def _list20_requests() -> list[bytes]:
    base = {"perPage": "20", "sort": "-score"}
    filters = [f"title ~ '{word}' && active = {on}" for word in WORDS for on in ("true", "false")]
    return [_list("things", filter=one, **base) for one in filters]


def _nested_requests() -> list[bytes]:
    return [_list("posts", page=str(page), perPage="30") for page in range(1, NESTED_PAGES + 1)]


def _create_requests(collection: str, token: str | None) -> list[bytes]:
    path = f"/api/collections/{collection}/records"
    return [
        load.raw_request("POST", path, body=note(number), token=token) for number in range(REQUESTS)
    ]


def _member_token(side: Side) -> str:
    with httpx.Client(base_url=side.url, timeout=30, trust_env=False) as client:
        return sign_in(client, "members", MEMBER_EMAIL)


# ---------------------------------------------------------------- measures
def _rate(
    pair: Pair, side: Side, requests: Sequence[bytes], *, warm_seconds: float = WARM_SECONDS
) -> float:
    many = pair.connections
    load.run(side.port, requests, connections=many, seconds=warm_seconds)
    return load.run(side.port, requests, connections=many, seconds=pair.seconds).per_second


def _get(pair: Pair, side: Side) -> float:
    return _rate(pair, side, _get_requests())


def _list30(pair: Pair, side: Side) -> float:
    return _rate(pair, side, _list30_requests())


def _list20(pair: Pair, side: Side) -> float:
    return _rate(pair, side, _list20_requests())


def _create(pair: Pair, side: Side) -> float:
    return _rate(pair, side, _create_requests("notes", None))


def _create_auth(pair: Pair, side: Side) -> float:
    return _rate(pair, side, _create_requests("guarded", _member_token(side)))


def _refresh(pair: Pair, side: Side) -> float:
    path = "/api/collections/members/auth-refresh"
    return _rate(pair, side, [load.raw_request("POST", path, token=_member_token(side))])


def _sign_in(pair: Pair, side: Side) -> float:
    path = "/api/collections/members/auth-with-password"
    body: dict[str, object] = {"identity": MEMBER_EMAIL, "password": PASSWORD}
    requests = [load.raw_request("POST", path, body=body)]
    return _rate(pair, side, requests, warm_seconds=HASHING_WARM_SECONDS)


def _file(pair: Pair, side: Side) -> float:
    return _rate(pair, side, [load.raw_request("GET", pictures.file_path(side))])


def _thumb(_pair: Pair, side: Side) -> float:
    return pictures.thumbs_per_second(side)


def _nested(rule: str) -> Measure:
    """Milliseconds of one list at a time; the median of a round."""

    def measure(pair: Pair, side: Side) -> float:
        with side.superuser() as superuser:
            set_list_rule(superuser, "posts", rule)
        took_ms: list[float] = []
        with httpx.Client(base_url=side.url, timeout=120, trust_env=False) as guest:
            pages = cycle(range(1, NESTED_PAGES + 1))
            path = "/api/collections/posts/records"
            guest.get(path).raise_for_status()
            until = time.perf_counter() + pair.seconds
            while len(took_ms) < SAMPLES_MIN or time.perf_counter() < until:
                sent = time.perf_counter()
                guest.get(path, params={"page": next(pages), "perPage": 30}).raise_for_status()
                took_ms.append((time.perf_counter() - sent) * 1_000)
        return statistics.median(took_ms)

    return measure


def _fanout(_pair: Pair, side: Side) -> float:
    return statistics.median(fanout.fan_out_ms(side.port))


def _start(_pair: Pair, side: Side) -> float:
    path = f"/api/collections/things/records/{row_id('things', 1)}"
    took_ms: list[float] = []
    for _ in range(STARTS_PER_ROUND):
        try:
            began = time.perf_counter()
            side.spawn()
            side.answer(path)
            took_ms.append((time.perf_counter() - began) * 1_000)
        finally:
            side.stop()
    return statistics.median(took_ms)


def _idle(_pair: Pair, side: Side) -> float:
    with running([side]):
        time.sleep(SETTLE_SECONDS)
        return memory.resident_mb(side.pid)


def _loaded(pair: Pair, side: Side) -> float:
    with running([side]), memory.Peak(side.pid) as peak:
        for measure in (_get, _list30, _list20, _create):
            measure(pair, side)
    return peak.mb


CASES: tuple[Case, ...] = (
    Case("get", "one of 10,000 records by id, as guest", "req/s", _get, check=_get_requests),
    Case(
        "list30",
        "30 of 10,000: equality on an indexed number, sort -created, skipTotal, as guest",
        "req/s",
        _list30,
        check=_list30_requests,
    ),
    Case(
        "list20",
        "20 of 10,000: `~` and a bool, sort by an unindexed number, with totals, as guest",
        "req/s",
        _list20,
        check=_list20_requests,
    ),
    Case("create", "JSON body of 5 fields, no rule, as guest", "req/s", _create),
    Case("create-auth", "the same behind @request.auth.id != ''", "req/s", _create_auth),
    Case("refresh", "auth-refresh with one token", "req/s", _refresh),
    Case("file", f"a file of {pictures.FILE_BYTES:,} bytes, as guest", "req/s", _file),
    Case(
        "thumb",
        f"100x100 of {pictures.PHOTOS} new JPEGs of 2 megapixels, "
        f"{pictures.PAGE_CONNECTIONS} connections",
        "thumbs/s",
        _thumb,
    ),
    Case(
        "sign-in",
        "auth-with-password of one account: mostly bcrypt, at the cost both sides default to",
        "req/s",
        _sign_in,
    ),
    Case(
        "nested",
        f"30 of all posts with totals, rule {RULE_ALL}, one request at a time",
        "ms",
        _nested(RULE_ALL),
        more_is_better=False,
        check=_nested_requests,
    ),
    Case(
        "nested-any",
        f"the same with the rule {RULE_ANY}",
        "ms",
        _nested(RULE_ANY),
        more_is_better=False,
    ),
    Case(
        "fanout",
        f"a write to the last of {fanout.SUBSCRIBERS} SSE subscribers' receipt",
        "ms",
        _fanout,
        more_is_better=False,
    ),
    Case(
        "start",
        "exec to the first record read, on the existing database",
        "ms",
        _start,
        more_is_better=False,
        serves=False,
    ),
    Case(
        "memory-idle",
        f"resident memory {SETTLE_SECONDS:.0f} s after the start",
        "MB",
        _idle,
        more_is_better=False,
        serves=False,
    ),
    Case(
        "memory-load",
        "highest resident memory during get, list30, list20 and create",
        "MB",
        _loaded,
        more_is_better=False,
        serves=False,
    ),
)
