"""What is answered on plain HTTP beside automatic HTTPS: challenges, redirects, nothing else.

Q12  Nothing of the site is served here. A challenge is answered for exactly the tokens of the order
     that runs; every other path of a name is redirected, or waits until there is a certificate.
Q13  Only reading is redirected: what was sent along with a write has been on the wire already, and
     its sender shall notice.
Q14  Nobody is sent to a name that is not ours, whatever host a request names.

Not here: orders (app/acme_authority.py), the connection's limits (app/http_protocol.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from yadokari.api.request import Receive, Scope
from yadokari.api.response import Send

CHALLENGES_PATH = b"/.well-known/acme-challenge/"
RETRY_AFTER_S = 10  # An order takes about as long.
_READING = frozenset(("GET", "HEAD"))


class Challenges:
    """Answers to the challenges of the order that runs; a thread puts them, the loop reads."""

    __slots__ = ("_answers",)

    def __init__(self) -> None:
        self._answers: dict[bytes, bytes] = {}

    def put(self, token: str, authorization: str) -> None:
        """Answer this token."""
        self._answers[token.encode()] = authorization.encode()

    def remove(self, token: str) -> None:
        """Answer it no more."""
        self._answers.pop(token.encode(), None)

    def answer(self, token: bytes) -> bytes | None:
        """What proves this token; None for one that nobody was given."""
        return self._answers.get(token)


class PlainHttp:
    """An ASGI application for port 80."""

    __slots__ = ("_aliases", "_challenges", "_domains", "_is_held")

    def __init__(
        self,
        domains: tuple[str, ...],
        *,
        aliases: Mapping[str, str],
        challenges: Challenges,
        is_held: Callable[[str], bool],
    ) -> None:
        """Serve these names.

        Args:
            domains: The names of the site; requests for others go to the first.
            aliases: Names that stand for one of them.
            challenges: What may be proven.
            is_held: Whether there is a certificate for a name.
        """
        self._domains, self._aliases = domains, aliases
        self._challenges, self._is_held = challenges, is_held

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Serve one connection scope."""
        if scope["type"] != "http":
            return
        path = scope["raw_path"] or b""
        is_reading = scope["method"] in _READING
        if path.startswith(CHALLENGES_PATH):
            found = self._challenges.answer(path.removeprefix(CHALLENGES_PATH))
            if found is None or not is_reading:
                await _say(send, 404, "No such challenge.")
            else:
                await _send(send, 200, found, (b"content-type", b"application/octet-stream"))
            return
        name = self._name_of(scope)
        if not self._is_held(name):
            message = f"The certificate of {name} is being fetched. Try again in a moment."
            await _say(send, 503, message, (b"retry-after", b"%d" % RETRY_AFTER_S))
        elif is_reading:
            # No port: authorities ask port 80 alone, and 443 is its like.
            query = scope["query_string"]
            target = b"https://%b%b%b" % (name.encode(), path, b"?" + query if query else b"")
            await _send(send, 302, b"", (b"location", target))
        else:
            await _say(send, 400, f"Use https://{name} for this.")

    def _name_of(self, scope: Scope) -> str:
        """Which of ours was asked for (Q14)."""
        host = next((value for key, value in scope["headers"] if key == b"host"), b"")
        name = host.decode("latin-1").lower().partition(":")[0].removesuffix(".")
        name = self._aliases.get(name, name)
        return name if name in self._domains else self._domains[0]


async def _say(send: Send, status: int, message: str, *headers: tuple[bytes, bytes]) -> None:
    body = msgspec.json.encode({"data": {}, "message": message, "status": status})
    await _send(send, status, body, (b"content-type", b"application/json"), *headers)


async def _send(send: Send, status: int, body: bytes, *headers: tuple[bytes, bytes]) -> None:
    standing = [
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": [*standing, *headers]})
    await send({"type": "http.response.body", "body": body})
