"""Fetched certificates as files: one for each name, key and chain together.

Q5  A file is replaced whole, and only its owner may read it: at no moment does a key stand beside
    the chain of another one.
Q6  Each authority has a folder of its own: what a test authority gave is not served when the real
    one is asked.

Not here: when new ones are asked for (app/renewal.py), what is served (app/certificate_keeper.py).
"""

from __future__ import annotations

import os
import re
import ssl
from pathlib import Path

import msgspec

from yadokari.app.tls import server_context

_PROBE_BYTES = 16 * 1024  # More than a key and a chain take.


class Held(msgspec.Struct, frozen=True):
    """A certificate that is on the shelf."""

    begins_ms: int
    ends_ms: int
    """Its life, in Unix milliseconds."""
    context: ssl.SSLContext
    """What serves with it."""


class Shelf:
    """The folder of one authority's certificates, and of the key it knows us by."""

    def __init__(self, folder: Path, *, directory: str) -> None:
        """``directory`` is the address of the authority (Q6)."""
        name = re.sub(r"[^a-z0-9.-]+", "_", directory.lower().removeprefix("https://"))
        self.folder = folder / name.strip("_.")
        self.account_key = self.folder / "account.key"

    def path(self, name: str) -> Path:
        """The file of this name's certificate."""
        return self.folder / f"{name}.pem"

    def load(self, name: str) -> Held | None:
        """The name's certificate; None if there is none. Raises OSError, ValueError."""
        from cryptography import x509

        path = self.path(name)
        try:
            found = x509.load_pem_x509_certificates(path.read_bytes())[0]
        except FileNotFoundError:
            return None
        context = server_context()
        context.load_cert_chain(path)
        return Held(
            begins_ms=int(found.not_valid_before_utc.timestamp() * 1_000),
            ends_ms=int(found.not_valid_after_utc.timestamp() * 1_000),
            context=context,
        )

    def probe(self) -> None:
        """See that a certificate can be kept before one is asked for: they are rationed.

        Raises:
            OSError: it could not.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self.folder / "probe.tmp"
        write_whole(path, b"\0" * _PROBE_BYTES)
        path.unlink()

    def keep(self, name: str, pem: bytes) -> Held:
        """Keep key and chain, and read them back. Raises OSError, ValueError."""
        write_whole(self.path(name), pem)
        held = self.load(name)
        assert held is not None
        return held


def write_whole(path: Path, content: bytes) -> None:
    """Put a file in place at once, for its owner's eyes only (Q5). Raises OSError."""
    half = path.with_name(f"{path.name}.half")
    half.unlink(missing_ok=True)
    descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    half.replace(path)
