"""Taking over a data folder of PocketBase 0.23 or later: everything, in order, and then compared.

PB1  Only the source's port reads, only the target's ports write; the order is collections,
     settings, rows with their files, comparison.
PB2  What is not carried, or not as it was, is in the report.
PB3  A dry run makes the collections in the store it is given and reads all rows, but writes none.

Not here: opening either side and throwing away what a failed import left (app).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import msgspec

from yadokari.base.errors import YadokariError
from yadokari.collections.reserved import Box
from yadokari.importing.definitions import collections_of, note_foreign_parts
from yadokari.importing.errors import ImportRefused
from yadokari.importing.files import CarriedFiles, FileCarrier, FilesDigest, KeyOf
from yadokari.importing.findings import Finding, Findings
from yadokari.importing.folder import mark_of, note_neighbours
from yadokari.importing.rows import (
    CarriedRows,
    compare_rows,
    count_rows,
    put_rows,
    source_rows,
)
from yadokari.importing.source import Source
from yadokari.importing.stored_settings import SettingsTaker, settings_of, take_settings
from yadokari.importing.tables import make_tables
from yadokari.ports.bucket import Bucket
from yadokari.ports.store import Store
from yadokari.schema.collection import Collection
from yadokari.schema.fields import FileField


class Progress(Protocol):
    """Somebody who watches."""

    def __call__(self, step: str, done: int, total: int) -> None:
        """``done`` of ``total`` records of this step are through."""
        ...


class Carried(msgspec.Struct, frozen=True, kw_only=True):
    """One collection as it came over."""

    name: str
    type: str
    records: int
    digest: str
    """SHA-256 over its rows in order, the same on both sides; "" for views and dry runs."""
    files: int = 0
    file_bytes: int = 0
    file_digest: str = ""


class ImportReport(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What an import did."""

    dry_run: bool
    collections: tuple[Carried, ...]
    findings: tuple[Finding, ...]
    compared: bool
    """Whether both sides were read again and are the same."""


class PocketBaseImport:
    """One import."""

    def __init__(
        self,
        *,
        folder: Path,
        source: Source,
        store: Store,
        source_files: Bucket,
        bucket: Bucket,
        settings: SettingsTaker,
        box: Box,
        key_of: KeyOf,
        progress: Progress,
    ) -> None:
        """Prepare an import; nothing is read yet.

        Args:
            folder: The data folder; only its names are looked at here.
            source: Its database.
            store: An empty store.
            source_files: Its files.
            bucket: An empty bucket.
            settings: Keeps the application settings in ``store``.
            box: Seals secrets of collections.
            key_of: Where a file lies, the same on both sides.
            progress: Told how far it got.
        """
        self._folder, self._source, self._store = folder, source, store
        self._settings, self._box, self._progress = settings, box, progress
        self._findings = Findings()
        self._files = FileCarrier(
            source=source_files, target=bucket, key_of=key_of, findings=self._findings
        )

    async def run(self, *, settings_key: str | None, dry_run: bool) -> ImportReport:
        """Carry everything over and compare.

        Args:
            settings_key: Opens encrypted settings; None when it was not given.
            dry_run: PB3.

        Raises:
            ImportRefused: the source cannot be taken over, or it changed meanwhile.
            ImportDiffers: what was written is not what was read.
        """
        source, findings, mark = self._source, self._findings, mark_of(self._folder)
        listed = collections_of(source, findings)
        settings = settings_of(source, findings, key=settings_key)
        note_foreign_parts(source, listed, findings)
        note_neighbours(self._folder, listed, findings)
        schema = await make_tables(self._store, listed, box=self._box, findings=findings)
        if settings is not None:
            await take_settings(self._settings, settings, findings)
            storage = settings.get("s3")
            if isinstance(storage, dict) and storage.get("enabled"):
                findings.left_out("Files in an S3 bucket: copy them by hand.", "settings.s3")
        tables = [item for item in schema.collections if not item.is_view]
        counts = {item.id: await self._carry(item, dry_run=dry_run) for item in tables}
        await self._files.note_left([item for item in tables if item.each(FileField)])
        carried = [
            await self._result(item, counts.get(item.id, 0), dry_run=dry_run)
            for item in schema.collections
        ]
        if mark_of(self._folder) != mark:
            raise ImportRefused("The source changed while it was read. Stop PocketBase first.")
        return ImportReport(
            dry_run=dry_run,
            collections=tuple(carried),
            findings=findings.all(),
            compared=not dry_run,
        )

    async def _carry(self, collection: Collection, *, dry_run: bool) -> int:
        """Rows with their files; how many."""
        step = self._stepper(f"Carrying {collection.name}", collection)
        count = 0
        for rows in source_rows(self._source, collection, self._findings):
            if rows and not dry_run:
                await put_rows(self._store, rows)
            if collection.each(FileField):
                for row in rows:
                    await self._files.carry(collection, row, dry_run=dry_run)
            count += len(rows)
            step(len(rows))
        return count

    async def _result(self, collection: Collection, count: int, *, dry_run: bool) -> Carried:
        rows, files = CarriedRows(count, ""), CarriedFiles()
        if collection.is_view:
            rows = CarriedRows(await self._view_rows(collection, dry_run=dry_run), "")
        elif not dry_run:
            step = self._stepper(f"Comparing {collection.name}", collection)
            rows = await compare_rows(self._store, self._source, collection, step=step)
            files = await self._compare_files(collection)
        return Carried(
            name=collection.name,
            type=collection.type,
            records=rows.count,
            digest=rows.digest,
            files=files.count,
            file_bytes=files.bytes,
            file_digest=files.digest,
        )

    async def _compare_files(self, collection: Collection) -> CarriedFiles:
        digest = FilesDigest()
        if collection.each(FileField):
            for rows in source_rows(self._source, collection):
                for row in rows:
                    await self._files.compare(collection, row, digest)
        return digest.result()

    async def _view_rows(self, view: Collection, *, dry_run: bool) -> int:
        """How many rows a view shows; told when there are others than in the source."""
        try:
            there = self._source.count(view.name)
            here = there if dry_run else await count_rows(self._store, view)
        except YadokariError as exc:
            self._findings.look_at("Views that cannot be read.", f"{view.name}: {exc}")
            return 0
        if here != there:
            self._findings.look_at(
                "Views that show another number of records than before.",
                f"{view.name}: {there} before, {here} now",
            )
        return here

    def _stepper(self, step: str, collection: Collection) -> Callable[[int], None]:
        present = self._source.columns(collection.name)
        total = self._source.count(collection.name) if present else 0
        done = 0

        def advance(rows: int) -> None:
            nonlocal done
            done += rows
            self._progress(step, done, total)

        return advance
