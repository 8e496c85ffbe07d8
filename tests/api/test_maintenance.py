"""Maintenance: who is still answered, how it is switched, how long it holds."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tests.api.program import House, opened
from yadokari.base.errors import BadRequest

PATH = "/api/maintenance"
NOTES = "/api/collections/notes/records"


async def switched(house: House, mode: str) -> int:
    """The status of switching to a mode."""
    return (await house("PUT", PATH, {"mode": mode}, token=house.root)).status


@pytest.fixture
async def notes(house: House) -> House:
    """A collection that everybody may use."""
    rules = dict.fromkeys(("listRule", "viewRule", "createRule", "updateRule", "deleteRule"), "")
    await house.collection("notes", [{"type": "text", "name": "title"}], **rules)
    return house


async def statuses(house: House, *, token: str = "") -> tuple[int, int]:
    """What looking and writing give."""
    looked = await house("GET", NOTES, token=token)
    wrote = await house("POST", NOTES, {"title": "x"}, token=token)
    return looked.status, wrote.status


@pytest.mark.parametrize(
    ("mode", "guest", "superuser"),
    [
        ("on", (503, 503), (200, 503)),
        ("read-only", (200, 503), (200, 503)),
        ("off", (200, 200), (200, 200)),
    ],
)
async def test_a_mode_says_who_is_answered(
    notes: House, mode: str, guest: tuple[int, int], superuser: tuple[int, int]
) -> None:
    """S1."""
    assert await switched(notes, mode) == 200

    assert await statuses(notes) == guest
    assert await statuses(notes, token=notes.root) == superuser
    assert (await notes("GET", "/api/health")).status == 200
    assert (await notes("GET", "/_/")).status != 503


async def test_clients_are_told_to_come_back(notes: House) -> None:
    """S3."""
    await switched(notes, "on")

    reply = await notes("GET", NOTES)

    assert int(reply.headers["retry-after"]) > 0
    assert reply.record["status"] == 503


async def test_superusers_can_sign_in_and_end_it(notes: House) -> None:
    """S2: else nobody could; users wait."""
    await notes.user("ann@example.com")
    await switched(notes, "on")
    user = {"identity": "ann@example.com", "password": "correct-horse-1"}

    _, token = await notes.signed_in("_superusers", "root@example.com")
    refused = await notes("POST", "/api/collections/users/auth-with-password", user)
    ended = await notes("PUT", PATH, {"mode": "off"}, token=token)

    assert refused.status == 503
    assert ended.record == {"mode": "off", "forced": False}
    assert (await notes("POST", "/api/collections/users/auth-with-password", user)).status == 200


async def test_only_superusers_switch(notes: House) -> None:
    """And only to what there is."""
    _, token = await notes.user("ann@example.com")

    assert (await notes("GET", PATH)).status == 401
    assert (await notes("PUT", PATH, {"mode": "on"}, token=token)).status == 403
    assert await switched(notes, "sometimes") == 400
    assert (await notes("GET", PATH, token=notes.root)).record["mode"] == "off"


async def test_it_holds_after_a_restart(tmp_path: Path) -> None:
    """A crash in the middle of mending must not open the doors."""
    async with opened(tmp_path) as house:
        await switched(house, "read-only")
    async with opened(tmp_path, seed=2) as house:
        assert (await house("GET", PATH, token=house.root)).record["mode"] == "read-only"


async def test_a_server_started_so_stays_so(tmp_path: Path) -> None:
    """M2: until it is started without."""
    async with opened(tmp_path, flags={"maintenance": "1"}) as house:
        shown = await house("GET", PATH, token=house.root)

        assert shown.record == {"mode": "on", "forced": True}
        assert await switched(house, "off") == 400
        assert (await house("GET", "/api/collections/users/records")).status == 503


async def test_realtime_is_looking(notes: House) -> None:
    """Saying what to listen to writes nothing."""
    await switched(notes, "read-only")

    async with notes.listening() as ear:
        assert (await ear.subscribe("notes/*")).status == 204


async def test_a_command_switches_it(notes: House) -> None:
    """Beside a running server, as over the API."""
    run = notes.program.commands.run
    on = msgspec.Raw(b'{"mode":"on"}')

    await run("maintenance.set", on)
    shown = await run("maintenance.show", msgspec.Raw(b"{}"))

    assert msgspec.to_builtins(shown) == {"mode": "on", "forced": False}
    assert (await notes("GET", NOTES)).status == 503
    with pytest.raises(BadRequest, match="can be"):
        await run("maintenance.set", msgspec.Raw(b'{"mode":"soon"}'))
