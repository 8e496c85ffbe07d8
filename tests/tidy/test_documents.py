"""Documents tell what the program does: commands, settings, links, examples."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tidy.repository import ROOT, SOURCE, name_of, tracked_files
from tests.tidy.settings_page import PAGE, page

COMMANDS = ("setup", "serve", "test", "proof", "soak", "fmt", "check", "bench", "docs")
DOCUMENTS = sorted(path for path in tracked_files() if path.suffix == ".md")
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")


def test_make_has_every_command_and_lists_it():
    """Every command of the project is one word after `make`."""
    listed = subprocess.run(
        ["make", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert [name for name in COMMANDS if f"make {name} " not in listed.stdout] == []


def test_every_setting_is_documented_as_it_is():
    """A page that is a version behind is worse than none."""
    assert PAGE.read_text() == page()


def test_every_command_is_documented():
    """A command nobody can find is not there."""
    said = subprocess.run(
        [sys.executable, "-m", "yadokari.cli.main", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    _, _, listed = said.stdout.partition("Commands:\n")
    commands = [line.split()[0] for line in listed.splitlines() if re.match(r"  \S", line)]
    pages = "".join(path.read_text() for path in (ROOT / "docs").glob("*.md"))

    assert commands
    assert [name for name in commands if f"yadokari {name}" not in pages] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_links_between_documents_lead_somewhere(document: Path):
    """A newcomer follows them in the first five minutes."""
    targets = [link for link in LINK.findall(document.read_text()) if "://" not in link]

    assert [target for target in targets if not (document.parent / target).exists()] == []


def test_both_readmes_show_the_same_commands():
    """A reader of one language must not be worse off."""
    english, japanese = (
        re.findall(r"```sh\n(.*?)```", (ROOT / name).read_text(), re.DOTALL)
        for name in ("README.md", "README.ja.md")
    )

    assert [without_comments(one) for one in english] == [without_comments(one) for one in japanese]


def without_comments(block: str) -> list[str]:
    """The commands of a block; comments are in the reader's language."""
    return [line.split("  #")[0].rstrip() for line in block.splitlines() if line[:1] != "#"]


def test_map_names_folders_that_exist():
    """ARCHITECTURE.md leads a stranger; a wrong turn costs more than a missing one."""
    text = (ROOT / "ARCHITECTURE.md").read_text()
    named = set(re.findall(r"`((?:src|tests|docs|bench)/[\w./*-]+)`", text))

    assert [path for path in sorted(named) if not any(ROOT.glob(path.rstrip("/")))] == []


def test_package_has_a_door():
    """The console script of pyproject.toml points at a function that exists."""
    assert "def main(" in (SOURCE / "cli" / "main.py").read_text()
