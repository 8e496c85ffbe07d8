"""Random requests at the whole application, in this process: never a failure of ours.

Generated paths, queries, headers and bodies are made of what the API knows, bent and broken.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterator, MutableMapping
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from yadokari.api.request import Scope
from yadokari.app.embedded import EmbeddedApp, create_asgi
from yadokari.app.settings import read_settings

EXAMPLES = 2_000
EXAMPLES_OF_PROOF = 50_000
ADMIN, PASSWORD = "admin@example.com", "long-enough-1"
NO_CHECKS = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large]
ANSWER_S = 20
STATUSES_OF_OURS = {500}
T = TypeVar("T")

METHODS = st.sampled_from(["GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS", "BREW"])
SEGMENTS = st.sampled_from(
    [
        "api",
        "collections",
        "records",
        "things",
        "_superusers",
        "users",
        "batch",
        "realtime",
        "files",
        "settings",
        "health",
        "meta",
        "scaffolds",
        "import",
        "truncate",
        "auth-with-password",
        "auth-refresh",
        "auth-methods",
        "impersonate",
        "none",
        "dry-run-view",
        "test",
        "s3",
        "crons",
        "backups",
        "logs",
        "stats",
        "oauth2-redirect",
        "token",
        "_",
        "install",
        "..",
        ".",
        "abc",
        "%00",
        "%ff",
        "%2F",
        "%zz",
    ]
) | st.text(max_size=10).map(lambda text: text.replace("/", ""))
ROUTES = st.sampled_from(
    [
        "api/collections/things/records",
        "api/collections/things/records/abcdefghijklmno",
        "api/collections/users/records",
        "api/collections/users/auth-with-password",
        "api/collections/users/auth-refresh",
        "api/collections",
        "api/collections/things",
        "api/collections/import",
        "api/batch",
        "api/realtime",
        "api/settings",
        "api/health",
        "_/install",
    ]
)
PATHS = ROUTES | st.lists(SEGMENTS, max_size=6).map("/".join)
RULE_PIECES = st.sampled_from(
    [
        "n",
        "title",
        "tags",
        "up",
        "up.up.title",
        "things_via_up.n",
        "@request.auth.id",
        "@request.body.n:isset",
        "@now",
        "@collection.things.n",
        "@collection.users:u.id",
        "tags:each",
        "tags:length",
        "title:lower",
        "=",
        "!=",
        ">",
        "<",
        ">=",
        "<=",
        "~",
        "!~",
        "?=",
        "?~",
        "&&",
        "||",
        "(",
        ")",
        "'a'",
        '"b"',
        "1",
        "-1.5",
        "1e9",
        "null",
        "true",
        "geoDistance(",
        "strftime(",
        ",",
        "//",
        "\\",
        "'",
        "\x00",
        "%",
        "_",
        "@yesterday:each",
        "id",
        "j.a.b",
        "j.0",
        "@request.query.a",
        "@request.headers.x",
    ]
)
RULES = st.lists(RULE_PIECES, max_size=12).map(" ".join) | st.text(max_size=20)
NUMBERS = st.sampled_from(["0", "-1", "1", "9" * 19, "9" * 400, "1e9", "x", ""])
PARAMS = st.lists(
    st.one_of(
        st.tuples(st.just("filter"), RULES),
        st.tuples(st.just("sort"), RULES | st.sampled_from(["-n", "@random", "@rowid", "up.n"])),
        st.tuples(st.sampled_from(["page", "perPage", "skipTotal"]), NUMBERS),
        st.tuples(st.sampled_from(["expand", "fields"]), RULES | st.just("*,up.*:excerpt(1,true)")),
        st.tuples(st.text(max_size=5), st.text(max_size=5)),
    ),
    max_size=4,
)
VALUES: st.SearchStrategy[object] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=10)
    | RULES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=6) | SEGMENTS, inner, max_size=4)
    ),
    max_leaves=12,
)
KEYS = st.sampled_from(
    [
        "id",
        "title",
        "n",
        "n+",
        "n-",
        "tags",
        "+tags",
        "tags-",
        "up",
        "up+",
        "j",
        "code",
        "f",
        "f+",
        "email",
        "password",
        "passwordConfirm",
        "verified",
        "tokenKey",
        "oldPassword",
        "identity",
        "name",
        "type",
        "fields",
        "indexes",
        "listRule",
        "viewQuery",
        "options",
        "requests",
        "clientId",
        "subscriptions",
        "deleteMissing",
        "collections",
        "meta",
        "batch",
        "rateLimits",
        "smtp",
        "token",
    ]
) | st.text(max_size=6)
OBJECTS = st.dictionaries(KEYS, VALUES, max_size=6)
REQUESTS = st.fixed_dictionaries(
    {},
    optional={
        "requests": st.lists(
            st.fixed_dictionaries(
                {"method": METHODS, "url": PATHS.map(lambda path: f"/{path}"), "body": OBJECTS}
            ),
            max_size=3,
        )
    },
)
BODIES = st.one_of(
    st.just(b""),
    st.binary(max_size=60),
    (OBJECTS | REQUESTS | VALUES).map(msgspec.json.encode),
    OBJECTS.map(
        lambda fields: (
            b"".join(
                b'--x\r\ncontent-disposition: form-data; name="%b"%b\r\n\r\n%b\r\n'
                % (
                    key.encode("utf-8", "replace"),
                    b'; filename="a"' if key[:1] == "f" else b"",
                    msgspec.json.encode(value),
                )
                for key, value in fields.items()
            )
            + b"--x--\r\n"
        )
    ),
    PARAMS.map(lambda pairs: "&".join(f"{a}={b}" for a, b in pairs).encode("utf-8", "replace")),
)
TYPES = st.sampled_from(
    [
        b"application/json",
        b"multipart/form-data; boundary=x",
        b"application/x-www-form-urlencoded",
        b"text/xml",
        b"text/plain",
        b"\xff",
        b"",
    ]
)
NAMES = st.sampled_from(
    b"authorization origin range if-none-match accept-encoding cookie idempotency-key host "
    b"x-forwarded-for last-event-id expect".split()
)
HEADERS = st.lists(st.tuples(NAMES, st.binary(max_size=12)), max_size=3)


class Inside:
    """The application with a superuser, two collections and a loop of its own."""

    def __init__(self, folder: Path) -> None:
        self._runner = asyncio.Runner()
        variables = {
            "YADOKARI_DIR": str(folder / "data"),
            "YADOKARI_LOG_LEVEL": "error",
            "YADOKARI_SUPERUSER_EMAIL": ADMIN,
            "YADOKARI_SUPERUSER_PASSWORD": PASSWORD,
            "YADOKARI_QUERY_TIMEOUT": "2",
        }
        settings = read_settings({}, variables, on_terminal=False)
        self.app: EmbeddedApp = create_asgi(settings)
        self.token = b""
        path = "/api/collections/_superusers/auth-with-password"
        signed_in = self.json("POST", path, {"identity": ADMIN, "password": PASSWORD})
        self.token = str(signed_in["token"]).encode()
        self.json("PATCH", "/api/settings", {"batch": {"enabled": True}})
        self.set_up()

    def set_up(self) -> None:
        """Make ``things`` again when an example removed it."""
        status, _ = self.ask("GET", b"/api/collections/things", token=self.token)
        if status == 200:
            return
        rules = {f"{rule}Rule": "" for rule in ("list", "view", "create", "update", "delete")}
        fields: list[dict[str, object]] = [
            {"name": "title", "type": "text"},
            {"name": "n", "type": "number"},
            {"name": "tags", "type": "select", "values": ["a", "b"], "maxSelect": 2},
            {"name": "j", "type": "json"},
            {"name": "f", "type": "file", "maxSelect": 3},
        ]
        body = {"name": "things", "type": "base", "fields": fields, **rules}
        made = self.json("POST", "/api/collections", body)
        up = {"name": "up", "type": "relation", "collectionId": made["id"], "maxSelect": 1}
        self.json("PATCH", "/api/collections/things", {"fields": [*list_of(made, "fields"), up]})
        for number in range(5):
            record = {"id": f"{'abcdefghijklmn'}{number}", "n": number, "title": f"t{number}"}
            self.json("POST", "/api/collections/things/records", record)

    def json(self, method: str, path: str, body: object) -> dict[str, object]:
        """Ask as the superuser; must succeed."""
        status, answer = self.ask(
            method,
            path.encode(),
            headers=[(b"content-type", b"application/json")],
            body=msgspec.json.encode(body),
            token=self.token,
        )
        assert status < 300, answer
        return msgspec.json.decode(answer, type=dict[str, object]) if answer else {}

    def ask(
        self,
        method: str,
        target: bytes,
        *,
        headers: list[tuple[bytes, bytes]] | None = None,
        body: bytes = b"",
        token: bytes = b"",
    ) -> tuple[int, bytes]:
        """Status and body of an answer; a stream is cut off after its beginning."""
        return self._runner.run(self._ask(method, target, [*(headers or [])], body, token))

    async def _ask(
        self,
        method: str,
        target: bytes,
        headers: list[tuple[bytes, bytes]],
        body: bytes,
        token: bytes,
    ) -> tuple[int, bytes]:
        if body:
            headers.append((b"content-length", str(len(body)).encode()))
        if token:
            headers.append((b"authorization", token))
        path, _, query = target.partition(b"?")
        scope: Scope = {
            "type": "http",
            "method": method,
            "path": path.decode("utf-8", "replace"),
            "raw_path": path,
            "query_string": query,
            "headers": headers,
            "client": ("127.0.0.1", 1),
        }
        status, said, gone = 0, b"", asyncio.Event()
        pieces = iter([body])

        async def receive() -> MutableMapping[str, object]:
            for piece in pieces:
                return {"type": "http.request", "body": piece, "more_body": False}
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: MutableMapping[str, object]) -> None:
            nonlocal status, said
            if message["type"] == "http.response.start":
                found = message["status"]
                status = found if isinstance(found, int) else 0
            piece = message.get("body", b"")
            said += piece if isinstance(piece, bytes) else b""
            if message.get("more_body"):
                gone.set()

        await bounded(self.app(scope, receive, send))
        return status, said

    def close(self) -> None:
        """Close the application and its loop."""
        self._runner.run(self.app.close())
        self._runner.close()


async def bounded(work: Awaitable[T]) -> T:
    """The result, in time."""
    async with asyncio.timeout(ANSWER_S):
        return await work


def list_of(value: dict[str, object], key: str) -> list[object]:
    """A list inside an answer."""
    return msgspec.convert(value[key], type=list[object])


@pytest.fixture(scope="module")
def inside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inside]:
    """One application for all examples: what one leaves behind, the next must stand."""
    inside = Inside(tmp_path_factory.mktemp("fuzz"))
    yield inside
    inside.close()


def assert_answered(
    inside: Inside,
    *,
    method: str,
    target: str,
    headers: list[tuple[bytes, bytes]],
    body: bytes,
    superuser: bool,
) -> None:
    """Any answer but a failure of ours, errors in the contract's shape."""
    token = inside.token if superuser else b""
    raw = target.encode("utf-8", "surrogatepass")
    status, said = inside.ask(method, raw, headers=headers, body=body, token=token)

    assert 200 <= status < 600
    assert status not in STATUSES_OF_OURS, (method, target, headers, body)
    if status >= 400 and method != "HEAD" and not target.startswith("/_/"):
        shape = msgspec.json.decode(said, type=dict[str, object])
        assert set(shape) == {"data", "message", "status"}
        assert shape["status"] == status
    if superuser and b"401" in said[-40:]:
        inside.set_up()


