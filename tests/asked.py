"""Pytest plugin: which test asked which endpoint.

With ``YADOKARI_ASKED=FILE`` a run adds what its tests asked of our server, or of both, to FILE, a
line ``METHOD path<TAB>test`` each; tests/tidy/contract_page.py makes the contract page of it.
"""

import os
from collections.abc import Generator
from pathlib import Path

import pytest

VARIABLE = "YADOKARI_ASKED"
_asked: set[tuple[str, str]] = set()


def note_asked(method: str, path: str) -> None:
    """Note a request of the running test; free unless a run was told to write."""
    if VARIABLE in os.environ:
        test = os.environ.get("PYTEST_CURRENT_TEST", "").partition(" (")[0].partition("[")[0]
        if test:
            _asked.add((f"{method} {path.partition('?')[0]}", test))


@pytest.hookimpl(wrapper=True)
def pytest_sessionfinish() -> Generator[None, None, None]:
    """Write what was asked."""
    yield
    if file := os.environ.get(VARIABLE):
        with Path(file).open("a") as lines:
            lines.writelines(f"{request}\t{test}\n" for request, test in sorted(_asked))
