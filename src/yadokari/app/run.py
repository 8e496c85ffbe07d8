"""Runs the server: take the folder, bind, build, serve, stop without losing anything.

G6  The port is bound before the store is opened: whoever connects meanwhile waits, is not refused.
G7  On SIGTERM or SIGINT no new connection is taken, running requests get ``stop_timeout`` seconds,
    then the store is closed in order. A second signal ends the wait.
G8  The one-time link goes to standard output only, never to the log.
G9  After a restore the process begins anew under its own id and with its own listening socket.

Not here: building (app/build.py), opening and closing in order (app/life.py), limits of a
connection (app/http_protocol.py).
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator, Sequence

import uvloop
from typing_extensions import override
from uvicorn.config import Config
from uvicorn.server import Server

from yadokari.admin.pages import INSTALL_PATH
from yadokari.app.data_dir import own
from yadokari.app.exchange import Outbox
from yadokari.app.http_protocol import BoundedHttpProtocol
from yadokari.app.life import living
from yadokari.app.parts import Build, Program, Surroundings
from yadokari.app.settings import Address, Settings
from yadokari.base.errors import YadokariError
from yadokari.base.log import Log

BACKLOG = 2_048  # Connections that may wait while the loop is busy or the store is opening.
_LISTENER_VARIABLE = "_YADOKARI_LISTENER"
DATE_TICK_S = 1.0  # The Date header has seconds.


class BindError(YadokariError):
    """The address cannot be taken. Stop what uses it, or choose another with --http or --https."""


def serve(surroundings: Surroundings, build: Build) -> None:
    """Run the server until it is told to stop; blocks.

    Raises:
        YadokariError: it could not start; the text says why and what to do.
    """
    settings = surroundings.settings
    ownership = own(settings.dir)
    shall_restart, listeners = False, list[socket.socket]()
    try:
        listeners += _inherited() or _listeners(settings)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            shall_restart = runner.run(_serve(surroundings, build, listeners))
    finally:
        ownership.release()
        if not shall_restart:
            for listener in listeners:
                listener.close()
    if shall_restart:
        _begin_anew(listeners)


class StoppableServer(Server):
    """uvicorn's server, stopped by our signals and without a tick ten times a second."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Begin to stop; a second call stops waiting."""
        if self._stopping.is_set():
            self.force_exit = True
        self.should_exit = True
        self._stopping.set()

    @override
    async def main_loop(self) -> None:
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), DATE_TICK_S)

    @contextlib.contextmanager
    @override
    def capture_signals(self) -> Iterator[None]:
        yield  # Ours are caught by _serve, on the loop.


async def _serve(
    surroundings: Surroundings, build: Build, listeners: Sequence[socket.socket]
) -> bool:
    """Serve until told to stop; whether the process shall begin anew (G9).

    Args:
        listeners: For the site; with automatic HTTPS, another one for plain HTTP after it.
    """
    log, settings = surroundings.log, surroundings.settings
    site, plain = listeners[0], listeners[-1]
    async with living(surroundings, build) as program:
        served = program
        if settings.automatic is not None:
            from yadokari.app.automatic_https import leading_home

            served = leading_home(program, settings.automatic.domains)
        config = _config(served, settings)
        server = StoppableServer(config)
        _stop_on_signals(server, program, log=log)
        async with _serving_tls(config, surroundings, plain), asyncio.TaskGroup() as tasks:
            await _announce(program, _url(settings, site), log=log)
            gc.freeze()  # What was built stays: the collector need not look at it again.
            gc.enable()
            waiting = tasks.create_task(_stop_to_restart(server, program))
            # A duplicate: the server closes what it is given, and this one outlives it.
            await server.serve([site.dup()])
            waiting.cancel()
    log.info("restarting" if program.restart.is_asked else "stopped")
    return program.restart.is_asked


async def _stop_to_restart(server: StoppableServer, program: Program) -> None:
    await program.restart.wait()
    program.end_streams()
    server.stop()


def _begin_anew(listeners: Sequence[socket.socket]) -> None:
    """Become a new run of the same command: same process id, same ports, nobody refused (G9)."""
    for listener in listeners:
        os.set_inheritable(listener.fileno(), True)
    os.environ[_LISTENER_VARIABLE] = ",".join(str(one.fileno()) for one in listeners)
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - our own command


