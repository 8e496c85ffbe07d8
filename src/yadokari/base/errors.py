"""Errors as reactions: one class for each thing a caller can do about it.

E1  No error carries SQL, keys, tokens or other people's data.
E2  Doors turn these into statuses by one table (api/errors.py); nothing else knows statuses.
"""

from __future__ import annotations

from collections.abc import Mapping

from yadokari.base.problems import Problem, Problems


class YadokariError(Exception):
    """Root of every error of ours."""


class BadRequest(YadokariError):
    """The input is wrong. Correct it; repeating the call cannot help."""

    def __init__(self, message: str = "", *, problems: Problems | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.problems: Problems = problems or {}


class Unauthenticated(YadokariError):
    """A signed-in caller is needed. Sign in and call again."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message)
        self.message = message


class Forbidden(YadokariError):
    """The caller may never do this as who they are."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message)
        self.message = message


class NotFound(YadokariError):
    """No such thing, or nothing the caller may see."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message)
        self.message = message


class TooLarge(YadokariError):
    """The input passes a limit of size. Send less."""


class TooSlow(YadokariError):
    """The input did not arrive in time. Send it again, faster or in smaller parts."""


class TooMany(YadokariError):
    """Too many calls in a span of time. Wait and call again."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message)
        self.message = message


class Conflict(YadokariError):
    """A unique value is taken. Choose another; repeating the call cannot help."""

    def __init__(self, *, collection: str, fields: tuple[str, ...]) -> None:
        super().__init__(f"{collection}: {', '.join(fields)} already taken")
        self.collection, self.fields = collection, fields


class Stale(YadokariError):
    """The record changed, came or went since it was read. Read again and decide anew."""


class Unavailable(YadokariError):
    """The store cannot serve now (busy, full disk, stopping). Try again after a while."""

    def __init__(self, message: str = "", *, retry_after_s: int = 1) -> None:
        super().__init__(message)
        self.message, self.retry_after_s = message, retry_after_s


class Invalid(BadRequest):
    """Submitted values break the schema's checks; ``problems`` says which and why."""


def invalid(message: str, problems: Mapping[str, Problem | Problems]) -> Invalid:
    """An Invalid with these problems."""
    return Invalid(message, problems=dict(problems))
