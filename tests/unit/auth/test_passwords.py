"""Passwords: hashes that move, and no difference between unknown and wrong."""

from __future__ import annotations

from collections.abc import Iterator

import bcrypt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yadokari.auth.passwords import Passwords
from yadokari.base.errors import BadRequest

# Made by PocketBase 0.40 for "root-password-1", cost 10.
FOREIGN = "$2a$10$K.6g9wMFOc1qo.4SFzvWb.rgCx/xHAPRfEBv0DWAlsD2W/zUtAwyW"


class CountingEntropy:
    """Bytes that count up; enough for salts."""

    def __init__(self) -> None:
        self.next = 0

    def bytes(self, count: int) -> bytes:
        """The next number, repeated."""
        self.next += 1
        return bytes([self.next % 256]) * count

    def text(self, length: int, *, alphabet: str) -> str:
        """The first letters."""
        return alphabet[:length]

    def below(self, bound: int) -> int:
        """Always zero."""
        return 0


@pytest.fixture
def passwords() -> Iterator[Passwords]:
    """Of one test, with threads that end."""
    made = Passwords(entropy=CountingEntropy())
    yield made
    made.close()


async def test_a_password_matches_its_hash_only(passwords: Passwords) -> None:
    """The simplest promise."""
    hashed = await passwords.hash("correct horse", cost=4)

    assert hashed.startswith("$2a$04$")
    assert await passwords.verify("correct horse", hashed)
    assert not await passwords.verify("correct horsf", hashed)


async def test_equal_passwords_get_different_hashes(passwords: Passwords) -> None:
    """Salts are fresh."""
    assert await passwords.hash("same", cost=4) != await passwords.hash("same", cost=4)


async def test_hashes_of_pocketbase_are_accepted(passwords: Passwords) -> None:
    """A7: moved accounts keep their passwords."""
    assert await passwords.verify("root-password-1", FOREIGN)


async def test_more_than_72_bytes_are_refused_without_a_code(passwords: Passwords) -> None:
    """Contract quirk A.42; multi-byte characters count by bytes."""
    with pytest.raises(BadRequest) as caught:
        await passwords.hash("é" * 36 + "x", cost=4)

    assert caught.value.problems == {}
    assert await passwords.hash("é" * 36, cost=4)


async def test_cost_zero_is_the_default(passwords: Passwords) -> None:
    """A field that names no cost has cost 0."""
    assert (await passwords.hash("x" * 8, cost=0)).startswith("$2a$10$")


@pytest.mark.parametrize("hashed", ["", "x", "$2a$10$", "$2a$99$" + "a" * 53, "é", "\0"])
async def test_a_text_that_is_no_hash_matches_nothing(passwords: Passwords, hashed: str) -> None:
    """A damaged row must not let anyone in, nor break the answer."""
    assert not await passwords.verify("anything", hashed)


async def test_an_unknown_identity_matches_nothing(passwords: Passwords) -> None:
    """A6: the same work, always in vain."""
    assert not await passwords.verify_nothing("anything", cost=4)
    assert not await passwords.verify_nothing("\0" * 100, cost=4)


@given(st.text(st.characters(codec="utf-8"), max_size=18))
@settings(max_examples=15, deadline=None)
async def test_our_salts_are_what_the_library_expects(password: str) -> None:
    """The salt is made here, so that its randomness comes in from outside."""
    passwords = Passwords(entropy=CountingEntropy())

    hashed = await passwords.hash(password, cost=4)

    passwords.close()
    assert bcrypt.checkpw(password.encode(), hashed.encode())
