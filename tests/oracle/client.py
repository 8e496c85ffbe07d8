"""A small, quick HTTP client: one kept connection, bytes in, bytes out.

H1  Nothing is followed, decoded or retried behind the caller's back, except that a kept connection
    which the server closed between two requests is opened again once.

Not here: starting servers (tests/oracle/server.py), comparing answers (tests/oracle/compare.py).
"""

import http.client
import json as json_text
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias
from urllib.parse import quote

from tests.asked import note_asked

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"

ANSWER_SECONDS_MAX = 30.0  # Longest wait for one answer; a hang is a failure, not a wait.


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a server answered; status 0 when it hung up instead."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    """Lower-cased names; a repeated header keeps its last value."""

    @property
    def text(self) -> str:
        """The body as text, broken bytes replaced."""
        return self.body.decode("utf-8", errors="replace")

    def json(self) -> Json:
        """The body as JSON; None when it is empty or not JSON."""
        try:
            value: Json = json_text.loads(self.body)
        except ValueError:
            return None
        return value


class Client:
    """One kept connection to a server on the loopback address."""

    def __init__(self, *, port: int, source: str | None = None) -> None:
        """Connects with the first request, from the address `source` when given."""
        self._connection = http.client.HTTPConnection(
            "127.0.0.1",
            port,
            timeout=ANSWER_SECONDS_MAX,
            source_address=(source, 0) if source is not None else None,
        )
        self._begun: tuple[str, str, bytes | None, Mapping[str, str]] | None = None

    def send(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        json: Json = None,
        body: bytes | None = None,
        content_type: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request and read its whole answer.

        Args:
            json: Sent as the body when not None, with its content type; use `body` for JSON null.
            body: Sent as it is with `content_type`.

        Raises:
            OSError: the server is not there.
        """
        sent = dict(headers or {})
        if token is not None:
            sent["Authorization"] = token
        if json is not None:
            body = json_text.dumps(json, ensure_ascii=False).encode("utf-8", "surrogatepass")
            content_type = "application/json"
        if content_type is not None:
            sent["Content-Type"] = content_type
        self.begin(method, path, body, sent)
        return self.finish()

    def begin(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> None:
        """Send a request without waiting; `finish` reads its answer."""
        note_asked(method, path)
        self._begun = (method, path, body, headers)
        try:
            self._connection.request(method, path, body=body, headers=dict(headers))
        except (http.client.HTTPException, ConnectionResetError, BrokenPipeError):
            self._connection.close()
            self._connection.request(method, path, body=body, headers=dict(headers))

    def finish(self) -> Answer:
        """Read the answer of the request that was begun."""
        try:
            return self._read()
        except (http.client.HTTPException, ConnectionError):
            self._connection.close()
        assert self._begun is not None
        method, path, body, headers = self._begun
        try:
            self._connection.request(method, path, body=body, headers=dict(headers))
            return self._read()
        except (http.client.HTTPException, ConnectionError):
            self._connection.close()
            return Answer(status=0, body=b"the server hung up without an answer")

    def close(self) -> None:
        """Drop the connection; the next request opens a new one."""
        self._connection.close()

    def _read(self) -> Answer:
        response = self._connection.getresponse()
        content = response.read()
        names = {name.lower(): value for name, value in response.getheaders()}
        return Answer(status=response.status, body=content, headers=names)


def query(**parameters: str | int) -> str:
    """A query string with its question mark, keys in the order given."""
    pairs = [f"{name}={quote(str(value), safe='')}" for name, value in parameters.items()]
    return "?" + "&".join(pairs) if pairs else ""
