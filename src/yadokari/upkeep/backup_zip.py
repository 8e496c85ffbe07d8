"""The zip of a backup: written in one stream, read with suspicion.

Z1  It holds ``data.db``, ``storage/…`` as the bucket has it (each blob's facts beside it), the
    secret key when the data folder holds it, and ``yadokari.json`` with counts and digests, last.
Z2  Nothing is taken out of a zip before all its names are known to stay below the target, and its
    sizes to fit on the disk; only known names are taken.
Z3  What was taken out is compared with the digests: a restore has what the backup had, or fails.

Not here: when backups are made and kept (upkeep/backups.py), swapping folders (app/data_swap.py).
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import shutil
import stat
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING

import msgspec

from yadokari.ports.bucket import BlobInfo, Bucket
from yadokari.ports.snapshot import Unfit

if TYPE_CHECKING:
    from zipfile import ZipFile, ZipInfo

FORMAT = 1
MANIFEST = "yadokari.json"
DATABASE, SECRET_KEY, STORAGE = "data.db", "secret_key", "storage/"
ATTRIBUTES_SUFFIX = ".attrs"
PIECE_BYTES = 256 * 1024  # Few hops to threads, little memory.
PAUSE_S = 0.001  # After each piece: the processor is for requests first.
MANIFEST_BYTES_MAX = 64 * 1024 * 1024  # A million tables would fit.
FREE_SHARE = 0.95  # Of the free disk that a restore may fill.


class Sum(msgspec.Struct, frozen=True):
    """What a file, or a folder of files in order, holds."""

    files: int
    bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup says about itself."""

    format: int = FORMAT
    program: str = ""
    made: str = ""
    """Canonical date text."""
    rows: dict[str, int] = {}
    """Rows by table."""
    database: Sum = Sum(0, 0, "")
    storage: Sum | None = None
    """None when files are kept elsewhere."""


class _Sink:
    """What a ZipFile writes into; taken away piece by piece."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def taken(self) -> bytes:
        data = b"".join(self._pieces)
        self._pieces.clear()
        return data


class _Adding:
    """Digests of what is added."""

    def __init__(self) -> None:
        self.files = self.bytes = 0
        self._all = hashlib.sha256()

    def file(self, name: str, *, size: int, digest: str) -> None:
        self.files += 1
        self.bytes += size
        self._all.update(f"{name}\0{size}\0{digest}\n".encode())

    def sum(self) -> Sum:
        return Sum(self.files, self.bytes, self._all.hexdigest())


async def zipped(
    *, database: Path, secret_key: bytes | None, storage: Bucket | None, manifest: Manifest
) -> AsyncIterator[bytes]:
    """The bytes of a backup (Z1); ``manifest`` lacks its sums yet."""
    from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

    sink = _Sink()
    with ZipFile(sink, "w", allowZip64=True) as archive:  # type: ignore[arg-type]
        data, files = _Adding(), _Adding()
        async for piece in _added(
            archive, sink, DATABASE, _file_pieces(database), data, method=ZIP_DEFLATED
        ):
            yield piece
        if secret_key is not None:
            archive.writestr(SECRET_KEY, secret_key)
        if storage is not None:
            keys = [key async for key in storage.list("")]
            for key in keys:
                info = await storage.head(key)
                md5 = hashlib.md5(usedforsecurity=False)
                content = _hashed(storage.read(key), md5)
                name = STORAGE + key
                async for piece in _added(archive, sink, name, content, files, method=ZIP_STORED):
                    yield piece
                archive.writestr(name + ATTRIBUTES_SUFFIX, _attributes(info, md5.digest()))
                yield sink.taken()
        whole = msgspec.structs.replace(
            manifest, database=data.sum(), storage=files.sum() if storage is not None else None
        )
        archive.writestr(MANIFEST, msgspec.json.encode(whole), compress_type=ZIP_DEFLATED)
    yield sink.taken()


async def _added(
    archive: ZipFile,
    sink: _Sink,
    name: str,
    content: AsyncIterator[bytes],
    adding: _Adding,
    *,
    method: int,
) -> AsyncIterator[bytes]:
    from zipfile import ZipInfo

    info = ZipInfo(name)
    info.compress_type = method
    info._compresslevel = 1  # type: ignore[attr-defined]  # noqa: SLF001 - no public way before 3.13
    digest, size = hashlib.sha256(), 0
    with archive.open(info, "w", force_zip64=True) as entry:
        async for piece in content:
            size += len(piece)
            await asyncio.to_thread(_take_in, piece, entry, digest)
            if ready := sink.taken():
                yield ready
            await asyncio.sleep(PAUSE_S)
    adding.file(name, size=size, digest=digest.hexdigest())
    yield sink.taken()


def _take_in(piece: bytes, entry: IO[bytes], digest: hashlib._Hash) -> None:
    digest.update(piece)
    entry.write(piece)


async def _file_pieces(path: Path) -> AsyncIterator[bytes]:
    with await asyncio.to_thread(path.open, "rb") as file:
        while piece := await asyncio.to_thread(file.read, PIECE_BYTES):
            yield piece


async def _hashed(pieces: AsyncIterator[bytes], md5: hashlib._Hash) -> AsyncIterator[bytes]:
    async for piece in pieces:
        md5.update(piece)
        yield piece


def _attributes(info: BlobInfo, md5: bytes) -> bytes:
    """A blob's facts as PocketBase keeps them beside it."""
    return msgspec.json.encode(
        {
            "user.cache_control": "",
            "user.content_disposition": "",
            "user.content_encoding": "",
            "user.content_language": "",
            "user.content_type": info.content_type,
            "user.metadata": dict(info.metadata),
            "md5": base64.b64encode(md5).decode(),
        }
    )


