"""A foreign SQLite file is read and never touched."""

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from yadokari.stores.sqlite.foreign import ForeignFileError, open_foreign, user_of


@pytest.fixture
def other(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """The other program's connection, in WAL mode."""
    (tmp_path / "theirs").mkdir()
    connection = sqlite3.connect(tmp_path / "theirs" / "data ?#.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE t (a)")
    connection.execute("INSERT INTO t VALUES ('one'), (CAST(x'61ff' AS TEXT)), (3)")
    yield connection
    connection.close()


def path_of(tmp_path: Path) -> Path:
    """The file; its name would mean something in a URI."""
    return tmp_path / "theirs" / "data ?#.db"


def state(tmp_path: Path) -> dict[str, tuple[int, bytes]]:
    """What is in their folder."""
    files = sorted((tmp_path / "theirs").iterdir())
    return {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


def test_a_closed_file_is_read_in_place(other: sqlite3.Connection, tmp_path: Path):
    """FF1, FF3: no side file appears, and broken text comes as bytes."""
    other.close()
    before = state(tmp_path)
    assert list(before) == ["data ?#.db"]

    foreign = open_foreign(path_of(tmp_path), scratch=tmp_path)
    rows = foreign.rows("t", ("a",), after=0, rows_max=9)
    foreign.close()

    assert rows == [(1, "one"), (2, b"a\xff"), (3, 3)]
    assert state(tmp_path) == before
    assert [path.name for path in tmp_path.iterdir()] == ["theirs"]


def test_what_a_write_ahead_log_holds_is_read_from_a_copy(
    other: sqlite3.Connection, tmp_path: Path
):
    """FF1: a crash left it there, and it is part of the data."""
    before, scratch = state(tmp_path), tmp_path / "scratch"
    scratch.mkdir()
    assert before["data ?#.db-wal"][1]

    foreign = open_foreign(path_of(tmp_path), scratch=scratch)
    count = foreign.count("t")
    foreign.close()

    assert count == 3
    assert state(tmp_path) == before


def test_a_process_that_has_the_file_open_is_named(other: sqlite3.Connection, tmp_path: Path):
    """FF2: asked from another process, as locks of one's own do not count."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, str(user_of(path_of(tmp_path))).encode())
        os._exit(0)
    os.waitpid(child, 0)
    told = os.read(reading, 20)
    os.close(reading)
    os.close(writing)

    assert told == str(os.getpid()).encode()
    other.close()
    assert user_of(path_of(tmp_path)) is None


def test_what_is_no_database_is_refused(tmp_path: Path):
    """With the reason."""
    (tmp_path / "data.db").write_bytes(b"no database at all, but long enough" * 90)

    with pytest.raises(ForeignFileError):
        open_foreign(tmp_path / "data.db", scratch=tmp_path)
    with pytest.raises(ForeignFileError):
        open_foreign(tmp_path / "missing.db", scratch=tmp_path)
