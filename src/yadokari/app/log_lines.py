"""Log lines: one JSON object a line for machines, short text for people, secrets in neither.

The JSON has a dialect where a platform reads it: ``google`` for Cloud Logging, ``aws`` for
CloudWatch; both find level, time and the request in it without being told.

L3  A field whose name says it is secret is never written; neither is a text that looks like a
    token, nor one that holds a value this process knows to be secret.
L4  A level that is off costs one comparison: nothing is formatted.
L5  Writing a line never raises: a broken terminal must not break the server.

Not here: what is said (every layer), request logs of the contract (logs.db).
"""

from __future__ import annotations

import asyncio
import logging
import re
import sys
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal, TextIO, TypeAlias

import msgspec
from typing_extensions import override

from yadokari.base.log import Log, LogValue
from yadokari.ports.clock import Clock

LogFormat: TypeAlias = Literal["json", "google", "aws", "text"]
LogLevel: TypeAlias = Literal["debug", "info", "warning", "error"]

LEVELS: dict[LogLevel, int] = {"debug": 10, "info": 20, "warning": 30, "error": 40}
VALUE_CHARS_MAX = 8_192  # A traceback fits; a request body does not belong into a line.
REDACTED = "[redacted]"

_SECRET_NAME = re.compile(
    r"passw|secret|token|authorization|cookie|credential|api_?key|private_?key|encryption|dsn",
    re.IGNORECASE,
)
_SECRET_TEXT = re.compile(
    r"eyJ[\w-]{5,}\.[\w-]+\.[\w-]*"  # A JSON Web Token.
    r"|(?<=bearer )\S+|(?<=basic )\S+"
    r"|\$2[aby]\$\d\d\$[./\w]{53}"  # A bcrypt hash.
    r"|(?<=[?&]token=)[^&\s\"']+|(?<=[?&]password=)[^&\s\"']+"
    r"|(?<=://)[^/\s:@]*:[^/\s@]+(?=@)",  # Name and password of an address.
    re.IGNORECASE,
)
_KNOWN_CHARS_MIN = 8  # Shorter ones would blot out ordinary words.
_NAMES = {number: name for name, number in LEVELS.items()}
_LEVEL_MARK = {10: "·", 20: " ", 30: "!", 40: "✗"}


class Redactor:
    """Takes secrets out of what is written (L3)."""

    def __init__(self) -> None:
        self._known: list[str] = []

    def hide(self, secret: str) -> None:
        """Never let this value be written."""
        if len(secret) >= _KNOWN_CHARS_MIN:
            self._known.append(secret)

    def clean(self, name: str, value: LogValue) -> LogValue:
        """The value as it may be written under this name."""
        if not isinstance(value, str):
            return value
        if _SECRET_NAME.search(name):
            return REDACTED
        return self.clean_text(value)

    def clean_text(self, text: str) -> str:
        """A text without what looks secret, or is known to be."""
        for secret in self._known:
            if secret in text:
                text = text.replace(secret, REDACTED)
        text = _SECRET_TEXT.sub(REDACTED, text)
        return text if len(text) <= VALUE_CHARS_MAX else text[:VALUE_CHARS_MAX] + "…"


class LineLog:
    """A Log that writes lines to a stream."""

    __slots__ = ("_bound", "_clock", "_format", "_level", "_redactor", "_stream", "is_debug")

    def __init__(
        self,
        stream: TextIO,
        *,
        clock: Clock,
        form: LogFormat,
        level: LogLevel = "info",
        redactor: Redactor | None = None,
        bound: dict[str, LogValue] | None = None,
    ) -> None:
        self._stream, self._clock, self._format = stream, clock, form
        self._level = LEVELS[level]
        self._redactor = redactor or Redactor()
        self._bound = bound or {}
        self.is_debug = self._level <= LEVELS["debug"]

    def debug(self, event: str, **fields: LogValue) -> None:
        """As Log.debug."""
        if self.is_debug:
            self._write(LEVELS["debug"], event, fields)

    def info(self, event: str, **fields: LogValue) -> None:
        """As Log.info."""
        if self._level <= LEVELS["info"]:
            self._write(LEVELS["info"], event, fields)

    def warning(self, event: str, **fields: LogValue) -> None:
        """As Log.warning."""
        if self._level <= LEVELS["warning"]:
            self._write(LEVELS["warning"], event, fields)

    def error(self, event: str, *, error: BaseException | None = None, **fields: LogValue) -> None:
        """As Log.error."""
        if error is not None:
            fields["error"] = type(error).__name__
            fields["trace"] = "".join(traceback.format_exception(error))[-VALUE_CHARS_MAX:]
        self._write(LEVELS["error"], event, fields)

    def _write(self, level: int, event: str, fields: dict[str, LogValue]) -> None:
        clean = self._redactor.clean
        cleaned = {name: clean(name, value) for name, value in (self._bound | fields).items()}
        at = datetime.fromtimestamp(self._clock.unix_ms() / 1_000, UTC)
        try:
            self._stream.write(
                _FORMS[self._format](at, level, self._redactor.clean_text(event), cleaned)
            )
            self._stream.flush()
        except (OSError, ValueError):  # L5: a closed pipe or a closed stream.
            return


