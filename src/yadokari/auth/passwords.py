"""Passwords as bcrypt hashes, made and compared in threads.

A5  The event loop never hashes: bcrypt costs tens of milliseconds.
A6  An unknown identity costs as much time as a wrong password.
A7  Hashes carry the prefix ``$2a$``, so they move to and from PocketBase unchanged.

Not here: how long a password must be (schema/field_text.py).
"""

from __future__ import annotations

import asyncio
import binascii
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from yadokari.base.errors import BadRequest
from yadokari.ports.entropy import Entropy

T = TypeVar("T")

COST_DEFAULT = 10
COST_MIN = 4  # The algorithm's own bounds.
COST_MAX = 31
PASSWORD_BYTES_MAX = 72  # bcrypt reads no further.
THREADS_MAX = 4  # Hashing is pure computing: more threads than cores only make everyone wait.

_SALT_BYTES = 16
_NO_SALT = b"." * 21 + b"e"
_STANDARD = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_BCRYPT = b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


class Passwords:
    """Makes and compares password hashes."""

    def __init__(self, *, entropy: Entropy, threads_max: int | None = None) -> None:
        cores = os.cpu_count() or 1
        self._entropy = entropy
        self._threads_max = threads_max or min(THREADS_MAX, cores)
        self._pool: ThreadPoolExecutor | None = None

    async def hash(self, password: str, *, cost: int = COST_DEFAULT) -> str:
        """The hash to store.

        Args:
            password: At most 72 bytes of UTF-8.
            cost: Base-2 logarithm of the rounds, 4 to 31; 0 = the default.

        Raises:
            BadRequest: the password is longer than 72 bytes. Choose a shorter one.
        """
        secret = password.encode("utf-8", "surrogatepass")
        if len(secret) > PASSWORD_BYTES_MAX:
            raise BadRequest
        salt = _salt(self._entropy.bytes(_SALT_BYTES), cost=cost)
        return (await self._in_thread(lambda: _bcrypt(secret, salt))).decode()

    async def verify(self, password: str, hashed: str) -> bool:
        """Whether the password has this hash; False for a text that is no hash."""
        secret = password.encode("utf-8", "surrogatepass")[:PASSWORD_BYTES_MAX]
        return await self._in_thread(lambda: _matches(secret, hashed))

    async def verify_nothing(self, password: str, *, cost: int = COST_DEFAULT) -> bool:
        """Do the work of ``verify`` for an identity that does not exist; always False (A6)."""
        secret = password.encode("utf-8", "surrogatepass")[:PASSWORD_BYTES_MAX]
        salt = _header(cost) + _NO_SALT
        await self._in_thread(lambda: _bcrypt(secret, salt))
        return False

    def close(self) -> None:
        """Let the threads go; waits for hashes in the making."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None

    async def _in_thread(self, work: Callable[[], T]) -> T:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._threads_max, thread_name_prefix="passwords")
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)


def _header(cost: int) -> bytes:
    rounds = min(max(cost or COST_DEFAULT, COST_MIN), COST_MAX)
    return b"$2a$%02d$" % rounds


def _salt(randomness: bytes, *, cost: int) -> bytes:
    text = binascii.b2a_base64(randomness, newline=False).rstrip(b"=")
    return _header(cost) + text.translate(bytes.maketrans(_STANDARD, _BCRYPT))


def _bcrypt(secret: bytes, salt: bytes) -> bytes:
    import bcrypt  # Loaded with the first password: no part of the start.

    return bcrypt.hashpw(secret, salt)


def _matches(secret: bytes, hashed: str) -> bool:
    import bcrypt

    try:
        return bcrypt.checkpw(secret, hashed.encode())
    except ValueError:
        return False
