"""The control socket: commands beside a running server."""

from __future__ import annotations

import asyncio
import json
import socket
from pathlib import Path

import msgspec
import pytest

from yadokari.app.control import CommandRefused, ControlServer, NobodyThere, ask, listen
from yadokari.base.errors import NotFound
from yadokari.base.log import SilentLog


async def handle(command: str, arguments: msgspec.Raw) -> object:
    """A server that echoes, refuses or breaks."""
    if command == "refuse":
        raise NotFound("there is no such thing")
    if command == "break":
        raise ZeroDivisionError("a secret")
    return {"command": command, "arguments": arguments}


async def asked(path: Path, command: str, arguments: object) -> object:
    """The answer, asked from another thread, as another process would."""
    raw = await asyncio.to_thread(ask, path, command, arguments, timeout_s=5)
    return json.loads(bytes(raw))


async def started(path: Path) -> ControlServer:
    """A listening server."""
    return await listen(path, handle, log=SilentLog())


async def test_a_command_is_answered(tmp_path: Path):
    """Arguments and results are JSON both ways."""
    path = tmp_path / "control.sock"
    server = await started(path)

    answer = await asked(path, "superuser.create", {"email": "é@b.co"})

    assert answer == {"command": "superuser.create", "arguments": {"email": "é@b.co"}}
    assert path.stat().st_mode & 0o077 == 0
    await server.close()
    assert not path.exists()


async def test_a_refusal_carries_its_reason_and_a_failure_does_not(tmp_path: Path):
    """An error of ours is for whoever asked; a bug is for the log."""
    path = tmp_path / "control.sock"
    server = await started(path)

    with pytest.raises(CommandRefused, match="there is no such thing"):
        await asked(path, "refuse", {})
    with pytest.raises(CommandRefused, match="log says why") as caught:
        await asked(path, "break", {})

    assert "secret" not in str(caught.value)
    await server.close()


async def test_nobody_there_is_told_apart(tmp_path: Path):
    """Then the command opens the store itself; a socket file that was left behind is nobody."""
    path = tmp_path / "control.sock"
    with pytest.raises(NobodyThere):
        ask(path, "x", {}, timeout_s=1)
    left_behind = socket.socket(socket.AF_UNIX)
    left_behind.bind(str(path))
    left_behind.close()

    with pytest.raises(NobodyThere):
        ask(path, "x", {}, timeout_s=1)

    server = await started(path)
    assert await asked(path, "x", {}) == {"command": "x", "arguments": {}}
    await server.close()


async def test_a_folder_deeper_than_socket_names_may_be_works(tmp_path: Path):
    """The system's limit of 104 bytes is no limit of ours."""
    folder = tmp_path / ("d" * 100) / ("e" * 100)
    folder.mkdir(parents=True)
    server = await started(folder / "control.sock")

    assert await asked(folder / "control.sock", "x", {}) == {"command": "x", "arguments": {}}
    await server.close()


@pytest.mark.parametrize("line", [b"\n", b"{}\n", b"[" * 1_000 + b"\n", b"\xff\n", b"null\n"])
async def test_a_malformed_line_is_answered_and_the_server_goes_on(tmp_path: Path, line: bytes):
    """Whatever connects to it must not stop it."""
    path = tmp_path / "control.sock"
    server = await started(path)
    reader, writer = await asyncio.open_unix_connection(str(path))

    writer.write(line)
    answer = json.loads(await reader.readline())
    writer.close()

    assert answer["ok"] is False
    assert await asked(path, "x", {}) == {"command": "x", "arguments": {}}
    await server.close()
