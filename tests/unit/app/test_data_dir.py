"""The data folder belongs to one process at a time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from yadokari.app.data_dir import DataDir, DataDirError, DataDirInUse, own

HOLD = (
    "import sys; from pathlib import Path; from yadokari.app.data_dir import DataDir, own\n"
    "held = own(DataDir(Path(sys.argv[1]))); print('held', flush=True); sys.stdin.read()"
)


def test_a_second_owner_is_refused_until_the_first_lets_go(tmp_path: Path):
    """D1: two writers on one file would corrupt what both promised."""
    folder = DataDir(tmp_path / "a" / "b")
    first = own(folder)

    with pytest.raises(DataDirInUse, match="in use by process"):
        own(folder)
    first.release()
    first.release()

    own(folder).release()


def test_a_killed_owner_leaves_the_folder_free(tmp_path: Path):
    """D1: however the process ends, the system lets go of its lock."""
    folder = DataDir(tmp_path)
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(DataDirInUse, match=str(holder.pid)):
        own(folder)

    holder.kill()
    holder.communicate()

    own(folder).release()


def test_a_file_in_its_place_is_an_error_with_a_name(tmp_path: Path):
    """The message says which path to look at."""
    (tmp_path / "file").write_text("")

    with pytest.raises(DataDirError, match="file"):
        own(DataDir(tmp_path / "file"))


def test_what_is_made_is_for_its_owner_only(tmp_path: Path):
    """D2: it holds password hashes and keys."""
    folder = DataDir(tmp_path / "data")

    own(folder).release()

    assert folder.root.stat().st_mode & 0o077 == 0
    assert folder.lock.stat().st_mode & 0o077 == 0
