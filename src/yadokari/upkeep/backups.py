"""Backups: made while the application goes on, kept in a bucket, and put back.

BK1  One backup or restore at a time; who comes second is told to try later.
BK2  A backup holds every file that its records name: nothing is swept away while it is made.
BK3  A restore is prepared beside the data and examined as a whole; only then, and only by a
     restart, does it take the data's place (``Staging``).
BK4  What a backup needs on the disk meanwhile lies in a folder of its own, emptied in any case.

Not here: the zip (upkeep/backup_zip.py), endpoints (api/backups.py), the restart (app).
"""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

import msgspec

from yadokari.base.dates import date_text
from yadokari.base.errors import BadRequest, Invalid, NotFound, YadokariError
from yadokari.base.log import Log
from yadokari.base.problems import Problem
from yadokari.contract import messages
from yadokari.contract.codes import sentence_of
from yadokari.ports.bucket import BlobInfo, BlobKey, Bucket
from yadokari.ports.clock import Clock
from yadokari.ports.entropy import Entropy
from yadokari.ports.snapshot import SideTable, Snapshots, Unfit
from yadokari.upkeep.backup_zip import (
    DATABASE,
    Manifest,
    rows_differ,
    unpacked,
    zipped,
)

AUTO_PREFIX = "@auto_pb_backup_"
"""Names of backups that the schedule made; PocketBase's."""
NAME_CHARS_MAX = 150
CONTENT_TYPE = "application/zip"

_NAME = re.compile(r"[a-z0-9_-]+\.zip")
_ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06")
HEAD_BYTES = 4


class Backup(msgspec.Struct, frozen=True):
    """A backup as it is listed."""

    key: str
    modified: str
    """Canonical date text."""
    size: int
    """Bytes."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What a drill found: the backup was restored into a scratch folder and compared."""

    key: str
    ok: bool
    reason: str = ""
    made: str = ""
    rows: int = 0
    files: int = 0
    bytes: int = 0


class Staging(Protocol):
    """Where data is prepared that shall take the place of the present one."""

    def folder(self) -> Path:
        """An empty folder on the data's disk."""
        ...

    def ready(self) -> None:
        """What is in the folder is whole: the next start puts it in place."""
        ...


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """What goes into a backup."""

    snapshots: Snapshots
    side_tables: Callable[[], tuple[SideTable, ...]]
    """Tables for other programs."""
    storage: Callable[[], Bucket | None]
    """Uploaded files; None when they do not lie in the data folder."""
    secret_key: Callable[[], bytes | None]
    """The key kept in the data folder; None when it comes from outside."""
    hold_files: Callable[[], AbstractContextManager[None]]
    """Nothing is swept away meanwhile (BK2)."""
    program: str
    """Name and version."""


