"""Requests on their way into the log book."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.unit.upkeep.test_crons import Heard
from yadokari.app.log_lines import Redactor
from yadokari.app.system_clock import SystemClock, SystemEntropy
from yadokari.base.errors import BadRequest, NotFound, Unavailable
from yadokari.ports.log_book import LogEntry
from yadokari.stores.sqlite.log_book import SqliteLogBook
from yadokari.testing.fake_clock import START_MS, FakeClock
from yadokari.upkeep.app_settings import AppSettings, Logs
from yadokari.upkeep.log_queue import WAITING_MAX, LogQueue, Noted, bounded, safe_url
from yadokari.upkeep.logs import LOGS, LogQuery, RequestLogs

NOTED = Noted(
    at_ms=START_MS,
    method="GET",
    path="/api/x",
    query="",
    status=200,
    took_us=1_500,
    referer="",
    user_agent="",
    auth="",
    auth_id="",
    user_ip="10.0.0.1",
    remote_ip="10.0.0.2",
)
DAY_MS = 24 * 60 * 60 * 1_000


class World:
    """A queue and a log book in a folder."""

    def __init__(self, folder: Path, *, settings: Logs | None = None) -> None:
        self.clock, self.log = FakeClock(), Heard()
        self.book = SqliteLogBook(folder / "logs.db", collection=LOGS, clock=SystemClock())
        self.queue = LogQueue(
            book=self.book, entropy=SystemEntropy(), log=self.log, clean=Redactor().clean_text
        )
        self.queue.follow(AppSettings(logs=settings or Logs()))
        self.logs = RequestLogs(book=self.book, queue=self.queue, clock=self.clock)

    async def entries(self, filter: str = "", sort: str = "@rowid") -> list[dict[str, object]]:
        """The data of all entries."""
        found = await self.logs.page(LogQuery(filter=filter, sort=sort, per_page=1_000))
        assert found.total == len(found.rows)
        return [json.loads(str(row.values["data"])) for row in found.rows]


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("token=abc", "token=[redacted]"),
        ("a=1&%74oken=abc&b=2", "a=1&%74oken=[redacted]&b=2"),
        ("newPassword=x&PASSWORD=y", "newPassword=[redacted]&PASSWORD=[redacted]"),
        ("code=x&state=y", "code=[redacted]&state=[redacted]"),
        ("filter=a%3D1&token", "filter=a%3D1&token"),
        ("token=", "token="),
    ],
)
def test_values_of_secret_names_are_never_kept(query: str, shown: str):
    """Q3: a file token in a log opens files to whoever reads the log."""
    assert safe_url("/api/files/a", query) == f"/api/files/a?{shown}"


async def test_secrets_go_wherever_they_stand(tmp_path: Path):
    """Q3: in the address, in the message, in a referer, below a harmless name."""
    world = World(tmp_path)
    token = "eyJhbGciOiJIUzI1NiJ9.eyJpZCI6IngifQ.c2lnbmF0dXJl"
    world.queue.note(
        replace(
            NOTED,
            query=f"token=SECRET1&x={token}",
            referer="https://a/?token=SECRET2#SECRET3",
            status=400,
            error=f"bad token {token}",
        )
    )
    await world.queue.flush()
    await world.book.close()

    kept = (tmp_path / "logs.db").read_bytes()

    assert b"[redacted]" in kept
    for secret in (b"SECRET", token.encode()):
        assert secret not in kept


async def test_the_queue_has_an_end_and_counts_what_it_drops(tmp_path: Path):
    """Q2: a slow disk must not fill the memory."""
    world = World(tmp_path)
    for _ in range(WAITING_MAX + 3):
        world.queue.note(NOTED)

    found = await world.logs.page(LogQuery(per_page=1))

    assert found.total == WAITING_MAX
    assert world.log.events == ["request_logs_dropped"]
    await world.book.close()


class FullDisk:
    """A log book that takes nothing."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()

    async def add(self, entries: Sequence[LogEntry]) -> None:
        self.asked.set()
        raise Unavailable("full")


