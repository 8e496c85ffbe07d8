"""A request that was whole when it was read, and its answer in one write.

uvicorn's own cycle is made for bodies and answers in pieces. Nearly every request of an API comes
in one piece and is answered in one: that needs no event, no message for each step, and no task
where nothing is waited for.

X1  What needs more (a streamed answer, waiting for the client to go away) is handed to uvicorn's
    cycle, once and for good; so is an exchange that failed to answer.
X2  An exchange that has to wait goes on as a task, in the context in which it began.
X3  Answers that are made in one turn of the loop leave together at its end, at most one of each
    connection: a client that is woken by the first then finds the others. Nothing overtakes them:
    a cycle begins with a task, which has its turn later.

Not here: which requests come here (app/http_protocol.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import copy_context
from typing import ClassVar, Protocol, TypeAlias

from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from yadokari.api.asgi import Deliver, deliver_by_asgi
from yadokari.api.deadline import going_on
from yadokari.api.request import Receive, Request, Scope
from yadokari.api.response import Message, Response

Serve: TypeAlias = Callable[[Scope, Receive, Deliver], Awaitable[None]]
"""Answers a request; see api.asgi.Application.serve."""


class Connection(Protocol):
    """What an exchange needs of its connection."""

    flow: FlowControl
    loop: asyncio.AbstractEventLoop
    tasks: set[asyncio.Task[None]]

    def answer(self, data: bytes, *, keep_alive: bool) -> None:
        """Send a whole answer (X3); the next request may come, unless this is the last."""
        ...

    def flush(self) -> None:
        """Send what waits for the end of the turn."""
        ...

    def standing_lines(self) -> bytes:
        """Header lines of every answer, such as the date."""
        ...

    def break_off(self, error: BaseException) -> None:
        """Log an error that came after the answer, and close: nobody knows what is missing."""
        ...

    def whole_cycle(self, exchange: Exchange, scope: Scope) -> RequestResponseCycle:
        """Put uvicorn's cycle in place of the exchange; the request's body was taken."""
        ...


class Outbox:
    """The connections whose answers leave at the end of this turn of the loop (X3)."""

    __slots__ = ("_waiting",)

    def __init__(self) -> None:
        self._waiting: list[Connection] = []

    def add(self, connection: Connection) -> None:
        """Flush this connection when the turn ends."""
        if not self._waiting:
            connection.loop.call_soon(self._flush)
        self._waiting.append(connection)

    def _flush(self) -> None:
        waiting = self._waiting
        self._waiting = []
        for connection in waiting:
            connection.flush()


class _Nobody:
    """In place of the event on which uvicorn's cycle waits."""

    def set(self) -> None:
        """Wake nobody."""


class Exchange:
    """One request and its answer; to uvicorn's protocol, a cycle."""

    __slots__ = (
        "_connection",
        "_cycle",
        "_is_body_taken",
        "_scope",
        "disconnected",
        "keep_alive",
        "response_complete",
    )

    message_event: ClassVar[_Nobody] = _Nobody()

    def __init__(self, connection: Connection, scope: Scope) -> None:
        """``scope`` holds the whole body."""
        self._connection, self._scope = connection, scope
        self._is_body_taken = False
        self._cycle: RequestResponseCycle | None = None
        self.keep_alive = True
        self.disconnected = False
        self.response_complete = False

    def run(self, serve: Serve, *, at_once: bool) -> None:
        """Begin to answer.

        Args:
            serve: What answers.
            at_once: Go as far as nothing is waited for before returning; only then make a task.
                Nothing up to there may need ``asyncio.current_task``, as time limits do.
        """
        answering = self._answer(serve)
        context = copy_context()
        if at_once:
            try:
                waits_for = context.run(answering.send, None)
            except StopIteration:
                return
            answering = going_on(answering, waits_for)
        tasks = self._connection.tasks
        task = self._connection.loop.create_task(answering, context=context)
        task.add_done_callback(tasks.discard)
        tasks.add(task)

    async def _answer(self, serve: Serve) -> None:
        error: BaseException | None = None
        try:
            await serve(self._scope, self._receive, self._deliver)
        except BaseException as exc:  # noqa: BLE001 - uvicorn's cycle logs it and answers
            error = exc
        is_answered = self.response_complete or self.disconnected or self._cycle is not None
        if error is None and is_answered:
            return
        if error is not None and self.response_complete:
            self._connection.break_off(error)
            return

        async def fail(_scope: object, _receive: object, _send: object) -> None:
            if error is not None:
                raise error

        await self._whole().run_asgi(fail)

    async def _receive(self) -> Message:
        if self._is_body_taken:
            return await self._whole().receive()  # type: ignore[return-value]  # narrower than ours
        self._is_body_taken = True
        return {"type": "http.request", "body": self._scope["whole_body"], "more_body": False}

    async def _deliver(self, request: Request, response: Response) -> None:
        is_head = request.method == "HEAD"
        if self._cycle is not None or (response.stream is not None and not is_head):
            await asyncio.sleep(0)  # X2: waiting for the client needs a task.
            await deliver_by_asgi(request, response, self._receive, self._send)
            return
        connection = self._connection
        if connection.flow.write_paused:
            await connection.flow.drain()
        if self.disconnected:
            return
        data = self._bytes_of(response, is_head=is_head)
        self.response_complete = True
        connection.answer(data, keep_alive=self.keep_alive)

    async def _send(self, message: Message) -> None:
        await self._whole().send(message)  # type: ignore[arg-type]  # narrower than ours

    def _whole(self) -> RequestResponseCycle:
        """The cycle of uvicorn, from now on in charge (X1)."""
        cycle = self._cycle
        if cycle is None:
            cycle = self._cycle = self._connection.whole_cycle(self, self._scope)
        return cycle

    def _bytes_of(self, response: Response, *, is_head: bool) -> bytes:
        lines = b"".join([b"%b: %b\r\n" % header for header in response.headers])
        if not lines.count(b"\n") == lines.count(b"\r") == len(response.headers):
            raise ValueError("a header of the answer holds a line end")
        return b"".join(
            (
                STATUS_LINE[response.status],
                self._connection.standing_lines(),
                lines,
                b"\r\n" if self.keep_alive else b"connection: close\r\n\r\n",
                b"" if is_head else response.body,
            )
        )
