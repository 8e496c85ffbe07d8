"""Shorthands of scenarios about accounts that get mail."""

from __future__ import annotations

from tests.oracle.client import Json
from tests.oracle.scene import PASSWORD, Scene, text

OTP: dict[str, Json] = {"enabled": True, "duration": 300, "length": 6}
MFA: dict[str, Json] = {"enabled": True, "duration": 300, "rule": ""}
NO_PASSWORD: dict[str, Json] = {"enabled": False, "identityFields": ["email"]}
SILENT: dict[str, Json] = {"enabled": False}
Z = "z@example.com"
CREDENTIALS: dict[str, Json] = {"identity": Z, "password": PASSWORD}
TWICE: dict[str, Json] = {"password": PASSWORD, "passwordConfirm": PASSWORD}


def people(scene: Scene, name: str, **more: Json) -> None:
    """An auth collection without alerts, so that only what is asked for is mailed."""
    scene.people(name, text("nick"), authAlert=SILENT, **more)


def the_record(scene: Scene, name: str) -> dict[str, Json]:
    """The only record of a collection."""
    body = scene.root("GET", f"…/{name}/records").body
    assert isinstance(body, dict)
    items = body["items"]
    assert isinstance(items, list)
    (record,) = items
    assert isinstance(record, dict)
    return record
