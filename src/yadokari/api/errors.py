"""The one table that turns errors into statuses and bodies.

X1  A client never sees a traceback, SQL, a path or a secret: unknown errors say nothing.
X2  Bodies are ``{"data":…,"message":…,"status":…}``; ``data`` nests as the input does.

Not here: what went wrong with a field (base/problems.py) or which sentence (contract).
"""

from __future__ import annotations

from collections.abc import Mapping

from yadokari.api.response import Response, json_bytes
from yadokari.base.errors import (
    BadRequest,
    Conflict,
    Forbidden,
    NotFound,
    Stale,
    TooLarge,
    TooMany,
    TooSlow,
    Unauthenticated,
    Unavailable,
    YadokariError,
)
from yadokari.base.json_text import MalformedJson, encode
from yadokari.base.problems import Problem, Problems
from yadokari.contract import messages
from yadokari.contract.codes import sentence_of

_TABLE: tuple[tuple[type[BaseException], int, str], ...] = (
    (BadRequest, 400, messages.GENERIC),
    (Unauthenticated, 401, messages.SIGN_IN_REQUIRED),
    (Forbidden, 403, messages.NOT_ALLOWED),
    (NotFound, 404, messages.NOT_FOUND),
    (TooLarge, 413, messages.TOO_LARGE),
    (TooSlow, 408, messages.TOO_SLOW),
    (TooMany, 429, messages.TOO_MANY),
    (Conflict, 400, messages.GENERIC),
    (Stale, 400, messages.GENERIC),
    (Unavailable, 503, messages.UNAVAILABLE),
    (MalformedJson, 400, messages.GENERIC),
    (RecursionError, 400, messages.GENERIC),  # Input nested deeper than some step can follow.
    (YadokariError, 400, messages.GENERIC),
)


def status_of(error: BaseException) -> int:
    """The status this error is answered with; 500 for what is nobody's fault but ours."""
    for kind, status, _ in _TABLE:
        if isinstance(error, kind):
            return status
    return 500


def error_object(error: BaseException) -> dict[str, object]:
    """The body of the answer to this error, also used inside batches and realtime."""
    for kind, status, message in _TABLE:
        if isinstance(error, kind):
            said = getattr(error, "message", "")
            return {
                "data": _data_of(error),
                "message": messages.sentence(said) if isinstance(said, str) and said else message,
                "status": status,
            }
    return {"data": {}, "message": messages.GENERIC, "status": 500}


def error_response(error: BaseException) -> Response:
    """The answer to this error; never fails."""
    body = error_object(error)
    response = plain_error(status_of(error), body=encode(body))
    if isinstance(error, Unavailable):
        response.headers.append((b"retry-after", str(error.retry_after_s).encode()))
    elif isinstance(error, TooSlow):
        response.headers.append((b"connection", b"close"))
    return response


def plain_error(status: int, message: str = "", *, body: bytes | None = None) -> Response:
    """An error answer with this message and no data."""
    if body is None:
        body = encode({"data": {}, "message": message, "status": status})
    return json_bytes(body, status=status)


def problems_object(problems: Problems) -> dict[str, object]:
    """Problems as ``data`` shows them."""
    shown: dict[str, object] = {}
    for key, problem in problems.items():
        if not isinstance(problem, Problem):
            shown[key] = problems_object(problem)
            continue
        entry: dict[str, object] = {
            "code": problem.code,
            "message": problem.message or sentence_of(problem.code, problem.params),
        }
        if problem.params is not None:
            entry["params"] = dict(problem.params)
        shown[key] = entry
    return shown


def _data_of(error: BaseException) -> Mapping[str, object]:
    if isinstance(error, BadRequest):
        return problems_object(error.problems)
    if isinstance(error, Conflict):
        code = "validation_not_unique"
        return {field: {"code": code, "message": sentence_of(code)} for field in error.fields}
    return {}
