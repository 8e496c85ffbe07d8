"""The program as an ASGI application in somebody else's process."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, MutableMapping
from pathlib import Path

import httpx
import pytest

from yadokari.api.request import Receive, Scope
from yadokari.api.response import Send
from yadokari.app.control import ask
from yadokari.app.data_dir import DataDir, DataDirInUse, own
from yadokari.app.embedded import EmbeddedApp, create_asgi
from yadokari.app.settings import Settings, read_settings

ADMIN = {"identity": "admin@example.com", "password": "long-enough-1"}
WAIT_S = 10


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Of a fresh folder, with a superuser."""
    variables = {
        "YADOKARI_DIR": str(tmp_path / "data"),
        "YADOKARI_LOG_LEVEL": "error",
        "YADOKARI_SUPERUSER_EMAIL": ADMIN["identity"],
        "YADOKARI_SUPERUSER_PASSWORD": ADMIN["password"],
    }
    return read_settings({}, variables, on_terminal=False)


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[EmbeddedApp]:
    """Not opened yet; closed at the end."""
    app = create_asgi(settings)
    yield app
    await app.close()


def client_of(app: object, *, root_path: str = "") -> httpx.AsyncClient:
    """A client of an ASGI application; it sends no lifespan, as many hosts do not."""
    transport = httpx.ASGITransport(app=app, root_path=root_path)  # type: ignore[arg-type]
    return httpx.AsyncClient(transport=transport, base_url="http://host")


class Lifespan:
    """A host's side of the lifespan."""

    def __init__(self) -> None:
        self._said: asyncio.Queue[MutableMapping[str, object]] = asyncio.Queue()
        self.heard: asyncio.Queue[MutableMapping[str, object]] = asyncio.Queue()

    async def say(self, word: str) -> str:
        """Say startup or shutdown; returns the answer's type."""
        await self._said.put({"type": f"lifespan.{word}"})
        async with asyncio.timeout(WAIT_S):
            return str((await self.heard.get())["type"])

    async def run(self, app: EmbeddedApp) -> None:
        """Give the application its lifespan."""
        await app({"type": "lifespan"}, self._said.get, self.heard.put)


async def test_lifespan_opens_and_closes_the_program(app: EmbeddedApp, settings: Settings):
    """A server that sends it gets an application that is ready, and a folder that is free again."""
    lifespan = Lifespan()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(lifespan.run(app))

        started = await lifespan.say("startup")

        assert started == "lifespan.startup.complete"
        with pytest.raises(DataDirInUse):
            own(settings.dir)
        assert await lifespan.say("shutdown") == "lifespan.shutdown.complete"
    own(settings.dir).release()


async def test_lifespan_tells_why_it_cannot_open(app: EmbeddedApp, settings: Settings):
    """A second process on one folder would be two writers."""
    ownership = own(settings.dir)
    lifespan = Lifespan()

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(lifespan.run(app))
        answer = await lifespan.say("startup")

    ownership.release()
    assert answer == "lifespan.startup.failed"


async def test_the_first_requests_open_it_once_when_there_is_no_lifespan(app: EmbeddedApp):
    """Test clients and mounting hosts send none."""
    async with client_of(app) as client:
        answers = await asyncio.gather(*(client.get("/api/health") for _ in range(5)))

    assert [answer.status_code for answer in answers] == [200] * 5


async def test_a_request_that_gave_up_leaves_the_opening_to_others(app: EmbeddedApp):
    """The first client may go away while the store opens."""
    async with client_of(app) as client:
        first = asyncio.ensure_future(client.get("/api/health"))
        await asyncio.sleep(0)
        first.cancel()

        answer = await client.get("/api/health")

    assert answer.status_code == 200


async def test_what_could_not_open_is_tried_again(app: EmbeddedApp, settings: Settings):
    """The other owner may be a server that is just stopping."""
    ownership = own(settings.dir)
    async with client_of(app) as client:
        refused = await client.get("/api/health")
        ownership.release()
        answer = await client.get("/api/health")

    assert (refused.status_code, refused.json()["status"]) == (503, 503)
    assert answer.status_code == 200


async def test_settings_that_cannot_be_are_said_once_it_opens():
    """E1: importing an application must not fail for a variable."""

    def wrong() -> Settings:
        return read_settings({"http": "nowhere"}, {}, on_terminal=False)

    async with client_of(EmbeddedApp(wrong)) as client:
        answer = await client.get("/api/health")

    assert answer.status_code == 503


async def test_it_opens_again_after_closing_with_what_was_written(app: EmbeddedApp):
    """Hosts restart applications in one process; tests do all the time."""
    async with app, client_of(app) as client:
        token = await token_of(client)
        made = await client.post(
            "/api/collections",
            headers={"Authorization": token},
            json={"name": "kept", "type": "base", "listRule": ""},
        )
        assert made.status_code == 200

    async with app, client_of(app) as client:
        listed = await client.get("/api/collections/kept/records")

    assert listed.json()["totalItems"] == 0


