"""Blobs as files below one folder, their facts in a file beside each.

F1  A blob appears by renaming a complete file: readers never see half of one.
F2  ``<name>.attrs`` beside a blob holds its type and metadata as JSON, in the shape PocketBase
    writes, so a storage folder moves between the two unchanged.
F3  A key that would leave the folder is refused.
F4  Disk work happens in threads. Only what the system holds in memory anyway is read at once, where
    the system can tell (Linux): a thread would cost more than the reading.
F5  A folder that became empty goes with its last blob; a put beside it makes it anew.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import errno
import hashlib
import os
import shutil
import stat
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

import msgspec

from yadokari.base.errors import BadRequest, NotFound, Stale, Unavailable
from yadokari.blobs.safe_key import safe_parts
from yadokari.ports.bucket import BlobInfo, BlobKey, Bucket
from yadokari.ports.entropy import Entropy

FOLDER_TRIES = 5  # A folder that goes between being made and being used is made again.
PIECE_BYTES = 64 * 1024  # the port's promise
ATTRIBUTES_SUFFIX = ".attrs"
ATTRIBUTES_BYTES_MAX = 64 * 1024  # A type and a client's name for the file.
_NOWAIT: int | None = getattr(os, "RWF_NOWAIT", None)


class LocalBucket:
    """A folder as a bucket."""

    def __init__(self, folder: Path, *, entropy: Entropy) -> None:
        self._folder = folder
        self._entropy = entropy

    async def put(
        self,
        key: BlobKey,
        body: AsyncIterator[bytes] | bytes,
        *,
        content_type: str,
        metadata: Mapping[str, str],
    ) -> None:
        """Write or replace a blob; see the port."""
        await self._put(key, body, content_type, metadata, _publish)

    async def put_new(self, key: BlobKey, body: bytes) -> None:
        """Write a blob that must not exist yet; see the port."""
        await self._put(key, body, "", {}, _publish_new)

    async def _put(
        self,
        key: BlobKey,
        body: AsyncIterator[bytes] | bytes,
        content_type: str,
        metadata: Mapping[str, str],
        publish: Callable[[Path, Path, bytes], None],
    ) -> None:
        path = self._path(key)
        part = path.with_name(f".{self._entropy.bytes(8).hex()}.part")
        try:
            with await asyncio.to_thread(_opened, part) as file:
                digest = await _write(file, body)
            await asyncio.to_thread(
                publish, part, path, _attributes(content_type, metadata, digest)
            )
        except FileExistsError as exc:
            raise Stale from exc
        except OSError as exc:
            if exc.errno == errno.ENAMETOOLONG:
                raise BadRequest("The key of the file is too long.") from exc
            raise Unavailable("The file could not be stored.") from exc
        finally:
            await asyncio.to_thread(_discard, part)

    async def head(self, key: BlobKey) -> BlobInfo:
        """Facts about a blob; see the port."""
        return (await self.fetch(key, bytes_max=0))[0]

    async def fetch(self, key: BlobKey, *, bytes_max: int) -> tuple[BlobInfo, bytes | None]:
        """Facts and small content; see the port."""
        path = f"{self._folder}/{'/'.join(safe_parts(key))}"
        if _NOWAIT is not None:
            try:
                return _fetched(path, bytes_max, _read_now)
            except BlockingIOError:
                pass  # The disk has to be asked.
        return await asyncio.to_thread(_fetched, path, bytes_max, _read)

    async def read(
        self, key: BlobKey, *, start: int = 0, length: int | None = None
    ) -> AsyncIterator[bytes]:
        """Bytes of a blob; see the port."""
        left = sys.maxsize if length is None else length
        file, piece = await asyncio.to_thread(_begun, self._path(key), start, left)
        with file:
            while piece:
                yield piece
                left -= len(piece)
                if left <= 0:
                    return
                piece = await asyncio.to_thread(file.read, min(left, PIECE_BYTES))

    async def delete(self, key: BlobKey) -> None:
        """Remove a blob; see the port."""
        await asyncio.to_thread(self._remove, self._path(key))

    async def delete_prefix(self, prefix: str) -> None:
        """Remove blobs by prefix; see the port."""
        if prefix.endswith("/"):
            await asyncio.to_thread(self._remove_folder, self._path(BlobKey(prefix)))
            return
        for key in [key async for key in self.list(prefix)]:
            await self.delete(key)

    async def list(self, prefix: str) -> AsyncIterator[BlobKey]:
        """Keys by prefix; see the port."""
        for key in await asyncio.to_thread(self._keys, prefix):
            yield key

    def _keys(self, prefix: str) -> Sequence[BlobKey]:
        top = self._folder / prefix.rpartition("/")[0]
        keys = [
            BlobKey(path.relative_to(self._folder).as_posix())
            for path in top.rglob("*")
            if path.is_file() and not path.name.endswith((ATTRIBUTES_SUFFIX, ".part"))
        ]
        return sorted(key for key in keys if key.startswith(prefix))

    def _remove(self, path: Path) -> None:
        try:
            path.unlink(missing_ok=True)
            path.with_name(path.name + ATTRIBUTES_SUFFIX).unlink(missing_ok=True)
        except OSError as exc:
            if exc.errno != errno.ENAMETOOLONG:  # Such a blob was never there.
                raise Unavailable("The file cannot be removed now.") from exc
        self._remove_empty(path.parent)

    def _remove_folder(self, path: Path) -> None:
        shutil.rmtree(path, ignore_errors=True)
        self._remove_empty(path.parent)

    def _remove_empty(self, folder: Path) -> None:
        with contextlib.suppress(OSError):  # Something is left in it, or it is gone.
            while folder != self._folder:
                folder.rmdir()
                folder = folder.parent

    def _path(self, key: BlobKey) -> Path:
        return self._folder.joinpath(*safe_parts(key))


def _opened(part: Path) -> IO[bytes]:
    """A new file, its folder made when missing (F5)."""
    for tries_left in reversed(range(FOLDER_TRIES)):
        try:
            part.parent.mkdir(parents=True, exist_ok=True)
            return part.open("wb")
        except FileNotFoundError:
            if not tries_left:
                raise
    raise AssertionError("unreachable: the last try returns or raises")


async def _write(file: IO[bytes], body: AsyncIterator[bytes] | bytes) -> bytes:
    """Write a new file so that it survives a power cut; its MD5."""
    digest = hashlib.md5(usedforsecurity=False)
    async for piece in _one(body) if isinstance(body, bytes) else body:
        digest.update(piece)
        await asyncio.to_thread(file.write, piece)
    await asyncio.to_thread(_settle, file)
    return digest.digest()


async def _one(piece: bytes) -> AsyncIterator[bytes]:
    yield piece


def _settle(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())


def _discard(part: Path) -> None:
    with contextlib.suppress(OSError):
        part.unlink()


def _attributes(content_type: str, metadata: Mapping[str, str], digest: bytes) -> bytes:
    return msgspec.json.encode(
        {
            "user.cache_control": "",
            "user.content_disposition": "",
            "user.content_encoding": "",
            "user.content_language": "",
            "user.content_type": content_type,
            "user.metadata": dict(metadata),
            "md5": base64.b64encode(digest).decode(),
        }
    )


def _begun(path: Path, start: int, length: int) -> tuple[IO[bytes], bytes]:
    """An open file and its first piece, in one visit to the disk. Raises NotFound."""
    try:
        file = path.open("rb")
    except OSError as exc:
        raise NotFound from exc
    file.seek(start)
    return file, file.read(min(length, PIECE_BYTES))


def _publish(part: Path, path: Path, attributes: bytes) -> None:
    path.with_name(path.name + ATTRIBUTES_SUFFIX).write_bytes(attributes)
    part.replace(path)


def _publish_new(part: Path, path: Path, attributes: bytes) -> None:
    """As ``_publish``, of many at once for one alone: a link never replaces a file."""
    path.hardlink_to(part)
    path.with_name(path.name + ATTRIBUTES_SUFFIX).write_bytes(attributes)


def _fetched(
    path: str, bytes_max: int, read: Callable[[int, int], bytes]
) -> tuple[BlobInfo, bytes | None]:
    """Facts and small content, read by ``read``. Raises NotFound, and what it raises."""
    try:
        size_bytes, modified_ms, content = _content(path, bytes_max, read)
    except BlockingIOError:
        raise
    except OSError as exc:
        raise NotFound from exc
    content_type = ""
    metadata: dict[str, str] = {}
    try:
        attributes = _content(path + ATTRIBUTES_SUFFIX, ATTRIBUTES_BYTES_MAX, read)[2]
        raw = msgspec.json.decode(attributes or b"")
        content_type = str(raw.get("user.content_type", ""))
        metadata = {str(k): str(v) for k, v in (raw.get("user.metadata") or {}).items()}
    except BlockingIOError:
        raise
    except (OSError, msgspec.DecodeError, AttributeError):
        pass  # A blob copied here by hand has no facts beside it; it is served all the same.
    info = BlobInfo(
        size_bytes=size_bytes,
        modified_ms=modified_ms,
        content_type=content_type,
        metadata=metadata,
    )
    return info, content


def _content(
    path: str, bytes_max: int, read: Callable[[int, int], bytes]
) -> tuple[int, int, bytes | None]:
    """Size, time of change in milliseconds, and the content of a file that is not too large."""
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        facts = os.fstat(file)
        if not stat.S_ISREG(facts.st_mode):
            raise FileNotFoundError(path)
        wanted = bytes_max and facts.st_size <= bytes_max
        content = read(file, facts.st_size) if wanted else None
        return facts.st_size, facts.st_mtime_ns // 1_000_000, content
    finally:
        os.close(file)


def _read(file: int, size_bytes: int) -> bytes:
    return os.pread(file, size_bytes, 0)


def _read_now(file: int, size_bytes: int) -> bytes:
    """What is in memory already. Raises BlockingIOError when something is not."""
    assert _NOWAIT is not None
    buffer = bytearray(size_bytes)
    try:
        held = os.preadv(file, [buffer], 0, _NOWAIT) if size_bytes else 0
    except OSError as exc:  # A file system that cannot tell.
        raise BlockingIOError from exc
    if held != size_bytes:
        raise BlockingIOError
    return bytes(buffer)


_: type[Bucket] = LocalBucket
