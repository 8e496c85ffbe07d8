"""Fixtures as data: collections and records that are loaded into any server by its own API.

F1  A fixture is plain JSON, so golden files carry the fixture they were measured with.
F2  Ids are given, never generated, so two servers agree on them.

Not here: which fixtures exist (tests/oracle/golden/, tests/oracle/operators_fixture.py).
"""

from dataclasses import dataclass

from tests.oracle.client import Answer, Json, query
from tests.oracle.server import Server

ROWS_MAX = 200  # Page size of a filter's answer; golden fixtures stay far below.


class FixtureRefused(Exception):
    """A server refused a part of a fixture; the text holds request and answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixture:
    """Collections in order of creation, then records in order of insertion."""

    collections: list[dict[str, Json]]
    records: list[tuple[str, dict[str, Json]]]
    """Pairs of collection name and body."""

    def as_json(self) -> Json:
        """The form that golden files carry."""
        return {
            "collections": list[Json](self.collections),
            "records": [[name, body] for name, body in self.records],
        }


def fixture_from(value: Json) -> Fixture:
    """Read a fixture back from a golden file."""
    assert isinstance(value, dict)
    collections, records = value["collections"], value["records"]
    assert isinstance(collections, list)
    assert isinstance(records, list)
    pairs: list[tuple[str, dict[str, Json]]] = []
    for entry in records:
        assert isinstance(entry, list)
        name, body = entry
        assert isinstance(name, str)
        assert isinstance(body, dict)
        pairs.append((name, body))
    return Fixture(collections=[c for c in collections if isinstance(c, dict)], records=pairs)


def load(server: Server, fixture: Fixture) -> None:
    """Create everything as the superuser.

    A collection or record whose id was already created in this fixture is updated instead, so
    that cycles of relations can be written down.

    Raises:
        FixtureRefused: the server answered anything but 200.
    """
    known: set[tuple[str, Json]] = set()
    for collection in fixture.collections:
        path, method = "/api/collections", "POST"
        if ("", collection["id"]) in known:
            path, method = f"{path}/{collection['id']}", "PATCH"
        known.add(("", collection["id"]))
        answer = server.client.send(method, path, token=server.token, json=collection)
        _require_ok(answer, what=f"collection {collection.get('name')}")
    for name, body in fixture.records:
        path, method = f"/api/collections/{name}/records", "POST"
        if (name, body.get("id")) in known:
            path, method = f"{path}/{body['id']}", "PATCH"
        known.add((name, body.get("id")))
        answer = server.client.send(method, path, token=server.token, json=body)
        _require_ok(answer, what=f"record {name} {body}")


def matching_ids(
    server: Server, collection: str, *, filter_text: str, sort: str = "", **more: str
) -> list[str] | int:
    """Ids of the records that match, in the answer's order, or the status of a refusal."""
    parameters = {"fields": "id", "skipTotal": "1", "perPage": str(ROWS_MAX)}
    if sort:
        parameters["sort"] = sort
    if filter_text:
        parameters["filter"] = filter_text
    path = f"/api/collections/{collection}/records{query(**parameters, **more)}"
    return ids_of(server.client.send("GET", path, token=server.token))


def ids_of(answer: Answer) -> list[str] | int:
    """Ids of a page answer, or its status when that is not 200."""
    body = answer.json()
    if answer.status != 200 or not isinstance(body, dict):
        return answer.status
    items = body["items"]
    assert isinstance(items, list)
    return [str(item["id"]) for item in items if isinstance(item, dict)]


def _require_ok(answer: Answer, *, what: str) -> None:
    if answer.status != 200:
        raise FixtureRefused(f"{what}: {answer.status} {answer.text}")
