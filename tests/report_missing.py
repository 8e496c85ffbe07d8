"""Pytest plugin: what could not run here, and why, as a short list at the end of a run.

T1  A test that lacks a server or a tool calls ``missing``; it is skipped with the reason.
T2  With ``CI=true`` nothing may be missing: the same test fails, whatever way it was skipped.
T3  A test left out because an adapter lacks a capability is no gap and is not listed.

Not here: choosing which tests a command runs (Makefile), capabilities (yadokari.testing).
"""

import os
from collections import Counter
from typing import NoReturn

import pytest

CAPABILITY = ("the store has no ", "the bucket has no ")
"""How a conformance suite of yadokari.testing says what its adapter cannot do; see T3."""


def missing(what: str, *, because: str) -> NoReturn:
    """Leave this test out: ``what`` (a server, a tool) is not here.

    Args:
        what: What is missing, as a newcomer would look for it: "Node.js 20".
        because: What was tried: "no node on PATH".

    Raises:
        pytest.skip.Exception: always; in CI the plugin turns it into a failure.
    """
    pytest.skip(f"{what} is missing: {because}")


def skip_reason(report: pytest.TestReport | pytest.CollectReport) -> str | None:
    """The reason of a skip that counts as a gap, else None."""
    if not report.skipped or hasattr(report, "wasxfail"):
        return None
    longrepr = report.longrepr
    text = longrepr[2] if isinstance(longrepr, tuple) else str(longrepr)
    reason = text.removeprefix("Skipped: ").strip()
    return None if reason.startswith(CAPABILITY) else reason


def in_ci() -> bool:
    """Whether this run may miss nothing."""
    return os.environ.get("CI", "").lower() in {"1", "true", "yes"}


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):
    """T2: a skipped test becomes a failed one in CI."""
    outcome = yield
    report: pytest.TestReport = outcome.get_result()
    reason = skip_reason(report)
    if reason is not None and in_ci():
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} could not run, and CI may miss nothing: {reason}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print each reason once, with the number of tests behind it."""
    reports: list[pytest.TestReport] = terminalreporter.stats.get("skipped", [])
    reasons = Counter(reason for report in reports if (reason := skip_reason(report)) is not None)
    if not reasons:
        return
    terminalreporter.section("could not run here")
    for reason, tests in sorted(reasons.items()):
        terminalreporter.line(f"  {tests:>4} x {reason}")