def query_of(params: list[tuple[str, str]], *, escaped: bool) -> str:
    """A query as clients write it, or as they should not."""
    if not escaped:
        return "&".join(f"{name}={value}" for name, value in params)
    return "&".join(
        f"{quote(name, errors='replace')}={quote(value, errors='replace')}"
        for name, value in params
    )


ARGUMENTS = {
    "method": METHODS,
    "path": PATHS,
    "params": PARAMS,
    "escaped": st.booleans(),
    "content_type": TYPES,
    "headers": HEADERS,
    "body": BODIES,
    "superuser": st.booleans(),
}


def sent(
    inside: Inside,
    *,
    method: str,
    path: str,
    params: list[tuple[str, str]],
    escaped: bool,
    content_type: bytes,
    headers: list[tuple[bytes, bytes]],
    body: bytes,
    superuser: bool,
) -> None:
    """One example."""
    query = query_of(params, escaped=escaped)
    target = f"/{path}?{query}" if query else f"/{path}"
    headers = [*headers, (b"content-type", content_type)] if content_type else headers
    assert_answered(
        inside, method=method, target=target, headers=headers, body=body, superuser=superuser
    )


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=NO_CHECKS)
@given(example=st.fixed_dictionaries(ARGUMENTS))
def test_no_request_makes_it_fail(inside: Inside, example: dict[str, object]):
    """A status of 500 is a bug of ours, whatever was sent."""
    inside.set_up()
    sent(inside, **example)  # type: ignore[arg-type]  # keys and values as ARGUMENTS has them


@pytest.mark.proof
@pytest.mark.timeout(1_800)
@settings(max_examples=EXAMPLES_OF_PROOF, deadline=None, suppress_health_check=NO_CHECKS)
@given(example=st.fixed_dictionaries(ARGUMENTS))
def test_no_request_of_many_makes_it_fail(inside: Inside, example: dict[str, object]):
    """The same, long enough for rarer meetings."""
    inside.set_up()
    sent(inside, **example)  # type: ignore[arg-type]  # keys and values as ARGUMENTS has them
