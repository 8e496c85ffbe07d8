"""The official JavaScript SDK, unmodified, in a session against PocketBase and against us."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.oracle.server import (
    SUPERUSER_EMAIL,
    SUPERUSER_PASSWORD,
    Kind,
    ServerFailed,
    ServerMissing,
    running,
)
from tests.report_missing import missing

FOLDER = Path(__file__).parent / "js"
SESSION_SECONDS_MAX = 60


@pytest.mark.parametrize("kind", ["oracle", "ours"])
def test_the_javascript_sdk_runs_an_unmodified_session(kind: Kind):
    """Apps written for PocketBase's SDK are what must keep working."""
    node = shutil.which("node")
    if node is None:
        missing("Node.js 20", because="no node on PATH")
    if not (FOLDER / "node_modules" / "pocketbase").exists():
        missing("the JavaScript SDK", because="`npm ci` was not run in tests/journeys/js")

    try:
        with running(kind, batch=False) as server:
            done = subprocess.run(
                [node, "session.js", server.url, SUPERUSER_EMAIL, SUPERUSER_PASSWORD],
                cwd=FOLDER,
                capture_output=True,
                text=True,
                timeout=SESSION_SECONDS_MAX,
                check=False,
            )
    except (ServerMissing, ServerFailed) as error:
        pytest.fail(f"{kind} cannot be asked: {error}", pytrace=False)

    assert done.returncode == 0, done.stdout + done.stderr
