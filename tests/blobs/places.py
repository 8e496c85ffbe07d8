"""Buckets of the servers that tests start, a new one each time."""

import json
from collections.abc import Iterator
from itertools import count

from tests.servers import azurite, seaweed
from yadokari.blobs.objects.open import Place

NO_KEY = json.dumps(
    {"disable_oauth": True, "client_email": "", "private_key": "", "private_key_id": ""}
)
"""A service account's key that signs nothing, for a server that asks for nothing."""
_numbers: Iterator[int] = count(1)


def s3_place(url: str) -> Place:
    """A new bucket on SeaweedFS."""
    name = f"bucket-{next(_numbers)}"
    seaweed.make_bucket(url, name)
    return Place(
        provider="s3",
        bucket=name,
        endpoint=url,
        access_key=seaweed.ACCESS_KEY,
        secret=seaweed.SECRET,
    )


def azure_place(url: str) -> Place:
    """A new container on Azurite."""
    name = f"container-{next(_numbers)}"
    azurite.make_container(url, name)
    return Place(
        provider="azure",
        bucket=name,
        endpoint=url,
        access_key=azurite.ACCOUNT,
        secret=azurite.KEY,
    )


def gcs_place(url: str) -> Place:
    """A new bucket on our own small server."""
    return Place(provider="gcs", bucket=f"bucket-{next(_numbers)}", endpoint=url, secret=NO_KEY)
