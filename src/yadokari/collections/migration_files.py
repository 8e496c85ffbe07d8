"""Migration files: their names, their order, and what is in them.

MF1  A name is ``<unix seconds>_<words>.json`` or ``.py``; files run in order of seconds, then name.
     Other files in the folder are left alone.
MF2  A JSON file holds operations forward and backward; a Python file ``async def up(app)`` and,
     to be revertible, ``async def down(app)``.
MF3  A file is written whole or not at all.

Not here: running them (collections/migrations.py).
"""

from __future__ import annotations

import importlib.util
import os
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeAlias, cast

import msgspec

from yadokari.base.errors import YadokariError
from yadokari.collections.operations import Operation

FORMAT = 1
FILE_BYTES_MAX = 64 * 1024 * 1024  # A snapshot of the largest known schema has under 10 MB.
WORDS_CHARS_MAX = 100

_NAME = re.compile(r"(?P<seconds>\d{1,15})_(?P<words>\w+)\.(?P<kind>json|py)", re.ASCII)
_NOT_WORDS = re.compile(r"[^A-Za-z0-9_]+")

PYTHON_TEMPLATE = '''"""{words}: what changes in the data, and how to take it back."""


async def up(app):
    """Run once, in one unit of work; ``app.transaction`` reads and writes records."""


async def down(app):
    """Take ``up`` back."""
'''


class MigrationError(YadokariError):
    """A migration cannot be read or run. The message names file and place; correct it there."""


class MigrationDocument(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A JSON migration."""

    format: int = FORMAT
    up: list[Operation] = msgspec.field(default_factory=list)
    down: list[Operation] = msgspec.field(default_factory=list)


class PythonMigration(msgspec.Struct, frozen=True, kw_only=True):
    """A Python migration's functions; ``down`` is None when it cannot be taken back."""

    up: Callable[[object], Awaitable[None]]
    down: Callable[[object], Awaitable[None]] | None


Migration: TypeAlias = MigrationDocument | PythonMigration


def migration_names(folder: Path) -> list[str]:
    """Names of the migrations in a folder, in the order in which they run."""
    if not folder.is_dir():
        return []
    names = [entry.name for entry in folder.iterdir() if _NAME.fullmatch(entry.name)]
    return sorted(names, key=lambda name: (seconds_of(name), name))


def seconds_of(name: str) -> int:
    """The seconds that a migration's name begins with; 0 for other names."""
    match = _NAME.fullmatch(name)
    return int(match["seconds"]) if match is not None else 0


def file_name(seconds: int, words: str, *, kind: str = "json") -> str:
    """The name of a new file; what is no letter, digit or ``_`` becomes ``_``."""
    plain = _NOT_WORDS.sub("_", words).strip("_")[:WORDS_CHARS_MAX] or "change"
    return f"{seconds}_{plain}.{kind}"


def read_migration(folder: Path, name: str) -> Migration:
    """What a file holds.

    Raises:
        MigrationError: it is gone, too large, or no migration.
    """
    path = folder / name
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            raise MigrationError(f"{name}: larger than {FILE_BYTES_MAX} bytes")
        if path.suffix == ".py":
            return _python(path)
        return _document(name, path.read_bytes())
    except FileNotFoundError as error:
        raise MigrationError(
            f"{name}: the file is not in {folder}. Put it back, or forget it with "
            "`yadokari migrate history-sync`"
        ) from error
    except OSError as error:
        raise MigrationError(f"{name}: cannot be read: {error.strerror}") from error


def document_bytes(document: MigrationDocument) -> bytes:
    """A JSON migration as it is written: indented, for people and for reviews."""
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def write_new(folder: Path, name: str, content: bytes) -> Path:
    """Write a file that is not there yet (MF3).

    Raises:
        MigrationError: it is there already, or the folder cannot be written.
    """
    path = folder / name
    passing = folder / f".{name}.tmp"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if path.exists():
            raise MigrationError(f"{name} is there already")
        passing.write_bytes(content)
        os.replace(passing, path)
    except OSError as error:
        raise MigrationError(f"{path}: cannot be written: {error.strerror}") from error
    return path


def _document(name: str, content: bytes) -> MigrationDocument:
    try:
        document = msgspec.json.decode(content, type=MigrationDocument)
    except msgspec.DecodeError as error:
        raise MigrationError(f"{name}: not a migration: {error}") from error
    if document.format > FORMAT:
        raise MigrationError(
            f"{name}: has format {document.format}, this program knows {FORMAT}; update it"
        )
    return document


def _python(path: Path) -> PythonMigration:
    spec = importlib.util.spec_from_file_location(f"yadokari_migration_{path.stem}", path)
    assert spec is not None, "a .py file always has a loader"
    assert spec.loader is not None, "a .py file always has a loader"
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise MigrationError(f"{path.name}: {type(error).__name__}: {error}") from error
    up, down = getattr(module, "up", None), getattr(module, "down", None)
    if not callable(up):
        raise MigrationError(f"{path.name}: has no `async def up(app)`")
    return PythonMigration(
        up=cast("Callable[[object], Awaitable[None]]", up),
        down=cast("Callable[[object], Awaitable[None]] | None", down),
    )
