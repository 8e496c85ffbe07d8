"""Settings of the SQLite store: values, read once."""

from __future__ import annotations

from typing import Literal

import msgspec


class SqliteSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How a SQLite store behaves; every default suits a server with one user or a thousand."""

    synchronous: Literal["FULL", "NORMAL", "OFF"] = "FULL"
    """FULL: a commit survives power loss. NORMAL: the database does, its last commits may not.
    OFF: only when the truth lives elsewhere."""
    busy_ms: int = 1_000
    """Longest wait for a lock that another program holds; writers wait, readers go on. 0 to
    10_000."""
    query_timeout_ms: int = 30_000
    """Longest run of one read; PocketBase's ceiling too. 100 to 600_000."""
    unit_timeout_ms: int = 3_000
    """Longest run of a unit of work that waits for something else; 100 to 60_000."""
    view_timeout_ms: int = 10_000
    """Longest run of a view's SELECT while it is described; writers wait for it. 10 to 60_000."""
    unit_read_steps: int = 500_000
    """Machine steps of SQLite (about 10 ms) that a read of a unit of work may take on the loop;
    with a longer one the unit runs again alone, and the read in a thread; 50_000 and up."""
    long_read_steps: int = 40_000
    """Machine steps of SQLite (about 1 ms) after which a read moves to a thread; 1_000 and up."""
    read_threads: int = 2
    """Threads for long reads, one connection each; 1 to 16."""
    long_reads_max: int = 1_000
    """Long reads that may wait for a thread; more are turned away."""
    cache_kib: int = 8_192
    """Page cache of the writer and of the reader on the loop, each; thread readers have half."""
    statements_max: int = 300
    """Prepared statements kept by each connection; one takes some KiB."""
    checkpoint_pages: int = 2_000
    """WAL pages (4 KiB each) after which pages go home to the database file."""
    wal_pages_max: int = 32_000
    """WAL pages at which writers wait until the file starts anew (128 MiB)."""
    idle_ms: int = 1_000
    """Quiet time after the last commit before pages go home; 100 to 60_000."""
    slow_commit_ms: int = 2
    """Commits that take longer on average run in a thread, so that reads go on meanwhile."""
    log_entries_max: int = 100_000
    """Change-log entries kept; readers further behind must read everything anew."""