async def test_a_full_disk_harms_nobody_else(tmp_path: Path):
    """LB1: entries are lost, and said to be; the queue goes on."""
    world = World(tmp_path)
    disk = FullDisk()
    queue = LogQueue(book=disk, entropy=SystemEntropy(), log=world.log)  # type: ignore[arg-type]
    queue.note(NOTED)

    running = asyncio.create_task(queue.run())
    await asyncio.sleep(0)
    running.cancel()
    await asyncio.wait([running])

    assert disk.asked.is_set()
    assert world.log.events == ["request_logs_lost"]
    await world.book.close()


async def test_what_waits_is_written_when_the_server_stops(tmp_path: Path):
    """The last requests before a stop are often the interesting ones."""
    world = World(tmp_path)
    running = asyncio.create_task(world.queue.run())
    await asyncio.sleep(0)
    world.queue.note(NOTED)

    running.cancel()
    await asyncio.wait([running])

    assert len(await world.entries()) == 1
    await world.book.close()


async def test_old_entries_go(tmp_path: Path):
    """Addresses are kept no longer than said."""
    world = World(tmp_path)
    for age in (6, 4):
        world.queue.note(replace(NOTED, at_ms=START_MS - age * DAY_MS, path=f"/{age}"))

    await world.queue.flush()
    await world.logs.forget_old(days_max=5)

    assert [data["url"] for data in await world.entries()] == ["/4"]
    await world.book.close()


async def test_filters_look_into_the_data(tmp_path: Path):
    """L1: numbers as numbers, texts as texts."""
    world = World(tmp_path)
    for status in (200, 404, 1_000):
        world.queue.note(replace(NOTED, status=status, path=f"/{status}"))

    found = await world.entries("data.status > 300 && data.method = 'GET'", sort="-data.status")

    assert [data["url"] for data in found] == ["/1000", "/404"]
    with pytest.raises(BadRequest):
        await world.entries("data.status:length > 1")
    with pytest.raises(BadRequest):
        await world.logs.per_hour("nope = 1")
    with pytest.raises(NotFound):
        await world.logs.one("nope")
    await world.book.close()


async def test_entries_are_counted_by_hour(tmp_path: Path):
    """Hours without entries are left out."""
    world = World(tmp_path)
    for hour in (0, 0, 2):
        world.queue.note(replace(NOTED, at_ms=START_MS + hour * 60 * 60 * 1_000))

    counts = [(count.date, count.total) for count in await world.logs.per_hour("")]

    assert counts == [("2025-06-15 15:00:00.000Z", 2), ("2025-06-15 17:00:00.000Z", 1)]
    await world.book.close()


async def test_a_damaged_file_is_put_aside(tmp_path: Path):
    """B2: logs are worth less than a server that runs."""
    (tmp_path / "logs.db").write_bytes(b"not a database, certainly" * 500)
    world = World(tmp_path)
    world.queue.note(NOTED)

    assert len(await world.entries()) == 1
    assert (tmp_path / "logs.db.damaged").exists()
    await world.book.close()


async def test_entries_survive_a_restart(tmp_path: Path):
    """They are looked at the day after."""
    first = World(tmp_path)
    first.queue.note(NOTED)
    await first.queue.flush()
    await first.book.close()

    second = World(tmp_path)

    assert len(await second.entries()) == 1
    await second.book.close()


@given(
    st.dictionaries(st.text(max_size=5), st.text(max_size=10), max_size=6),
    st.integers(min_value=1, max_value=60),
)
def test_data_is_cut_by_whole_keys(data: dict[str, object], bytes_max: int):
    """What is left is a beginning of the sorted keys, and says that it was cut."""
    kept = bounded(dict(data), bytes_max)

    if kept != data:
        assert kept.pop("__pb_truncated__") is True
        assert list(kept) == sorted(data)[: len(kept)]
        assert len(kept) < len(data)
    assert all(kept[key] == data[key] for key in kept)
