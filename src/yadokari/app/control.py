"""The control socket: how a command reaches the server that owns a data folder.

D3  One JSON object a line each way: ``{"command":…,"arguments":{…}}`` is answered by
    ``{"ok":true,"result":…}`` or ``{"ok":false,"message":…}``.
D4  Only the folder's owner can connect: the socket is 0600 in a folder that is 0700.
D5  Whoever holds the folder's lock may remove a socket it finds there: its maker is gone.

Not here: what the commands do (app/commands.py).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import msgspec

from yadokari.app.told import told
from yadokari.base.errors import YadokariError
from yadokari.base.log import Log

LINE_BYTES_MAX = 16 * 1024 * 1024  # A snapshot of many collections passes here.
READ_TIMEOUT_S = 10  # The client is a program of ours: it sends at once.
SOCKET_PATH_BYTES_MAX = 100  # The system's own limit is 104 on macOS, 108 on Linux.

Handler: TypeAlias = Callable[[str, msgspec.Raw], Awaitable[object]]
"""Runs a command with its arguments, a JSON object; an error's text goes to whoever sent it."""


class Request(msgspec.Struct, frozen=True):
    """A command as it travels."""

    command: str
    arguments: msgspec.Raw = msgspec.Raw(b"{}")


class Reply(msgspec.Struct, frozen=True, omit_defaults=True):
    """Its answer as it travels."""

    ok: bool
    result: msgspec.Raw = msgspec.Raw(b"null")
    message: str = ""


class NobodyThere(YadokariError):
    """No server listens on the socket. Open the store yourself."""


class CommandRefused(YadokariError):
    """The server refused or failed the command; the text says why."""


class ControlServer:
    """Listens on the control socket until closed."""

    def __init__(self, server: asyncio.Server, path: Path) -> None:
        self._server, self._path = server, path

    async def close(self) -> None:
        """Stop listening and remove the socket."""
        self._server.close()
        with contextlib.suppress(OSError):
            self._path.unlink()


async def listen(path: Path, handle: Handler, *, log: Log) -> ControlServer:
    """Answer commands on this socket; the caller holds the folder's lock (D5)."""

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await asyncio.wait_for(reader.readline(), READ_TIMEOUT_S):
                writer.write(await _answer(line, handle, log=log) + b"\n")
                await writer.drain()
        except (TimeoutError, OSError, ValueError):
            log.debug("control_connection_dropped")
        finally:
            writer.close()

    listener = _bound(path)
    server = await asyncio.start_unix_server(converse, sock=listener, limit=LINE_BYTES_MAX)
    return ControlServer(server, path)


def ask(path: Path, command: str, arguments: object, *, timeout_s: float) -> msgspec.Raw:
    """Send a command to the server that owns the folder and wait for its answer; blocks.

    Args:
        path: The control socket.
        command: Its name, such as ``superuser.create``.
        arguments: An object that becomes a JSON object.
        timeout_s: Longest wait for the answer.

    Raises:
        NobodyThere: nobody listens.
        CommandRefused: it was refused, failed, or took too long.
    """
    line = msgspec.json.encode({"command": command, "arguments": arguments}) + b"\n"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(timeout_s)
        try:
            with _short(path) as name:
                connection.connect(name)
        except (FileNotFoundError, ConnectionRefusedError) as exc:
            raise NobodyThere(f"no server listens on {path}") from exc
        except OSError as exc:
            raise CommandRefused(f"cannot reach the server at {path}: {exc.strerror}") from exc
        try:
            connection.sendall(line)
            with connection.makefile("rb") as answers:
                answer = answers.readline(LINE_BYTES_MAX)
        except OSError as exc:
            raise CommandRefused(
                "the server did not answer in time; whether it did the work is unknown"
            ) from exc
    return _result(answer)


def _result(answer: bytes) -> msgspec.Raw:
    try:
        reply = msgspec.json.decode(answer, type=Reply)
    except msgspec.DecodeError as exc:
        raise CommandRefused("the server stopped before it answered") from exc
    if not reply.ok:
        raise CommandRefused(reply.message)
    return reply.result


async def _answer(line: bytes, handle: Handler, *, log: Log) -> bytes:
    try:
        request = msgspec.json.decode(line, type=Request)
        result = await handle(request.command, request.arguments)
    except YadokariError as exc:
        return msgspec.json.encode({"ok": False, "message": told(exc)})
    except msgspec.DecodeError as exc:
        return msgspec.json.encode({"ok": False, "message": f"malformed command: {exc}"})
    except Exception as exc:  # noqa: BLE001 - the server goes on whatever a command does
        log.error("command_failed", error=exc)
        return msgspec.json.encode({"ok": False, "message": "failed; the server's log says why"})
    log.info("command_run", command=request.command)
    return msgspec.json.encode({"ok": True, "result": result})


def _bound(path: Path) -> socket.socket:
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    mask = os.umask(0o177)
    try:
        with _short(path) as name:
            listener.bind(name)
    finally:
        os.umask(mask)
    return listener


@contextlib.contextmanager
def _short(path: Path) -> Iterator[str]:
    """A name for the socket that the system takes: a link stands in for a deep folder."""
    name = str(path)
    if len(os.fsencode(name)) <= SOCKET_PATH_BYTES_MAX:
        yield name
        return
    with tempfile.TemporaryDirectory(prefix="yadokari-") as folder:
        link = Path(folder) / "d"
        link.symlink_to(path.parent)
        yield str(link / path.name)