def _inherited() -> list[socket.socket]:
    """The listening sockets of the run before this one, after a restart; else none."""
    given = os.environ.pop(_LISTENER_VARIABLE, "")
    try:
        listeners = [socket.socket(fileno=int(number)) for number in given.split(",") if number]
    except (OSError, ValueError):
        return []
    for listener in listeners:
        listener.set_inheritable(False)
        listener.setblocking(False)
    return listeners


def _listeners(settings: Settings) -> list[socket.socket]:
    """New listening sockets, as ``_serve`` wants them. Raises BindError."""
    plain = _bound(settings.http, "--http")
    if settings.automatic is None:
        return [plain]
    try:
        return [_bound(settings.automatic.https, "--https"), plain]
    except BindError:
        plain.close()
        raise


def _config(program: Program, settings: Settings) -> Config:
    config = Config(
        program.application,  # type: ignore[arg-type]  # uvicorn's own types of ASGI are wider
        http=_protocol(program, settings),
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=BACKLOG,
        limit_concurrency=settings.connections_max,
        timeout_keep_alive=settings.keep_alive_s,
        timeout_graceful_shutdown=settings.stop_timeout_s,
    )
    # Warnings there are about what clients send: theirs to mend, and a way to flood a log.
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    return config


def _protocol(program: Program, settings: Settings) -> type[BoundedHttpProtocol]:
    class Protocol(BoundedHttpProtocol):
        serve = staticmethod(program.serve)
        outbox = Outbox()
        head_timeout_s = settings.head_timeout_s
        body_timeout_s = settings.body_timeout_s

    return Protocol


def _stop_on_signals(server: StoppableServer, program: Program, *, log: Log) -> None:
    def stop(name: str) -> None:
        log.info("stopping", signal=name)
        program.end_streams()
        server.stop()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop, number.name)


@contextlib.asynccontextmanager
async def _serving_tls(
    config: Config, surroundings: Surroundings, plain: socket.socket
) -> AsyncIterator[None]:
    """Serve with the certificates of the settings, if there are any, and with their renewals."""
    settings = surroundings.settings
    if settings.automatic is not None:
        from yadokari.app.automatic_https import automate

        automation = automate(config, surroundings)
        doorman = StoppableServer(automation.plain)
        async with asyncio.TaskGroup() as tasks:
            tending = tasks.create_task(automation.tend())
            tasks.create_task(doorman.serve([plain.dup()]))
            try:
                yield
            finally:
                tending.cancel()
                doorman.stop()
        return
    if settings.certificate is None:
        yield
        return
    from yadokari.app.tls import Certificate, follow, headers_for

    certificate = Certificate(*settings.certificate)
    config.headers = headers_for(settings.http.host)
    config.load()
    config.ssl = context = certificate.context()
    async with asyncio.TaskGroup() as tasks:
        following = tasks.create_task(follow(certificate, context, log=surroundings.log))
        try:
            yield
        finally:
            following.cancel()


def _url(settings: Settings, listener: socket.socket) -> str:
    if settings.automatic is not None:
        return f"https://{settings.automatic.domains[0]}"
    host, port = listener.getsockname()[:2]
    is_tls = settings.certificate is not None
    return Address(host=host, port=port).url("https" if is_tls else "http")


async def _announce(program: Program, url: str, *, log: Log) -> None:
    lines = [f"Yadokari serves {url}", f"  API    {url}/api/", f"  Admin  {url}/_/"]
    if not await program.superusers.exists():
        lines += [
            "There is no superuser yet. To make one, open this link within 30 minutes:",
            f"  {url}{INSTALL_PATH}?token={program.link.issue()}",
        ]
    with contextlib.suppress(OSError):  # Nobody reads it.
        sys.stdout.write("\n".join(lines) + "\n")
        sys.stdout.flush()
    log.info("serving", url=url)


def _bound(address: Address, flag: str) -> socket.socket:
    # Bytes: text would bring the tables of international names, which most hosts have no use for.
    host = address.host.encode() if address.host.isascii() else address.host
    try:
        found = socket.getaddrinfo(
            host or None,
            address.port,
            type=socket.SOCK_STREAM,
            flags=socket.AI_PASSIVE,
        )
    except socket.gaierror as exc:
        raise BindError(
            f"there is no address {address.host!r}; choose another with {flag}"
        ) from exc
    family, kind, protocol, _, target = found[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(target)
        listener.listen(BACKLOG)
    except OSError as exc:
        listener.close()
        raise BindError(
            f"cannot listen on {address.host}:{address.port} ({exc.strerror}); stop what uses it "
            f"or choose another address with {flag}"
        ) from exc
    listener.setblocking(False)
    return listener
