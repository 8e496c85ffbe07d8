"""What the command loads: a quick start is a feature, and a heavy import is how it gets lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {
    "PIL",
    "aiosmtplib",
    "bcrypt",
    "cryptography",
    "dataclasses",
    "email.headerregistry",
    "email.mime",
    "encodings.idna",
    "filetype",
    "grpclib",
    "html",
    "httpx",
    "jinja2",
    "jwt",
    "multiprocessing.pool",
    "obstore",
    "opentelemetry",
    "pydantic",
    "python_multipart",
    "re2",
    "redis",
    "rich",
    "sqlglot",
    "starlette",
    "tomllib",
    "unittest",
    "xml.etree",
}
"""Never at the start of anything; each is loaded by what needs it."""
SERVER = {"apsw", "asyncio", "httptools", "uvicorn", "uvloop", "yadokari.api", "yadokari.stores"}
"""The server's own: only for `serve` and for commands that do the work themselves."""
MODULES_MAX = 535  # At the start of serve, all included; 531 when this was written, in 0.2 s.
WAIT_S = 30  # Slow machines, and imports that are timed.


def loaded_by(code: str) -> set[str]:
    """Names of all modules after running this code in a fresh interpreter."""
    # Coverage measures subprocesses, too, and would load its own modules into this one.
    environment = {k: v for k, v in os.environ.items() if not k.startswith("COVERAGE")}
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\n{code}\nprint('\\n'.join(sys.modules))"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


@pytest.mark.parametrize("argument", ["--version", "--help"])
def test_the_first_word_loads_no_server(argument: str):
    """N1: asking for the version is not starting a server."""
    modules = loaded_by(
        f"sys.argv = ['yadokari', {argument!r}]\n"
        "from yadokari.cli.main import main\n"
        "try: main()\nexcept SystemExit as exc: assert not exc.code"
    )

    assert (HEAVY | SERVER) & modules == set()


def test_serve_loads_only_what_the_first_answer_needs():
    """Figures: at most 0.3 s from exec to the first answer."""
    modules = loaded_by("import yadokari.cli.serve, yadokari.app.build, yadokari.app.run")

    assert HEAVY & modules == set()
    assert len(modules) <= MODULES_MAX


def test_a_server_that_answers_has_loaded_nothing_else(tmp_path: Path):
    """What is put off must not come back with opening the store and building everything."""
    where = ["--dir", str(tmp_path / "data"), "--http", "127.0.0.1:0"]
    command = [sys.executable, "-X", "importtime", "-m", "yadokari.cli.main", "serve", *where]
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("COVERAGE", "YADO"))}

    def modules_of_a_start() -> set[str]:
        loaded: set[str] = set()
        with subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        ) as server:
            assert server.stderr is not None
            for line in server.stderr:
                if '"event":"serving"' in line:
                    break
                loaded.add(line.rpartition("|")[2].strip())
            server.send_signal(signal.SIGTERM)
            server.communicate(timeout=WAIT_S)
        return loaded

    modules_of_a_start()  # The first makes the folder.
    modules = modules_of_a_start()

    # Token secrets are sealed, and a collection is read with them.
    assert HEAVY & modules == {"cryptography"}
    assert modules >= SERVER


def test_a_command_beside_a_server_loads_no_store():
    """It only talks to a socket."""
    modules = loaded_by("import yadokari.cli.superuser, yadokari.app.surroundings")

    assert HEAVY & modules == set()
