"""Documents tell what the program does: commands, settings, links, examples."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from tests.tidy.repository import ROOT, name_of, tracked_files
from tests.tidy.settings_page import PAGE, page
from yadokari.cli.main import cli

COMMANDS = ("setup", "serve", "test", "proof", "soak", "fmt", "check", "bench", "docs")
DOCUMENTS = sorted(path for path in tracked_files() if path.suffix == ".md")
COMMANDS_PAGE = (ROOT / "docs" / "commands.md").read_text()
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


def test_every_command_is_documented_and_every_documented_one_exists():
    """A command nobody can find is not there; one that is gone misleads."""
    documented = re.findall(
        r"^\| `(yadokari [a-z -]+?)(?: [A-Z[].*?)?` \|", COMMANDS_PAGE, re.MULTILINE
    )

    assert sorted(documented) == sorted(commands_below(cli, "yadokari"))


def commands_below(command: click.Command, name: str) -> Iterator[str]:
    """Every command line that does something, without its arguments."""
    if not isinstance(command, click.Group) or command.invoke_without_command:
        yield name
    if isinstance(command, click.Group):
        context = click.Context(command)
        for below in command.list_commands(context):
            found = command.get_command(context, below)
            assert found is not None
            yield from commands_below(found, f"{name} {below}")


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
