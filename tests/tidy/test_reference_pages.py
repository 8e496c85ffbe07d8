"""Examples and numbers on the reference pages are those of the program."""

import ast
import re
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from tests.tidy.repository import ROOT
from yadokari.collections.migration_files import MigrationDocument
from yadokari.collections.operations import Operation
from yadokari.records.plans import FILTER_BYTES_MAX
from yadokari.rules.joins import JOINS_MAX
from yadokari.rules.macros import MACROS
from yadokari.rules.parse import COMPARISONS_MAX, parse
from yadokari.rules.paths import MODIFIERS, RELATIONS_MAX
from yadokari.rules.resolve import SORT_ITEMS_MAX, STRFTIME_ARGUMENTS_MAX
from yadokari.rules.tokens import tokenize

RULES = (ROOT / "docs" / "rules.md").read_text()
MIGRATIONS = (ROOT / "docs" / "migrations.md").read_text()
EMBEDDING = (ROOT / "docs" / "embedding.md").read_text()
LIMITS = {
    "bytes of a client's filter": FILTER_BYTES_MAX,
    "comparisons in a rule or filter": COMPARISONS_MAX,
    "relations in one path": RELATIONS_MAX,
    "joins in one question": JOINS_MAX,
    "items of `sort`": SORT_ITEMS_MAX,
    "arguments of `strftime`": STRFTIME_ARGUMENTS_MAX,
}


def blocks(page: str, language: str) -> list[str]:
    """Code of a language on a page."""
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("example", blocks(RULES, "filter"))
def test_rules_on_the_page_can_be_written(example: str):
    """A reader copies them."""
    parse(tokenize(example))


@pytest.mark.parametrize("what", LIMITS)
def test_limits_on_the_page_are_the_programs(what: str):
    """A reader plans with them."""
    assert f"| {what} | {LIMITS[what]:,} |" in RULES


def test_every_macro_and_modifier_is_on_the_page():
    """What is not written down is not there."""
    names = [*MACROS, *(f":{modifier}" for modifier in MODIFIERS)]

    assert [name for name in names if f"`{name}`" not in RULES] == []


def test_the_migration_on_the_page_is_one():
    """Every key in it is known."""
    for example in blocks(MIGRATIONS, "json"):
        document = msgspec.json.decode(example, type=MigrationDocument)
        assert document.up
        assert document.down


def test_every_operation_is_on_the_page():
    """The table names them all, and no other."""
    tags = {str(kind.__struct_config__.tag) for kind in get_args(Operation)}

    assert set(re.findall(r"^\| `(\w+)` \| `", MIGRATIONS, re.MULTILINE)) == tags


@pytest.mark.parametrize("example", blocks(EMBEDDING + MIGRATIONS, "python"))
def test_python_on_the_pages_is_python(example: str):
    """A reader copies it."""
    ast.parse(example)


def test_the_test_client_on_the_page_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The one example that needs no framework runs as it stands."""
    monkeypatch.chdir(tmp_path)
    [example] = [code for code in blocks(EMBEDDING, "python") if "ASGITransport" in code]

    exec(compile(example, "docs/embedding.md", "exec"), {})

    assert (tmp_path / "yadokari_test_data" / "data.db").exists()
