"""A process that dies in the middle of an upload leaves nothing that anybody could see."""

import json
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from tests.blobs.places import azure_place, gcs_place, s3_place
from yadokari.base.errors import NotFound
from yadokari.blobs.local.bucket import LocalBucket
from yadokari.blobs.objects.open import Place, open_objects
from yadokari.ports.bucket import BlobKey, Bucket
from yadokari.testing.fake_entropy import FakeEntropy

KEY = BlobKey("c/r/large.bin")
SENT_BYTES = 24 * 1024 * 1024  # More parts than are ever held back.
DYING = """
import asyncio, json, sys, threading
from pathlib import Path
from yadokari.blobs.local.bucket import LocalBucket
from yadokari.blobs.objects.open import Place, open_objects
from yadokari.testing.fake_entropy import FakeEntropy

given = json.loads(sys.argv[1])
if "folder" in given:
    bucket = LocalBucket(Path(given["folder"]), entropy=FakeEntropy())
else:
    bucket = open_objects(Place(**given))

async def body():
    for _ in range(int(sys.argv[3]) // 65536):
        yield bytes(65536)
    print("sent", flush=True)
    await asyncio.Event().wait()

asyncio.run(bucket.put(sys.argv[2], body(), content_type="a/b", metadata={}))
"""


def given_of(kind: str, request: pytest.FixtureRequest, folder: Path) -> dict[str, object]:
    """How to open a bucket of this kind, as JSON takes it."""
    if kind == "local":
        return {"folder": str(folder)}
    make = {"s3": s3_place, "azure": azure_place, "gcs": gcs_place}[kind]
    return msgspec.to_builtins(make(request.getfixturevalue(f"{kind}_url")))


def bucket_of(given: dict[str, object]) -> Bucket:
    """The bucket again, from another process."""
    if "folder" in given:
        return LocalBucket(Path(str(given["folder"])), entropy=FakeEntropy(seed=2))
    return open_objects(msgspec.convert(given, Place))


@pytest.mark.parametrize("kind", ["local", "s3", "azure", "gcs"])
async def test_a_killed_upload_leaves_no_visible_blob(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """B1, O1: SIGKILL after 24 MB were handed over; the next upload works as if nothing was."""
    given = given_of(kind, request, tmp_path)
    command = [sys.executable, "-c", DYING, json.dumps(given), KEY, str(SENT_BYTES)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:  # noqa: ASYNC220
        assert process.stdout is not None
        assert process.stdout.readline() == b"sent\n"
        process.kill()

    bucket = bucket_of(given)
    assert [key async for key in bucket.list("")] == []
    with pytest.raises(NotFound):
        await bucket.head(KEY)
    await bucket.put(KEY, b"again", content_type="", metadata={})
    assert [piece async for piece in bucket.read(KEY)] == [b"again"]