class StdlibBridge(logging.Handler):
    """Hands lines of libraries that use ``logging`` to a Log, as event ``library_said``."""

    def __init__(self, log: Log, *, level: int = logging.WARNING) -> None:
        super().__init__(level=level)
        self._log = log

    @override
    def emit(self, record: logging.LogRecord) -> None:
        """Write one record; called by ``logging``."""
        error = record.exc_info[1] if record.exc_info else None
        try:
            said = record.getMessage()
        except (TypeError, ValueError):
            said = str(record.msg)
        if isinstance(error, asyncio.CancelledError):
            self._log.warning("work_cut_off", library=record.name)  # We stopped waiting for it.
        elif record.levelno >= logging.ERROR:
            self._log.error("library_said", error=error, library=record.name, said=said)
        else:
            self._log.warning("library_said", library=record.name, said=said)


def open_log(*, clock: Clock, form: LogFormat, level: LogLevel, redactor: Redactor) -> LineLog:
    """The process's log, on standard error; libraries' warnings go there too."""
    log = LineLog(sys.stderr, clock=clock, form=form, level=level, redactor=redactor)
    root = logging.getLogger()
    root.handlers[:] = [StdlibBridge(log)]
    return log


def _as_json(at: datetime, level: int, event: str, fields: dict[str, LogValue]) -> str:
    return _encoded({"at": _stamp(at), "level": _NAMES[level], "event": event}, fields)


def _as_google(at: datetime, level: int, event: str, fields: dict[str, LogValue]) -> str:
    """As Cloud Logging reads a line: severity, time, message and httpRequest are special."""
    head: dict[str, object] = {
        "severity": _NAMES[level].upper(),
        "time": _stamp(at),
        "message": event,
    }
    if event == "request" and "method" in fields:
        took_ms = fields.get("took_ms", 0)
        head["httpRequest"] = {
            "requestMethod": fields["method"],
            "requestUrl": fields.get("path", ""),
            "status": fields.get("status", 0),
            "latency": f"{took_ms / 1_000 if isinstance(took_ms, int | float) else 0:.3f}s",
        }
    trace = fields.get("trace")
    if isinstance(trace, str):
        head["message"] = f"{event}\n{trace}"  # Error Reporting looks for traces there.
    return _encoded(head, fields)


def _as_aws(at: datetime, level: int, event: str, fields: dict[str, LogValue]) -> str:
    """As the JSON logs of Lambda and ECS: timestamp, level and message."""
    name = {"warning": "WARN"}.get(_NAMES[level], _NAMES[level].upper())
    return _encoded({"timestamp": _stamp(at), "level": name, "message": event}, fields)


def _stamp(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _encoded(head: dict[str, object], fields: dict[str, LogValue]) -> str:
    try:
        body = msgspec.json.encode({**head, **fields})
    except (TypeError, UnicodeEncodeError):  # A lone surrogate, or a field of a strange type.
        safe = {key: ascii(value) for key, value in fields.items()}
        body = msgspec.json.encode({**head, **safe})
    return body.decode() + "\n"


def _as_text(at: datetime, level: int, event: str, fields: dict[str, LogValue]) -> str:
    trace = fields.pop("trace", None)
    shown = "".join(f"  {name}={_shown(value)}" for name, value in fields.items())
    line = f"{at:%H:%M:%S} {_LEVEL_MARK[level]} {event}{shown}\n"
    return line if trace is None else f"{line}{trace}"


def _shown(value: LogValue) -> str:
    if not isinstance(value, str):
        return str(value)
    plain = value.isprintable() and value and " " not in value
    return value if plain else ascii(value) if not value.isprintable() else f'"{value}"'


_FORMS: dict[LogFormat, Callable[[datetime, int, str, dict[str, LogValue]], str]] = {
    "json": _as_json,
    "google": _as_google,
    "aws": _as_aws,
    "text": _as_text,
}
_: type[Log] = LineLog
