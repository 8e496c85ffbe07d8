"""The whole program in this process, over a folder of its own: no socket, its clock moved by hand.

Not here: what is asked of it (the tests), schemas (each test's own).
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable, Mapping, MutableMapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from tests.asked import note_asked
from yadokari.api.request import Scope
from yadokari.app.build import build
from yadokari.app.log_lines import Redactor
from yadokari.app.parts import Program, Surroundings
from yadokari.app.settings import read_settings
from yadokari.base.log import SilentLog
from yadokari.ports.mail import Mail
from yadokari.ports.web import Web
from yadokari.testing.fake_clock import FakeClock
from yadokari.testing.fake_entropy import FakeEntropy
from yadokari.testing.fake_mailer import FakeMailer

Json: TypeAlias = dict[str, "Json"] | list["Json"] | str | int | float | bool | None

ROOT_EMAIL = "root@example.com"
PASSWORD = "correct-horse-1"  # Of every account here: hashing is what takes time.
HOME_IP = "203.0.113.7"
EVENT_SECONDS_MAX = 10.0  # An event that takes longer is lost.


@dataclass(frozen=True, slots=True)
class Reply:
    """What a client would have got."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Json:
        """The decoded body."""
        return json.loads(self.body)

    @property
    def record(self) -> dict[str, Json]:
        """The body, which is an object."""
        found = self.json
        assert isinstance(found, dict), found
        return found

    @property
    def id(self) -> str:
        """The id of the record that was answered."""
        found = self.record["id"]
        assert isinstance(found, str)
        return found

    @property
    def items(self) -> list[dict[str, Json]]:
        """The records of a page, or the answers of a batch."""
        found = self.json
        items = found["items"] if isinstance(found, dict) else found
        assert isinstance(items, list)
        return [item for item in items if isinstance(item, dict)]

    @property
    def codes(self) -> Json:
        """The error's ``data`` with codes in place of problems."""
        return _codes(self.record["data"])


@dataclass(frozen=True, slots=True)
class Part:
    """A file, or a field when it has no name, of a multipart body."""

    key: str
    content: bytes
    name: str = ""


