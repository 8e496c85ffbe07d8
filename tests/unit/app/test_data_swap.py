"""Restored data takes the place of the present data, whenever the process dies."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from yadokari.app.data_dir import DataDir, own
from yadokari.app.data_swap import DataSwap


class Killed(BaseException):
    """The process died here."""


def present(root: Path) -> None:
    """Data as it is before."""
    (root / "storage" / "c").mkdir(parents=True)
    for name in ("data.db", "data.db-wal", "data.db-shm", "storage/c/file", "secret_key"):
        (root / name).write_text("old")
    (root / "logs.db").write_text("logs")


def prepared(root: Path) -> DataSwap:
    """A restore that lies ready."""
    swap = DataSwap(root)
    folder = swap.folder()
    (folder / "storage").mkdir()
    (folder / "storage" / "new-file").write_text("new")
    (folder / "data.db").write_text("new")
    (folder / "secret_key").write_text("new")
    return swap


def state(root: Path) -> dict[str, str]:
    """Files and what they hold, without what belongs to the swap."""
    return {
        path.relative_to(root).as_posix(): path.read_text()
        for path in sorted(root.rglob("*"))
        if path.is_file() and ".restore" not in path.parts
    }


OLD = {
    "data.db": "old",
    "data.db-shm": "old",
    "data.db-wal": "old",
    "logs.db": "logs",
    "secret_key": "old",
    "storage/c/file": "old",
}
NEW = {"data.db": "new", "logs.db": "logs", "secret_key": "new", "storage/new-file": "new"}


def dying_at(monkeypatch: pytest.MonkeyPatch, rename: int) -> None:
    """Let the process die before this rename, or never."""
    count = 0
    real = Path.rename
    real_replace = Path.replace

    def note() -> None:
        nonlocal count
        if count == rename:
            raise Killed
        count += 1

    def renaming(self: Path, target: Path) -> Path:
        note()
        return real(self, target)

    def replacing(self: Path, target: Path) -> Path:
        note()
        return real_replace(self, target)

    monkeypatch.setattr(Path, "rename", renaming)
    monkeypatch.setattr(Path, "replace", replacing)


@pytest.mark.parametrize("rename", range(14))
def test_a_crash_anywhere_leaves_the_old_or_leads_to_the_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rename: int
):
    """W1: there is no moment at which a start would find half of each."""
    present(tmp_path)
    swap = prepared(tmp_path)
    dying_at(monkeypatch, rename)
    is_ready = False
    try:
        swap.ready()
        is_ready = True
        swap.finish()
    except Killed:
        pass
    monkeypatch.undo()

    is_placed = DataSwap(tmp_path).finish()

    assert is_placed is is_ready
    assert state(tmp_path) == (NEW if is_ready else OLD)
    DataSwap(tmp_path).confirm()
    assert state(tmp_path) == (NEW if is_ready else OLD)
    assert not (tmp_path / ".restore").exists()


@pytest.mark.parametrize("rename", range(12))
def test_going_back_survives_a_crash_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rename: int
):
    """W2: data that cannot be opened gives way to the data before it."""
    present(tmp_path)
    swap = prepared(tmp_path)
    swap.ready()
    swap.finish()
    (tmp_path / "data.db-wal").write_text("of the new one, which was opened in part")
    dying_at(monkeypatch, rename)
    began = rename > 0
    with contextlib.suppress(Killed):
        swap.undo()
    monkeypatch.undo()

    is_placed = DataSwap(tmp_path).finish()

    assert is_placed is not began
    if began:
        assert state(tmp_path) == OLD


def test_a_restore_that_was_prepared_in_part_is_forgotten(tmp_path: Path):
    """Only ``ready`` makes it count."""
    present(tmp_path)
    prepared(tmp_path)

    ownership = own(DataDir(tmp_path))
    ownership.release()

    assert {name: text for name, text in state(tmp_path).items() if name != "lock"} == OLD
    assert not (tmp_path / ".restore").exists()


def test_whoever_takes_the_folder_finishes_a_restore(tmp_path: Path):
    """D3: server, command or embedded program alike."""
    present(tmp_path)
    prepared(tmp_path).ready()

    ownership = own(DataDir(tmp_path))
    ownership.release()

    assert {name: text for name, text in state(tmp_path).items() if name != "lock"} == NEW
    assert DataSwap(tmp_path).is_placed


def test_nothing_is_undone_without_a_restore(tmp_path: Path):
    """A start that fails for other reasons keeps its data."""
    present(tmp_path)

    assert not DataSwap(tmp_path).undo()
    assert state(tmp_path) == OLD
