"""Where files and backups are kept: a bucket of the process's settings or of the application's.

ST1  A change of the application settings counts for the next file; nothing is moved.
ST2  An object store is opened when it is first needed: the start does not load its library.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping

from yadokari.app.settings import StorageSettings
from yadokari.auth.secret_key import read_secret
from yadokari.blobs.local.bucket import LocalBucket
from yadokari.ports.bucket import BlobInfo, BlobKey, Bucket
from yadokari.upkeep.app_settings import S3, AppSettings


class Storage:
    """A bucket that stands for whichever is in force."""

    def __init__(
        self,
        standing: Callable[[], Bucket],
        *,
        s3: Callable[[AppSettings], S3] = lambda settings: settings.s3,
    ) -> None:
        """``standing`` is in force while the settings' bucket, as ``s3`` finds it, is off."""
        self._standing = standing
        self._s3_of = s3
        self._s3 = S3()
        self._bucket: Bucket | None = None

    def follow(self, settings: AppSettings) -> None:
        """Use what these settings say from now on (ST1)."""
        s3 = self._s3_of(settings)
        if s3 != self._s3:
            self._s3, self._bucket = s3, None

    @property
    def current(self) -> Bucket:
        """The bucket in force."""
        if self._bucket is None:
            self._bucket = open_s3(self._s3) if self._s3.enabled else self._standing()
        return self._bucket

    @property
    def in_folder(self) -> Bucket | None:
        """The bucket in force, when it is the data folder's own; None for an object store."""
        current = self.current
        return current if isinstance(current, LocalBucket) else None

    async def put(
        self,
        key: BlobKey,
        body: AsyncIterator[bytes] | bytes,
        *,
        content_type: str,
        metadata: Mapping[str, str],
    ) -> None:
        """Write or replace a blob; see the port."""
        await self.current.put(key, body, content_type=content_type, metadata=metadata)

    async def put_new(self, key: BlobKey, body: bytes) -> None:
        """Write a blob that must not exist yet; see the port."""
        await self.current.put_new(key, body)

    async def head(self, key: BlobKey) -> BlobInfo:
        """Facts about a blob; see the port."""
        return await self.current.head(key)

    async def fetch(self, key: BlobKey, *, bytes_max: int) -> tuple[BlobInfo, bytes | None]:
        """Facts and small content; see the port."""
        return await self.current.fetch(key, bytes_max=bytes_max)

    def read(
        self, key: BlobKey, *, start: int = 0, length: int | None = None
    ) -> AsyncIterator[bytes]:
        """Bytes of a blob; see the port."""
        return self.current.read(key, start=start, length=length)

    async def delete(self, key: BlobKey) -> None:
        """Remove a blob; see the port."""
        await self.current.delete(key)

    async def delete_prefix(self, prefix: str) -> None:
        """Remove blobs by prefix; see the port."""
        await self.current.delete_prefix(prefix)

    def list(self, prefix: str) -> AsyncIterator[BlobKey]:
        """Keys by prefix; see the port."""
        return self.current.list(prefix)


def open_s3(s3: S3) -> Bucket:
    """The bucket that application settings name."""
    from yadokari.blobs.objects.open import Place, open_objects

    return open_objects(
        Place(
            provider="s3",
            bucket=s3.bucket,
            region=s3.region,
            endpoint=s3.endpoint if "://" in s3.endpoint else f"https://{s3.endpoint}",
            access_key=s3.access_key,
            secret=s3.secret,
            path_style=s3.force_path_style,
        )
    )


def open_standing(storage: StorageSettings, *, local: Callable[[], Bucket]) -> Bucket:
    """The bucket that the process's settings name. Raises SecretKeyError for a lost secret."""
    if storage.provider == "local":
        return local()
    from yadokari.blobs.objects.open import Place, open_objects

    return open_objects(
        Place(
            provider=storage.provider,
            bucket=storage.bucket,
            region=storage.region,
            endpoint=storage.endpoint,
            access_key=read_secret(storage.access_key, setting="YADOKARI_STORAGE_ACCESS_KEY"),
            secret=read_secret(storage.secret, setting="YADOKARI_STORAGE_SECRET"),
            path_style=storage.path_style,
        )
    )


_: type[Bucket] = Storage
