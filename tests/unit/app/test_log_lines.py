"""Log lines: machine-readable or readable, never with a secret, never in the way."""

from __future__ import annotations

import io
import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yadokari.app.log_lines import LineLog, LogFormat, LogLevel, Redactor, StdlibBridge
from yadokari.auth.tokens import Claims, sign

TOKEN = sign(Claims(collection_id="c", exp=1, id="r", type="auth"), "key")
SECRET = "correct-horse-battery"


class FixedClock:
    """Noon of one day."""

    def unix_ms(self) -> int:
        """That moment."""
        return 1_700_000_000_123

    def monotonic_ms(self) -> int:
        """The same."""
        return 5


def lines(form: LogFormat = "json", level: LogLevel = "debug") -> tuple[LineLog, io.StringIO]:
    """A log that knows one secret, and what it has written."""
    stream, redactor = io.StringIO(), Redactor()
    redactor.hide(SECRET)
    return LineLog(stream, clock=FixedClock(), form=form, level=level, redactor=redactor), stream


def test_a_json_line_is_one_object():
    """Machines read one object a line."""
    log, stream = lines()

    log.info("segment_uploaded", key="a/b", took_ms=5, ok=True, nothing=None)

    assert json.loads(stream.getvalue()) == {
        "at": "2023-11-14T22:13:20.123Z",
        "level": "info",
        "event": "segment_uploaded",
        "key": "a/b",
        "took_ms": 5,
        "ok": True,
        "nothing": None,
    }


def test_cloud_logging_finds_level_time_and_request():
    """Its special names; other fields stay beside them."""
    log, stream = lines("google")

    log.warning("request", method="GET", path="/api/x", status=500, took_ms=1_234, request_id="a")

    assert json.loads(stream.getvalue()) == {
        "severity": "WARNING",
        "time": "2023-11-14T22:13:20.123Z",
        "message": "request",
        "httpRequest": {
            "requestMethod": "GET",
            "requestUrl": "/api/x",
            "status": 500,
            "latency": "1.234s",
        },
        "method": "GET",
        "path": "/api/x",
        "status": 500,
        "took_ms": 1_234,
        "request_id": "a",
    }


def test_cloud_logging_finds_a_trace_in_the_message():
    """Error Reporting groups errors by it."""
    log, stream = lines("google")

    log.error("broke", error=ValueError("why"))

    said = json.loads(stream.getvalue())
    assert said["severity"] == "ERROR"
    assert said["message"].startswith("broke\n")
    assert "ValueError: why" in said["message"]


def test_cloudwatch_finds_level_and_time():
    """As Lambda writes its own lines, and without the secret."""
    log, stream = lines("aws")

    log.warning("x_happened", a="b", token=TOKEN)

    assert json.loads(stream.getvalue()) == {
        "timestamp": "2023-11-14T22:13:20.123Z",
        "level": "WARN",
        "message": "x_happened",
        "a": "b",
        "token": "[redacted]",
    }


def test_a_text_line_is_for_people():
    """Time, event, fields; texts with spaces in quotes, control characters escaped."""
    log, stream = lines("text")

    log.warning("x_happened", a="b", c="d e", f="g\nh\x1b[0m")

    assert stream.getvalue() == "22:13:20 ! x_happened  a=b  c=\"d e\"  f='g\\nh\\x1b[0m'\n"


@pytest.mark.parametrize("form", ["json", "text"])
@pytest.mark.parametrize(
    "said",
    [
        {"note": TOKEN},
        {"note": f"Authorization: {TOKEN}"},
        {"note": "bearer abcdef0123456789"},
        {"note": "Basic dXNlcjpwYXNz"},
        {"path": "/x?a=1&token=abcdef0123456789"},
        {"hash": "$2a$10$" + "a" * 53},
        {"url": "postgres://user:abcdef0123456789@db/x"},
        {"note": f"it is {SECRET}!"},
        {"password": "p"},
        {"passwordConfirm": "p"},
        {"Authorization": "p"},
        {"tokenKey": "p"},
        {"api_key": "p"},
        {"SECRET_KEY": "p"},
    ],
)
def test_no_line_holds_a_secret(form: LogFormat, said: dict[str, str]):
    """L3: by name, by look, or because the process knows it."""
    log, stream = lines(form)

    log.info("said", **said)

    written = stream.getvalue()
    assert "[redacted]" in written
    for secret in (TOKEN, "abcdef0123456789", "dXNlcjpwYXNz", "a" * 53, SECRET, '"p"', "=p\n"):
        assert secret not in written


def test_a_traceback_is_cleaned_too():
    """L3: exceptions quote what they met."""
    log, stream = lines()

    try:
        raise ValueError(f"bad token {TOKEN} and {SECRET}")
    except ValueError as exc:
        log.error("failed", error=exc)

    written = json.loads(stream.getvalue())
    assert written["error"] == "ValueError"
    assert "bad token [redacted]" in written["trace"]
    assert SECRET not in stream.getvalue()


def test_a_level_that_is_off_writes_nothing():
    """L4: and says so beforehand."""
    log, stream = lines(level="warning")

    log.debug("a")
    log.info("b")

    assert stream.getvalue() == ""
    assert not log.is_debug


@given(st.text(), st.text())
def test_any_text_can_be_logged_on_one_line(event: str, value: str):
    """L5: lone surrogates, NUL, line ends: whatever a client sent."""
    log, stream = lines()

    log.info(event, value=value)

    assert stream.getvalue().count("\n") == 1
    json.loads(stream.getvalue())


def test_a_closed_stream_does_not_break_the_server():
    """L5: the terminal may be gone."""
    log, stream = lines()
    stream.close()

    log.error("still_alive")


def test_what_libraries_say_becomes_an_event():
    """Servers and loops use logging; their lines are ours, cleaned."""
    log, stream = lines()
    record = logging.LogRecord("lib", logging.ERROR, "f", 1, "bad %s", (TOKEN,), None)

    StdlibBridge(log).handle(record)

    written = json.loads(stream.getvalue())
    assert (written["event"], written["library"]) == ("library_said", "lib")
    assert TOKEN not in stream.getvalue()
