"""Dependencies: declared, used, pinned and hashed."""

import ast
import re
import sys
import tomllib

import pytest

from tests.tidy.repository import ROOT, modules, tree_of

REQUIREMENTS = ROOT / "requirements"
MODULE_OF = {  # Where the import's name is not the distribution's.
    "google-re2": "re2",
    "pyjwt": "jwt",
    "pillow": "PIL",
    "python-multipart": "python_multipart",
    "typing-extensions": "typing_extensions",
}
LOADED_BY_OTHERS = {"httptools", "uvloop"}  # uvicorn picks them by the names we give it.


def project() -> dict[str, list[str]]:
    """The declared run dependencies."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def declared() -> set[str]:
    """Names of the run dependencies, as the index writes them."""
    return {name_of(line) for line in project()["dependencies"]}


def name_of(requirement: str) -> str:
    """The name alone, normalized."""
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert found is not None
    return re.sub(r"[-_.]+", "-", found[0]).lower()


def imported() -> set[str]:
    """Top names of all modules that the package imports, wherever in a file."""
    names: set[str] = set()
    for path in modules("src"):
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                names.add(node.module.split(".")[0])
    return names - sys.stdlib_module_names - {"yadokari"}


def pins(file: str) -> dict[str, str]:
    """Distribution to its line, without hashes."""
    lines = (REQUIREMENTS / file).read_text().splitlines()
    return {name_of(line): line.rstrip(" \\") for line in lines if line[:1].isalnum()}


def test_every_import_is_declared():
    """What another package happens to bring may be gone tomorrow."""
    provided = {MODULE_OF.get(name, name) for name in declared()}

    assert imported() - provided - {"pytest", "hypothesis"} == set()


def test_every_dependency_is_used():
    """Few, well-kept dependencies: an unused one is only risk."""
    used = imported() | LOADED_BY_OTHERS

    assert {name for name in declared() if MODULE_OF.get(name, name) not in used} == set()


@pytest.mark.parametrize("file", ["run.txt", "test.txt", "dev.txt"])
def test_requirement_files_pin_and_hash_what_is_declared(file: str):
    """`pip install --require-hashes` must give the same bytes everywhere."""
    text = (REQUIREMENTS / file).read_text()

    assert declared() <= set(pins(file))
    assert all("==" in line for line in pins(file).values())
    assert text.count("--hash=sha256:") >= len(pins(file))


@pytest.mark.parametrize("file", ["test.txt", "dev.txt"])
def test_tests_run_with_the_versions_that_serve(file: str):
    """A test that passes with another version says nothing about the one shipped."""
    run = pins("run.txt")

    assert {name: line for name, line in pins(file).items() if name in run} == run
