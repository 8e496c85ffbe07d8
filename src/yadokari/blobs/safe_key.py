"""Keys that every bucket takes (B2): relative, of segments that mean nothing special anywhere."""

from __future__ import annotations

from yadokari.base.errors import NotFound
from yadokari.ports.bucket import BlobKey

_SPECIAL = ("", ".", "..")


def safe_parts(key: BlobKey | str) -> list[str]:
    """The segments of a key, or of a prefix that ends in a slash.

    Raises:
        NotFound: the key could lead out of the bucket, so nothing can be there.
    """
    parts = key.rstrip("/").split("/")
    if any(part in _SPECIAL or "\\" in part or "\0" in part for part in parts):
        raise NotFound
    return parts
