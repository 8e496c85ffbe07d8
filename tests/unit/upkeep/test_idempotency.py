"""Idempotency keys: a write happens once and is answered alike, across callers and restarts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from yadokari.app.system_clock import SystemEntropy
from yadokari.ports.store import ABSENT, Row, Store, Transaction
from yadokari.schema.collection import Collection
from yadokari.schema.fields import TextField
from yadokari.stores.sqlite.store import open_sqlite
from yadokari.upkeep.idempotency import (
    ANSWER_BYTES_MAX,
    IDEMPOTENCY,
    KEEP_MS,
    Answer,
    CarriedOut,
    Idempotency,
    KeyMisused,
    Replay,
    StillRunning,
    Turn,
    check_key,
    transact_claimed,
)

NOTES = Collection(
    id="$notes", name="$notes", fields=(TextField(id="id", name="id", primary_key=True),)
)
ANSWER = Answer(status=200, content_type="application/json", body=b'{"id":"\xc3\xa9"}')


class HandClock:
    """Time that a test moves."""

    def __init__(self) -> None:
        self.now_ms = 1_700_000_000_000

    def unix_ms(self) -> int:
        """The hand's position."""
        return self.now_ms

    def monotonic_ms(self) -> int:
        """The same."""
        return self.now_ms


@pytest.fixture
def clock() -> HandClock:
    """Of one test."""
    return HandClock()


@pytest.fixture
async def store(tmp_path: Path, clock: HandClock) -> AsyncIterator[Store]:
    """A fresh store with the reserved collection."""
    opened = await open_sqlite(tmp_path / "data.db", clock=clock, entropy=SystemEntropy())
    await opened.ensure([IDEMPOTENCY, NOTES])
    yield opened
    await opened.close()


async def write(store: Store, idempotency: Idempotency, turn: Turn, *, id: str) -> None:
    """Carry out a request that makes one record."""

    async def work(transaction: Transaction) -> None:
        await transaction.put(Row(NOTES.id, {"id": id}), expected=ABSENT)

    idempotency.enter(turn)
    await transact_claimed(store, idempotency, work)


async def begun(idempotency: Idempotency, *, caller: str = "u/1", request: bytes = b"r") -> Turn:
    """A turn, when the key is free."""
    outcome = await idempotency.begin("key-1", caller=caller, request=request)
    assert isinstance(outcome, Turn)
    return outcome


async def test_a_repeated_write_gets_the_first_answer_and_happens_once(
    store: Store, clock: HandClock
):
    """The promise, across a restart of everything but the store (K6)."""
    first = Idempotency(store=store, clock=clock)
    turn = await begun(first)
    await write(store, first, turn, id="a")
    await first.finish(turn, ANSWER)

    again = await Idempotency(store=store, clock=clock).begin("key-1", caller="u/1", request=b"r")

    assert again == Replay(ANSWER)
    assert len(await store.all_of(NOTES)) == 1


async def test_another_request_with_the_key_is_refused(store: Store, clock: HandClock):
    """K4: also while the first runs."""
    idempotency = Idempotency(store=store, clock=clock)
    turn = await begun(idempotency)
    with pytest.raises(KeyMisused):
        await idempotency.begin("key-1", caller="u/1", request=b"other")
    await write(store, idempotency, turn, id="a")
    await idempotency.finish(turn, ANSWER)

    with pytest.raises(KeyMisused):
        await idempotency.begin("key-1", caller="u/1", request=b"other")


async def test_callers_do_not_share_keys(store: Store, clock: HandClock):
    """K1: nobody reads another's answer."""
    idempotency = Idempotency(store=store, clock=clock)
    turn = await begun(idempotency)
    await write(store, idempotency, turn, id="a")
    await idempotency.finish(turn, ANSWER)

    assert isinstance(await begun(idempotency, caller="u/2"), Turn)


async def test_a_crash_between_commit_and_answer_does_not_repeat_the_write(
    store: Store, clock: HandClock
):
    """K2: the claim is committed with the write, whatever becomes of the answer."""
    first = Idempotency(store=store, clock=clock)
    turn = await begun(first)
    await write(store, first, turn, id="a")

    after_restart = Idempotency(store=store, clock=clock)

    outcome = await after_restart.begin("key-1", caller="u/1", request=b"r")
    assert outcome == CarriedOut()


