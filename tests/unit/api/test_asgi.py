"""The door as a whole: paths, errors, HEAD, CORS, streams."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, MutableMapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.api.door import ROUTES, KeptLog, call
from yadokari.api.asgi import Access, Application, clean_path
from yadokari.api.cors import Origins
from yadokari.api.request import Request, Scope
from yadokari.api.response import Response, event_bytes, event_stream
from yadokari.api.router import Route


@pytest.fixture
def log() -> KeptLog:
    """What the door complains about."""
    return KeptLog()


@pytest.fixture
def app(log: KeptLog) -> Application:
    """The door under test."""
    return Application(ROUTES, log=log)


@pytest.mark.parametrize(
    ("target", "params"),
    [
        (b"/api/things/a/records", {"c": "a"}),
        (b"/api/things/a%2Fb/records", {"c": "a/b"}),
        (b"/api/things/%61/records/x%20y", {"c": "a", "id": "x y"}),
        (b"/api/things/meta/all", {}),
        (b"/api/things/meta/records", {"c": "meta"}),
        (b"/api/%74hings/a/records", {"c": "a"}),
        (b"/api/things/%252F/records", {"c": "%2F"}),
    ],
)
async def test_paths_are_decoded_once_and_segment_by_segment(
    app: Application, target: bytes, params: dict[str, str]
) -> None:
    """A slash inside an id must not become two segments."""
    answer = await call(app, "GET", target)

    assert answer.status == 200
    assert answer.json()["params"] == params


@pytest.mark.parametrize(
    "target",
    [
        b"/API/things/a/records",
        b"/api/things/a/records/",
        b"/api/things/a",
        b"/nope",
        b"/",
        b"/api/things/%2e%2e/nope",
    ],
)
async def test_unknown_paths_are_missing_files(app: Application, target: bytes) -> None:
    """GET ends at the static files, which have none here."""
    answer = await call(app, "GET", target)

    assert (answer.status, answer.json()["message"]) == (404, "File not found.")


async def test_wrong_method_is_404(app: Application) -> None:
    """Never 405."""
    answer = await call(app, "POST", b"/api/things/a/records")

    assert (answer.status, answer.json()["message"]) == (
        404,
        "The requested resource wasn't found.",
    )
    assert answer.header(b"allow") is None


@pytest.mark.parametrize(
    ("target", "location"),
    [
        (b"//api/things", b"/api/things"),
        (b"/api/./x", b"/api/x"),
        (b"/api/x/../y?q=%20&r=1", b"/api/y?q=%20&r=1"),
        (b"/../..", b"/"),
        (b"/x/..", b"/"),
        (b"/sub//", b"/sub/"),
        (b"//evil.example/%2f..", b"/evil.example/%2f.."),
        (b"/_", b"/_/"),
    ],
)
async def test_untidy_paths_lead_to_the_tidy_one(
    app: Application, target: bytes, location: bytes
) -> None:
    """307 keeps method and body."""
    answer = await call(app, "GET", target)

    assert (answer.status, answer.header(b"location")) == (307, location)


async def test_head_has_the_headers_of_get_without_the_body(app: Application) -> None:
    """Every GET route answers HEAD."""
    got = await call(app, "GET", b"/api/things/a/records")

    answer = await call(app, "HEAD", b"/api/things/a/records")

    assert (answer.status, answer.headers, answer.body) == (200, got.headers, b"")
    assert got.header(b"content-length") == str(len(got.body)).encode()


async def test_bugs_are_500_without_any_detail(app: Application, log: KeptLog) -> None:
    """A1; the log has the exception instead."""
    answer = await call(app, "GET", b"/fail")

    assert answer.status == 500
    assert b"SELECT" not in answer.body
    assert isinstance(log.errors[0], RuntimeError)


async def test_fixed_headers_are_on_every_answer(app: Application) -> None:
    """§ the contract's list; JSON has no charset."""
    for target in (b"/api/things/a/records", b"/nope", b"/fail"):
        headers = dict((await call(app, "GET", target)).headers)

        assert headers[b"content-type"] == b"application/json"
        assert headers[b"x-content-type-options"] == b"nosniff"
        assert headers[b"x-frame-options"] == b"SAMEORIGIN"
        assert headers[b"x-xss-protection"] == b"1; mode=block"
        assert headers[b"cross-origin-opener-policy"] == b"same-origin"
        assert headers[b"vary"] == b"Origin"


