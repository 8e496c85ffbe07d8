"""What lies in and beside PocketBase's data folder and is not carried over.

FO1  Only names are looked at; nothing is opened.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from yadokari.importing.findings import Findings
from yadokari.schema.collection import Collection

DATABASE_NAME = "data.db"
STORAGE_NAME = "storage"
_READ = frozenset([DATABASE_NAME, f"{DATABASE_NAME}-wal", f"{DATABASE_NAME}-shm", STORAGE_NAME])
_PASSING = frozenset(["types.d.ts", ".notify", ".pb_temp_to_delete", "auxiliary.db-shm"])
"""Made anew by PocketBase at every start; nobody misses them."""
_LOGS = frozenset(["auxiliary.db", "auxiliary.db-wal"])


class FolderMark(msgspec.Struct, frozen=True):
    """By what a change of the database during an import is noticed."""

    facts: tuple[tuple[str, int, int], ...]
    """Name, size in bytes and time of the last change in nanoseconds."""


def mark_of(folder: Path) -> FolderMark:
    """How the database files are now."""
    facts: list[tuple[str, int, int]] = []
    for suffix in ("", "-wal", "-journal"):
        path = folder / f"{DATABASE_NAME}{suffix}"
        if path.exists():
            found = path.stat()
            facts.append((path.name, found.st_size, found.st_mtime_ns))
    return FolderMark(tuple(facts))


def note_neighbours(folder: Path, collections: Sequence[Collection], findings: Findings) -> None:
    """Tell of hooks, migrations, backups, logs and whatever else stays behind."""
    for path in sorted(folder.iterdir()):
        if path.name in _READ or path.name in _PASSING:
            continue
        if path.name in _LOGS:
            size = path.stat().st_size
            findings.left_out("Request logs.", f"{path.name} ({size} bytes)")
        elif path.name == "backups":
            for name in _files_below(path):
                findings.left_out("Backups.", f"{path.name}/{name}")
        elif path.name == ".autocert_cache":
            findings.left_out("Certificates.", path.name)
        else:
            findings.left_out("Files that this program does not know.", path.name)
    known = {item.id for item in collections}
    storage = folder / STORAGE_NAME
    for path in sorted(storage.iterdir()) if storage.is_dir() else ():
        if path.name not in known:
            findings.left_out("Files of collections that are gone.", f"{STORAGE_NAME}/{path.name}")
    for name, what in (
        ("pb_hooks", "Hooks in JavaScript: write them anew in Python."),
        ("pb_migrations", "Migrations in JavaScript; what they did is in the collections."),
    ):
        beside = folder.parent / name
        for file in _files_below(beside) if beside.is_dir() else ():
            findings.left_out(what, f"{name}/{file}")


def _files_below(folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix != ".attrs":
            yield path.relative_to(folder).as_posix()
