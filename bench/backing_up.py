"""How writes fare while a backup is made: ``python -m bench.backing_up [--mib 100]``.

One client creates records at a steady pace, first alone, then from a backup's beginning to its end.
The figure is the 95th percentile of a create during the backup over the one without; at most 2.

Not here: the speed of writes (bench/cases.py, create).
"""

import argparse
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from statistics import quantiles

import httpx

from bench.sides import PRODUCTS, Side, running, yadokari

ROW_BYTES = 10_000
ROWS_AT_ONCE = 2_000
PACE_S = 0.01
ALONE_S = 10.0
RATIO_MAX = 2.0
COLLECTION = {
    "name": "filled",
    "type": "base",
    "fields": [{"name": "body", "type": "text", "max": 100_000}],
}


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; 1 when the ratio is too high."""
    parser = argparse.ArgumentParser(prog="python -m bench.backing_up")
    parser.add_argument("--mib", type=int, default=100, help="size of the database (100)")
    parser.add_argument("--subject", choices=sorted(PRODUCTS), default="yadokari")
    parser.add_argument("--sync", choices=["full", "normal", "off"], default="full")
    options = parser.parse_args(arguments)
    product = (
        yadokari(options.sync.upper())
        if options.subject == "yadokari"
        else PRODUCTS["pocketbase"]()
    )
    with tempfile.TemporaryDirectory(prefix="bench-backup-") as folder:
        side = Side(product, options.subject, Path(folder))
        side.prepare()
        with running([side]), side.superuser() as client:
            _fill(client, mib=options.mib)
            end = time.perf_counter() + ALONE_S
            alone = _creates(client, lambda: time.perf_counter() < end)
            during, took_s = _during_backup(side, client)
    ratio = _p95(during) / _p95(alone)
    print(
        f"{options.subject}, {options.mib} MiB: backup {took_s:.1f} s; create p95 "
        f"{_p95(alone):.2f} ms alone ({len(alone)}), {_p95(during):.2f} ms during ({len(during)}): "
        f"{ratio:.2f} x; longest {max(during):.0f} ms"
    )
    return 0 if ratio <= RATIO_MAX else 1


def _fill(client: httpx.Client, *, mib: int) -> None:
    client.patch("/api/settings", json={"logs": {"maxDays": 0}}).raise_for_status()
    client.post("/api/collections", json=COLLECTION).raise_for_status()
    numbers = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < {})"
    insert = f"INSERT INTO filled (body) {numbers} SELECT hex(randomblob({ROW_BYTES // 2})) FROM c"
    left = mib * 1024 * 1024 // ROW_BYTES
    while left > 0:
        query = insert.format(min(left, ROWS_AT_ONCE))
        client.post("/api/sql", json={"query": query}).raise_for_status()
        left -= ROWS_AT_ONCE


def _creates(client: httpx.Client, goes_on: Callable[[], bool]) -> list[float]:
    """Milliseconds of each create."""
    took_ms: list[float] = []
    while goes_on():
        began = time.perf_counter()
        answer = client.post("/api/collections/filled/records", json={"body": "x"})
        took_ms.append((time.perf_counter() - began) * 1_000)
        answer.raise_for_status()
        time.sleep(PACE_S)
    return took_ms


def _during_backup(side: Side, client: httpx.Client) -> tuple[list[float], float]:
    with side.superuser() as other:
        other.timeout = httpx.Timeout(600)
        answers: list[httpx.Response] = []
        making = threading.Thread(
            target=lambda: answers.append(other.post("/api/backups", json={"name": "bench.zip"}))
        )
        began = time.perf_counter()
        making.start()
        took_ms = _creates(client, making.is_alive)
        making.join()
        answers[0].raise_for_status()
        return took_ms, time.perf_counter() - began


def _p95(took_ms: list[float]) -> float:
    return quantiles(took_ms, n=20)[-1]


if __name__ == "__main__":
    sys.exit(main())
