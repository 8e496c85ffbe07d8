"""Whether a database file is sound: SQLite's own check, and ours over tables, lists and log."""

from collections.abc import Iterable
from pathlib import Path

import apsw

from tests.simulation.storm import opened
from yadokari.ports.store import Cursor, Store
from yadokari.stores.sqlite.settings import SqliteSettings
from yadokari.testing.suite_data import PEOPLE


async def assert_sound(file: Path, acknowledged: Iterable[str]) -> int:
    """Every acknowledged record is there and all fits together; returns how many records."""
    connection = apsw.Connection(str(file))
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()
    store = await opened(file, settings=SqliteSettings())
    try:
        rows = {row.id: row for row in await store.all_of(PEOPLE)}
        missing = [id_ for id_ in acknowledged if id_ not in rows]
        assert missing == []
        for mate in ("x", "y", "z", "m0"):
            pointing = {row.id for row in await store.pointing_at(PEOPLE, "mates", [mate])}
            assert pointing == {id_ for id_, row in rows.items() if _holds(row.values, mate)}
        assert len({row.stamp for row in rows.values()}) == len(rows)
        await _assert_log_fits(store, {id_: row.version for id_, row in rows.items()})
        return len(rows)
    finally:
        await store.close()


def _holds(values: object, mate: str) -> bool:
    assert isinstance(values, dict)
    return mate in values["mates"]


async def _assert_log_fits(store: Store, versions: dict[str, int]) -> None:
    """The newest entry of each record tells its version, or that it is gone."""
    head = await store.head()
    cursor = Cursor(epoch=head.epoch, position=max(0, head.position - 4_000))
    newest: dict[str, int | None] = {}
    for entry in (await store.changes(cursor, entries_max=10_000)).entries:
        newest[entry.record_id] = None if entry.op == "delete" else entry.version
    assert {id_: versions.get(id_) for id_ in newest} == newest
