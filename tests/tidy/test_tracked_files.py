"""What must not stand in a file that others get."""

import json
import re
from pathlib import Path

from tests.tidy.repository import ROOT, name_of, tracked_files, tracked_texts

DOWNLOADS = re.compile(
    r'"resolved": *"https?:'  # npm's lock file with registry addresses in it
    r"|^ *--(?:extra-)?index-url\b"
    r'|\bregistry *= *"?https?:'
    r"|https?://[^\s\"']*\.(?:whl|tar\.gz|tgz)\b",
    re.MULTILINE,
)
OWN_RULES = "tests/tidy/test_tracked_files.py"


def test_no_file_names_where_packages_come_from():
    """Everyone's own registry settings must work; an address would override them."""
    found = [
        f"{name}: {match[0].strip()}"
        for name, text in tracked_texts()
        if name != OWN_RULES
        for match in DOWNLOADS.finditer(text)
    ]

    assert found == []


def test_no_file_holds_a_path_of_this_machine():
    """Such a path is right on one machine and wrong on all others."""
    here = {f"{ROOT}/", f"{ROOT.parent}/", f"{Path.home()}/"} - {"/", "/root/", "//"}

    found = [f"{name}: {path}" for name, text in tracked_texts() for path in here if path in text]

    assert found == []


def test_javascript_locks_pin_by_digest():
    """Without addresses the digest is what ties a lock file to the packages."""
    loose = [
        f"{name_of(path)}: {name}"
        for path in tracked_files()
        if path.name == "package-lock.json"
        for name, package in json.loads(path.read_text())["packages"].items()
        if name and "integrity" not in package and not package.get("link")
    ]

    assert loose == []
