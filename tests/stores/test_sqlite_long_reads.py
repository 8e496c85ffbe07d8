"""Reads that take long: their thread, their deadline, and what they leave to the loop."""

import asyncio

from msgspec.structs import replace

from tests.stores.conftest import Opener, failing
from yadokari.base.errors import Unavailable
from yadokari.ports.store import Page, Transaction
from yadokari.rules.bind import RequestContext, bind
from yadokari.rules.plan import ROOT, By, Column, Compare, FilterLiteral, Op, Plan, SlotRef
from yadokari.stores.sqlite.reads import FEW_MAX
from yadokari.stores.sqlite.settings import SqliteSettings
from yadokari.stores.sqlite.table import Query
from yadokari.testing.fake_clock import FakeClock
from yadokari.testing.suite_data import (
    TEAMS,
    add,
    count_of,
    one,
    page_of,
    team,
    use,
)

SHORT = SqliteSettings(synchronous="OFF", long_read_steps=1_000)


async def test_a_long_read_moves_to_a_thread_and_back(open_store: Opener) -> None:
    """The statement is remembered as long only while it is."""
    store = await open_store(settings=SHORT)
    await use(store, TEAMS)
    rows = await add(store, *(team(f"t{n:04}") for n in range(2_000)))
    plan = Plan(collection=TEAMS)

    assert len(await page_of(store, plan)) == 1_000
    assert query_of(plan).long

    async def clear(tx: Transaction) -> None:
        for row in rows[1:]:
            await tx.remove(row)

    await store.transact(clear)
    assert await page_of(store, plan) == ["t0000"]
    assert not query_of(plan).long
    assert await page_of(store, plan) == ["t0000"]


async def test_many_short_reads_never_count_as_a_long_one(open_store: Opener) -> None:
    """SQLite counts a statement's steps over all its runs; the guard must not."""
    store = await open_store(settings=SHORT)
    await use(store, TEAMS)
    await add(store, team("a"))
    plan = Plan(collection=TEAMS)

    for _ in range(500):
        await page_of(store, plan)

    assert not query_of(plan).long
    assert not store._reader._idle, "a thread was asked"


async def test_a_statement_just_above_the_limit_stays_in_the_thread(open_store: Opener) -> None:
    """Else each second run would be begun on the loop in vain."""
    store = await open_store(settings=replace(SHORT, long_read_steps=2_000))
    await use(store, TEAMS)
    await add(store, *(team(f"t{n:04}") for n in range(300)))
    plan = Plan(collection=TEAMS)
    while not ((query := queries_of(plan).get("page")) and query.long):
        await page_of(store, plan)

    for _ in range(20):
        await page_of(store, plan)
        assert query.long


async def test_a_long_count_of_few_rows_comes_with_their_page(open_store: Opener) -> None:
    """One statement then looks through the table; pages and totals are the same."""
    store = await open_store(settings=SHORT)
    await use(store, TEAMS)
    rows = await add(store, *(team(f"t{n:04}", str(n % 100)) for n in range(2_000)))
    label = Column(ROOT, "label", "text")
    seven = Compare(label, Op.EQ, SlotRef(0), every=True)
    id = Column(ROOT, "id", "text")
    for order in ((), (By(id, descending=True),), (By(label, descending=False),)):
        plan = Plan(collection=TEAMS, where=seven, order=order, slots=(FilterLiteral(0),))
        binding = bind(plan, RequestContext(), ["7"])
        expected = [row.id for row in rows if row.values["label"] == "7"]
        if order and order[0].descending:
            expected.reverse()
        for offset in (0, 5, 18, 20, 0):
            page = Page(offset=offset, limit=5)
            found = await store.select_counted(plan, binding, page=page)
            assert [row.id for row in found.rows] == expected[offset : offset + 5]
            assert found.total == 20
        assert queries_of(plan)["counted"], "two statements were run"


async def test_many_rows_are_counted_by_themselves(open_store: Opener) -> None:
    """Sorting them all for one page would cost more than a second look; so would rows of views."""
    store = await open_store(settings=SHORT)
    await use(store, TEAMS)
    await add(store, *(team(f"t{n:04}", "a") for n in range(FEW_MAX + 1)))
    label = Column(ROOT, "label", "text")
    same = Compare(label, Op.EQ, SlotRef(0), every=True)
    plan = Plan(collection=TEAMS, where=same, slots=(FilterLiteral(0),))
    binding = bind(plan, RequestContext(), ["a"])

    for _ in range(3):
        found = await store.select_counted(plan, binding, page=Page(offset=0, limit=2))

        assert found.total == FEW_MAX + 1
    assert "counted" not in queries_of(plan)


async def test_the_loop_goes_on_during_a_long_read(open_store: Opener) -> None:
    """Short reads are answered while a long one runs."""
    store = await open_store(settings=SHORT)
    await use(store, TEAMS)
    await add(store, *(team(f"t{n:05}") for n in range(20_000)))
    plan = Plan(collection=TEAMS)
    await count_of(store, plan)

    async with asyncio.TaskGroup() as group:
        long = group.create_task(store.all_of(TEAMS))
        await asyncio.sleep(0)
        short = await one(store, TEAMS, "t00000")
        assert not long.done()

    assert short is not None
    assert len(long.result()) == 20_000


async def test_a_read_past_its_deadline_is_stopped(open_store: Opener, clock: FakeClock) -> None:
    """It costs a bounded time, and the answer says to try again."""
    store = await open_store(settings=SHORT)
    await use(store, TEAMS)
    await add(store, *(team(f"t{n:05}") for n in range(20_000)))

    async with asyncio.TaskGroup() as group:
        reading = group.create_task(failing(store.all_of(TEAMS)))
        await asyncio.sleep(0)
        clock.advance(31_000)

    assert isinstance(reading.result(), Unavailable | type(None))


async def test_too_many_long_reads_are_turned_away(open_store: Opener) -> None:
    """A queue has an end."""
    settings = SqliteSettings(synchronous="OFF", long_read_steps=1_000, long_reads_max=2)
    store = await open_store(settings=settings)
    await use(store, TEAMS)
    await add(store, *(team(f"t{n:05}") for n in range(5_000)))

    done = await asyncio.gather(*(store.all_of(TEAMS) for _ in range(6)), return_exceptions=True)

    assert [type(result) for result in done].count(list) == 2
    assert [type(result) for result in done].count(Unavailable) == 4


def queries_of(plan: Plan) -> dict[str, Query]:
    """The compiled statements of a plan, by their kinds."""
    return {
        key[1]: value[1]
        for key, value in plan.cache.items()
        if isinstance(key, tuple) and isinstance(value, tuple) and isinstance(value[1], Query)
    }


def query_of(plan: Plan) -> Query:
    """The compiled page statement of a plan."""
    return queries_of(plan)["page"]
