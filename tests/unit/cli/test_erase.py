"""Erasing a person: nothing of them can be read from the disk afterwards."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.cli.test_commands import Served, run

EMAIL = "erika.mustermann@example.com"
NAME = "Erika-Mustermann-Musterfrau"
ROOT = {
    "YADOKARI_SUPERUSER_EMAIL": "root@example.com",
    "YADOKARI_SUPERUSER_PASSWORD": "root-password-1",
}


class People:
    """A server with a person, what they own and what others have."""

    def __init__(self, served: Served) -> None:
        self.served = served
        told = self.ask(
            "POST",
            "/api/collections/_superusers/auth-with-password",
            {"identity": "root@example.com", "password": "root-password-1"},
        )
        self.token = str(told["token"])

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> dict[str, object]:
        """Ask as the superuser; the answer's JSON, mostly an object."""
        request = urllib.request.Request(
            self.served.url + path,
            method=method,
            data=json.dumps(body).encode() if body is not None else None,
            headers={
                "Content-Type": "application/json",
                "Authorization": getattr(self, "token", ""),
                **{name.replace("_", "-"): value for name, value in headers.items()},
            },
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            content = answer.read()
        decoded: dict[str, object] = json.loads(content) if content else {}
        return decoded

    def make(self) -> str:
        """A person with a note, a shared list and a link to another account; the person's id."""
        person = self.ask(
            "POST",
            "/api/collections/users/records",
            {
                "email": EMAIL,
                "name": NAME,
                "password": "12345678",
                "passwordConfirm": "12345678",
            },
            Idempotency_Key="key-1",
        )["id"]
        users = "_pb_users_auth_"
        owner = {"name": "owner", "type": "relation", "collectionId": users, "maxSelect": 1}
        for name, goes_along in (("note", True), ("list", False)):
            fields = [{"name": "text", "type": "text"}, owner | {"cascadeDelete": goes_along}]
            self.ask("POST", "/api/collections", {"name": name, "type": "base", "fields": fields})
            self.ask(
                "POST",
                f"/api/collections/{name}/records",
                {"text": f"{name} by {NAME}" if name == "note" else "milk", "owner": person},
            )
        self.ask("POST", "/api/collections/list/records", {"text": f"write to {EMAIL}"})
        gone = self.ask(
            "POST", "/api/collections/note/records", {"text": f"old {NAME}", "owner": person}
        )
        self.ask("DELETE", f"/api/collections/note/records/{gone['id']}")
        self.ask(
            "POST",
            "/api/collections/_externalAuths/records",
            {
                "collectionRef": users,
                "recordRef": person,
                "provider": "google",
                "providerId": "erika-at-google",
            },
        )
        self.ask(
            "POST",
            "/api/keys",
            {
                "name": f"laptop of {NAME}",
                "collections": ["note"],
                "actions": ["list"],
                "actorCollection": "users",
                "actorId": person,
            },
        )
        return str(person)


@pytest.fixture
def people(tmp_path: Path) -> Iterator[People]:
    """A running server."""
    served = Served(tmp_path / "data", **ROOT)
    yield People(served)
    if served.process.poll() is None:
        served.stop()


def held(folder: Path, text: str) -> list[str]:
    """Files below a folder that hold a text."""
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return [path.name for path in paths if text.encode() in path.read_bytes()]


def test_nothing_of_a_person_can_be_read_from_the_disk(people: People):
    """ER2: neither row, nor log, nor kept answer, nor free page, nor the write-ahead log."""
    person, folder = people.make(), people.served.folder
    people.ask("PATCH", f"/api/collections/users/records/{person}", {"name": NAME + "-Changed"})
    mention = people.ask("GET", "/api/collections/list/records?filter=text~'write'")["items"]
    assert isinstance(mention, list)
    assert held(folder, NAME)

    done = run("erase", "users", person, "--json", "--dir", str(folder))

    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert [one["collection"] for one in result["records"]] == ["users", "_externalAuths", "note"]
    assert result["mentions"] == [{"collection": "list", "id": mention[0]["id"]}]
    assert result["logImages"] >= 3
    assert (result["keptAnswers"], result["apiKeys"]) == (1, 1)
    assert people.ask("GET", "/api/keys") == []
    for text in (NAME, "erika-at-google"):
        assert held(folder, text) == [], text


def test_erasing_again_finishes_what_was_left(people: People):
    """ER3: a record that was deleted before still has its traces in the log."""
    person, folder = people.make(), people.served.folder
    people.ask("DELETE", f"/api/collections/users/records/{person}")
    assert held(folder, NAME)

    done = run("erase", "users", person, "--json", "--dir", str(folder))

    result = json.loads(done.stdout)
    assert (result["found"], result["records"]) == (False, [])
    assert held(folder, NAME) == []


def test_the_address_is_gone_when_nobody_else_holds_it(people: People):
    """The bytes of every file of the folder, while the server still runs."""
    folder = people.served.folder
    person = str(
        people.ask(
            "POST",
            "/api/collections/users/records",
            {"email": EMAIL, "password": "12345678", "passwordConfirm": "12345678"},
        )["id"]
    )
    assert held(folder, EMAIL)

    done = run("erase", "users", person, "--dir", str(folder))

    assert done.returncode == 0, done.stderr
    assert held(folder, EMAIL) == []
    assert people.ask("GET", "/api/collections/users/records")["items"] == []


def test_a_dry_run_tells_the_same_and_changes_nothing(people: People):
    """An operator looks first."""
    person, folder = people.make(), people.served.folder

    dry = json.loads(
        run("erase", "users", person, "--dry-run", "--json", "--dir", str(folder)).stdout
    )
    shown = people.ask("GET", f"/api/collections/users/records?filter=id='{person}'")
    assert shown["totalItems"] == 1
    wet = json.loads(run("erase", "users", person, "--json", "--dir", str(folder)).stdout)

    assert (dry["dryRun"], wet["dryRun"]) == (True, False)
    for key in ("records", "keptAnswers", "apiKeys", "mentions", "files"):
        assert dry[key] == wet[key], key


def test_backups_are_named_with_their_dates(people: People):
    """ER4: they still hold what they held."""
    person, folder = people.make(), people.served.folder
    (folder / "backups").mkdir()
    (folder / "backups" / "monday.zip").write_bytes(b"x")

    done = run("erase", "users", person, "--json", "--dir", str(folder))

    [backup] = json.loads(done.stdout)["backups"]
    assert backup["name"] == "monday.zip"
    assert backup["made"].endswith("Z")


def test_a_claim_outlives_the_answer_that_is_erased(people: People):
    """A write that is sent again must not bring the person back."""
    person, folder = people.make(), people.served.folder
    run("erase", "users", person, "--dir", str(folder))
    body = {"email": EMAIL, "name": NAME, "password": "12345678", "passwordConfirm": "12345678"}

    with pytest.raises(urllib.error.HTTPError) as refused:
        people.ask("POST", "/api/collections/users/records", body, Idempotency_Key="key-1")

    refused.value.close()
    assert people.ask("GET", "/api/collections/users/records")["items"] == []


def test_without_a_server_it_works_as_well(people: People):
    """The command opens the store itself."""
    person, folder = people.make(), people.served.folder
    people.served.stop()

    done = run("erase", "users", person, "--dir", str(folder))

    assert done.returncode == 0, done.stderr
    assert held(folder, NAME) == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("nope", "x"), "There is no collection 'nope'."),
        (("_superusers", "ROOT"), "only existing superuser"),
    ],
)
def test_what_cannot_be_erased_is_refused(people: People, arguments: tuple[str, str], told: str):
    """With the reason, and nothing is changed."""
    listed = people.ask("GET", "/api/collections/_superusers/records")["items"]
    assert isinstance(listed, list)
    collection, record = arguments
    record = listed[0]["id"] if record == "ROOT" else record

    refused = run("erase", collection, record, "--dir", str(people.served.folder))

    assert refused.returncode == 1
    assert told in refused.stderr
