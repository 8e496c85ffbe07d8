"""What a run gave: rounds, ratios with their spread, the table and the JSON file.

B3  A ratio above 1 means that the subject is better, whether more or less is better there.

Not here: measuring.
"""

import json
import os
import platform
import re
import sqlite3
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

RESULTS = Path(__file__).with_name("results")


@dataclass(frozen=True, slots=True)
class Spread:
    """Middle and ends of some rounds."""

    median: float
    min: float
    max: float

    @classmethod
    def of(cls, figures: Sequence[float]) -> "Spread":
        """The spread of at least one figure."""
        return cls(statistics.median(figures), min(figures), max(figures))

    def as_json(self) -> dict[str, float]:
        """Rounded, for the file."""
        return {"median": _digits(self.median), "min": _digits(self.min), "max": _digits(self.max)}


@dataclass(frozen=True, slots=True)
class Figures:
    """All rounds of one case: ``subject[i]`` and ``reference[i]`` were measured in one turn."""

    case: str
    unit: str
    more_is_better: bool
    what: str
    subject: Sequence[float]
    reference: Sequence[float]

    def ratio(self) -> Spread:
        """How many times better the subject is (B3), per round."""
        pairs = zip(self.subject, self.reference, strict=True)
        if self.more_is_better:
            return Spread.of([subject / reference for subject, reference in pairs])
        return Spread.of([reference / subject for subject, reference in pairs])

    def as_json(self) -> dict[str, object]:
        """Everything, for the file."""
        return {
            "case": self.case,
            "what": self.what,
            "unit": self.unit,
            "better": "more" if self.more_is_better else "less",
            "ratio": self.ratio().as_json(),
            "subject": {**Spread.of(self.subject).as_json(), "rounds": _rounded(self.subject)},
            "reference": {
                **Spread.of(self.reference).as_json(),
                "rounds": _rounded(self.reference),
            },
        }

    def line(self) -> str:
        """One line of the table."""
        ratio, subject, reference = self.ratio(), Spread.of(self.subject), Spread.of(self.reference)
        return (
            f"{self.case:<14} {subject.median:>11,.2f} {reference.median:>11,.2f} {self.unit:<7}"
            f" {ratio.median:>7.2f} x  ({ratio.min:.2f} to {ratio.max:.2f})"
        )


def heading(*, subject: str, reference: str) -> str:
    """The first line of the table."""
    return f"{'case':<14} {subject:>11} {reference:>11} {'unit':<7} {'ratio':>7}    (min to max)"


def machine() -> dict[str, object]:
    """What the figures were taken on."""
    return {
        "cpu": _cpu_model(),
        "cores": os.cpu_count() or 0,
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        "sqlite_of_python": sqlite3.sqlite_version,
    }


def save(figures: Sequence[Figures], conditions: Mapping[str, object], *, folder: Path) -> Path:
    """Write the JSON file of this run; its name is the moment it ended."""
    now = datetime.now(UTC)
    content = {
        "date": now.isoformat(timespec="seconds"),
        "machine": machine(),
        "conditions": conditions,
        "cases": [one.as_json() for one in figures],
    }
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{now:%Y-%m-%dT%H%M%SZ}.json"
    path.write_text(json.dumps(content, indent=1) + "\n")
    return path


def _cpu_model() -> str:
    try:
        found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    except OSError:
        found = None
    return found[1] if found else platform.processor() or platform.machine()


def _digits(figure: float) -> float:
    return float(f"{figure:.5g}")


def _rounded(figures: Sequence[float]) -> list[float]:
    return [_digits(one) for one in figures]
