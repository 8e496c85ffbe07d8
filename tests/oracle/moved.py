"""A PocketBase full of data, its folder as it was left, and Yadokari over what was imported of it.

MV1  The folder is copied while PocketBase runs, write-ahead log and all: so an import finds it
     after a crash or a power cut.

Not here: what is compared (test_import_pocketbase.py).
"""

import random
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.oracle.client import Answer, Json
from tests.oracle.generate_auth import PASSWORD
from tests.oracle.generate_requests import seed_requests
from tests.oracle.generate_schema import PEOPLE, draw_round, draw_rules, people, people_change
from tests.oracle.scene import END, MULTIPART, form_part
from tests.oracle.server import Server, program, running
from tests.oracle.world import World

PNG = bytes.fromhex("89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b55")
"""Begins like a picture; nobody looks further."""
RECORDS = 14
SETTINGS: dict[str, Json] = {
    "meta": {"appName": "Harbour", "senderName": "Crab", "senderAddress": "crab@example.com"},
    "smtp": {"enabled": True, "host": "127.0.0.1", "port": 2525, "password": "smtp-secret-1"},
    "trustedProxy": {"headers": ["X-Forwarded-For"]},
    "logs": {"maxDays": 0},
}


@dataclass(slots=True, kw_only=True)
class Filled:
    """A running PocketBase, and what the test knows of its data."""

    server: Server
    world: World
    tokens: dict[str, str] = field(default_factory=dict)
    """Issued by PocketBase, by caller."""

    def root(self, method: str, path: str, json: Json = None, **more: object) -> Answer:
        """Ask as the superuser; whatever is refused here would be missing there."""
        answer = self.server.client.send(method, path, token=self.server.token, json=json, **more)  # type: ignore[arg-type]
        assert answer.status in (200, 204), f"{method} {path}: {answer.text}"
        return answer


def fill(server: Server, *, seed: int) -> Filled:
    """Make collections of every kind with records, files, links and settings."""
    filled = Filled(server=server, world=World(dice=random.Random(seed)))
    _callers(filled)
    _collections(filled)
    _files(filled)
    filled.root("PATCH", "/api/settings", SETTINGS)
    filled.root(
        "POST",
        "/api/collections/_externalAuths/records",
        {
            "collectionRef": "people_id",
            "recordRef": "id0000000000000",
            "provider": "google",
            "providerId": "g-17",
        },
    )
    return filled


@contextmanager
def imported(pb_data: Path, target: Path) -> Iterator[Server]:
    """Yadokari over what it imports of a folder."""
    run_import(pb_data, target)
    with running("ours", batch=False, data=target) as server:
        yield server


def run_import(pb_data: Path, target: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """Import as an operator does."""
    command = [program("ours"), "import", "pocketbase", pb_data, "--dir", target, *more]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done


def _callers(filled: Filled) -> None:
    shape, body = people()
    filled.root("POST", "/api/collections", body)
    filled.root("PATCH", "/api/collections/people", people_change())
    for index, name in enumerate(("user", "other")):
        record: dict[str, Json] = {
            "id": f"id0{index:012d}", "email": f"{name}@example.com", "password": PASSWORD,
            "passwordConfirm": PASSWORD, "role": "ab"[index], "level": index * 3,
            "emailVisibility": index == 1, "secret": "s",
        }  # fmt: skip
        filled.root("POST", f"{shape.path}", record)
        shape.ids.append(f"id0{index:012d}")
        sign_in: dict[str, Json] = {"identity": f"{name}@example.com", "password": PASSWORD}
        answer = filled.root("POST", f"/api/collections/{PEOPLE}/auth-with-password", sign_in)
        told = answer.json()
        assert isinstance(told, dict)
        filled.tokens[name] = str(told["token"])
    filled.tokens["root"] = filled.server.token
    filled.world.shapes[PEOPLE] = shape
    filled.world.last_id = 1_000


def _collections(filled: Filled) -> None:
    world, views = filled.world, list[Json]()
    for body in draw_round(world):
        if body["type"] == "view":
            views.append(body)
        else:
            filled.root("POST", "/api/collections", body)
    for name in ("beta", "kit", "gamma"):
        for request in seed_requests(world, world.shapes[name], records=RECORDS):
            answer = filled.server.client.send(
                request.method,
                request.path,
                token=filled.server.token,
                json=request.json,
                body=request.body,
                content_type=request.content_type,
            )
            if answer.status == 200 and request.makes is not None:
                world.shapes[name].ids.append(request.makes[1])
    for view in views:
        filled.root("POST", "/api/collections", view)
    for name in ("beta", "kit", "gamma"):
        for key, rule in draw_rules(world, world.shapes[name]).items():
            filled.server.client.send(
                "PATCH",
                f"/api/collections/{name}",
                token=filled.server.token,
                json={key: rule},
            )


def _files(filled: Filled) -> None:
    """A collection whose files have types of their own, one of them protected."""
    filled.root(
        "POST",
        "/api/collections",
        {
            "id": "album_id",
            "name": "album",
            "type": "base",
            "listRule": "",
            "viewRule": "",
            "fields": [
                {"name": "cover", "type": "file", "maxSelect": 1},
                {"name": "pages", "type": "file", "maxSelect": 9},
                {"name": "hidden", "type": "file", "maxSelect": 1, "protected": True},
                {"name": "made", "type": "autodate", "onCreate": True},
            ],
        },
    )
    for number in range(3):
        body = form_part("cover", PNG, file="My Cover É.png")
        body += form_part("pages", b"one\n" * number, file="one.txt")
        body += form_part("pages", b"<html><body>two</body></html>", file="two.html")
        body += form_part("hidden", b"%PDF-1.4 secret", file="hidden.pdf")
        filled.root(
            "POST", "/api/collections/album/records", body=body + END, content_type=MULTIPART
        )


def copied(server: Server, target: Path) -> Path:
    """The data folder of a running server as it lies there (MV1)."""
    shutil.copytree(server.directory / "data", target)
    return target


@contextmanager
def both(folder: Path, *, seed: int) -> Iterator[tuple[Filled, Path, Server]]:
    """PocketBase with data, the copy of its folder, and Yadokari over what was imported of it."""
    with ExitStack() as stack:
        oracle = stack.enter_context(running("oracle"))
        filled = fill(oracle, seed=seed)
        pb_data = copied(oracle, folder / "pb_data")
        ours = stack.enter_context(imported(pb_data, folder / "data"))
        yield filled, pb_data, ours
