"""A small OpenID provider on the loopback address, for both servers at once.

M1  A code stands for one person's answers and may be used as often as a test likes, so that two
    servers can be asked the same. (That a real provider takes a code once is the provider's affair;
    tests/journeys runs one.)
M2  Every request that arrives is kept in order, to be looked at afterwards.

Not here: a provider that anybody else wrote (tests/journeys/js).
"""

import base64
import json as json_text
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm
from typing_extensions import override

from tests.oracle.client import Json

KEY_ID = "key-1"
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer of the provider."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    location: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request that arrived."""

    method: str
    path: str
    headers: Mapping[str, str]
    form: Mapping[str, str]


def reply(value: Json, *, status: int = 200) -> Reply:
    """A JSON answer."""
    return Reply(status=status, body=json_text.dumps(value).encode())


@dataclass(kw_only=True)
class IdentityProvider:
    """What it answers, and what it was asked."""

    port: int
    tokens: dict[str, Reply] = field(default_factory=dict)
    """Answers of the token endpoint by code or refresh token."""
    people: dict[str, Reply] = field(default_factory=dict)
    """Answers of the userinfo endpoint by access token."""
    others: dict[str, Reply] = field(default_factory=dict)
    """Answers by path, whoever asks."""
    asked: list[Asked] = field(default_factory=list)
    refuses_basic: bool = False
    """Whether the client's credentials must stand in the body."""

    @property
    def url(self) -> str:
        """Address without a trailing slash."""
        return f"http://127.0.0.1:{self.port}"

    def options(self, name: str = "oidc", **more: Json) -> dict[str, Json]:
        """This provider as a collection configures it."""
        return {
            "name": name,
            "clientId": "client",
            "clientSecret": "hush-hush",
            "authURL": f"{self.url}/authorize",
            "tokenURL": f"{self.url}/token",
            "userInfoURL": f"{self.url}/userinfo",
            **more,
        }

    def person(self, code: str, profile: dict[str, Json], **token: Json) -> None:
        """Somebody who comes back with this code."""
        access = f"access-{code}"
        self.tokens[code] = reply({"access_token": access, "token_type": "Bearer", **token})
        self.people[access] = reply(profile)

    @cached_property
    def key(self) -> rsa.RSAPrivateKey:
        """What its id_tokens are signed with."""
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def id_token(self, claims: dict[str, Json], *, key_id: str = KEY_ID) -> str:
        """A signed id_token."""
        return jwt.encode(claims, self.key, algorithm="RS256", headers={"kid": key_id})

    @property
    def jwks(self) -> Reply:
        """Its public key, as /jwks answers."""
        public = json_text.loads(RSAAlgorithm.to_jwk(self.key.public_key()))
        return reply({"keys": [{**public, "kid": KEY_ID, "alg": "RS256", "use": "sig"}]})

    def answer(self, asked: Asked) -> Reply:
        """The answer to a request."""
        path = urlsplit(asked.path).path
        if asked.path in self.others or path in self.others:
            return self.others.get(asked.path) or self.others[path]
        if path == "/token":
            if self.refuses_basic and "client_secret" not in asked.form:
                return reply({"error": "invalid_client"}, status=401)
            code = asked.form.get("code") or asked.form.get("refresh_token", "")
            return self.tokens.get(code) or reply({"error": "invalid_grant"}, status=400)
        if path == "/userinfo":
            bearer = asked.headers.get("authorization", "").partition(" ")[2]
            return self.people.get(bearer) or reply({"error": "invalid_token"}, status=401)
        if path == "/jwks":
            return self.jwks
        if path == "/pixel.png":
            return Reply(body=PIXEL, content_type="image/png")
        return reply({"error": "not_found"}, status=404)


@contextmanager
def identity_provider() -> Iterator[IdentityProvider]:
    """A provider on a free port."""
    provider = IdentityProvider(port=0)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def _answer(self) -> None:
            size_bytes = int(self.headers.get("content-length") or 0)
            text = self.rfile.read(size_bytes).decode("utf-8", "replace")
            form = {name: values[0] for name, values in parse_qs(text).items()}
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(method=self.command, path=self.path, headers=headers, form=form)
            provider.asked.append(asked)
            answer = provider.answer(asked)
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(answer.body)))
            if answer.location:
                self.send_header("Location", answer.location)
            self.end_headers()
            self.wfile.write(answer.body)

        @override
        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    provider.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
