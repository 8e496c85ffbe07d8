"""What a planted fault is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Area = Literal[
    "door",
    "edge",
    "files",
    "parser",
    "resolver",
    "compiler",
    "evaluator",
    "access",
    "cascade",
    "change log",
    "store",
    "realtime",
    "auth",
    "values",
    "import",
    "erasing",
    "upkeep",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One mistake that somebody could make, and who must notice it."""

    id: str
    area: Area
    file: str
    """Below src/yadokari."""
    right: str
    """What stands there; exactly once."""
    wrong: str
    """What would stand there."""
    noticed_by: tuple[str, ...]
    """Node ids of quick tests, below tests/; each one must fail."""
    why: str
    """What it would do to somebody."""
