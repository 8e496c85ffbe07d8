"""Schema and rows of both sides, made over HTTP from one fixed seed.

B1  Row n of a collection has the same id and the same values on both sides.

Not here: starting the servers (bench/sides.py).
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import TypeAlias

import httpx

from bench.sides import PASSWORD

SEED = 20_261_121
VERSION = 1
"""Counts up when the schema or the rows change, so that kept folders are made anew."""

BATCH_ROWS = 1_000
BATCH_BYTES_MAX = 32 * 1024 * 1024
BATCH_SECONDS_MAX = 120
THINGS = 10_000
GROUPS = 100  # Values of the indexed number: an equality filter finds THINGS / GROUPS rows.
AUTHORS = 1_000
PERMISSIONS = 50
PERMISSIONS_OF_AUTHOR_MAX = 3
MEMBER_EMAIL = "member@example.com"
WORDS = ("amber", "basalt", "cedar", "delta", "ember", "fjord", "granite", "harbor", "indigo",
         "juniper", "kelp", "lagoon", "meadow", "nectar", "orchid", "pebble", "quartz", "reef",
         "saffron", "tundra", "umber", "violet", "willow", "yarrow", "zephyr")  # fmt: skip

Row: TypeAlias = Mapping[str, object]

RULE_ALL = "author.permissions.active = true"
RULE_ANY = "author.permissions.active ?= true"


def row_id(collection: str, number: int) -> str:
    """The 15 characters that name row ``number``."""
    return f"{collection[:5]:x<5}{number:010d}"


def seed(client: httpx.Client, *, posts: int) -> None:
    """Make the whole schema and all rows; ``client`` is signed in as the superuser.

    Raises:
        httpx.HTTPStatusError: an answer was not 2xx.
    """
    _settings(client)
    make_collections(client)
    random_ = random.Random(SEED)
    fill(client, "permissions", _permissions())
    fill(client, "authors", _authors(random_))
    fill(client, "things", _things(random_))
    fill(client, "posts", _posts(random_, posts))
    member = {"email": MEMBER_EMAIL, "password": PASSWORD, "passwordConfirm": PASSWORD}
    client.post("/api/collections/members/records", json=member).raise_for_status()


def _settings(client: httpx.Client) -> None:
    """Big batches for seeding; no request log, so that neither side writes one while measured."""
    batch = {
        "enabled": True,
        "maxRequests": BATCH_ROWS,
        "timeout": BATCH_SECONDS_MAX,
        "maxBodySize": BATCH_BYTES_MAX,
    }
    body = {"batch": batch, "logs": {"maxDays": 0}}
    client.patch("/api/settings", json=body).raise_for_status()


def make_collections(client: httpx.Client) -> None:
    """Make all collections, empty."""
    _collection(client, "permissions", [_text("name"), _bool("active")])
    permissions = _relation("permissions", _id_of(client, "permissions"), PERMISSIONS)
    _collection(client, "authors", [_text("name"), permissions])
    author = _relation("author", _id_of(client, "authors"), 1)
    _collection(client, "posts", [_text("title"), author], list_rule=RULE_ALL)
    things = [_text("title"), _number("n"), _bool("active"), _number("score"), _text("body")]
    index = "CREATE INDEX `idx_things_n` ON `things` (`n`)"
    _collection(client, "things", things, list_rule="", indexes=[index])
    _collection(client, "members", [], kind="auth")
    make_written(client)


def make_written(client: httpx.Client) -> None:
    """Make the collections that are written to."""
    notes = [_text("title"), _text("body"), _number("count"), _bool("done"), _text("tag")]
    _collection(client, "notes", notes, list_rule="", create_rule="")
    _collection(client, "guarded", notes, create_rule="@request.auth.id != ''")


def renew_written(client: httpx.Client) -> None:
    """Empty them, as the first run found them."""
    for name in ("notes", "guarded"):
        client.delete(f"/api/collections/{name}").raise_for_status()
    make_written(client)


def set_list_rule(client: httpx.Client, collection: str, rule: str) -> None:
    """Change who may list a collection."""
    answer = client.patch(f"/api/collections/{collection}", json={"listRule": rule})
    answer.raise_for_status()


def fill(client: httpx.Client, collection: str, rows: Iterator[Row]) -> None:
    """Create rows in batches."""
    url = f"/api/collections/{collection}/records?fields=id"
    while chunk := list(islice(rows, BATCH_ROWS)):
        requests = [{"method": "POST", "url": url, "body": row} for row in chunk]
        client.post("/api/batch", json={"requests": requests}).raise_for_status()


def note(number: int) -> Row:
    """Body of one create: five fields."""
    random_ = random.Random(SEED + number)
    return {
        "title": _words(random_, 4),
        "body": _words(random_, 20),
        "count": random_.randrange(1_000_000),
        "done": random_.random() < 0.5,
        "tag": random_.choice(WORDS),
    }


def _permissions() -> Iterator[Row]:
    for number in range(PERMISSIONS):
        yield {
            "id": row_id("permissions", number),
            "name": f"may {number}",
            "active": number % 4 > 0,
        }


def _authors(random_: random.Random) -> Iterator[Row]:
    for number in range(AUTHORS):
        count = random_.randint(0, PERMISSIONS_OF_AUTHOR_MAX)
        chosen = random_.sample(range(PERMISSIONS), count)
        permissions = [row_id("permissions", one) for one in chosen]
        name = _words(random_, 2)
        yield {"id": row_id("authors", number), "name": name, "permissions": permissions}


def _things(random_: random.Random) -> Iterator[Row]:
    for number in range(THINGS):
        yield {
            "id": row_id("things", number),
            "title": _words(random_, 4),
            "n": number % GROUPS,
            "active": random_.random() < 0.5,
            "score": random_.randrange(1_000_000),
            "body": _words(random_, 20),
        }


def _posts(random_: random.Random, count: int) -> Iterator[Row]:
    for number in range(count):
        author = row_id("authors", random_.randrange(AUTHORS))
        yield {"id": row_id("posts", number), "title": _words(random_, 4), "author": author}


def _words(random_: random.Random, count: int) -> str:
    return " ".join(random_.choices(WORDS, k=count))


def _collection(
    client: httpx.Client,
    name: str,
    fields: Sequence[Row],
    *,
    kind: str = "base",
    list_rule: str | None = None,
    create_rule: str | None = None,
    indexes: Sequence[str] = (),
) -> None:
    body = {
        "name": name,
        "type": kind,
        "fields": [*fields, _autodate("created"), _autodate("updated")],
        "listRule": list_rule,
        "viewRule": list_rule,
        "createRule": create_rule,
        "indexes": list(indexes),
    }
    client.post("/api/collections", json=body).raise_for_status()


def _id_of(client: httpx.Client, collection: str) -> str:
    return str(client.get(f"/api/collections/{collection}").raise_for_status().json()["id"])


def _text(name: str) -> Row:
    return {"name": name, "type": "text"}


def _number(name: str) -> Row:
    return {"name": name, "type": "number"}


def _bool(name: str) -> Row:
    return {"name": name, "type": "bool"}


def _relation(name: str, collection_id: str, select_max: int) -> Row:
    return {
        "name": name,
        "type": "relation",
        "collectionId": collection_id,
        "maxSelect": select_max,
    }


def _autodate(name: str) -> Row:
    return {"name": name, "type": "autodate", "onCreate": True, "onUpdate": name == "updated"}