async def test_fields_pick_from_answers_but_not_from_errors(app: Application) -> None:
    """Errors stay readable whatever the client wanted."""
    picked = await call(app, "GET", b"/api/things/a/records?fields=params.c")
    missing = await call(app, "GET", b"/nope?fields=status")

    assert picked.json() == {"params": {"c": "a"}}
    assert missing.json() == {"data": {}, "message": "File not found.", "status": 404}


@pytest.mark.parametrize("target", [b"/api/things/a/records", b"/nope", b"/"])
async def test_options_is_always_204(app: Application, target: bytes) -> None:
    """O1."""
    answer = await call(app, "OPTIONS", target)

    assert (answer.status, answer.body, answer.headers) == (204, b"", [(b"vary", b"Origin")])


async def test_preflights_allow_what_is_asked(app: Application) -> None:
    """Browsers ask before they send unusual headers."""
    answer = await call(
        app,
        "OPTIONS",
        b"/x",
        headers=[
            (b"origin", b"http://q"),
            (b"access-control-request-method", b"PUT"),
            (b"access-control-request-headers", b"x-a, b"),
        ],
    )

    assert answer.header(b"access-control-allow-origin") == b"*"
    assert answer.header(b"access-control-allow-methods") == b"GET,HEAD,PUT,PATCH,POST,DELETE"
    assert answer.header(b"access-control-allow-headers") == b"x-a, b"


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        (b"https://a.example.com", b"https://a.example.com"),
        (b"https://a.b.example.com", b"https://a.b.example.com"),
        (b"https://example.com", None),
        (b"https://exampleXcom", None),
        (b"http://localhost:3000", b"http://localhost:3000"),
        (b"http://localhost", None),
        (b"https://one.test", b"https://one.test"),
        (b"https://one.test.evil", None),
        (b"https://" + b"a" * 600 + b".example.com", None),
    ],
)
def test_origins_may_hold_wildcards(origin: bytes, allowed: bytes | None) -> None:
    """``--origins`` narrows who may read answers."""
    origins = Origins(["https://*.example.com", "http://localhost:*", "https://one.test"])

    assert origins.allowed(origin) == allowed


async def test_other_origins_get_their_answer_without_permission(log: KeptLog) -> None:
    """O2."""
    app = Application(ROUTES, log=log, origins=Origins(["https://one.test"]))

    answer = await call(
        app, "GET", b"/api/things/a/records", headers=[(b"origin", b"https://two.test")]
    )

    assert answer.status == 200
    assert answer.header(b"access-control-allow-origin") is None


async def test_streams_end_when_the_client_goes(log: KeptLog) -> None:
    """A3: a closed tab must not leave a generator behind."""
    closed = asyncio.Event()

    async def events() -> AsyncIterator[bytes]:
        try:
            while True:
                yield event_bytes(client_id="c", name="posts/*", data=b"{}")
                await asyncio.sleep(0.001)
        finally:
            closed.set()

    async def stream(_request: Request) -> Response:
        return event_stream(events())

    app = Application([Route("GET", "/stream", stream)], log=log)

    answer = await call(app, "GET", b"/stream", leaves=True)

    assert closed.is_set()
    assert answer.header(b"content-type") == b"text/event-stream"
    assert answer.header(b"content-length") is None
    assert answer.body.startswith(b"id:c\nevent:posts/*\ndata:{}\n\n")


async def test_event_names_cannot_end_their_line() -> None:
    """A topic is client input; it must not forge another event."""
    event = event_bytes(client_id="c", name="a\ndata:x\r\n", data=b"{}")

    assert event == b"id:c\nevent:adata:x\ndata:{}\n\n"


