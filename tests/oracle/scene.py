"""A small language for readable scenarios against one server.

N1  Every scenario makes collections of its own, so scenarios do not meet.

Not here: the scenarios (test_quirks_*.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import EllipsisType
from typing import TypeAlias

from tests.oracle.client import Answer, Client, Json
from tests.oracle.fixture import fixture_from, load
from tests.oracle.server import Server
from tests.oracle.test_appendix_b import GOLDEN

Expected: TypeAlias = (
    "Mapping[str, Expected] | list[Expected] | str | int | float | bool | EllipsisType | None"
)
"""What an answer has to hold: objects may have more keys, `...` stands for anything."""

OPEN: dict[str, Json] = {
    "listRule": "", "viewRule": "", "createRule": "", "updateRule": "", "deleteRule": "",
}  # fmt: skip
PASSWORD = "secret-12345"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """An answer with its body read."""

    status: int
    body: Json
    raw: Answer

    def has(self, expected: Expected) -> bool:
        """Whether the body holds what is expected."""
        assert _holds(self.body, expected), f"{self.status} {self.raw.text}\nlacks {expected}"
        return True

    @property
    def data(self) -> dict[str, Json]:
        """The field problems of a refusal."""
        assert isinstance(self.body, dict), self.raw.text
        data = self.body["data"]
        assert isinstance(data, dict), self.raw.text
        return data

    @property
    def codes(self) -> dict[str, Json]:
        """Field names with their codes."""
        return {
            name: one.get("code") if isinstance(one, dict) else one
            for name, one in self.data.items()
        }

    def values(self, name: str) -> list[Json]:
        """One field of every item of a page."""
        assert isinstance(self.body, dict), self.raw.text
        assert "items" in self.body, self.raw.text
        items = self.body["items"]
        assert isinstance(items, list)
        return [item.get(name) for item in items if isinstance(item, dict)]

    def __getitem__(self, name: str) -> Json:
        """A key of the body."""
        assert isinstance(self.body, dict), self.raw.text
        return self.body[name]


@dataclass(slots=True, kw_only=True)
class Scene:
    """One server and the shorthands to talk to it."""

    server: Server
    made: set[str] = field(default_factory=set)

    def ask(
        self,
        method: str,
        path: str,
        json: Json = None,
        *,
        by: str | None = None,
        body: bytes | None = None,
        media: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Seen:
        """Send a request; `…` in the path stands for `/api/collections`, `by` is a token."""
        answer = self.server.client.send(
            method,
            path.replace("…", "/api/collections"),
            token=by,
            json=json,
            body=body,
            content_type=media,
            headers=headers,
        )
        return Seen(status=answer.status, body=answer.json(), raw=answer)

    def root(self, method: str, path: str, json: Json = None) -> Seen:
        """Send a request as the superuser."""
        return self.ask(method, path, json, by=self.server.token)

    def collection(self, name: str, *fields: dict[str, Json], **more: Json) -> None:
        """Make a collection that everyone may use, unless `more` says otherwise."""
        body: dict[str, Json] = {"name": name, "type": "base", **OPEN, "fields": [*fields], **more}
        answer = self.root("POST", "…", body)
        assert answer.status == 200, answer.raw.text

    def change(self, which: str, /, **changes: Json) -> None:
        """Change a collection by its name."""
        answer = self.root("PATCH", f"…/{which}", changes)
        assert answer.status == 200, answer.raw.text

    def people(self, name: str, *fields: dict[str, Json], **more: Json) -> None:
        """Make an auth collection."""
        self.collection(name, *fields, **{"type": "auth", **more})

    def sign_up(self, people: str, email: str, **more: Json) -> str:
        """Make an auth record; returns its token."""
        made = self.root("POST", f"…/{people}/records", {
            "email": email, "password": PASSWORD, "passwordConfirm": PASSWORD, **more,
        })  # fmt: skip
        assert made.status == 200, made.raw.text
        return self.sign_in(people, email)

    def sign_in(self, people: str, email: str, password: str = PASSWORD) -> str:
        """The token of an auth record."""
        body: dict[str, Json] = {"identity": email, "password": password}
        answer = self.ask("POST", f"…/{people}/auth-with-password", body)
        assert answer.status == 200, answer.raw.text
        return str(answer["token"])

    def golden(self) -> None:
        """Load the golden fixture (`person`, `team`) once."""
        if "golden" not in self.made:
            self.made.add("golden")
            load(self.server, fixture_from(GOLDEN["fixture"]))

    def other_client(self) -> Client:
        """A second connection to the same server."""
        return Client(port=self.server.port)


def text(name: str, **options: Json) -> dict[str, Json]:
    """A text field."""
    return {"name": name, "type": "text", **options}


def field_of(kind: str, name: str, **options: Json) -> dict[str, Json]:
    """A field of any type."""
    return {"name": name, "type": kind, **options}


def form_part(name: str, value: bytes, *, file: str | None = None) -> bytes:
    """One part of a multipart body with the boundary `b`."""
    more = f'; filename="{file}"' if file is not None else ""
    head = f'--b\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'
    return head.encode() + value + b"\r\n"


MULTIPART = "multipart/form-data; boundary=b"
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
END = b"--b--\r\n"


def _holds(value: Json, expected: Expected) -> bool:
    if expected is ...:
        return True
    if isinstance(expected, Mapping):
        return isinstance(value, dict) and all(
            name in value and _holds(value[name], one) for name, one in expected.items()
        )
    if isinstance(expected, list):
        return (
            isinstance(value, list)
            and len(value) == len(expected)
            and all(_holds(a, b) for a, b in zip(value, expected, strict=True))
        )
    return type(value) is type(expected) and value == expected
