"""docs/contract-coverage.md: every endpoint, and every point of the contract, with its test.

Endpoints come from the routes of the program, who asks them from a run of the tests; points are the
names of the tests that ask PocketBase the same:

    YADOKARI_ASKED=asked.txt make test ARGS="tests/api tests/oracle"
    python -m tests.tidy.contract_page asked.txt
"""

import ast
import asyncio
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from tests.api.program import opened
from tests.tidy.repository import ROOT, name_of, tree_of
from yadokari.api.router import Route

PAGE = ROOT / "docs" / "contract-coverage.md"
TESTS_MAX = 3
"""Tests that are named for an endpoint; the others are counted."""
POINTS = (
    "tests/oracle/test_quirks_*.py",
    "tests/oracle/test_oauth2_*.py",
    "tests/oracle/test_upkeep_*.py",
)
OPENING = """\
# The contract, and the tests that hold it

Written by `python -m tests.tidy.contract_page`; tests compare it with the program. Tests in
`tests/oracle` send the same requests to PocketBase and to us and compare the answers; those in
`tests/api` are scenarios of our own. Beside them the generated comparisons of
`tests/oracle/test_differential.py` ask both servers thousands of requests about collections,
records, filters, rules and accounts, and `tests/journeys` runs the unmodified JavaScript SDK.
"""


def routes() -> Sequence[Route]:
    """Every endpoint of the program."""

    async def made() -> Sequence[Route]:
        with tempfile.TemporaryDirectory() as folder:
            async with opened(Path(folder)) as house:
                return house.program.routes

    return asyncio.run(made())


def endpoint_of(request: str, patterns: Iterable[tuple[str, str]]) -> str | None:
    """The endpoint that ``METHOD /path`` asks, as ``METHOD pattern``."""
    method, _, path = request.partition(" ")
    segments = path.split("/")
    best: tuple[int, str] | None = None
    for known, pattern in patterns:
        parts = pattern.split("/")
        if known != ("GET" if method == "HEAD" else method) or len(parts) != len(segments):
            continue
        exact = sum(part == segment for part, segment in zip(parts, segments, strict=True))
        if all(p == s or p[:1] == "{" for p, s in zip(parts, segments, strict=True)):
            best = max(best or (-1, ""), (exact, f"{known} {pattern}"))
    return best[1] if best else None


def askers(lines: Iterable[str]) -> Mapping[str, Sequence[str]]:
    """Tests by endpoint, those that ask PocketBase too first."""
    patterns = [(route.method, route.pattern) for route in routes()]
    found: dict[str, set[str]] = defaultdict(set)
    for line in lines:
        request, _, test = line.rstrip("\n").partition("\t")
        if endpoint := endpoint_of(request, patterns):
            found[endpoint].add(test)
    return {
        endpoint: sorted(tests, key=lambda test: ("/oracle/" not in test, test))
        for endpoint, tests in found.items()
    }


def points() -> str:
    """What is compared with PocketBase point by point, and how each point's test is called."""
    shown: list[str] = []
    for pattern in POINTS:
        for path in sorted(ROOT.glob(pattern)):
            tree = tree_of(path)
            rows = [
                f"| {_sentence(node)} | `{node.name}` |"
                for node in tree.body
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
                and node.name.startswith("test_")
            ]
            title = (ast.get_docstring(tree) or "").partition("\n")[0].rstrip(".")
            shown += [f"### {title}", "", f"`{name_of(path)}`", "", "| point | test |"]
            shown += ["| --- | --- |", *rows, ""]
    return "\n".join(shown)


def page(asked: Mapping[str, Sequence[str]]) -> str:
    """The whole page."""
    rows = []
    for route in sorted(routes(), key=lambda route: (route.pattern, route.method)):
        endpoint = f"{route.method} {route.pattern}"
        tests = asked.get(endpoint, ())
        named = ", ".join(f"`{_short(test)}`" for test in tests[:TESTS_MAX])
        more = f" and {len(tests) - TESTS_MAX} more" if len(tests) > TESTS_MAX else ""
        rows.append(f"| `{endpoint}` | {named or 'none'}{more} |")
    endpoints = "\n".join(["## Endpoints", "", "| endpoint | asked by |", "| --- | --- |", *rows])
    return f"{OPENING}\n{endpoints}\n\n## Points\n\n{points()}"


def _sentence(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    name = node.name.removeprefix("test_").replace("_", " ")
    why = (ast.get_docstring(node) or "").partition("\n\n")[0].replace("\n", " ")
    return f"{name[:1].upper()}{name[1:]}. {' '.join(why.split())}".replace("|", "\\|").strip()


def _short(test: str) -> str:
    return test.removeprefix("tests/")


if __name__ == "__main__":
    PAGE.write_text(page(askers(Path(sys.argv[1]).read_text().splitlines())))