async def test_access_hook_hears_of_every_request(app: Application) -> None:
    """Logs need ids, statuses and times."""
    heard: list[Access] = []

    class Hook:
        def new_id(self) -> str:
            return "r1"

        def finished(self, access: Access) -> None:
            heard.append(access)

    app.access = Hook()

    await call(app, "GET", b"/fail")
    headers = [(b"content-type", b"application/json")]
    await call(app, "POST", b"/echo", headers=headers, body=[b"{}"], leaves=True)

    assert [(one.status, one.request.id, one.request.path) for one in heard] == [
        (500, "r1", "/fail"),
        (0, "r1", "/echo"),
    ]
    assert isinstance(heard[0].error, RuntimeError)


async def test_guards_run_before_handlers(app: Application) -> None:
    """Rate limits know the route and its parameters."""
    seen: list[tuple[str, dict[str, str]]] = []

    async def guard(request: Request, route: Route | None) -> None:
        seen.append((route.pattern if route else "", request.params))

    app.guard = guard

    await call(app, "HEAD", b"/api/things/a/records")
    await call(app, "GET", b"/nope")

    assert seen == [("/api/things/{c}/records", {"c": "a"}), ("", {})]


async def test_lifespan_runs_the_hooks_in_order(log: KeptLog) -> None:
    """Servers start and stop an application so."""
    said: list[str] = []
    sent: list[object] = []
    incoming = ["lifespan.startup", "lifespan.shutdown"]

    async def up() -> None:
        said.append("up")

    async def down() -> None:
        said.append("down")

    async def receive() -> MutableMapping[str, object]:
        return {"type": incoming.pop(0)}

    async def send(message: MutableMapping[str, object]) -> None:
        sent.append(message["type"])

    app = Application([], log=log, on_startup=[up], on_shutdown=[down])
    scope: Scope = {"type": "lifespan"}

    await app(scope, receive, send)

    assert said == ["up", "down"]
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


async def test_a_mounted_door_knows_its_own_paths(app: Application) -> None:
    """The server's root path is not ours."""
    sent: list[object] = []

    async def receive() -> MutableMapping[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: MutableMapping[str, object]) -> None:
        sent.append(message.get("status"))

    scope: Scope = {
        "type": "http",
        "method": "GET",
        "path": "/base/api/things/a/records",
        "root_path": "/base",
        "query_string": b"",
        "headers": [],
        "client": None,
    }

    await app(scope, receive, send)

    assert sent[0] == 200


def test_routes_cannot_be_given_twice() -> None:
    """The second would never be reached."""
    with pytest.raises(ValueError, match="twice"):
        Application([*ROUTES, ROUTES[0]], log=KeptLog())


@given(st.text("/.ab", max_size=20))
def test_cleaning_twice_changes_nothing(path: str) -> None:
    """Otherwise a redirect would lead to another one, for ever."""
    clean = clean_path("/" + path)

    assert clean_path(clean) == clean
    assert "//" not in clean


@given(
    target=st.binary(max_size=40),
    query=st.binary(max_size=40),
    headers=st.lists(
        st.tuples(
            st.sampled_from([b"content-type", b"origin", b"authorization", b"range", b"x"]),
            st.sampled_from([b"application/json", b"multipart/form-data; boundary=X"])
            | st.binary(max_size=30),
        ),
        max_size=4,
    ),
    body=st.lists(st.binary(max_size=40), max_size=3),
    method=st.sampled_from(["GET", "POST", "HEAD", "OPTIONS"]),
)
async def test_random_requests_get_an_answer_and_never_a_bug(
    target: bytes,
    query: bytes,
    headers: list[tuple[bytes, bytes]],
    body: list[bytes],
    method: str,
) -> None:
    """Hostile input at the edge."""
    log = KeptLog()
    app = Application(ROUTES, log=log)
    path = b"/echo" if body else b"/" + target.replace(b"?", b"")

    answer = await call(app, method, path + b"?" + query, headers=headers, body=body)

    assert 200 <= answer.status < 500
    assert log.errors == []
