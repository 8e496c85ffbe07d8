"""A Server-Sent Events client that reads what really is on the wire.

E1  A message is kept with its `id:`, `event:` and `data:` lines exactly as they came.

Not here: which events a test expects (test_quirks_realtime.py).
"""

import json
import socket
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from tests.oracle.client import Json
from tests.oracle.server import Server

EVENT_SECONDS_MAX = 5.0  # An event that takes longer is lost.


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One message."""

    id: str
    name: str
    data: Json

    @property
    def short(self) -> tuple[str, Json, Json]:
        """Name, action and record id."""
        assert isinstance(self.data, dict)
        record = self.data["record"]
        assert isinstance(record, dict)
        return self.name, self.data["action"], record.get("id")


class Events:
    """One connection to `/api/realtime`."""

    def __init__(self, server: Server, *, token: str | None = None) -> None:
        """Connects and reads the first event."""
        self._server = server
        self._socket = socket.create_connection(("127.0.0.1", server.port), EVENT_SECONDS_MAX)
        head = "GET /api/realtime HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n"
        if token is not None:
            head += f"Authorization: {token}\r\n"
        self._socket.sendall(f"{head}\r\n".encode())
        self._unread = b""
        while b"\r\n\r\n" not in self._unread:
            self._receive()
        self.head, _, self._unread = self._unread.partition(b"\r\n\r\n")
        self.connected = self.next()

    @property
    def client_id(self) -> str:
        """The id that the SDKs read from the first event."""
        return self.connected.id

    def subscribe(self, *topics: str, token: str | None = None) -> int:
        """Replace the subscriptions; returns the status."""
        answer = self._server.client.send(
            "POST",
            "/api/realtime",
            token=token,
            json={"clientId": self.client_id, "subscriptions": [*topics]},
        )
        return answer.status

    def next(self) -> Event:
        """The next message.

        Raises:
            TimeoutError: none came in time.
        """
        while True:
            text = _unchunked(self._unread)
            end = text.find(b"\n\n")
            if end >= 0:
                block = text[:end].decode()
                self._drop(end + 2)
                if not block.startswith(":"):
                    return _event(block)
            else:
                self._receive()

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def __enter__(self) -> Self:
        """Use it in a `with`, and it hangs up at the end."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Hang up."""
        self.close()

    def _receive(self) -> None:
        received = self._socket.recv(65_536)
        if not received:
            raise ConnectionError("the server closed the event stream")
        self._unread += received

    def _drop(self, size: int) -> None:
        """Forget that much text: what stays is put into one new chunk."""
        whole, rest = _split_chunks(self._unread)
        left = whole[size:]
        self._unread = (f"{len(left):x}\r\n".encode() + left + b"\r\n" if left else b"") + rest


def _unchunked(raw: bytes) -> bytes:
    return _split_chunks(raw)[0]


def _split_chunks(raw: bytes) -> tuple[bytes, bytes]:
    """The text of all whole chunks, and the bytes of a chunk that is not complete."""
    text = b""
    while True:
        size_text, found, after = raw.partition(b"\r\n")
        if not found:
            return text, raw
        size = int(size_text, 16)
        if len(after) < size + 2:
            return text, raw
        text += after[:size]
        raw = after[size + 2 :]


def _event(block: str) -> Event:
    lines = [line.partition(":") for line in block.split("\n")]
    assert [name for name, _, _ in lines] == ["id", "event", "data"], block
    values = [value for _, _, value in lines]
    return Event(id=values[0], name=values[1], data=json.loads(values[2]))
