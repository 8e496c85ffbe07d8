"""Blobs that nobody names are removed, and one that stays does not keep the others."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

from typing_extensions import override

from yadokari.base.log import LogValue, SilentLog
from yadokari.blobs.local.bucket import LocalBucket
from yadokari.files.keys import collection_prefix
from yadokari.files.sweeping import Sweeper
from yadokari.ports.bucket import BlobKey
from yadokari.ports.store import Store
from yadokari.schema.collection import Collection
from yadokari.testing.fake_entropy import FakeEntropy


class KeptLog(SilentLog):
    """Keeps what is warned of."""

    def __init__(self) -> None:
        self.warned: list[dict[str, LogValue]] = []

    @override
    def warning(self, event: str, **fields: LogValue) -> None:
        """As Log.warning."""
        self.warned.append({"event": event, **fields})


class StubbornBucket(LocalBucket):
    """Its folder holds something that is no blob, under a blob's key."""

    @override
    async def list(self, prefix: str) -> AsyncIterator[BlobKey]:
        """Keys by prefix, the stubborn one first."""
        yield BlobKey(prefix + "a")
        async for key in super().list(prefix):
            yield key


async def test_a_blob_that_stays_is_told_of_and_the_next_ones_go(tmp_path: Path):
    """S2: an orphan costs space; a sweeper that ended would leave every later one."""
    bucket, log = StubbornBucket(tmp_path, entropy=FakeEntropy()), KeptLog()
    gone = Collection(id="c", name="gone", type="base")
    prefix = collection_prefix(gone.id)
    (tmp_path / prefix / "a").mkdir(parents=True)
    await bucket.put(BlobKey(prefix + "b"), b"x", content_type="", metadata={})
    sweeper = Sweeper(store=cast("Store", None), bucket=bucket, log=log)

    await sweeper.collection_deleted(gone)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(sweeper.run(), 0.3)

    assert [one["key"] for one in log.warned] == [prefix + "a"]
    assert not (tmp_path / prefix / "b").exists()
