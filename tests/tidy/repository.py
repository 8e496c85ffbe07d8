"""The repository as its checks see it: tracked files, modules, functions.

Not here: what is checked (the tests beside this file).
"""

import ast
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "yadokari"


@dataclass(frozen=True, slots=True)
class Function:
    """One function of ours."""

    where: str
    """`path:line name`, ready for a message."""
    lines: int
    """Without decorators and docstring: a promise may be as long as it must."""


@cache
def tracked_files() -> Sequence[Path]:
    """Files that git knows, present ones only."""
    said = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    paths = (ROOT / name for name in said.stdout.split("\0") if name)
    return [path for path in paths if path.is_file()]


def tracked_texts() -> Iterator[tuple[str, str]]:
    """Name and content of each tracked file that is text."""
    for path in tracked_files():
        content = path.read_bytes()
        if b"\0" not in content:
            yield name_of(path), content.decode(errors="replace")


def modules(*folders: str) -> Sequence[Path]:
    """Python files below these folders of the repository, generated folders left out."""
    found = (path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return sorted(path for path in found if "node_modules" not in path.parts)


@cache
def tree_of(path: Path) -> ast.Module:
    """The syntax tree of a module."""
    return ast.parse(path.read_text(), filename=str(path))


def functions(path: Path) -> Iterator[Function]:
    """All functions and methods of a module, inner ones too."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            lines = node.end_lineno - node.lineno + 1
            if ast.get_docstring(node) is not None:
                first = node.body[0]
                assert first.end_lineno is not None
                lines -= first.end_lineno - first.lineno + 1
            yield Function(f"{name_of(path)}:{node.lineno} {node.name}", lines)


def name_of(path: Path) -> str:
    """Path from the root of the repository."""
    return path.relative_to(ROOT).as_posix()