async def token_of(client: httpx.AsyncClient) -> str:
    """The superuser's token."""
    path = "/api/collections/_superusers/auth-with-password"
    answer = await client.post(path, json=ADMIN)
    return str(answer.json()["token"])


async def test_after_a_restore_it_opens_anew_on_the_restored_data(app: EmbeddedApp):
    """There is no process to begin anew: the next request finds the data of then."""
    async with client_of(app) as client:
        path = "/api/collections/_superusers"
        token = (await client.post(f"{path}/auth-with-password", json=ADMIN)).json()["token"]
        client.headers["Authorization"] = token
        later = {"email": "later@example.com", "password": "x" * 12, "passwordConfirm": "x" * 12}
        assert (await client.post("/api/backups", json={"name": "a.zip"})).status_code == 204
        assert (await client.post(f"{path}/records", json=later)).status_code == 200

        assert (await client.post("/api/backups/a.zip/restore")).status_code == 204

        async with asyncio.timeout(WAIT_S):
            while (await client.get(f"{path}/records")).json().get("totalItems") != 1:  # noqa: ASYNC110
                await asyncio.sleep(0.05)


async def test_commands_reach_it_through_the_socket(app: EmbeddedApp, settings: Settings):
    """E2: `yadokari superuser` beside a host works as beside our server."""
    socket, command = settings.dir.control_socket, "superuser.create"
    arguments = {"email": "second@example.com", "password": "long-enough-2"}
    async with app:
        await asyncio.to_thread(ask, socket, command, arguments, timeout_s=WAIT_S)

        async with client_of(app) as client:
            path = "/api/collections/_superusers/auth-with-password"
            body = {"identity": "second@example.com", "password": "long-enough-2"}
            answer = await client.post(path, json=body)

    assert answer.status_code == 200


@pytest.mark.parametrize("path", ["/back end/api/health", "/back end/_/"])
async def test_below_a_prefix_it_answers_as_at_the_root(app: EmbeddedApp, path: str):
    """E3, with a prefix that has to be escaped."""
    async with client_of(app, root_path="/back end") as client:
        answer = await client.get(path)

    assert answer.status_code == 200


@pytest.mark.parametrize("path", ["/backend", "/backend/", "/backend/_"])
async def test_redirects_below_a_prefix_stay_below_it(app: EmbeddedApp, path: str):
    """E3: `/_/` of the host is not ours."""
    async with client_of(app, root_path="/backend") as client:
        answer = await client.get(path)

    assert answer.is_redirect
    assert answer.headers["location"] == "/backend/_/"


async def test_a_path_that_only_looks_like_the_prefix_is_whole(app: EmbeddedApp):
    """Hosts of old hand over the path without the prefix: `/api` below `/a` stays."""
    async with client_of(app, root_path="/a") as client:
        answer = await client.get("/api/health")

    assert answer.status_code == 200


async def test_a_host_can_dispatch_to_it(app: EmbeddedApp):
    """Mounting is a scope with a prefix, whatever framework makes it."""

    async def host(scope: Scope, receive: Receive, send: Send) -> None:
        inner = scope.copy()
        inner["root_path"] = "/backend"
        await app(inner, receive, send)

    async with client_of(host) as client:
        answer = await client.get("/backend/api/collections/none/records")

    assert answer.status_code == 404
    assert answer.json()["data"] == {}


async def test_a_websocket_is_closed_politely(settings: Settings):
    """There is none yet, and when it cannot open there is nothing at all."""
    ownership = own(settings.dir)
    sent: list[MutableMapping[str, object]] = []

    async def receive() -> MutableMapping[str, object]:
        return {"type": "websocket.connect"}

    async def send(message: MutableMapping[str, object]) -> None:
        sent.append(message)

    app = create_asgi(settings)
    await app({"type": "websocket", "path": "/"}, receive, send)
    ownership.release()
    await app({"type": "websocket", "path": "/"}, receive, send)
    await app.close()

    assert [message["type"] for message in sent] == ["websocket.close"] * 2


async def test_the_hosts_logging_stays_the_hosts(app: EmbeddedApp):
    """E4: an application among others must not take the root logger."""
    before = list(logging.getLogger().handlers)

    async with app:
        after = list(logging.getLogger().handlers)

    assert after == before


def test_the_attribute_is_one_application():
    """`uvicorn yadokari.app:asgi` and a host that imports it mean the same one."""
    import yadokari.app as package
    from yadokari.app import asgi

    assert isinstance(asgi, EmbeddedApp)
    assert package.asgi is asgi
    with pytest.raises(AttributeError):
        _ = package.nothing_else  # type: ignore[attr-defined]


def test_the_variable_names_the_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """E1: variables are read when it opens, not when it is imported."""
    from yadokari.app import asgi

    monkeypatch.setenv("YADOKARI_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("YADOKARI_LOG_LEVEL", "error")

    async def opened() -> None:
        async with asgi:
            return

    asyncio.run(opened())
    assert DataDir(tmp_path / "elsewhere").database.exists()
