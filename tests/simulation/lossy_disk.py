"""A disk that forgets what was not synced: an SQLite VFS over the real one.

D1  Running programs see every write at once; the durable image sees it with the file's next sync.
D2  A power loss keeps of each unsynced write nothing, all of it, or some of its sectors, in any
    combination of writes.
"""

import random
import threading
from pathlib import Path

import apsw
from typing_extensions import override

SECTOR_BYTES = 512


class _Durable:
    """What a file holds on the platter, and what is still on its way."""

    def __init__(self) -> None:
        self.image = bytearray()
        self.pending: list[tuple[int, bytes] | int] = []
        """Writes as (offset, bytes), truncations as a size."""

    def settle(self) -> None:
        for change in self.pending:
            _apply(self.image, change)
        self.pending.clear()


class LossyDisk(apsw.VFS):
    """Registers itself under ``name``; unregister it at the end."""

    def __init__(self, name: str) -> None:
        self._lock = threading.Lock()
        self._files: dict[str, _Durable] = {}
        super().__init__(name, base="")

    @override
    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> "_File":
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        file = _File(name, flags)
        if path is not None:
            with self._lock:
                file.attach(self._files.setdefault(path, _Durable()), self._lock)
        return file

    @override
    def xDelete(self, filename: str, syncdir: bool) -> None:
        super().xDelete(filename, syncdir)
        with self._lock:
            self._files.pop(filename, None)

    def after_power_loss(self, folder: Path, chance: random.Random) -> None:
        """Write what would be found after the power went just now into ``folder``."""
        with self._lock:
            for path, file in self._files.items():
                image = bytearray(file.image)
                for change in file.pending:
                    _apply_partly(image, change, chance)
                if not path.endswith("-shm"):
                    (folder / Path(path).name).write_bytes(image)


class _File(apsw.VFSFile):
    def __init__(self, name: str | apsw.URIFilename | None, flags: list[int]) -> None:
        super().__init__("", name, flags)
        self._durable: _Durable | None = None
        self._lock = threading.Lock()

    def attach(self, durable: _Durable, lock: threading.Lock) -> None:
        self._durable, self._lock = durable, lock

    @override
    def xWrite(self, data: bytes, offset: int) -> None:
        super().xWrite(data, offset)
        self._note((offset, bytes(data)))

    @override
    def xTruncate(self, newsize: int) -> None:
        super().xTruncate(newsize)
        self._note(newsize)

    @override
    def xSync(self, flags: int) -> None:
        super().xSync(flags)
        if self._durable is not None:
            with self._lock:
                self._durable.settle()

    def _note(self, change: tuple[int, bytes] | int) -> None:
        if self._durable is not None:
            with self._lock:
                self._durable.pending.append(change)


def _apply(image: bytearray, change: tuple[int, bytes] | int) -> None:
    if isinstance(change, int):
        del image[change:]
        image.extend(bytes(max(0, change - len(image))))
        return
    offset, data = change
    if len(image) < offset + len(data):
        image.extend(bytes(offset + len(data) - len(image)))
    image[offset : offset + len(data)] = data


def _apply_partly(image: bytearray, change: tuple[int, bytes] | int, chance: random.Random) -> None:
    fate = chance.choice(("lost", "kept", "torn"))
    if fate == "kept":
        _apply(image, change)
    elif fate == "torn" and isinstance(change, tuple):
        offset, data = change
        for start in range(0, len(data), SECTOR_BYTES):
            if chance.random() < 0.5:
                _apply(image, (offset + start, data[start : start + SECTOR_BYTES]))