def unpacked(path: Path, target: Path) -> Manifest:
    """Take a backup apart into an empty folder (Z2, Z3); blocks.

    Raises:
        Unfit: it is no backup of this program, damaged, or too big for the disk.
    """
    from zipfile import BadZipFile, ZipFile

    try:
        with ZipFile(path) as archive:
            entries = archive.infolist()
            _check_entries(entries, free_bytes=shutil.disk_usage(target).free)
            manifest = _manifest(archive)
            data, files = _Adding(), _Adding()
            for entry in entries:
                if entry.filename == DATABASE:
                    _extract(archive, entry, target, data)
                elif entry.filename == SECRET_KEY:
                    _extract(archive, entry, target, _Adding())
                    (target / SECRET_KEY).chmod(0o600)
                elif entry.filename.startswith(STORAGE) and not entry.is_dir():
                    is_fact = entry.filename.endswith(ATTRIBUTES_SUFFIX)
                    _extract(archive, entry, target, _Adding() if is_fact else files)
            if manifest.storage is not None:
                (target / STORAGE).mkdir(exist_ok=True)
    except (BadZipFile, EOFError, RuntimeError, NotImplementedError, ValueError) as exc:
        raise Unfit("The file is no zip, or a damaged one.") from exc
    except OSError as exc:
        raise Unfit(f"It cannot be taken apart: {exc.strerror}.") from exc
    if data.sum() != manifest.database or (manifest.storage or files.sum()) != files.sum():
        raise Unfit("Its content is not what it says it holds.")
    return manifest


def _check_entries(entries: list[ZipInfo], *, free_bytes: int) -> None:
    names: set[str] = set()
    for entry in entries:
        name = entry.filename
        parts = name.rstrip("/").split("/")
        is_link = stat.S_ISLNK(entry.external_attr >> 16)
        if (
            any(part in ("", ".", "..") for part in parts)
            or any(letter in name for letter in "\\\0")
            or is_link
            or entry.flag_bits & 1
            or name in names
        ):
            raise Unfit("It holds a name that leads elsewhere, or one that it may not hold.")
        names.add(name)
    if sum(entry.file_size for entry in entries) > free_bytes * FREE_SHARE:
        raise Unfit("The disk is too small for its content.")
    if MANIFEST not in names or DATABASE not in names:
        raise Unfit(
            "It is no backup of this program. A PocketBase folder is moved in with "
            "`yadokari import pocketbase`."
        )


def _manifest(archive: ZipFile) -> Manifest:
    if archive.getinfo(MANIFEST).file_size > MANIFEST_BYTES_MAX:
        raise Unfit("Its list of contents is too long.")
    try:
        manifest = msgspec.json.decode(archive.read(MANIFEST), type=Manifest)
    except msgspec.DecodeError as exc:
        raise Unfit("Its list of contents is damaged.") from exc
    if manifest.format != FORMAT:
        raise Unfit(f"It has format {manifest.format}; a newer program made it.")
    return manifest


def _extract(archive: ZipFile, entry: ZipInfo, target: Path, adding: _Adding) -> None:
    path = target / entry.filename
    path.parent.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with archive.open(entry) as source, path.open("xb") as file:
        while piece := source.read(PIECE_BYTES):
            size += len(piece)
            digest.update(piece)
            file.write(piece)
    adding.file(entry.filename, size=size, digest=digest.hexdigest())


def rows_differ(manifest: Manifest, found: Mapping[str, int]) -> list[str]:
    """Tables whose number of rows is not what the manifest says."""
    names = sorted(manifest.rows.keys() | found.keys())
    return [name for name in names if manifest.rows.get(name) != found.get(name)]
