"""A new file on its way into a record: its stored name, with facts about its bytes.

U1  It is its stored name, so it travels as any file value does; it is told apart by its type.

Not here: how names are made (schema/file_name.py), where the bytes are (files, blobs).
"""

from __future__ import annotations


class UploadedFile(str):
    """The stored name of a file that this request brought."""

    __slots__ = ("mime_type", "original_name", "size_bytes")

    mime_type: str
    """Sniffed from the content, without parameters; never what the client claimed."""
    original_name: str
    """As the client called it."""
    size_bytes: int


def uploaded_file(
    stored_name: str, *, original_name: str, size_bytes: int, mime_type: str
) -> UploadedFile:
    """A new file of this stored name."""
    value = UploadedFile(stored_name)
    value.original_name, value.size_bytes, value.mime_type = original_name, size_bytes, mime_type
    return value
