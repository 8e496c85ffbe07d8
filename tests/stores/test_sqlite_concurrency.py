"""What only shows with time and company: slow commits, deadlines, failing groups."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import apsw
from msgspec.structs import replace

from tests.stores.conftest import Opener, failing
from yadokari.base.errors import BadRequest, Conflict, Unavailable
from yadokari.ports.store import ABSENT, Page, Row, Transaction
from yadokari.rules.bind import NOTHING
from yadokari.rules.plan import Plan
from yadokari.schema.collection import Collection
from yadokari.schema.fields import TextField
from yadokari.stores.sqlite.settings import SqliteSettings
from yadokari.testing.fake_clock import FakeClock
from yadokari.testing.suite_data import (
    PEOPLE,
    TEAMS,
    add,
    ids_of,
    one,
    person,
    team,
    use,
)

T = TypeVar("T")

PATIENT = SqliteSettings(synchronous="OFF", unit_read_steps=50_000)


async def test_slow_commits_run_in_a_thread(open_store: Opener) -> None:
    """Reads go on during a slow fsync; order, errors and listeners stay the same."""
    store = await open_store(settings=SqliteSettings(synchronous="OFF", slow_commit_ms=-1))
    await use(store, TEAMS)
    heard: list[str] = []
    store.watch(lambda unit: heard.extend([entry.record_id for entry in unit]))

    done = await asyncio.gather(
        *(add(store, team(f"t{n % 30}")) for n in range(40)), return_exceptions=True
    )

    assert sum(isinstance(result, Exception) for result in done) == 10
    assert heard == await ids_of(store, TEAMS)
    assert len(heard) == 30


async def test_a_unit_that_waits_too_long_is_undone(open_store: Opener) -> None:
    """A hook that never returns must not hold the writer for ever."""
    store = await open_store(settings=SqliteSettings(synchronous="OFF", unit_timeout_ms=20))
    await use(store, TEAMS)

    async def stuck(tx: Transaction) -> None:
        await tx.put(team("stuck"), expected=ABSENT)
        await asyncio.Event().wait()

    async with asyncio.TaskGroup() as group:
        first = group.create_task(failing(store.transact(stuck)))
        await asyncio.sleep(0)
        group.create_task(add(store, team("next")))

    assert isinstance(first.result(), Unavailable)
    assert await ids_of(store, TEAMS) == ["next"]


async def test_the_loop_goes_on_while_a_view_is_tried(open_store: Opener) -> None:
    """W6: somebody's SELECT may look at every row of every table."""
    store = await open_store(settings=PATIENT)
    await use(store, TEAMS)
    await add(store, team("a"))

    async with asyncio.TaskGroup() as group:
        trying = group.create_task(store.transact(lambda tx: tx.describe_view(counting(300_000))))
        writing = group.create_task(add(store, team("b")))
        answered = await answered_until(trying, lambda: one(store, TEAMS, "a"))

    assert [column.name for column in trying.result().value] == ["id"]
    assert answered > 1
    assert writing.result()


async def test_a_view_that_takes_too_long_is_refused_and_leaves_nothing(open_store: Opener) -> None:
    """V3: the unit goes on with the reason."""
    store = await open_store(settings=replace(PATIENT, view_timeout_ms=20))
    await use(store, TEAMS)

    async def work(tx: Transaction) -> str:
        await tx.put(team("kept"), expected=ABSENT)
        try:
            await tx.describe_view(counting(100_000_000_000))
        except BadRequest as refused:
            return refused.message
        return ""

    assert (await store.transact(work)).value == "The query takes too long."
    assert await ids_of(store, TEAMS) == ["kept"]


async def test_a_long_read_of_a_unit_leaves_the_loop(open_store: Opener) -> None:
    """W6: the unit begins again, alone; others wait for it, reads do not."""
    store = await open_store(settings=PATIENT)
    await use(store, TEAMS)
    await add(store, *(team(f"t{n:05}") for n in range(20_000)))
    begun: list[int] = []

    async def work(tx: Transaction) -> int:
        await tx.put(team("z"), expected=ABSENT)
        begun.append(1)
        return len(await tx.all_of(TEAMS))

    async with asyncio.TaskGroup() as group:
        counting = group.create_task(store.transact(work))
        later = group.create_task(add(store, team("later")))
        answered = await answered_until(counting, lambda: one(store, TEAMS, "t00000"))

    assert counting.result().value == 20_001
    assert len(begun) == 2
    assert answered > 1
    assert later.result()[0].version > counting.result().changes[0].version