async def test_a_failed_write_leaves_no_claim(store: Store, clock: HandClock):
    """K2, K3: an undone unit of work undoes its claim; the request may be sent again."""
    idempotency = Idempotency(store=store, clock=clock)
    turn = await begun(idempotency)

    async def work(transaction: Transaction) -> None:
        await transaction.put(Row(NOTES.id, {"id": "a"}), expected=ABSENT)
        raise ValueError("refused")

    idempotency.enter(turn)
    with pytest.raises(ValueError, match="refused"):
        await transact_claimed(store, idempotency, work)
    await idempotency.finish(turn, Answer(status=400, content_type="", body=b""))

    assert isinstance(await begun(idempotency), Turn)
    assert await store.all_of(NOTES) == []


async def test_two_at_once_are_one_write(store: Store, clock: HandClock):
    """K5: the second waits and gets the first one's answer."""
    idempotency = Idempotency(store=store, clock=clock)
    turn = await begun(idempotency)

    async with asyncio.TaskGroup() as tasks:
        second = tasks.create_task(idempotency.begin("key-1", caller="u/1", request=b"r"))
        await asyncio.sleep(0)
        await write(store, idempotency, turn, id="a")
        assert not second.done()
        await idempotency.finish(turn, ANSWER)

    assert second.result() == Replay(ANSWER)


async def test_who_waited_takes_the_turn_when_the_first_gave_up(store: Store, clock: HandClock):
    """K5: a refused first must not leave the others without any answer."""
    idempotency = Idempotency(store=store, clock=clock)
    turn = await begun(idempotency)

    async with asyncio.TaskGroup() as tasks:
        waiting = [
            tasks.create_task(idempotency.begin("key-1", caller="u/1", request=b"r"))
            for _ in range(2)
        ]
        await asyncio.sleep(0)
        idempotency.give_up(turn)
        done, pending = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        assert (len(done), len(pending)) == (1, 1)
        taken = done.pop().result()
        assert isinstance(taken, Turn)
        idempotency.give_up(taken)


async def test_another_node_that_was_faster_wins(store: Store, clock: HandClock):
    """K2 with several nodes: the second's write is undone with its claim."""
    here, there = (Idempotency(store=store, clock=clock) for _ in range(2))
    turn, rival = await begun(here), await begun(there)
    await write(store, there, rival, id="theirs")

    with pytest.raises(StillRunning):
        await write(store, here, turn, id="ours")

    assert [row.id for row in await store.all_of(NOTES)] == ["theirs"]


async def test_a_request_of_several_units_claims_once(store: Store, clock: HandClock):
    """One request may need more than one unit of work."""
    idempotency = Idempotency(store=store, clock=clock)
    turn = await begun(idempotency)

    await write(store, idempotency, turn, id="a")
    await write(store, idempotency, turn, id="b")
    await idempotency.finish(turn, ANSWER)

    outcome = await idempotency.begin("key-1", caller="u/1", request=b"r")
    assert outcome == Replay(ANSWER)


async def test_an_answer_too_large_to_keep_is_still_never_repeated(store: Store, clock: HandClock):
    """The limit is on what is kept, not on the promise."""
    idempotency = Idempotency(store=store, clock=clock)
    turn = await begun(idempotency)
    await write(store, idempotency, turn, id="a")

    body = b"x" * (ANSWER_BYTES_MAX + 1)
    await idempotency.finish(turn, Answer(status=200, content_type="", body=body))

    assert await idempotency.begin("key-1", caller="u/1", request=b"r") == CarriedOut()


async def test_after_a_day_a_key_is_free_and_then_forgotten(store: Store, clock: HandClock):
    """K6: also before the pruning came by."""
    idempotency = Idempotency(store=store, clock=clock)
    turn = await begun(idempotency)
    await write(store, idempotency, turn, id="a")
    await idempotency.finish(turn, ANSWER)
    assert await idempotency.prune() == 0

    clock.now_ms += KEEP_MS
    reused = await begun(idempotency)
    await write(store, idempotency, reused, id="b")
    await idempotency.finish(reused, ANSWER)
    clock.now_ms += KEEP_MS

    assert await idempotency.prune() == 1
    assert await store.all_of(IDEMPOTENCY) == []


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("a", "good"),
        ("x" * 255, "good"),
        ("", "bad"),
        ("x" * 256, "bad"),
        ("é", "bad"),
        ("\n", "bad"),
    ],
)
def test_keys_are_short_printable_ascii(key: str, said: str):
    """A header's value; anything else is refused before it costs anything."""
    assert check_key(key) == said
