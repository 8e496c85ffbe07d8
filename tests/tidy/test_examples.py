"""The examples in docs/ do what the text around them says."""

import re
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.report_missing import missing
from tests.tidy.repository import ROOT

START_SECONDS_MAX = 20
COMMANDS_SECONDS_MAX = 60
SHELL_BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = Path(sys.executable).parent / "yadokari"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Folder of the example's server."""
    return tmp_path / "data"


@pytest.fixture
def url(data: Path, tmp_path: Path) -> Iterator[str]:
    """Address of a fresh server, the package that is installed here."""
    log = (tmp_path / "log").open("w+b")
    where = ["--http", "127.0.0.1:0", "--dir", str(data)]
    with log, subprocess.Popen([COMMAND, "serve", *where], stdout=log, stderr=log) as server:
        try:
            yield _address(server, tmp_path / "log")
        finally:
            server.terminate()


def _address(server: subprocess.Popen[bytes], log: Path) -> str:
    """The address it printed, once it is healthy."""
    deadline = time.perf_counter() + START_SECONDS_MAX
    while time.perf_counter() < deadline and server.poll() is None:
        found = re.search(r"http://127\.0\.0\.1:[1-9]\d*", log.read_text())
        if found is not None:
            with urllib.request.urlopen(f"{found[0]}/api/health", timeout=5) as answer:
                assert answer.status == 200
            return found[0]
        time.sleep(0.02)
    raise AssertionError(f"the server printed no address:\n{log.read_text()}")


def shown(example: str, *, url: str, data: Path) -> subprocess.CompletedProcess[str]:
    """Run the blocks of a page in one shell, on this server instead of the page's."""
    script = "\n".join(SHELL_BLOCK.findall((ROOT / "docs" / example).read_text()))
    script = script.replace("http://127.0.0.1:8080", url)
    script = script.replace("--dir yadokari_data", f"--dir '{data}'")
    script = script.replace(".venv/bin/yadokari", f"'{COMMAND}'")
    command = ["bash", "-euo", "pipefail", "-c", script]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=COMMANDS_SECONDS_MAX, check=False
    )


def test_getting_started_gets_started(url: str, data: Path):
    """A newcomer who copies the blocks ends with the list that the page promises."""
    if shutil.which("curl") is None:
        missing("curl", because="not on PATH")

    done = shown("getting-started.md", url=url, data=data)

    assert done.returncode == 0, done.stdout + done.stderr
    _, _, last = done.stdout.rpartition('{"items":')
    assert last.startswith('[{"reads":7,"title":"Moving house"}]')
    assert '"totalItems":1' in last
