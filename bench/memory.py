"""Memory of a server and the programs it started, in MB.

PSS where the system tells it (Linux): shared pages count once over all who share them; else RSS.

Not here: when it is read (bench/cases.py).
"""

import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Self

MB = 1_000_000
SAMPLE_SECONDS = 0.25


def kind() -> str:
    """Which figure this machine gives."""
    return "PSS" if Path("/proc/self/smaps_rollup").exists() else "RSS"


def resident_mb(pid: int) -> float:
    """Resident memory of ``pid`` and all below it."""
    return sum(_one_bytes(each) for each in _tree(pid)) / MB


class Peak:
    """The highest reading while the block runs."""

    def __init__(self, pid: int) -> None:
        self.mb = 0.0
        self._pid = pid
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(SAMPLE_SECONDS):
            self.mb = max(self.mb, resident_mb(self._pid))


def _tree(pid: int) -> Iterator[int]:
    yield pid
    for tasks in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in tasks.read_text().split():
            yield from _tree(int(child))


def _one_bytes(pid: int) -> int:
    rollup = Path(f"/proc/{pid}/smaps_rollup")
    if rollup.exists():
        line = next(line for line in rollup.read_text().splitlines() if line.startswith("Pss:"))
        return int(line.split()[1]) * 1_024
    said = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, check=True)
    return int(said.stdout) * 1_024
