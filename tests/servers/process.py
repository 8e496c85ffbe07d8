"""Foreign servers for tests: started on free ports of the loopback address, gone at the end."""

import os
import random
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

START_SECONDS_MAX = 30.0  # Cold disks, and a machine that others use.
PORTS = range(20_000, 45_000)  # Some servers take the port 10,000 above theirs as well.
ALSO_OPEN = 10_000
_OURS_ONLY = ("AWS_", "AZURE_", "GOOGLE_", "YADOKARI_", "S3_", "STORAGE_", "SUPABASE_")


class ServerFailed(Exception):
    """The server did not come up; the text ends with what it printed."""


def free_ports(count: int) -> list[int]:
    """Ports of the loopback address that were free a moment ago."""
    found: list[int] = []
    while len(found) < count:
        port = random.choice(PORTS)
        if port not in found and _is_free(port) and _is_free(port + ALSO_OPEN):
            found.append(port)
    return found


@contextmanager
def started(
    command: Sequence[str | Path],
    *,
    port: int,
    folder: Path,
    environment: Mapping[str, str] | None = None,
) -> Iterator[None]:
    """Run a server until the block ends.

    Args:
        port: Once it takes connections there, it is up.
        folder: It may write there.

    Raises:
        ServerFailed: it ended, or took too long.
    """
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(_OURS_ONLY)}
    log = folder / "output.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(part) for part in command],
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env={**inherited, **(environment or {})},
            cwd=folder,
        )
    try:
        deadline = time.monotonic() + START_SECONDS_MAX
        while not _answers(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise ServerFailed(log.read_text(errors="replace")[-2_000:])
            time.sleep(0.05)
        yield
    finally:
        process.kill()  # Some ignore a polite request for ten seconds.
        process.wait()


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
