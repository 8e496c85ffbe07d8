"""The installation's secret: refused when short, silent, one key per purpose, rotated."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from yadokari.auth.secret_key import (
    SecretBox,
    SecretKey,
    SecretKeyError,
    Unsealable,
    kept_secret,
    read_secret,
)

OLD = "old-" + "o" * 40
NEW = "new-" + "n" * 40


class SystemEntropy:
    """Real randomness."""

    def bytes(self, count: int) -> bytes:
        """Random bytes."""
        return os.urandom(count)

    def text(self, length: int, *, alphabet: str) -> str:
        """Random letters, evenly enough for a test."""
        return "".join(alphabet[byte % len(alphabet)] for byte in os.urandom(length))

    def below(self, bound: int) -> int:
        """A random number."""
        return int.from_bytes(os.urandom(8), "big") % bound


def box(current: str, *previous: str) -> SecretBox:
    """A box under these secrets."""
    return SecretBox(
        SecretKey(current),
        entropy=SystemEntropy(),
        previous=[SecretKey(text) for text in previous],
    )


def test_a_short_secret_is_refused_and_not_repeated() -> None:
    """A11: a guessable secret protects nothing; the message must not leak it."""
    with pytest.raises(SecretKeyError) as caught:
        SecretKey("s3cret" * 5)

    assert "30 characters" in str(caught.value)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("length", [1, 16, 32, 33, 100, 8160])
def test_derived_keys_are_those_of_hkdf(length: int) -> None:
    """A8: the standard's own construction, compared with another implementation."""
    theirs = HKDF(algorithm=SHA256(), length=length, salt=b"yadokari", info=b"purpose")

    assert SecretKey(NEW).derive("purpose", length=length) == theirs.derive(NEW.encode())


def test_purposes_have_unrelated_keys() -> None:
    """A8: a key that leaks in one place opens no other."""
    key = SecretKey(NEW)

    assert key.derive("a") != key.derive("b")
    assert key.derive("a") == SecretKey(NEW).derive("a")


def test_nothing_shows_the_secret() -> None:
    """A9: objects end up in logs and tracebacks."""
    shown = repr(SecretKey(NEW)) + repr(box(NEW, OLD)) + str(SecretKey(NEW))

    assert NEW not in shown
    assert OLD not in shown
    assert SecretKey(NEW).derive("sealed values").hex() not in shown


def test_sealed_values_open_under_the_same_secret_and_context_only() -> None:
    """A value copied to another place must not open there."""
    sealed = box(NEW).seal("pässword", context="settings.smtp.password")

    assert box(NEW).open(sealed, context="settings.smtp.password") == "pässword"
    assert "pässword" not in sealed
    assert box(NEW).seal("pässword", context="settings.smtp.password") != sealed
    with pytest.raises(Unsealable):
        box(NEW).open(sealed, context="settings.s3.secret")


def test_after_rotation_the_former_secret_still_opens() -> None:
    """A10: rotation must not lose stored secrets."""
    sealed = box(OLD).seal("x", context="c")
    rotated = box(NEW, OLD)

    assert rotated.open(sealed, context="c") == "x"
    assert not rotated.is_current(sealed)
    assert rotated.is_current(rotated.seal("x", context="c"))
    with pytest.raises(Unsealable):
        box(NEW).open(sealed, context="c")


@pytest.mark.parametrize("change", ["", "x", "sealed.v1.", "sealed.v1.abc.###", "{}AA==", "{}é"])
def test_damaged_values_do_not_open(change: str) -> None:
    """One reaction for every damage, without the cause's details."""
    sealed = change.replace("{}", box(NEW).seal("x", context="c"))

    with pytest.raises(Unsealable):
        box(NEW).open(sealed, context="c")


def test_a_reference_reads_a_file(tmp_path: Path) -> None:
    """Secret stores mount files; a line end is not part of the secret."""
    (tmp_path / "key").write_text(NEW + "\n")

    assert read_secret(f"file:{tmp_path}/key", setting="SECRET_KEY") == NEW
    assert read_secret(NEW, setting="SECRET_KEY") == NEW
    with pytest.raises(SecretKeyError, match="SECRET_KEY: cannot read"):
        read_secret(f"file:{tmp_path}/none", setting="SECRET_KEY")


def test_the_kept_secret_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    """Development needs no settings, and a second start reads what the first made."""
    path = tmp_path / "secret_key"

    made = kept_secret(path, entropy=SystemEntropy())

    assert kept_secret(path, entropy=SystemEntropy()) == made
    assert len(made) >= 32
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o644)
    with pytest.raises(SecretKeyError, match="chmod 600"):
        kept_secret(path, entropy=SystemEntropy())
