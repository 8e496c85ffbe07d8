"""From tokens to callers: under whose key, of which kind, until when."""

import pytest
from msgspec.structs import replace

from tests.unit.records.world import PEOPLE, World, made
from yadokari.auth.callers import Callers
from yadokari.auth.tokens import Tokens
from yadokari.ports.store import Row
from yadokari.records.caller import GUEST, Caller
from yadokari.schema.collection import AuthOptions, TokenOptions
from yadokari.testing.suite_data import change, drop

STAFF = replace(
    PEOPLE, id="c_staff", name="staff", auth=AuthOptions(auth_token=TokenOptions(duration=60))
)
LIFE_S = 100
SIGNED = replace(
    PEOPLE,
    auth=AuthOptions(
        auth_token=TokenOptions(duration=LIFE_S, secret="a" * 50),
        file_token=TokenOptions(duration=LIFE_S, secret="a" * 50),
    ),
)


async def signed_in() -> tuple[World, Callers, Row, str]:
    """Ann, and a token of hers."""
    world = await made(SIGNED, STAFF)
    callers = Callers(store=world.store, tokens=Tokens(), clock=world.clock)
    ann = await world.put("people", "ann", tokenKey="k" * 30)
    return world, callers, ann, callers.issue(SIGNED, ann)


async def test_a_token_tells_its_caller():
    """C2: the record is read anew each time."""
    world, callers, ann, token = await signed_in()

    first = await callers.of(token)
    changed = await change(world.store, ann, name="Ann")

    assert first == Caller(ann, SIGNED)
    assert (await callers.of(token)).row == changed


@pytest.mark.parametrize("passed_s", [LIFE_S, LIFE_S + 1, 10 * LIFE_S])
async def test_an_expired_token_makes_a_guest(passed_s: int):
    """C1: also one that was proven before."""
    world, callers, _, token = await signed_in()
    assert await callers.of(token) != GUEST

    world.clock.advance(passed_s * 1_000)

    assert await callers.of(token) == GUEST


async def test_a_token_under_another_collections_secret_makes_a_guest():
    """A1: the same record key is not enough; each collection has its own half."""
    _, callers, ann, _ = await signed_in()
    forged = replace(SIGNED, auth=STAFF.auth)

    assert await callers.of(callers.issue(forged, ann)) == GUEST


async def test_a_token_for_something_else_is_no_sign_in():
    """C1: kinds are told apart even where their secrets are the same."""
    _, callers, ann, token = await signed_in()
    file_token = callers.issue(SIGNED, ann, kind="file")

    assert await callers.of(file_token) == GUEST
    assert await callers.of(token, kind="file") == GUEST
    assert (await callers.of(file_token, kind="file")).row == ann
    assert not callers.is_refreshable(file_token)


async def test_a_renewed_token_key_or_a_deleted_record_ends_tokens():
    """C2: revocation is immediate, remembered tokens included."""
    world, callers, ann, token = await signed_in()
    assert await callers.of(token) != GUEST

    changed = await change(world.store, ann, tokenKey="n" * 30)
    revoked = await callers.of(token)
    again = callers.issue(SIGNED, changed)
    renewed = await callers.of(again)
    await drop(world.store, changed)

    assert revoked == GUEST
    assert renewed.row == changed
    assert await callers.of(again) == GUEST


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "...", "é"])
async def test_what_is_no_token_makes_a_guest(token: str):
    """C1: never an error."""
    _, callers, _, _ = await signed_in()

    assert await callers.of(token) == GUEST
