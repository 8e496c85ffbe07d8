"""Making erased data unreadable in the files: log images, free pages, the WAL, statistics.

X1  VACUUM writes every page anew from the tables, so no free page and no gap in a page keeps what
    was deleted, whenever that was.
X2  The WAL is taken home and cut to nothing: its old frames held the old pages.
X3  Statistics of the planner hold samples of keys; they go, and are gathered again some day.

Both functions run on the writer's connection while nothing else does (writer.py).
"""

from __future__ import annotations

import apsw
import msgspec

from yadokari.base.errors import Unavailable
from yadokari.ports.erasable import Traces
from yadokari.stores.sqlite.errors import translated

READERS_MS = 5_000  # Longest wait for a long read that still needs old pages.
_SAMPLES = "sqlite_stat4"
_HELD = (
    "before IS NOT NULL AND ((collection, record) IN"
    " (SELECT value ->> 0, value ->> 1 FROM json_each(?))"
    " OR EXISTS (SELECT 1 FROM json_each(?) t WHERE instr(before, t.value) > 0))"
)
_encode = msgspec.json.Encoder().encode


def forget_images(connection: apsw.Connection, traces: Traces, *, dry_run: bool) -> int:
    """See ports.erasable.Erasable.forget_images."""
    bindings = (_encode(traces.records).decode(), _encode(traces.texts).decode())
    try:
        [[count]] = connection.execute(
            f'SELECT count(*) FROM "$changes" WHERE {_HELD}', bindings
        ).fetchall()
        if count and not dry_run:
            connection.execute(
                f'UPDATE "$changes" SET before = NULL WHERE {_HELD}', bindings
            ).fetchall()
    except apsw.Error as exc:
        raise translated(exc) from exc
    return int(count)


def compact(connection: apsw.Connection, *, readers_ms: int = READERS_MS) -> None:
    """See ports.erasable.Erasable.compact."""
    connection.set_busy_timeout(readers_ms)
    try:
        if connection.table_exists(None, _SAMPLES):
            connection.execute(f"DELETE FROM {_SAMPLES}").fetchall()
        connection.execute("VACUUM").fetchall()
        connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    except apsw.BusyError as exc:
        raise Unavailable(
            "Erased data is still in the write-ahead log, for somebody reads it. Erase again."
        ) from exc
    except apsw.Error as exc:
        raise translated(exc) from exc
    finally:
        connection.set_busy_timeout(0)
