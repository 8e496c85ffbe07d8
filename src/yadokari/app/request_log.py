"""Requests that are over, for the request logs of the contract.

R1  A success of the logs' own endpoints, of a realtime connection, of a redirect and of static
    files is not noted: they would drown everything else.

Not here: log lines (app/access_log.py), how entries are kept (upkeep/log_queue.py).
"""

from __future__ import annotations

from yadokari.api.asgi import Access, AccessHook
from yadokari.api.errors import error_object
from yadokari.base.errors import BadRequest
from yadokari.base.problems import Problem, Problems
from yadokari.contract.codes import sentence_of
from yadokari.ports.clock import Clock
from yadokari.records.caller import Caller
from yadokari.upkeep.log_queue import LogQueue, Noted

_QUIET = frozenset(("/api/realtime", "/api/oauth2-redirect"))


class RequestLog:
    """Notes requests; hands on to the hook that writes lines."""

    def __init__(self, queue: LogQueue, *, clock: Clock, lines: AccessHook | None) -> None:
        self._queue, self._clock, self._lines = queue, clock, lines
        self._count = 0

    def new_id(self) -> str:
        """As AccessHook.new_id."""
        return self._lines.new_id() if self._lines is not None else ""

    def finished(self, access: Access) -> None:
        """As AccessHook.finished."""
        if self._lines is not None:
            self._lines.finished(access)
        request, status = access.request, access.status
        if status < 400 and (
            status == 0 or status == 307 or _is_quiet(request.method, request.path)
        ):
            return
        caller = request.memo.get("caller")
        auth, auth_id = "", ""
        if isinstance(caller, Caller) and caller.row is not None and caller.collection is not None:
            auth, auth_id = caller.collection.name, caller.row.id
        error, details = ("", None) if access.error is None else _told(access.error)
        self._queue.note(
            Noted(
                self._clock.unix_ms(),
                request.method,
                request.path,
                request.query_string.decode("latin-1"),
                status,
                access.took_us,
                request.header(b"referer"),
                request.header(b"user-agent"),
                auth,
                auth_id,
                request.real_ip,
                request.remote_ip,
                error,
                details,
            )
        )


def _is_quiet(method: str, path: str) -> bool:
    if not path.startswith("/api/"):
        return True
    if path in _QUIET:
        return method != "POST"
    return path == "/api/logs" or path.startswith("/api/logs/")


def _told(error: BaseException) -> tuple[str, object]:
    """What went wrong: the client's message, and fields with their sentences."""
    message = str(error_object(error)["message"])
    if isinstance(error, BadRequest) and error.problems:
        return message, _sentences(error.problems)
    return message, None


def _sentences(problems: Problems) -> dict[str, object]:
    return {
        key: (problem.message or sentence_of(problem.code, problem.params))
        if isinstance(problem, Problem)
        else _sentences(problem)
        for key, problem in problems.items()
    }


_: type[AccessHook] = RequestLog