async def test_a_unit_past_its_deadline_has_its_statement_stopped(open_store: Opener) -> None:
    """W6: whoever comes next finds the connection free."""
    store = await open_store(
        settings=SqliteSettings(synchronous="OFF", unit_read_steps=50_000, unit_timeout_ms=50)
    )
    endless = Collection(
        id="c_endless",
        name="endless",
        type="view",
        fields=(TextField(id="f_id", name="id", primary_key=True),),
        view_query=counting(100_000_000_000),
    )
    await use(store, TEAMS, endless)

    async def stuck(tx: Transaction) -> None:
        await tx.put(team("stuck"), expected=ABSENT)
        await tx.select(Plan(collection=endless), NOTHING, page=Page(offset=0, limit=1))

    async with asyncio.TaskGroup() as group:
        first = group.create_task(failing(store.transact(stuck)))
        await asyncio.sleep(0)
        group.create_task(add(store, team("next")))

    assert isinstance(first.result(), Unavailable)
    assert await ids_of(store, TEAMS) == ["next"]


async def test_another_programs_lock_is_waited_for_off_the_loop(
    open_store: Opener, tmp_path: Path
) -> None:
    """W7: writes come through once it is gone, reads do not notice it."""
    store = await open_store(settings=SqliteSettings(synchronous="OFF", busy_ms=10_000))
    await use(store, TEAMS)
    await add(store, team("a"))
    other = apsw.Connection(str(tmp_path / "data.db"))
    other.execute("BEGIN IMMEDIATE")

    async with asyncio.TaskGroup() as group:
        writing = [group.create_task(add(store, team(name))) for name in ("b", "c")]
        for _ in range(20):
            assert await one(store, TEAMS, "a") is not None
            await asyncio.sleep(0)
        assert not any(task.done() for task in writing)
        other.execute("ROLLBACK")

    assert await ids_of(store, TEAMS) == ["a", "b", "c"]


async def test_all_writers_together_wait_no_longer_than_one(
    open_store: Opener, tmp_path: Path, clock: FakeClock
) -> None:
    """W7: a queue behind a lock that stays would grow for ever."""
    store = await open_store(settings=SqliteSettings(synchronous="OFF", busy_ms=20))
    await use(store, TEAMS)
    other = apsw.Connection(str(tmp_path / "data.db"))
    other.execute("BEGIN IMMEDIATE")

    first = await failing(add(store, team("a")))
    clock.advance(20)
    others = await asyncio.gather(*(failing(add(store, team(f"t{n}"))) for n in range(50)))
    other.execute("ROLLBACK")

    assert all(isinstance(refused, Unavailable) for refused in (first, *others))
    assert await failing(add(store, team("later"))) is None
    assert await ids_of(store, TEAMS) == ["later"]


async def test_every_answer_of_a_group_leaves_after_its_commit(open_store: Opener) -> None:
    """W1: also a refusal; it may rest on what an earlier unit of the group wrote."""
    store = await open_store()
    await use(store, TEAMS)
    told: list[str] = []
    store._connection.set_commit_hook(lambda: told.append("commit") or False)

    async def ask(name: str) -> None:
        try:
            await add(store, team(name))
            told.append(name)
        except Conflict:
            told.append("taken")

    await asyncio.gather(ask("a"), ask("a"), ask("b"))

    assert told[0] == "commit"
    assert sorted(told[1:]) == ["a", "b", "taken"]


async def test_the_log_never_tells_of_a_unit_that_failed(open_store: Opener) -> None:
    """W2: nor do listeners hear of it, although its group was committed."""
    store = await open_store()
    await use(store, TEAMS)
    head = await store.head()
    heard: list[str] = []
    store.watch(lambda unit: heard.extend([entry.record_id for entry in unit]))

    async def half(tx: Transaction) -> None:
        await tx.put(team("half"), expected=ABSENT)
        raise ValueError

    await asyncio.gather(
        add(store, team("a")), store.transact(half), add(store, team("b")), return_exceptions=True
    )

    log = await store.changes(head, entries_max=9)
    assert [entry.record_id for entry in log.entries] == heard == ["a", "b"]


