"""Load on one server: wrk where it is installed, else a loop of asyncio connections.

B4  Any answer of 400 or more, any broken connection: LoadFailed, no figure.

A run is a list of ready-made HTTP requests that all connections walk through in a circle, so that
making requests costs the generator next to nothing.

Not here: which requests (bench/cases.py).
"""

import asyncio
import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

WRK_SCRIPT = Path(__file__).with_name("requests.lua")
WRK_THREADS = 1  # Two cores: one for the generator, the other left to the server.
ANSWER_SECONDS_MAX = 60


class LoadFailed(Exception):
    """Some answers were errors. Look at bench.log of that side; the figure is worthless."""


@dataclass(frozen=True, slots=True)
class Rate:
    """What one run on one side gave."""

    per_second: float
    p50_ms: float
    p99_ms: float


def generator() -> str:
    """Which load generator this machine has, as it is written into the result."""
    return f"wrk, {WRK_THREADS} thread" if shutil.which("wrk") else "asyncio loop in Python"


def raw_request(
    method: str, path: str, *, body: Mapping[str, object] | None = None, token: str | None = None
) -> bytes:
    """The bytes of one request on a connection that stays open."""
    content = b"" if body is None else json.dumps(body).encode()
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Accept: */*"]
    if token is not None:
        lines.append(f"Authorization: {token}")
    if body is not None:
        lines.append("Content-Type: application/json")
    if method != "GET":
        lines.append(f"Content-Length: {len(content)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


def run(port: int, requests: Sequence[bytes], *, connections: int, seconds: float) -> Rate:
    """Load ``port`` of this machine for ``seconds``.

    Raises:
        LoadFailed: an answer was an error.
    """
    if shutil.which("wrk"):
        return _run_wrk(port, requests, connections=connections, seconds=seconds)
    return asyncio.run(_run_asyncio(port, requests, connections=connections, seconds=seconds))


def _run_wrk(port: int, requests: Sequence[bytes], *, connections: int, seconds: float) -> Rate:
    with tempfile.NamedTemporaryFile(suffix=".requests") as file:
        file.write(b"".join(b"%d\n%b\n" % (len(one), one) for one in requests))
        file.flush()
        command = ["wrk", f"-t{WRK_THREADS}", f"-c{connections}", f"-d{max(1, round(seconds))}s"]
        command += ["--timeout", f"{ANSWER_SECONDS_MAX}s", "-s", str(WRK_SCRIPT)]
        command += [f"http://127.0.0.1:{port}/", file.name]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    lines = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    if not lines:
        raise LoadFailed(f"wrk gave no result: {done.stdout} {done.stderr}")
    result: dict[str, float] = json.loads(lines[-1].removeprefix("RESULT "))
    if result["errors"]:
        raise LoadFailed(f"{result['errors']:.0f} errors in {result['answers']:.0f} answers")
    if not result["answers"]:
        raise LoadFailed(f"not one answer in {seconds} s; give it more --seconds")
    return Rate(result["answers"] / result["seconds"], result["p50_ms"], result["p99_ms"])


async def _run_asyncio(
    port: int, requests: Sequence[bytes], *, connections: int, seconds: float
) -> Rate:
    took_ms: list[float] = []
    started = time.perf_counter()
    try:
        async with asyncio.TaskGroup() as tasks:
            for number in range(connections):
                walk = [*requests[number % len(requests) :], *requests[: number % len(requests)]]
                tasks.create_task(_walk(port, walk, until=started + seconds, took_ms=took_ms))
    except* (OSError, asyncio.IncompleteReadError, LoadFailed) as problems:
        raise LoadFailed(str(problems.exceptions[0])) from problems
    elapsed = time.perf_counter() - started
    took_ms.sort()
    at = len(took_ms) - 1
    return Rate(len(took_ms) / elapsed, took_ms[at // 2], took_ms[int(at * 0.99)])


async def _walk(
    port: int, requests: Sequence[bytes], *, until: float, took_ms: list[float]
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        while True:
            for request in requests:
                sent = time.perf_counter()
                if sent >= until:
                    return
                writer.write(request)
                status = await _answer(reader)
                if status >= 400:
                    raise LoadFailed(f"status {status}")
                took_ms.append((time.perf_counter() - sent) * 1_000)
    finally:
        writer.close()


async def _answer(reader: asyncio.StreamReader) -> int:
    """Read one answer whole; its status."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    status = int(head[9:12])
    _, found, length = head.partition(b"\r\ncontent-length:")
    if found:
        await reader.readexactly(int(length.split(b"\r\n", 1)[0]))
    elif b"\r\ntransfer-encoding: chunked" in head:
        while size := int(await reader.readline(), 16):
            await reader.readexactly(size + 2)
        await reader.readexactly(2)
    return status
