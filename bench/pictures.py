"""Files of the cases `file` and `thumb`: one that is read often, many that are drawn once.

Not here: rounds and figures (bench/cases.py).
"""

import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from io import BytesIO

import httpx
from PIL import Image

from bench.sides import Side

FILE_BYTES = 20_000
PHOTOS = 40  # Of one turn; each is uploaded anew, so that no thumbnail is there yet.
PHOTO_SIZE = (1_600, 1_200)
PAGE_CONNECTIONS = 6  # What a browser opens for a gallery.
COLLECTION = "pictures"


def file_path(side: Side) -> str:
    """The path of a small file, uploaded anew."""
    with side.superuser() as client:
        _make_collection(client)
        return _upload(client, bytes(FILE_BYTES), "a.bin")


def thumbs_per_second(side: Side) -> float:
    """How many thumbnails of photos nobody asked for before are made and sent."""
    with side.superuser() as client:
        _make_collection(client)
        paths = [_upload(client, _photo(), f"{number}.jpg") for number in range(PHOTOS)]
    limits = httpx.Limits(max_connections=PAGE_CONNECTIONS)
    with (
        httpx.Client(base_url=side.url, timeout=60, trust_env=False, limits=limits) as guest,
        ThreadPoolExecutor(PAGE_CONNECTIONS) as browser,
    ):

        def look(path: str) -> None:
            answer = guest.get(path, params={"thumb": "100x100"}).raise_for_status()
            if Image.open(BytesIO(answer.content)).size != (100, 100):
                raise RuntimeError(f"{side.label} sent no thumbnail")

        began = time.perf_counter()
        for _ in browser.map(look, paths):
            pass
        return PHOTOS / (time.perf_counter() - began)


def _make_collection(client: httpx.Client) -> None:
    """Anew, so that both folders stay small."""
    client.delete(f"/api/collections/{COLLECTION}")
    fields = [{"name": "file", "type": "file", "maxSelect": 1}]
    body = {"name": COLLECTION, "type": "base", "fields": fields}
    client.post("/api/collections", json=body).raise_for_status()


def _upload(client: httpx.Client, content: bytes, name: str) -> str:
    answer = client.post(f"/api/collections/{COLLECTION}/records", files={"file": (name, content)})
    record = answer.raise_for_status().json()
    return f"/api/files/{COLLECTION}/{record['id']}/{record['file']}"


@cache
def _photo() -> bytes:
    """A JPEG with grain, some 600 kB: without grain it would be nothing to read."""
    grain = [Image.effect_noise(PHOTO_SIZE, 40) for _ in range(3)]
    out = BytesIO()
    Image.merge("RGB", grain).save(out, "JPEG", quality=80)
    return out.getvalue()
