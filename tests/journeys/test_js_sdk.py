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
from tests.smtp_sink import sink

FOLDER = Path(__file__).parent / "js"
SESSION_SECONDS_MAX = 60


@pytest.mark.parametrize("kind", ["oracle", "ours"])
def test_the_javascript_sdk_runs_an_unmodified_session(kind: Kind):
    """Apps written for PocketBase's SDK are what must keep working."""
    play(kind, "session.js")


@pytest.mark.parametrize("kind", ["oracle", "ours"])
def test_the_javascript_sdk_finds_its_way_through_mails(kind: Kind, tmp_path: Path):
    """Confirmations, codes and second factors, each read from the mail that came."""
    with sink(folder=tmp_path) as far:
        play(kind, "accounts.js", str(far.port), str(tmp_path))


@pytest.mark.parametrize("kind", ["oracle", "ours"])
def test_the_javascript_sdk_keeps_an_installation_in_order(kind: Kind):
    """Logs, jobs, backups and SQL, as the dashboard asks for them."""
    play(kind, "upkeep.js")


@pytest.mark.parametrize("kind", ["oracle", "ours"])
def test_the_javascript_sdk_signs_in_at_a_real_provider(kind: Kind):
    """Real codes, PKCE, id_tokens and the all-in-one flow, with a provider that others wrote."""
    play(kind, "oauth2.js", needs="oidc-provider")


def play(kind: Kind, script: str, *more: str, needs: str = "pocketbase") -> None:
    """Run a script of the SDK against a fresh server; it must end well."""
    node = shutil.which("node")
    if node is None:
        missing("Node.js 20", because="no node on PATH")
    if not (FOLDER / "node_modules" / needs).exists():
        missing(f"the package {needs}", because="`npm ci` was not run in tests/journeys/js")

    try:
        with running(kind, batch=False) as server:
            done = subprocess.run(
                [node, script, server.url, SUPERUSER_EMAIL, SUPERUSER_PASSWORD, *more],
                cwd=FOLDER,
                capture_output=True,
                text=True,
                timeout=SESSION_SECONDS_MAX,
                check=False,
            )
    except (ServerMissing, ServerFailed) as error:
        pytest.fail(f"{kind} cannot be asked: {error}", pytrace=False)

    assert done.returncode == 0, done.stdout + done.stderr
