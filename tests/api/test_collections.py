"""The doors of collections and settings: who may, statuses, shapes, key order."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import msgspec
import pytest

from tests.asked import note_asked
from tests.unit.collections.world import World, opened
from yadokari.api.asgi import Application
from yadokari.api.request import Request
from yadokari.app.rare_routes import collection_routes, settings_routes
from yadokari.base.errors import Forbidden, Unauthenticated
from yadokari.base.log import SilentLog
from yadokari.schema.oauth2_providers import OAUTH2_PROVIDERS
from yadokari.testing.fake_entropy import FakeEntropy
from yadokari.upkeep.settings_keeper import SETTINGS, SettingsKeeper

KEYS = [
    "id",
    "listRule",
    "viewRule",
    "createRule",
    "updateRule",
    "deleteRule",
    "name",
    "type",
    "fields",
    "indexes",
    "created",
    "updated",
    "system",
]


class FakeDoor:
    """Knows three tokens: root, user and none."""

    async def superuser(self, request: Request) -> object:
        """See SuperuserCheck."""
        if not request.token:
            raise Unauthenticated
        if request.token != "root":
            raise Forbidden
        return request.token


class Client:
    """Sends requests to the application as somebody."""

    def __init__(self, http: httpx.AsyncClient, world: World) -> None:
        self.http, self.world = http, world

    async def __call__(
        self, method: str, path: str, body: object = None, *, token: str = "root"
    ) -> httpx.Response:
        """One request; its answer."""
        note_asked(method, path)
        content = b"" if body is None else msgspec.json.encode(body)
        headers = {"content-type": "application/json"}
        if token:
            headers["authorization"] = token
        return await self.http.request(method, path, content=content, headers=headers)


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[Client]:
    """A client of a fresh application."""
    async with opened(tmp_path, extra=(SETTINGS,)) as world:
        keeper = SettingsKeeper(store=world.store, box=world.box)
        door = FakeDoor()
        routes = [
            *collection_routes(door, lambda: world.collections),
            *settings_routes(door, keeper, FakeEntropy()),
        ]
        app = Application(routes, log=SilentLog())
        transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="http://t") as http:
            yield Client(http, world)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/collections"),
        ("POST", "/api/collections"),
        ("GET", "/api/collections/users"),
        ("GET", "/api/collections/nope"),
        ("PATCH", "/api/collections/users"),
        ("DELETE", "/api/collections/users"),
        ("DELETE", "/api/collections/users/truncate"),
        ("PUT", "/api/collections/import"),
        ("GET", "/api/collections/meta/scaffolds"),
        ("GET", "/api/collections/meta/oauth2-providers"),
        ("POST", "/api/collections/meta/dry-run-view"),
        ("GET", "/api/settings"),
        ("PATCH", "/api/settings"),
    ],
)
async def test_only_superusers_pass(client: Client, method: str, path: str) -> None:
    """Nobody else learns even whether a collection exists."""
    statuses = [(await client(method, path, token=token)).status_code for token in ("", "user")]

    assert statuses == [401, 403]


async def test_collection_has_its_keys_in_the_order_of_the_contract(client: Client) -> None:
    """Dart's decoder and people rely on it; secrets never leave."""
    base = await client("POST", "/api/collections", {"name": "notes"})
    users = await client("GET", "/api/collections/users")

    assert base.status_code == 200
    assert list(base.json()) == KEYS
    assert list(users.json())[: len(KEYS) + 3] == [*KEYS, "authRule", "manageRule", "authAlert"]
    assert b'"secret"' not in users.content
    assert users.json()["authToken"] == {"duration": 432_000}


