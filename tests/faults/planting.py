"""Copies of the sources with one fault each, and test runs over them.

C1  A run imports yadokari from its copy, never from the installed sources.
C2  All copies are of the sources as they were when the first was made: others may edit meanwhile.
C3  A run sees the same generated data each time, and looks for no smaller example of what it found:
    that can take minutes.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from tests.faults.fault import Fault

ROOT = Path(__file__).parents[2]
PACKAGE = "yadokari"
RUN_TIMEOUT_S = 100  # A tenth is usual; a fault that hangs has not been noticed by an assertion.
_BY_BEHAVIOUR = ("AssertionError", "assert ", "Failed: DID NOT RAISE", f"{PACKAGE}.")
"""How a failure begins that tells of behaviour: an assertion, or an answer of ours where none or
another was due. A TypeError would only say that the fault is clumsy."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a test run ended."""

    code: int
    """The exit code of pytest; 1 = some test failed."""
    noticed: frozenset[str]
    """Functions and methods that failed by what the program does, not by a crash."""
    output: str


def snapshot(folder: Path) -> Path:
    """A copy of the sources in this folder; compiled files come along and save time."""
    shutil.copytree(ROOT / "src" / PACKAGE, folder / PACKAGE)
    return folder


def plant(fault: Fault, *, original: Path, folder: Path) -> Path:
    """A copy of a snapshot in this folder, with the fault in it."""
    shutil.copytree(original, folder)
    file = folder / PACKAGE / fault.file
    text = file.read_text(encoding="utf-8")
    assert text.count(fault.right) == 1, f"{fault.id}: its snippet is not once in {fault.file}"
    file.write_text(text.replace(fault.right, fault.wrong), encoding="utf-8")
    for compiled in (file.parent / "__pycache__").glob(f"{file.stem}.*.pyc"):
        compiled.unlink()  # Times of one second and equal sizes would pass it off as fresh.
    compile(file.read_text(encoding="utf-8"), str(file), "exec")
    return folder


def run_tests(sources: Path, tests: Sequence[str], *, report: Path) -> Outcome:
    """Run tests over these sources; ends early after a few failures."""
    command = [sys.executable, "-m", "pytest", "-q", "--tb=short", "--no-header"]
    command += ["-p", "no:cacheprovider", "-p", "no:randomly", f"--junitxml={report}"]
    command += [f"--maxfail={max(1, len(tests)) * 3}", "-m", "not proof"]
    command += [f"tests/{one}" for one in tests]
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=_environment(sources),
            capture_output=True,
            text=True,
            timeout=RUN_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Outcome(-1, frozenset(), "it did not end")
    return Outcome(done.returncode, _noticed(report), done.stdout + done.stderr)


def origin_of(sources: Path) -> Path:
    """Where a run over these sources imports the package from."""
    shown = subprocess.run(
        [sys.executable, "-c", f"import {PACKAGE}; print({PACKAGE}.__file__)"],
        cwd=ROOT,
        env=_environment(sources),
        capture_output=True,
        text=True,
        timeout=RUN_TIMEOUT_S,
        check=True,
    )
    return Path(shown.stdout.strip())


def _environment(sources: Path) -> dict[str, str]:
    inherited = {key: value for key, value in os.environ.items() if "COVERAGE" not in key}
    inherited["HYPOTHESIS_PROFILE"] = "planted"
    return {**inherited, "PYTHONPATH": str(sources), "YADOKARI_SEED": "1"}


def _noticed(report: Path) -> frozenset[str]:
    if not report.exists():
        return frozenset()
    cases = ElementTree.parse(report).getroot().iter("testcase")
    found: set[str] = set()
    for case in cases:
        for failure in case.iter("failure"):
            if failure.get("message", "").startswith(_BY_BEHAVIOUR):
                found.add(f"{case.get('classname', '')}.{case.get('name', '').partition('[')[0]}")
    return frozenset(found)