class Backups:
    """Makes, lists, verifies and restores backups."""

    def __init__(
        self,
        *,
        parts: Parts,
        bucket: Callable[[], Bucket],
        staging: Staging,
        scratch: Path,
        app_name: Callable[[], str],
        clock: Clock,
        entropy: Entropy,
        log: Log,
    ) -> None:
        """``scratch``: a folder on the data's disk for what is needed meanwhile (BK4)."""
        self._parts, self._bucket, self._staging = parts, bucket, staging
        self._scratch, self._app_name = scratch, app_name
        self._clock, self._entropy, self._log = clock, entropy, log
        self._active = ""

    @property
    def is_busy(self) -> bool:
        """Whether a backup or restore is under way."""
        return bool(self._active)

    async def list(self) -> list[Backup]:
        """All backups by name."""
        bucket = self._bucket()
        found: list[Backup] = []
        async for key in bucket.list(""):
            info = await bucket.head(key)
            found.append(Backup(key, date_text(info.modified_ms), info.size_bytes))
        return found

    async def create(self, name: str = "") -> str:
        """Make a backup; returns its name once it is kept.

        Raises:
            Invalid: the name is not valid, or taken.
            BadRequest: another one is under way, or the disk says no.
        """
        if name and (len(name) > NAME_CHARS_MAX or not _NAME.fullmatch(name)):
            raise _refused("name", "validation_match_invalid")
        with self._alone(name or "…"):
            if name and await self._exists(name):
                raise _refused("name", "validation_backup_name_exists")
            name = name or self._made_up("pb_backup_")
            self._active = name
            await self._make(name)
        return name

    async def create_scheduled(self, *, keep_max: int) -> None:
        """Make a backup and remove the oldest scheduled ones beyond so many."""
        with self._alone(AUTO_PREFIX):
            await self._make(self._made_up(AUTO_PREFIX))
            mine = [made for made in await self.list() if made.key.startswith(AUTO_PREFIX)]
            for old in sorted(mine, key=lambda made: (made.modified, made.key))[:-keep_max]:
                await self._bucket().delete(BlobKey(old.key))

    async def upload(self, name: str, head: bytes, pieces: AsyncIterator[bytes]) -> None:
        """Keep a backup that somebody brings, under the name it has there.

        Args:
            name: The client's name of the file.
            head: Its first HEAD_BYTES.
            pieces: All of it.

        Raises:
            Invalid: it is no zip, or the name is taken or no name.
        """
        if head not in _ZIP_STARTS:
            raise _refused("file", "validation_invalid_mime_type")
        name = name.replace("\\", "/").rpartition("/")[2]
        if name in ("", ".", "..") or len(name) > NAME_CHARS_MAX or await self._exists(name):
            raise _refused("file", "validation_backup_name_exists")
        await self._bucket().put(
            BlobKey(name), pieces, content_type=CONTENT_TYPE, metadata={"original-filename": name}
        )

    async def info(self, key: str) -> BlobInfo:
        """Facts about a backup. Raises NotFound."""
        if "/" in key:
            raise NotFound
        return await self._bucket().head(BlobKey(key))

    def read(self, key: str, *, start: int, length: int) -> AsyncIterator[bytes]:
        """Bytes of a backup."""
        return self._bucket().read(BlobKey(key), start=start, length=length)

    async def delete(self, key: str) -> None:
        """Remove a backup. Raises BadRequest when it is not there, or in use."""
        if key == self._active or not await self._exists(key):
            raise BadRequest(messages.BACKUP_GONE)
        await self._bucket().delete(BlobKey(key))

    async def check(self, key: str) -> None:
        """Whether a restore could begin. Raises BadRequest."""
        if not await self._exists(key):
            raise BadRequest(messages.BACKUP_INVALID)
        if self.is_busy:
            raise BadRequest(messages.BACKUP_RUNNING)

    async def prepare_restore(self, key: str) -> Manifest:
        """Lay a backup ready: the next start has its data (BK3).

        Raises:
            BadRequest: there is no such backup, or another one is under way.
            Unfit: it is not what it says; nothing changes.
        """
        await self.check(key)
        with self._alone(key):
            folder = self._staging.folder()
            manifest = await self._unpack(key, folder)
            await self._parts.snapshots.adopt(
                folder / DATABASE, tables=[table.name for table in self._parts.side_tables()]
            )
            await asyncio.to_thread(self._staging.ready)
        self._log.info("restore_prepared", backup=key, made=manifest.made)
        return manifest

    async def verify(self, key: str) -> Report:
        """A drill: restore into a scratch folder and compare; the data is not touched.

        Raises:
            BadRequest: there is no such backup, or another one is under way.
        """
        await self.check(key)
        with self._alone(key), self._room() as room:
            folder = room / "drill"
            folder.mkdir()
            try:
                manifest = await self._unpack(key, folder)
            except Unfit as error:
                return Report(key=key, ok=False, reason=str(error))
        storage = manifest.storage
        return Report(
            key=key,
            ok=True,
            made=manifest.made,
            rows=sum(manifest.rows.values()),
            files=storage.files if storage is not None else 0,
            bytes=manifest.database.bytes + (storage.bytes if storage is not None else 0),
        )

    async def _make(self, name: str) -> None:
        parts = self._parts
        began_ms = self._clock.monotonic_ms()
        with self._room() as room, parts.hold_files():
            database = room / DATABASE
            try:
                await parts.snapshots.take(database, tables=parts.side_tables())
                manifest = Manifest(
                    program=parts.program,
                    made=date_text(self._clock.unix_ms()),
                    rows=dict(await parts.snapshots.counts(database)),
                )
                pieces = zipped(
                    database=database,
                    secret_key=parts.secret_key(),
                    storage=parts.storage(),
                    manifest=manifest,
                )
                await self._bucket().put(
                    BlobKey(name),
                    pieces,
                    content_type=CONTENT_TYPE,
                    metadata={"original-filename": name},
                )
            except (YadokariError, OSError) as exc:
                self._log.error("backup_failed", error=exc, backup=name)
                raise BadRequest(messages.BACKUP_FAILED) from exc
        self._log.info("backup_made", backup=name, took_ms=self._clock.monotonic_ms() - began_ms)

    async def _unpack(self, key: str, folder: Path) -> Manifest:
        with self._room() as room:
            path = room / "backup.zip"
            await _fetch(self._bucket(), BlobKey(key), path)
            manifest = await asyncio.to_thread(unpacked, path, folder)
        database = folder / DATABASE
        await self._parts.snapshots.examine(database)
        found: Mapping[str, int] = await self._parts.snapshots.counts(database)
        if differing := rows_differ(manifest, found):
            raise Unfit(f"Tables lack rows, or have too many: {', '.join(differing[:5])}.")
        return manifest

    async def _exists(self, key: str) -> bool:
        try:
            await self.info(key)
        except NotFound:
            return False
        return True

    @contextmanager
    def _alone(self, name: str) -> Iterator[None]:
        if self._active:
            raise BadRequest(messages.BACKUP_RUNNING)
        self._active = name
        try:
            yield
        finally:
            self._active = ""

    @contextmanager
    def _room(self) -> Iterator[Path]:
        room = self._scratch / self._entropy.bytes(8).hex()
        try:
            room.mkdir(parents=True)
            yield room
        finally:
            shutil.rmtree(room, ignore_errors=True)

    def _made_up(self, prefix: str) -> str:
        at = date_text(self._clock.unix_ms())
        stamp = "".join(letter for letter in at.partition(".")[0] if letter.isdigit())
        name = re.sub(r"[^a-z0-9]+", "_", self._app_name().lower()).strip("_")[:50] or "app"
        return f"{prefix}{name}_{stamp}.zip"


async def _fetch(bucket: Bucket, key: BlobKey, path: Path) -> None:
    with await asyncio.to_thread(path.open, "wb") as file:
        async for piece in bucket.read(key):
            await asyncio.to_thread(file.write, piece)


def _refused(key: str, code: str) -> Invalid:
    return Invalid(messages.NOT_VALID, problems={key: Problem(code, sentence_of(code))})
