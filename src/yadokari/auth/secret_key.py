"""The installation's secret: one text from outside, many keys derived from it.

A8   The secret itself signs and encrypts nothing: each purpose has its own key (HKDF-SHA-256).
A9   Neither the secret nor a derived key is ever printed: ``repr`` hides them.
A10  A sealed value names its key, so that a value sealed under a former secret still opens.
A11  A short secret is refused, never stretched.

Not here: where settings come from (app/settings.py), which values are sealed (upkeep).
"""

from __future__ import annotations

import binascii
import hmac
import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from yadokari.base.errors import YadokariError
from yadokari.ports.entropy import Entropy

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

SECRET_CHARS_MIN = 32  # 32 random characters carry at least 128 bits in any usual alphabet.
SECRET_BYTES_MAX = 64 * 1024  # A file this large is not a key but a mistake.
SEALED_PREFIX = "sealed.v1."

_HASH_BYTES = 32
_NONCE_BYTES = 12
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_MADE_CHARS = 64


class SecretKeyError(YadokariError):
    """The secret cannot be used. Correct the setting that the message names, then start again."""


class Unsealable(YadokariError):
    """A sealed value opens under no known secret. Set SECRET_KEY_PREVIOUS to the former one."""


class SecretKey:
    """A secret text and the keys derived from it."""

    __slots__ = ("_root", "id")

    def __init__(self, text: str, *, setting: str = "SECRET_KEY") -> None:
        """Take a secret.

        Raises:
            SecretKeyError: shorter than 32 characters.
        """
        if len(text) < SECRET_CHARS_MIN:
            raise SecretKeyError(
                f"{setting} has {len(text)} characters; it needs at least {SECRET_CHARS_MIN}. "
                "Make one with: openssl rand -base64 48"
            )
        self._root = hmac.digest(b"yadokari", text.encode("utf-8", "surrogateescape"), "sha256")
        self.id = self.derive("key id", length=6).hex()
        """Public name of this secret, 12 characters; tells nothing about it."""

    def derive(self, purpose: str, *, length: int = _HASH_BYTES) -> bytes:
        """The key for one purpose, the same at every call.

        Args:
            purpose: What it is for, such as ``sealed values``; different purposes, unrelated keys.
            length: Bytes wanted; 1 to 8160.

        Source: RFC 5869, section 2.3; the extract step is in ``__init__``.
        """
        assert 0 < length <= 255 * _HASH_BYTES
        block, key = b"", b""
        for counter in range(1, -(-length // _HASH_BYTES) + 1):
            block = hmac.digest(self._root, block + purpose.encode() + bytes([counter]), "sha256")
            key += block
        return key[:length]

    def __repr__(self) -> str:
        return f"SecretKey(id={self.id!r})"


class SecretBox:
    """Seals short texts with AES-256-GCM under the current secret; opens former ones too."""

    __slots__ = ("_current", "_entropy", "_known")

    def __init__(
        self, current: SecretKey, *, entropy: Entropy, previous: Sequence[SecretKey] = ()
    ) -> None:
        self._current = current
        self._known = {key.id: key for key in (*previous, current)}
        self._entropy = entropy

    def seal(self, text: str, *, context: str) -> str:
        """The sealed form of ``text``.

        Args:
            text: What nobody may read.
            context: Where it is kept, such as ``settings.smtp.password``; opening needs the same,
                so a sealed value moved to another place does not open.
        """
        nonce = self._entropy.bytes(_NONCE_BYTES)
        body = _cipher(self._current).encrypt(nonce, text.encode(), context.encode())
        packed = binascii.b2a_base64(nonce + body, newline=False).decode()
        return f"{SEALED_PREFIX}{self._current.id}.{packed}"

    def open(self, sealed: str, *, context: str) -> str:
        """The text that was sealed.

        Raises:
            Unsealable: no known secret opens it, or it was changed or moved.
        """
        from cryptography.exceptions import InvalidTag

        key_id, _, packed = sealed.removeprefix(SEALED_PREFIX).partition(".")
        key = self._known.get(key_id)
        if key is None or not sealed.startswith(SEALED_PREFIX):
            raise Unsealable("sealed under an unknown secret key; set SECRET_KEY_PREVIOUS")
        try:
            data = binascii.a2b_base64(packed, strict_mode=True)
            opened = _cipher(key).decrypt(
                data[:_NONCE_BYTES], data[_NONCE_BYTES:], context.encode()
            )
        except (InvalidTag, ValueError) as exc:
            raise Unsealable("a sealed value was changed or moved") from exc
        return opened.decode()

    def derived(self, purpose: str) -> tuple[str, ...]:
        """A secret for one purpose, as 64 hexadecimal digits; those of former secrets after it."""
        others = [key for key in self._known.values() if key is not self._current]
        return tuple(key.derive(purpose).hex() for key in (self._current, *others))

    def is_current(self, sealed: str) -> bool:
        """Whether a value is sealed under the current secret; if not, seal it anew."""
        return sealed.startswith(f"{SEALED_PREFIX}{self._current.id}.")

    def __repr__(self) -> str:
        return f"SecretBox(current={self._current.id!r}, known={sorted(self._known)!r})"


def read_secret(reference: str, *, setting: str) -> str:
    """The secret that a setting means: the text itself, or ``file:/path`` for a file's content.

    Raises:
        SecretKeyError: the file cannot be read, or is too large to be a key.
    """
    if not reference.startswith("file:"):
        return reference
    path = Path(reference.removeprefix("file:"))
    try:
        with path.open("rb") as file:
            content = file.read(SECRET_BYTES_MAX + 1)
    except OSError as exc:
        raise SecretKeyError(f"{setting}: cannot read {path}: {exc.strerror}") from exc
    if len(content) > SECRET_BYTES_MAX:
        raise SecretKeyError(f"{setting}: {path} is too large to be a key")
    return content.decode("utf-8", "surrogateescape").strip()


def kept_secret(path: Path, *, entropy: Entropy) -> str:
    """The secret kept in a file of ours; made on the first call, readable by its owner only.

    Raises:
        SecretKeyError: the file cannot be read or made, or others may read it.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _read_kept(path)
    except OSError as exc:
        raise SecretKeyError(f"cannot make {path}: {exc.strerror}") from exc
    made = entropy.text(_MADE_CHARS, alphabet=_ALPHABET)
    with os.fdopen(descriptor, "w") as file:
        file.write(made + "\n")
        file.flush()
        os.fsync(file.fileno())
    return made


def _read_kept(path: Path) -> str:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError as exc:
        raise SecretKeyError(f"cannot read {path}: {exc.strerror}") from exc
    if mode & 0o077:
        raise SecretKeyError(f"{path} can be read by others; run: chmod 600 {path}")
    return read_secret(f"file:{path}", setting=str(path))


def _cipher(key: SecretKey) -> AESGCM:
    from cryptography.hazmat.primitives.ciphers.aead import (
        AESGCM,
    )  # Only where something is sealed.

    return AESGCM(key.derive("sealed values"))
