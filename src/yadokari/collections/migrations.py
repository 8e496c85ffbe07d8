"""Migrations: files that change the schema or the data, each applied once, in order.

MG1  A file runs as one unit of work together with its history row: applied, or not at all.
MG2  Files run in one sequence; one that appears late still runs, at its place among the pending.
MG3  Reverting goes back from the file applied last.
MG4  Operations of a file are judged together, by the same checks as the API's changes.

Not here: formats (collections/migration_files.py), operations (collections/operations.py), files
written by a development server (collections/journal.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path

from yadokari.base.dates import date_text
from yadokari.base.errors import BadRequest, Conflict, YadokariError
from yadokari.base.log import Log
from yadokari.base.problems import Problem, Problems
from yadokari.collections.history import applied_names, forget, remember
from yadokari.collections.migration_files import (
    PYTHON_TEMPLATE,
    Migration,
    MigrationDocument,
    MigrationError,
    PythonMigration,
    document_bytes,
    file_name,
    migration_names,
    read_migration,
    seconds_of,
    write_new,
)
from yadokari.collections.operations import (
    ImportCollections,
    Operation,
    OperationError,
    applied,
    definition_of,
)
from yadokari.collections.reserved import Box
from yadokari.collections.unit import References, SchemaUnit
from yadokari.ports.clock import Clock
from yadokari.ports.store import Store, Transaction
from yadokari.schema.collection import Collection, Schema
from yadokari.schema.ids import Draw

SNAPSHOT_WORDS = "collections_snapshot"


class MigrationApp:
    """What a Python migration gets: the schema, records, and changes of both, in one unit."""

    def __init__(
        self,
        tx: Transaction,
        change: Callable[[Transaction, Sequence[Operation]], Awaitable[None]],
    ) -> None:
        self.transaction = tx
        """Reads and writes records; see ports.store.Transaction."""
        self._change = change

    @property
    def schema(self) -> Schema:
        """The schema as it is by now."""
        return self.transaction.schema

    def collection(self, id_or_name: str) -> Collection:
        """The collection with this id or name. Raises MigrationError."""
        found = self.schema.find(id_or_name)
        if found is None:
            raise MigrationError(f"there is no collection {id_or_name!r}")
        return found

    async def apply(self, *operations: Operation) -> None:
        """Change the schema. Raises OperationError, BadRequest."""
        await self._change(self.transaction, operations)


class Migrations:
    """The migrations of one store and folder."""

    def __init__(
        self,
        *,
        store: Store,
        folder: Path,
        clock: Clock,
        draw: Draw,
        log: Log,
        box: Box | None = None,
    ) -> None:
        self._store, self._folder, self._clock = store, folder, clock
        self._draw, self._log, self._box = draw, log, box

    async def pending(self) -> list[str]:
        """Names of the files that are not applied yet, in order."""
        done = set(await applied_names(self._store))
        return [name for name in await self._names() if name not in done]

    async def up(self) -> list[str]:
        """Run what is pending; names of the files, in order.

        Raises:
            MigrationError: a file cannot be run; those before it stay applied.
        """
        ran: list[str] = []
        for name in await self.pending():
            migration = await self._read(name)
            await self._run(name, migration, forward=True)
            self._log.info("migration_applied", file=name)
            ran.append(name)
        return ran

    async def down(self, count: int = 1) -> list[str]:
        """Revert the files applied last; their names, in order.

        Raises:
            MigrationError: a file is gone or cannot be reverted; those before it stay reverted.
        """
        done = await applied_names(self._store)
        reverted: list[str] = []
        for name in list(reversed(done))[: max(count, 0)]:
            migration = await self._read(name)
            await self._run(name, migration, forward=False)
            self._log.info("migration_reverted", file=name)
            reverted.append(name)
        return reverted

    async def create(self, name: str) -> str:
        """Write an empty file; its path. A name that ends with ``.py`` gives a Python file.

        Raises:
            MigrationError: it cannot be written.
        """
        words, dot, ending = name.rpartition(".")
        if dot and ending == "py":
            content = PYTHON_TEMPLATE.format(words=words).encode()
            return await self._write(words, content, kind="py")
        return await self._write(name.removesuffix(".json"), document_bytes(MigrationDocument()))

    async def snapshot(self) -> str:
        """Write a file with all collections as they are; its path. Raises MigrationError."""
        collections = [definition_of(item) for item in self._store.schema.collections]
        document = MigrationDocument(up=[ImportCollections(collections=collections)])
        return await self._write(SNAPSHOT_WORDS, document_bytes(document))

    async def history_sync(self) -> list[str]:
        """Forget history entries whose file is gone; their names."""
        there = set(await self._names())

        async def work(tx: Transaction) -> list[str]:
            gone = [name for name in await applied_names(tx) if name not in there]
            await forget(tx, gone)
            return gone

        committed = await self._store.transact(work)
        await committed.settled()
        return committed.value

    async def _run(self, name: str, migration: Migration, *, forward: bool) -> None:
        async def work(tx: Transaction) -> None:
            await self._steps(tx, name, migration, forward=forward)
            if forward:
                await remember(tx, name, applied_us=self._clock.unix_ms() * 1_000)
            else:
                await forget(tx, [name])

        try:
            committed = await self._store.transact(work)
        except MigrationError:
            raise
        except (OperationError, BadRequest, Conflict) as error:
            raise MigrationError(f"{name}: {_reason(error)}") from error
        except YadokariError:
            raise
        except Exception as error:
            if isinstance(migration, PythonMigration):  # Somebody else's code may raise anything.
                raise MigrationError(f"{name}: {type(error).__name__}: {error}") from error
            raise
        await committed.settled()

    async def _steps(
        self, tx: Transaction, name: str, migration: Migration, *, forward: bool
    ) -> None:
        if isinstance(migration, MigrationDocument):
            await self._change(tx, migration.up if forward else migration.down)
            return
        step = migration.up if forward else migration.down
        if step is None:
            raise MigrationError(f"{name}: has no `async def down(app)`, so it cannot be reverted")
        await step(MigrationApp(tx, self._change))

    async def _change(self, tx: Transaction, operations: Sequence[Operation]) -> None:
        now = date_text(self._clock.unix_ms())
        outcome = applied(tx.schema, operations, draw=self._draw, now=now)
        unit = SchemaUnit(tx, now=now, draw=self._draw, box=self._box)
        if outcome.changed or outcome.removed:
            await unit.replace_all(outcome.changed, removed=outcome.removed)

    async def _write(self, words: str, content: bytes, *, kind: str = "json") -> str:
        names = await self._names()
        newest = seconds_of(names[-1]) if names else 0
        seconds = max(self._clock.unix_ms() // 1_000, newest + 1)
        name = file_name(seconds, words, kind=kind)
        return str(await asyncio.to_thread(write_new, self._folder, name, content))

    async def _names(self) -> list[str]:
        return await asyncio.to_thread(migration_names, self._folder)

    async def _read(self, name: str) -> Migration:
        return await asyncio.to_thread(read_migration, self._folder, name)


def _reason(error: OperationError | BadRequest | Conflict) -> str:
    """What is wrong and where, in one line."""
    if isinstance(error, BadRequest) and error.problems and not isinstance(error, References):
        listed = "; ".join(f"{place}: {code}" for place, code in _flat(error.problems))
        return f"{error.message} {listed}".strip()
    return str(error) or "the store refused it"


def _flat(problems: Problems, *, inside: str = "") -> Iterator[tuple[str, str]]:
    for key, problem in problems.items():
        place = f"{inside}.{key}" if inside else key
        if isinstance(problem, Problem):
            yield place, problem.code
        else:
            yield from _flat(problem, inside=place)
