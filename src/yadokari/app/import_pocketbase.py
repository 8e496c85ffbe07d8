"""`yadokari import pocketbase`: from a data folder of PocketBase into an empty one of ours.

IP1  The source is only read. The target appears complete or not at all: everything is made in a
     folder inside it and moved to its place at the end, the database last.
IP2  What an interrupted import left in that folder is thrown away by the next one.

Not here: what is carried and how it is compared (importing).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from msgspec.structs import replace

from yadokari.app.build import secret_box
from yadokari.app.data_dir import DataDir, own
from yadokari.app.parts import Surroundings
from yadokari.app.settings import Settings
from yadokari.app.surroundings import surroundings_of
from yadokari.blobs.local.bucket import LocalBucket
from yadokari.collections.reserved import RESERVED
from yadokari.files.keys import file_key
from yadokari.importing.errors import ImportRefused
from yadokari.importing.folder import DATABASE_NAME, STORAGE_NAME
from yadokari.importing.pocketbase import ImportReport, PocketBaseImport, Progress
from yadokari.stores.sqlite.foreign import open_foreign, user_of
from yadokari.stores.sqlite.settings import SqliteSettings
from yadokari.stores.sqlite.store import open_sqlite
from yadokari.upkeep.idempotency import IDEMPOTENCY
from yadokari.upkeep.settings_keeper import SETTINGS, SettingsKeeper

STAGE_NAME = ".importing"
_IGNORED = frozenset(["lock", STAGE_NAME])
# No commit of an import has to survive by itself: the file is synced as a whole before it is moved.
# Nobody follows the change log of a folder that is being made, so it keeps nearly nothing.
_STORE_SETTINGS = SqliteSettings(synchronous="NORMAL", log_entries_max=0)


def import_pocketbase(
    settings: Settings,
    folder: Path,
    *,
    settings_key: str | None,
    dry_run: bool,
    progress: Progress,
) -> ImportReport:
    """Take over a data folder of PocketBase.

    Args:
        settings: Of this run; ``dir`` is the target.
        folder: The source, usually called ``pb_data``.
        settings_key: Opens encrypted settings; None when it was not given.
        dry_run: Report only; the target is neither made nor touched.
        progress: Told how far it got.

    Raises:
        YadokariError: it cannot be done; the text says why, and the target is as it was before.
    """
    folder = folder.expanduser().absolute()
    _check_source(folder, settings.dir.root)
    if dry_run:
        with tempfile.TemporaryDirectory(prefix="yadokari-import-") as passing:
            stage = DataDir(Path(passing))
            return _run(settings, folder, stage, settings_key, dry_run=True, progress=progress)
    with _staged(settings.dir) as stage:
        report = _run(settings, folder, stage, settings_key, dry_run=False, progress=progress)
        _publish(stage, settings.dir)
        return report


def _check_source(folder: Path, target: Path) -> None:
    if not (folder / DATABASE_NAME).is_file():
        raise ImportRefused(f"There is no {DATABASE_NAME} in {folder}.")
    if target.resolve().is_relative_to(folder.resolve()):
        raise ImportRefused("The target lies in the source. Choose another folder with --dir.")
    process = user_of(folder / DATABASE_NAME)
    if process is not None:
        raise ImportRefused(
            f"The source is in use by process {process}. Stop PocketBase first, or import a "
            "copy of the folder."
        )


@contextlib.contextmanager
def _staged(target: DataDir) -> Iterator[DataDir]:
    """A folder inside the target to work in; what fails leaves the target as it was (IP1)."""
    is_new, was_locked = not target.root.exists(), target.lock.exists()
    ownership = own(target)
    stage = DataDir(target.root / STAGE_NAME)
    try:
        held = sorted(path.name for path in target.root.iterdir() if path.name not in _IGNORED)
        if held:
            raise ImportRefused(
                f"{target.root} is not empty: there is {held[0]} in it. Choose a new folder with "
                "--dir."
            )
        shutil.rmtree(stage.root, ignore_errors=True)  # IP2
        stage.make()
        yield stage
    except BaseException:
        shutil.rmtree(stage.root, ignore_errors=True)
        if not was_locked:
            target.lock.unlink(missing_ok=True)
        if is_new:
            with contextlib.suppress(OSError):
                target.root.rmdir()
        raise
    finally:
        shutil.rmtree(stage.root, ignore_errors=True)
        ownership.release()


def _publish(stage: DataDir, target: DataDir) -> None:
    """Move what was made to its place; a folder without database is an empty one."""
    _sync(stage.database)
    moved: list[Path] = []
    try:
        for path in (stage.storage, stage.secret_key, stage.database):
            if path.exists():
                moved += [path.replace(target.root / path.name)]
        _sync(target.root)
    except BaseException:
        for path in moved:
            path.replace(stage.root / path.name)
        raise


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _run(
    settings: Settings,
    folder: Path,
    stage: DataDir,
    settings_key: str | None,
    *,
    dry_run: bool,
    progress: Progress,
) -> ImportReport:
    surroundings = surroundings_of(replace(settings, dir=stage), quiet=True)
    with tempfile.TemporaryDirectory(prefix="copy-", dir=stage.root) as scratch:
        return asyncio.run(
            _import(
                surroundings,
                folder,
                Path(scratch),
                settings_key,
                dry_run=dry_run,
                progress=progress,
            )
        )


async def _import(
    surroundings: Surroundings,
    folder: Path,
    scratch: Path,
    settings_key: str | None,
    *,
    dry_run: bool,
    progress: Progress,
) -> ImportReport:
    clock, entropy = surroundings.clock, surroundings.entropy
    source = open_foreign(folder / DATABASE_NAME, scratch=scratch)
    box = secret_box(surroundings)
    store = await open_sqlite(
        surroundings.dir.database, clock=clock, entropy=entropy, settings=_STORE_SETTINGS
    )
    try:
        await store.ensure([*RESERVED, SETTINGS, IDEMPOTENCY])
        keeper = SettingsKeeper(store=store, box=box)
        work = PocketBaseImport(
            folder=folder,
            source=source,
            store=store,
            source_files=LocalBucket(folder / STORAGE_NAME, entropy=entropy),
            bucket=LocalBucket(surroundings.dir.storage, entropy=entropy),
            settings=keeper,
            box=box,
            key_of=file_key,
            progress=progress,
        )
        return await work.run(settings_key=settings_key, dry_run=dry_run)
    finally:
        await store.close()
        source.close()