async def test_lists_pages_and_picks(client: Client) -> None:
    """The page object, cut down by ``fields``."""
    answer = await client("GET", "/api/collections?perPage=2&page=3&fields=name&sort=@rowid")

    assert answer.json() == {
        "items": [{"name": "_superusers"}, {"name": "users"}],
        "page": 3,
        "perPage": 2,
        "totalItems": 6,
        "totalPages": 3,
    }


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/api/collections?perPage=abc", None, 400),
        ("GET", "/api/collections?filter=nope=1", None, 400),
        ("GET", "/api/collections/nope", None, 404),
        ("PATCH", "/api/collections/nope", {}, 404),
        ("PATCH", "/api/collections/users", {"id": "x"}, 404),
        ("PATCH", "/api/collections/users", [], 400),
        ("PATCH", "/api/collections/users", {"name": 5}, 400),
        ("PATCH", "/api/collections/users", {"fields": [{"type": "nope"}]}, 400),
        ("DELETE", "/api/collections/nope", None, 404),
        ("DELETE", "/api/collections/_mfas", None, 400),
        ("DELETE", "/api/collections/nope/truncate", None, 404),
        ("PUT", "/api/collections/import", {"collections": 5}, 400),
        ("PUT", "/api/collections/import", {"collections": [5]}, 400),
        ("PUT", "/api/collections/import", {"collections": [None]}, 400),
        ("POST", "/api/collections/meta/dry-run-view", {"query": 5}, 400),
        ("POST", "/api/collections/meta/dry-run-view", {"query": "select nope"}, 400),
        ("PATCH", "/api/settings", {"meta": 5}, 400),
        ("PATCH", "/api/settings", {"meta": {"appName": ""}}, 400),
    ],
)
async def test_bad_requests_change_nothing(
    client: Client, method: str, path: str, body: object, status: int
) -> None:
    """The contract's status, and the schema as it was."""
    before = client.world.store.schema.collections

    answer = await client(method, path, body)

    assert answer.status_code == status
    assert list(answer.json()) == ["data", "message", "status"]
    assert client.world.store.schema.collections == before


async def test_collection_is_created_changed_and_deleted(client: Client) -> None:
    """The whole life over the door."""
    created = await client("POST", "/api/collections", {"name": "notes", "listRule": ""})
    changed = await client("PATCH", "/api/collections/NOTES", {"listRule": None})
    truncated = await client("DELETE", "/api/collections/notes/truncate")
    deleted = await client("DELETE", "/api/collections/notes")

    assert created.json()["listRule"] == ""
    assert changed.json()["listRule"] is None
    assert (truncated.status_code, truncated.content) == (204, b"")
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert client.world.store.schema.find("notes") is None


async def test_import_answers_without_a_body(client: Client) -> None:
    """204; an empty list is a mistake."""
    done = await client("PUT", "/api/collections/import", {"collections": [{"name": "n"}]})
    empty = await client("PUT", "/api/collections/import", {"collections": []})

    assert done.status_code == 204
    assert client.world.store.schema.find("n") is not None
    assert empty.json()["data"]["collections"]["code"] == "validation_required"


async def test_meta_endpoints(client: Client) -> None:
    """What the dashboard begins with."""
    scaffolds = (await client("GET", "/api/collections/meta/scaffolds")).json()
    providers = (await client("GET", "/api/collections/meta/oauth2-providers")).json()

    assert sorted(scaffolds) == ["auth", "base", "view"]
    assert scaffolds["base"]["name"] == scaffolds["base"]["created"] == ""
    assert [item["name"] for item in providers] == list(OAUTH2_PROVIDERS)
    assert all(item["logo"].startswith("<svg") and item["displayName"] for item in providers)


async def test_tried_view_hides_what_is_hidden(client: Client) -> None:
    """Its sample shows what everybody with the view rule would see."""
    fields = [{"type": "text", "name": "t"}, {"type": "text", "name": "s", "hidden": True}]
    await client("POST", "/api/collections", {"name": "notes", "fields": fields})
    await client.world.add("notes", "r1", {"t": "x", "s": "y"})

    answer = await client(
        "POST", "/api/collections/meta/dry-run-view", {"query": "select id, t, s from notes"}
    )
    too_long = await client("POST", "/api/collections/meta/dry-run-view", {"query": "x" * 5_001})

    value = answer.json()
    assert [field["name"] for field in value["fields"]] == ["id", "t", "s"]
    [record] = value["sample"]
    assert {key: record[key] for key in ("id", "t")} == {"id": "r1", "t": "x"}
    assert "s" not in record
    assert record["collectionName"].startswith("temp_view_")
    assert too_long.json()["data"]["query"]["params"] == {"max": 5000, "min": 0}


async def test_settings_merge_and_hide_secrets(client: Client) -> None:
    """Deep merge, keys in any letter case, whole object back."""
    change = {"SMTP": {"host": "mail.example.com", "password": "hush"}}

    changed = await client("PATCH", "/api/settings", change)
    read = await client("GET", "/api/settings?fields=smtp.host")

    assert changed.json()["smtp"]["host"] == "mail.example.com"
    assert changed.json()["meta"]["appName"] == "Acme"
    assert b"hush" not in changed.content
    assert read.json() == {"smtp": {"host": "mail.example.com"}}
