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

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"

ANSWER_SECONDS_MAX = 30.0  # Longest wait for one answer; a hang is a failure, not a wait.


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a server answered."""

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

    def __init__(self, *, port: int) -> None:
        """Connects lazily, with the first request."""
        self._connection = http.client.HTTPConnection(
            "127.0.0.1", port, timeout=ANSWER_SECONDS_MAX
        )

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
            OSError: the server is not there or hung up twice.
        """
        sent = dict(headers or {})
        if token is not None:
            sent["Authorization"] = token
        if json is not None:
            body = json_text.dumps(json, ensure_ascii=False).encode("utf-8", "surrogatepass")
            content_type = "application/json"
        if content_type is not None:
            sent["Content-Type"] = content_type
        try:
            return self._exchange(method, path, body, sent)
        except (http.client.HTTPException, ConnectionError):
            self._connection.close()
            try:
                return self._exchange(method, path, body, sent)
            except http.client.HTTPException as error:
                self._connection.close()
                raise ConnectionError(f"no answer to {method} {path}") from error

    def close(self) -> None:
        """Drop the connection; the next request opens a new one."""
        self._connection.close()

    def _exchange(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> Answer:
        self._connection.request(method, path, body=body, headers=dict(headers))
        response = self._connection.getresponse()
        content = response.read()
        names = {name.lower(): value for name, value in response.getheaders()}
        return Answer(status=response.status, body=content, headers=names)


def query(**parameters: str | int) -> str:
    """A query string with its question mark, keys in the order given."""
    pairs = [f"{name}={quote(str(value), safe='')}" for name, value in parameters.items()]
    return "?" + "&".join(pairs) if pairs else ""
