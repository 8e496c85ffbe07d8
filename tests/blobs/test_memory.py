"""A large blob goes through in little memory."""

import subprocess
import sys

import msgspec

from tests.blobs.places import s3_place

SIZE_BYTES = 200 * 1024 * 1024
GROWTH_BYTES_MAX = 60 * 1024 * 1024  # Parts in flight, buffers of the library, noise.
COUNTING = """
import asyncio, json, resource, sys
from yadokari.blobs.objects.open import Place, open_objects

bucket = open_objects(Place(**json.loads(sys.argv[1])))
piece = bytes(65536)

async def body(count):
    for _ in range(count):
        yield piece

async def main():
    await bucket.put("a/warm", body(200), content_type="", metadata={})
    async for _ in bucket.read("a/warm"):
        pass
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    await bucket.put("a/large", body(int(sys.argv[2]) // 65536), content_type="", metadata={})
    read = 0
    async for chunk in bucket.read("a/large"):
        read += len(chunk)
    print(read, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)

asyncio.run(main())
"""


def test_a_large_blob_streams_through_little_memory(s3_url: str):
    """O2: 200 MB in and out."""
    place = msgspec.json.encode(s3_place(s3_url)).decode()

    done = subprocess.run(
        [sys.executable, "-c", COUNTING, place, str(SIZE_BYTES)],
        capture_output=True,
        text=True,
        check=True,
    )

    read_bytes, growth_kib = map(int, done.stdout.split())
    assert read_bytes == SIZE_BYTES
    assert growth_kib * 1024 < GROWTH_BYTES_MAX
