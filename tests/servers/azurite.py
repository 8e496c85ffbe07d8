"""Azurite: Microsoft's own emulator of Azure Blob Storage."""

import base64
import hashlib
import hmac
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from pathlib import Path

import httpx

from tests.report_missing import missing
from tests.servers.process import free_ports, started

ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""Known to everybody: each emulator has it."""
PROGRAM = Path(__file__).parents[1] / "journeys/js/node_modules/azurite/dist/src/blob/main.js"
VERSION = "2021-12-02"


@contextmanager
def azurite(folder: Path) -> Iterator[str]:
    """The address of the account on a running emulator, which keeps everything in memory."""
    node = shutil.which("node")
    if node is None:
        missing("Node.js 20", because="no node on PATH")
    if not PROGRAM.exists():
        missing("Azurite", because="`npm ci` was not run in tests/journeys/js")
    [port] = free_ports(1)
    command = [
        node, PROGRAM, "--blobHost", "127.0.0.1", "--blobPort", str(port),
        "--inMemoryPersistence", "--silent", "--skipApiVersionCheck", "--disableTelemetry",
    ]  # fmt: skip
    with started(command, port=port, folder=folder):
        yield f"http://127.0.0.1:{port}/{ACCOUNT}"


def make_container(url: str, name: str) -> None:
    """A new container; the library that we use cannot make one."""
    date = formatdate(usegmt=True)
    facts = f"x-ms-date:{date}\nx-ms-version:{VERSION}\n"
    resource = f"/{ACCOUNT}/{ACCOUNT}/{name}\nrestype:container"
    text = "PUT\n" + "\n" * 11 + facts + resource
    digest = hmac.digest(base64.b64decode(KEY), text.encode(), hashlib.sha256)
    answer = httpx.put(
        f"{url}/{name}?restype=container",
        headers={
            "x-ms-date": date,
            "x-ms-version": VERSION,
            "Authorization": f"SharedKey {ACCOUNT}:{base64.b64encode(digest).decode()}",
        },
    )
    assert answer.status_code == 201, answer.text