class House:
    """A built program and whoever knocks at its door."""

    def __init__(self, program: Program, clock: FakeClock, mailer: FakeMailer) -> None:
        self.program, self.clock = program, clock
        self.mailer = mailer
        self.root = ""
        self.always: Mapping[str, str] = {}
        """Headers of every request."""

    async def __call__(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        token: str = "",
        ip: str = HOME_IP,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """One request, its answer read to the end.

        Args:
            body: JSON, or Parts of a multipart body, or bytes as they are.
        """
        note_asked(method, path)
        sent = {**self.always, **(headers or {})}
        if token:
            sent["authorization"] = token
        content = _encoded(body, sent)
        exchange = _Exchange(content)
        scope = _scope(method, path, sent, ip=ip)
        await self.program.application(scope, exchange.receive, exchange.send)
        return exchange.reply()

    async def made(self, path: str, body: object, *, token: str | None = None) -> Reply:
        """A POST that must succeed; by the superuser when nobody is named."""
        reply = await self("POST", path, body, token=self.root if token is None else token)
        assert reply.status == 200, reply.body
        return reply

    async def collection(self, name: str, fields: Sequence[object] = (), **more: object) -> Reply:
        """A new collection; rules left out let nobody but superusers in."""
        return await self.made("/api/collections", {"name": name, "fields": [*fields], **more})

    async def record(self, collection: str, **fields: object) -> str:
        """The id of a new record, made by the superuser."""
        return (await self.made(f"/api/collections/{collection}/records", fields)).id

    async def user(self, email: str, **fields: object) -> tuple[str, str]:
        """Id and token of a new user."""
        body = {"email": email, "password": PASSWORD, "passwordConfirm": PASSWORD, **fields}
        await self.made("/api/collections/users/records", body)
        return await self.signed_in("users", email)

    async def signed_in(self, collection: str, email: str) -> tuple[str, str]:
        """Id and token of whoever has this e-mail."""
        reply = await self.made(
            f"/api/collections/{collection}/auth-with-password",
            {"identity": email, "password": PASSWORD},
            token="",
        )
        token, record = reply.record["token"], reply.record["record"]
        assert isinstance(token, str)
        assert isinstance(record, dict)
        return str(record["id"]), token

    async def mail(self, count: int) -> Letter:
        """The last mail, once there are ``count``."""
        return Letter(await self.mailer.arrived(count))

    async def settings(self, **changed: object) -> None:
        """Change application settings."""
        reply = await self("PATCH", "/api/settings", changed, token=self.root)
        assert reply.status == 200, reply.body

    @asynccontextmanager
    async def listening(self, *, ip: str = HOME_IP) -> AsyncIterator[Ear]:
        """A realtime connection, closed at the end."""
        ear = Ear(self, ip)
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(ear.listen())
            await ear.next()
            yield ear
            ear.left.set()
            await task


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail as its reader uses it."""

    mail: Mail

    @property
    def to(self) -> str:
        """Whom it went to."""
        return self.mail.to.address

    @property
    def body(self) -> str:
        """What stands in it."""
        return self.mail.html.partition("<body>")[2].partition("</body>")[0].strip()

    @property
    def token(self) -> str:
        """The token at the end of its link."""
        return self.body.partition("/auth/")[2].partition("/")[2].partition('"')[0]

    @property
    def code(self) -> str:
        """The one-time password in it."""
        return self.body.partition("<strong>")[2].partition("</strong>")[0]


@dataclass(frozen=True, slots=True)
class Event:
    """One message of a realtime connection."""

    id: str
    topic: str
    data: dict[str, Json]

    @property
    def short(self) -> tuple[str, Json, Json]:
        """Topic, action, and the record's id."""
        record = self.data["record"]
        assert isinstance(record, dict)
        return self.topic, self.data["action"], record.get("id")


class Ear:
    """The client's side of a realtime connection."""

    def __init__(self, house: House, ip: str) -> None:
        self._house, self._ip = house, ip
        self._events: asyncio.Queue[Event] = asyncio.Queue()
        self._unread = b""
        self.client_id = ""
        self.left = asyncio.Event()
        """Set it to leave."""
        self.ended = asyncio.Event()
        """Set once the server's side has ended."""

    async def listen(self) -> None:
        """Connect and stay until one side ends."""
        asked = False

        async def receive() -> MutableMapping[str, object]:
            nonlocal asked
            if not asked:
                asked = True
                return {"type": "http.request", "body": b"", "more_body": False}
            await self.left.wait()
            return {"type": "http.disconnect"}

        async def send(message: MutableMapping[str, object]) -> None:
            body = message.get("body", b"")
            assert isinstance(body, bytes)
            *blocks, self._unread = (self._unread + body).split(b"\n\n")
            for block in blocks:
                self._events.put_nowait(_event(block.decode()))

        note_asked("GET", "/api/realtime")
        scope = _scope("GET", "/api/realtime", {}, ip=self._ip)
        await self._house.program.application(scope, receive, send)
        self.ended.set()

    async def next(self) -> Event:
        """The next message."""
        async with asyncio.timeout(EVENT_SECONDS_MAX):
            event = await self._events.get()
        if event.topic == "PB_CONNECT":
            self.client_id = event.id
        return event

    async def heard(self, count: int) -> list[tuple[str, Json, Json]]:
        """The next messages in short; and nothing else waits behind them."""
        events = [(await self.next()).short for _ in range(count)]
        assert self._events.empty()
        return events

    async def subscribe(self, *topics: str, token: str = "", ip: str = "") -> Reply:
        """Replace the topics."""
        body = {"clientId": self.client_id, "subscriptions": [*topics]}
        return await self._house("POST", "/api/realtime", body, token=token, ip=ip or self._ip)


@asynccontextmanager
async def opened(
    folder: Path,
    *,
    clock: FakeClock | None = None,
    flags: Mapping[str, str] | None = None,
    gate: str = "",
    variables: Mapping[str, str] | None = None,
    seed: int = 1,
    open_web: Callable[[], Web] | None = None,
) -> AsyncIterator[House]:
    """The program over ``folder``, its upkeep running, with a superuser signed in.

    Args:
        flags: More settings than ``dir``.
        gate: Credentials of the outer gate, ``user:password``; used for this sign-in only.
        variables: Of the environment, for secrets.
        seed: Of its randomness; another one after a restart.
        open_web: Another way to other people's servers than the network.
    """
    time = clock or FakeClock()
    given = {"dir": str(folder / "data"), "log_requests": "none", "sqlite_sync": "off"}
    secrets = {"YADOKARI_BASIC_AUTH": gate, **(variables or {})}
    settings = read_settings({**given, **(flags or {})}, secrets, on_terminal=False)
    settings.dir.make()
    mailer = FakeMailer()
    program = await build(
        Surroundings(
            settings=settings,
            clock=time,
            entropy=FakeEntropy(seed=seed),
            log=SilentLog(),
            redactor=Redactor(),
            mailer=mailer,
            open_web=open_web,
        )
    )
    try:
        await program.prepare()
        if not await program.superusers.exists():
            await program.superusers.create(ROOT_EMAIL, PASSWORD)
        house = House(program, time, mailer)
        house.always = {"authorization": basic(gate)} if gate else {}
        _, house.root = await house.signed_in("_superusers", ROOT_EMAIL)
        house.always = {}
        async with asyncio.TaskGroup() as tasks:
            tending = tasks.create_task(_tended(program))
            yield house
            program.end_streams()
            tending.cancel()
    finally:
        await program.close()


def basic(pair: str) -> str:
    """The header value of ``user:password``."""
    return "Basic " + base64.b64encode(pair.encode()).decode()


async def _tended(program: Program) -> None:
    await program.tend()


@dataclass(slots=True)
class _Exchange:
    content: bytes
    sent: bool = False
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    async def receive(self) -> MutableMapping[str, object]:
        if self.sent:
            await asyncio.Event().wait()  # The client stays until the answer is complete.
        self.sent = True
        return {"type": "http.request", "body": self.content, "more_body": False}

    async def send(self, message: MutableMapping[str, object]) -> None:
        if message["type"] == "http.response.start":
            status, headers = message["status"], message["headers"]
            assert isinstance(status, int)
            assert isinstance(headers, list)
            self.status = status
            self.headers = {name.decode(): value.decode() for name, value in headers}
            return
        piece = message.get("body", b"")
        assert isinstance(piece, bytes)
        self.body += piece

    def reply(self) -> Reply:
        return Reply(self.status, self.headers, self.body)


def _scope(method: str, path: str, headers: Mapping[str, str], *, ip: str) -> Scope:
    plain, _, query = path.partition("?")
    return {
        "type": "http",
        "method": method,
        "path": plain,
        "raw_path": plain.encode(),
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "client": (ip, 4711),
    }


def _encoded(body: object, headers: dict[str, str]) -> bytes:
    """The body's bytes; its headers are added."""
    if body is None:
        return b""
    if isinstance(body, bytes):
        content = body
    elif isinstance(body, list) and body and all(isinstance(part, Part) for part in body):
        content = b"".join(_part(part) for part in body if isinstance(part, Part)) + b"--cut--\r\n"
        headers["content-type"] = "multipart/form-data; boundary=cut"
    else:
        content = json.dumps(body).encode()
        headers.setdefault("content-type", "application/json")
    headers["content-length"] = str(len(content))
    return content


def _part(part: Part) -> bytes:
    name = f'; filename="{part.name}"' if part.name else ""
    head = f'--cut\r\nContent-Disposition: form-data; name="{part.key}"{name}\r\n\r\n'
    return head.encode() + part.content + b"\r\n"


def _event(block: str) -> Event:
    lines = dict(line.split(":", 1) for line in block.split("\n"))
    data = json.loads(lines["data"])
    assert isinstance(data, dict)
    return Event(lines["id"].strip(), lines["event"].strip(), data)


def _codes(data: Json) -> Json:
    if not isinstance(data, dict):
        return data
    code = data.get("code")
    if isinstance(code, str) and "message" in data:
        return code
    return {key: _codes(value) for key, value in data.items()}
