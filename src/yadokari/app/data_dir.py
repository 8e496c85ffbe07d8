"""The data folder: its layout, and the lock that gives it to one process at a time.

D1  One process owns a folder: it holds an exclusive lock on ``lock`` as long as it lives, and the
    system lets go of it however the process ends.
D2  Everything in it is for its owner's eyes only (0700 and 0600).
D3  Whoever takes the folder first finishes a restore that was begun (app/data_swap.py).

Not here: what the control socket says (app/control.py), the database (stores).
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import shutil
from pathlib import Path

import msgspec

from yadokari.app.data_swap import DataSwap
from yadokari.base.errors import YadokariError


class DataDirError(YadokariError):
    """The data folder cannot be used. Correct what the message names, then start again."""


class DataDirInUse(DataDirError):
    """Another process owns the folder. Stop it, or talk to it through its control socket."""


class DataDir(msgspec.Struct, frozen=True):
    """A data folder and where its parts lie."""

    root: Path

    @property
    def database(self) -> Path:
        """Collections, records, settings."""
        return self.root / "data.db"

    @property
    def logs(self) -> Path:
        """Request logs; never replicated."""
        return self.root / "logs.db"

    @property
    def storage(self) -> Path:
        """Uploaded files."""
        return self.root / "storage"

    @property
    def backups(self) -> Path:
        """Backups that are kept here."""
        return self.root / "backups"

    @property
    def scratch(self) -> Path:
        """What is needed for a while; may be removed while nobody owns the folder."""
        return self.root / ".scratch"

    @property
    def control_socket(self) -> Path:
        """Where commands reach the process that owns the folder."""
        return self.root / "control.sock"

    @property
    def lock(self) -> Path:
        """Locked by the owner; holds its process id, for people."""
        return self.root / "lock"

    @property
    def secret_key(self) -> Path:
        """The secret made here when none is given."""
        return self.root / "secret_key"

    @property
    def certificates(self) -> Path:
        """Certificates that were fetched, and the accounts they were fetched with."""
        return self.root / "certificates"

    def make(self) -> None:
        """Create the folder when it is missing. Raises DataDirError."""
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as exc:
            raise DataDirError(f"cannot make the folder {self.root}: {exc.strerror}") from exc
        if not os.access(self.root, os.W_OK | os.X_OK):
            raise DataDirError(f"the folder {self.root} cannot be written; check its owner")


class Ownership:
    """The right to a data folder, until ``release`` or the process's end."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    def release(self) -> None:
        """Give the folder back; harmless when repeated."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def own(data_dir: DataDir) -> Ownership:
    """Take the folder for this process, at once or not at all.

    Raises:
        DataDirInUse: another process has it.
        DataDirError: it cannot be made, written or locked.
    """
    os.umask(0o077)  # D2, for every file this process makes from now on.
    data_dir.make()
    try:
        descriptor = os.open(data_dir.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as exc:
        raise DataDirError(f"cannot open {data_dir.lock}: {exc.strerror}") from exc
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as exc:
        owner = _owner(descriptor)
        os.close(descriptor)
        if exc.errno in {errno.EAGAIN, errno.EACCES}:
            raise DataDirInUse(f"{data_dir.root} is in use by {owner}") from exc
        raise DataDirError(
            f"{data_dir.root} lies on a file system without locks ({exc.strerror}); "
            "choose a local folder with --dir"
        ) from exc
    with contextlib.suppress(OSError):  # A full disk: the id is for people only.
        text = f"{os.getpid()}\n".encode()
        os.pwrite(descriptor, text, 0)
        os.ftruncate(descriptor, len(text))  # Emptied first, the file would wait for the disk.
    try:
        shutil.rmtree(data_dir.scratch, ignore_errors=True)
        DataSwap(data_dir.root).finish()  # D3
    except OSError as exc:
        os.close(descriptor)
        raise DataDirError(f"a restore cannot be finished in {data_dir.root}: {exc}") from exc
    return Ownership(descriptor)


def _owner(descriptor: int) -> str:
    with contextlib.suppress(OSError):
        text = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()
        if text.isdigit():
            return f"process {text}"
    return "another process"
