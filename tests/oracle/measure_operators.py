"""Measure the operator matrix on PocketBase and write tests/oracle/golden/operators.json.

Run: python -m tests.oracle.measure_operators   (some minutes on two cores)

The file holds the fixture, the operands, and for each pair of operands the index of a vector with
one result for each operator: the matching rows as a hexadecimal bit mask (bit 0 is the first row),
`!` and the status for a refusal, or `~` where the result would change with the clock.

Not here: which operands and rows (tests/oracle/operators_fixture.py).
"""

import json
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tests.oracle.client import Json, query
from tests.oracle.fixture import ROWS_MAX, ids_of, load
from tests.oracle.operators_fixture import (
    BODY,
    HEADERS,
    MAIN,
    OPERANDS,
    OPERATORS,
    QUERY,
    is_lasting,
    operators_fixture,
)
from tests.oracle.server import Server, running

GOLDEN = Path(__file__).parent / "golden" / "operators.json"
UNSTABLE = "~"
WORKERS = 2


def ask(server: Server, filter_text: str, *, ids: list[str]) -> str:
    """One cell: the matching rows as a mask in hexadecimal, or `!status`."""
    path = f"/api/collections/{MAIN}/records" + query(
        fields="id", skipTotal=1, perPage=ROWS_MAX, filter=filter_text, **QUERY
    )
    found = ids_of(server.client.send("GET", path, token=server.token, json=BODY, headers=HEADERS))
    if isinstance(found, int):
        return f"!{found}"
    return mask(found, ids=ids)


def mask(found: list[str], *, ids: list[str]) -> str:
    """Rows as a mask in hexadecimal; bit 0 is the first id."""
    return f"{sum(1 << ids.index(one) for one in set(found)):x}"


def vector(server: Server, left: str, right: str, *, ids: list[str]) -> tuple[str, ...]:
    """All operators between two operands."""
    return tuple(
        ask(server, f"{left} {operator} {right}", ids=ids)
        if is_lasting(left, operator)
        else UNSTABLE
        for operator in OPERATORS
    )


def measure_rows(lefts: tuple[str, ...]) -> list[list[tuple[str, ...]]]:
    """The vectors of some left operands, on a server of their own."""
    fixture = operators_fixture()
    ids = [str(body["id"]) for name, body in fixture.records if name == MAIN]
    rows: list[list[tuple[str, ...]]] = []
    with running("oracle") as server:
        load(server, fixture)
        for left in lefts:
            rows.append([vector(server, left, right, ids=ids) for right in OPERANDS])
            sys.stderr.write(f"{left}\n")
    return rows


def measure() -> Json:
    """The whole golden document."""
    fixture = operators_fixture()
    ids = [str(body["id"]) for name, body in fixture.records if name == MAIN]
    with ProcessPoolExecutor(WORKERS) as pool:
        parts = [*pool.map(measure_rows, [OPERANDS[start::WORKERS] for start in range(WORKERS)])]
    vectors: dict[tuple[str, ...], int] = {}
    cells: list[Json] = []
    for index in range(len(OPERANDS)):
        row = parts[index % WORKERS][index // WORKERS]
        cells.append([vectors.setdefault(results, len(vectors)) for results in row])
    return {
        "collection": MAIN,
        "query": dict[str, Json](QUERY),
        "headers": dict[str, Json](HEADERS),
        "body": BODY,
        "operators": [*OPERATORS],
        "operands": [*OPERANDS],
        "ids": [*ids],
        "fixture": fixture.as_json(),
        "vectors": [" ".join(results) for results in vectors],
        "cells": cells,
    }


def main() -> None:
    """Measure and write."""
    document = measure()
    assert isinstance(document, dict)
    parts = [f"{json.dumps(key)}:{_compact(value)}" for key, value in document.items()]
    GOLDEN.write_text("{" + ",\n".join(parts) + "}\n", encoding="utf-8")
    sys.stderr.write(f"{GOLDEN}: {GOLDEN.stat().st_size} bytes\n")


def _compact(value: Json) -> str:
    if isinstance(value, list) and value and isinstance(value[0], list):
        return "[" + ",\n".join(_compact(entry) for entry in value) + "]"
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


if __name__ == "__main__":
    main()
