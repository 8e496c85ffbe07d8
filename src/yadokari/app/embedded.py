"""The program as a plain ASGI application: under any server, or mounted in another application.

E1  Nothing happens on import. It opens with the host's lifespan, with ``async with``, or, when the
    host sends neither, with the first request; what failed to open is tried again by the next one.
E2  It owns its data folder as ``yadokari serve`` does: one process, commands through the socket.
E3  Below a prefix it answers as it would at the root; only redirects name the prefix.
E4  The host's loop, logging configuration and signals stay the host's.

Not here: our own server (app/run.py), the order of opening and closing (app/life.py).
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import cast
from urllib.parse import quote

from yadokari.api.errors import error_response
from yadokari.api.request import Receive, Scope
from yadokari.api.response import Message, Send
from yadokari.app.build import build
from yadokari.app.data_dir import own
from yadokari.app.life import living
from yadokari.app.log_lines import LineLog
from yadokari.app.parts import Program
from yadokari.app.settings import Settings
from yadokari.app.surroundings import settings_of, surroundings_of
from yadokari.app.system_clock import SystemClock
from yadokari.base.errors import Unavailable, YadokariError
from yadokari.contract import messages


class EmbeddedApp:
    """An ASGI application that opens and closes a program; may be opened again after closing."""

    def __init__(self, settings: Callable[[], Settings]) -> None:
        """``settings`` is asked each time the program opens, and may raise SettingError."""
        self._settings = settings
        self._life: _Life | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection scope."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        try:
            program = await self.open()
        except (YadokariError, OSError):  # The log has it already.
            await _refuse(scope, send)
            return
        root = scope.get("root_path", "")
        if root and scope["type"] == "http":
            scope, send = _without_prefix(scope, root), _with_prefix(send, root)
        await program.application(scope, receive, send)

    async def open(self) -> Program:
        """Open it, or wait for whoever is opening it.

        Raises:
            YadokariError: settings, the data folder or its content cannot be used.
            OSError: the disk's or system's doing.
        """
        if self._life is None:
            self._life = _Life(self._settings)
        life = self._life
        if life.is_over:  # After a restore: begin anew on the restored data.
            await asyncio.wait((life.task,))
            if self._life is life:
                self._life = _Life(self._settings)
            return await self.open()
        await life.ready.wait()
        if life.program is None:
            if self._life is life:
                self._life = None  # E1: the next one tries again.
            assert life.error is not None
            raise life.error
        return life.program

    async def close(self) -> None:
        """End streams and upkeep and close the store; harmless when it is not open."""
        life, self._life = self._life, None
        if life is not None:
            life.ending.set()
            await life.task

    async def __aenter__(self) -> EmbeddedApp:
        await self.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        await self.close()

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            await self.open()
        except (YadokariError, OSError) as exc:
            await send({"type": "lifespan.startup.failed", "message": str(exc)})
            return
        await send({"type": "lifespan.startup.complete"})
        try:
            await receive()
        finally:
            await self.close()
        await send({"type": "lifespan.shutdown.complete"})


class _Life:
    """One opening, from start to end, in a task of its own: requests come and go meanwhile."""

    def __init__(self, settings: Callable[[], Settings]) -> None:
        self.ready, self.ending = asyncio.Event(), asyncio.Event()
        self.program: Program | None = None
        self.error: YadokariError | OSError | None = None
        self.is_over = False
        # Owned here: the host has no group for it, ``close`` awaits it.
        self.task = asyncio.create_task(self._run(settings))  # noqa: TID251

    async def _run(self, settings: Callable[[], Settings]) -> None:
        log = None
        try:
            surroundings = surroundings_of(settings(), is_guest=True)
            log = surroundings.log
            ownership = own(surroundings.dir)
            try:
                async with living(surroundings, build) as program:
                    if not await program.superusers.exists():
                        log.info("no_superuser", next_step="yadokari superuser create EMAIL")
                    self.program = program
                    self.ready.set()
                    await _first_of(self.ending.wait(), program.restart.wait())
                    self.is_over = True
                    program.end_streams()
            finally:
                ownership.release()
        except (YadokariError, OSError) as exc:
            self.error = exc
            if log is None:
                log = LineLog(sys.stderr, clock=SystemClock(), form="text")
            log.error("not_opened", reason=str(exc))
        finally:
            if self.program is None and self.error is None:  # A bug, or the host's loop ends.
                self.error = Unavailable("The program could not be opened.")
            self.ready.set()


async def _first_of(*waits: Coroutine[object, object, object]) -> None:
    """Wait for one of them."""
    async with asyncio.TaskGroup() as tasks:
        waiting = [tasks.create_task(wait) for wait in waits]
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for one in waiting:
            one.cancel()


def from_environment() -> EmbeddedApp:
    """The application with settings from ``YADOKARI_…`` variables, read when it opens."""
    return EmbeddedApp(lambda: settings_of({}))


def create_asgi(settings: Settings) -> EmbeddedApp:
    """The application with these settings; those of a server (``http``, times) mean nothing."""
    return EmbeddedApp(lambda: settings)


def _without_prefix(scope: Scope, root: str) -> Scope:
    """The scope as it would be at the root (E3).

    Hosts of today keep the prefix in ``path``; older ones took it away, which is left as it is.
    """
    inner = scope.copy()
    inner["root_path"] = ""
    inner["path"] = _cut(scope["path"], root)
    raw = scope.get("raw_path")
    if raw is not None:
        text = raw.decode("latin-1")
        cut = _cut(text, quote(root))
        inner["raw_path"] = (_cut(text, root) if cut == text else cut).encode("latin-1")
    return inner


def _cut(path: str, root: str) -> str:
    if path != root and not path.startswith(f"{root}/"):
        return path
    return path[len(root) :] or "/"


def _with_prefix(send: Send, root: str) -> Send:
    """``send`` that puts the prefix before redirects."""
    prefix = quote(root).encode()

    async def prefixed(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = cast("list[tuple[bytes, bytes]]", message["headers"])
            message["headers"] = [
                (name, prefix + value if name == b"location" and value[:1] == b"/" else value)
                for name, value in headers
            ]
        await send(message)

    return prefixed


async def _refuse(scope: Scope, send: Send) -> None:
    if scope["type"] == "http":
        response = error_response(Unavailable(messages.UNAVAILABLE))
        await response.send(send, head=scope["method"] == "HEAD")
    else:
        await send({"type": "websocket.close", "code": 1013})
