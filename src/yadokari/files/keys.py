"""Where files of records lie in a bucket: collection id, record id, stored name."""

from __future__ import annotations

from yadokari.ports.bucket import BlobKey

THUMBS = "thumbs_"
"""Begins the name of the folder of a file's thumbnails."""


def file_key(collection_id: str, record_id: str, name: str) -> BlobKey:
    """The key of a stored file."""
    return BlobKey(f"{collection_id}/{record_id}/{name}")


def thumbs_prefix(collection_id: str, record_id: str, name: str) -> str:
    """What the keys of a file's thumbnails begin with."""
    return f"{collection_id}/{record_id}/{THUMBS}{name}/"


def thumb_key(original: BlobKey, size: str) -> BlobKey:
    """The key of a file's thumbnail of this size."""
    folder, _, name = original.rpartition("/")
    return BlobKey(f"{folder}/{THUMBS}{name}/{size}_{name}")


def collection_prefix(collection_id: str) -> str:
    """What the keys of a collection's files begin with."""
    return f"{collection_id}/"