async def test_a_failing_commit_fails_its_whole_group(open_store: Opener) -> None:
    """Nobody is told 'done' for what is not; the next group is untouched by it."""
    store = await open_store()
    await use(store, TEAMS)
    head = await store.head()
    refuse = True
    store._connection.set_commit_hook(lambda: refuse)

    done = await asyncio.gather(
        *(add(store, team(f"t{n}")) for n in range(4)), return_exceptions=True
    )
    refuse = False

    assert [type(result) for result in done] == [Unavailable] * 4
    assert await ids_of(store, TEAMS) == []
    assert await store.head() == head
    await add(store, team("after"))
    assert [e.record_id for e in (await store.changes(head, entries_max=9)).entries] == ["after"]


async def test_a_failing_commit_takes_the_schema_back(open_store: Opener) -> None:
    """Tables and the schema in force never part."""
    store = await open_store()
    await use(store, TEAMS)
    before = store.schema
    store._connection.set_commit_hook(lambda: True)

    failed = await failing(use(store, TEAMS, PEOPLE))
    store._connection.set_commit_hook(None)

    assert failed is not None
    assert store.schema is before
    await use(store, TEAMS, PEOPLE)
    await add(store, person("p1"))


async def test_when_sqlite_rolls_back_a_group_all_of_it_fails(open_store: Opener) -> None:
    """A full disk in the middle of a group takes earlier units with it; they are told."""
    store = await open_store()
    await use(store, TEAMS)

    async def breaking(tx: Transaction) -> Row:
        await tx.put(team("breaks"), expected=ABSENT)
        store._connection.execute("ROLLBACK")  # As SQLite does by itself on some errors.
        raise apsw.FullError

    done = await asyncio.gather(
        add(store, team("a")),
        store.transact(breaking),
        add(store, team("b")),
        return_exceptions=True,
    )

    assert isinstance(done[0], Unavailable)
    assert isinstance(done[1], apsw.FullError)
    assert isinstance(done[2], list)
    assert await ids_of(store, TEAMS) == ["b"]


async def test_a_listener_that_fails_harms_nobody(open_store: Opener) -> None:
    """Its error goes to the loop's handler."""
    store = await open_store()
    await use(store, TEAMS)
    told: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, info: told.append(info))

    def broken(_unit: object) -> None:
        raise ValueError("no")

    heard: list[object] = []
    store.watch(broken)
    store.watch(heard.append)

    await add(store, team("a"))

    assert len(told) == len(heard) == 1


async def test_a_unit_given_up_while_it_waits_is_undone(open_store: Opener) -> None:
    """The caller went away during a hook: nothing is kept, the writer is free."""
    store = await open_store()
    await use(store, TEAMS)

    async def waiting(tx: Transaction) -> None:
        await tx.put(team("a"), expected=ABSENT)
        await asyncio.sleep(60)

    async with asyncio.TaskGroup() as group:
        task = group.create_task(store.transact(waiting))
        await asyncio.sleep(0.01)
        task.cancel()

    assert await ids_of(store, TEAMS) == []
    await add(store, team("b"))


async def test_a_closing_store_finishes_what_was_begun(open_store: Opener) -> None:
    """Units that ran before the stop are committed and answered."""
    store = await open_store()
    await use(store, TEAMS)
    schema = store.schema

    async with asyncio.TaskGroup() as group:
        writing = [group.create_task(add(store, team(f"t{n}"))) for n in range(5)]
        await asyncio.sleep(0)
        await store.close()

    assert all(task.result() for task in writing)
    again = await open_store(schema=schema)
    assert len(await ids_of(again, TEAMS)) == 5


def counting(rows: int) -> str:
    """A view's SELECT that takes this many rounds for its one row."""
    numbers = f"SELECT 1 AS x UNION ALL SELECT x + 1 FROM c WHERE x < {rows}"
    return f"WITH RECURSIVE c(x) AS ({numbers}) SELECT ('n' || max(x)) AS id FROM c"


async def answered_until(ending: asyncio.Task[T], ask: Callable[[], Awaitable[Row | None]]) -> int:
    """How many questions the store answered before a task was over."""
    answered = 0
    while not ending.done():
        assert await ask() is not None
        answered += 1
        await asyncio.sleep(0)
    return answered
