"""Collections: everything one can do to them, each change one unit of work.

CS1  A change is complete or not there: rows, tables and views go together.
CS2  With the schema locked, no change comes through here; migrations are the way then.
CS3  Changes of a development server are written down as migrations, recorded in the same unit.
CS4  Nothing is answered before the change is durable.

Not here: HTTP (api/collections.py), checks and views (collections/unit.py), files of migrations
(collections/migrations.py).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol, TypeVar

import msgspec
from msgspec.structs import replace

from yadokari.base.dates import date_text
from yadokari.base.errors import BadRequest, Conflict, Forbidden, Invalid, NotFound, YadokariError
from yadokari.base.problems import Problem
from yadokari.collections.importing import imported
from yadokari.collections.journal import Journal
from yadokari.collections.listing import CollectionQuery, ListedCollections, list_collections
from yadokari.collections.reserved import Box
from yadokari.collections.unit import References, SchemaUnit
from yadokari.contract import messages
from yadokari.ports.clock import Clock
from yadokari.ports.store import Page, Row, Store, Transaction
from yadokari.rules.bind import NOTHING
from yadokari.rules.resolve import Query, resolve
from yadokari.schema.collection import SUPERUSERS_ID, Collection, Schema
from yadokari.schema.collection_json import merge_collection
from yadokari.schema.fields import Field
from yadokari.schema.ids import Draw, collection_id, random_text
from yadokari.schema.scaffolds import scaffolds
from yadokari.schema.steps import SetView

T = TypeVar("T")

DELETE_FAILED = "Failed to delete collection."
TRUNCATE_FAILED = (
    "Failed to truncate collection (most likely due to required cascade delete record references)."
)
TRUNCATE_VIEW = "View collections cannot be truncated since they don't store their own records."
IMPORT_FAILED = "Failed to import collections."
LOCKED = (
    "The schema of this server is locked. Change it with a migration, or start the server "
    "without the lock."
)
SAMPLE_ROWS_MAX = 10  # the contract's number
TEMPORARY_CHARS = 5


class RecordRemover(Protocol):
    """Removes records with everything that hangs on them; records/deleting.py has one."""

    async def remove(self, tx: Transaction, collection: Collection, row: Row) -> None:
        """Delete a record whatever the rules say. Raises BadRequest when a reference forbids it."""
        ...


class ViewTrial(msgspec.Struct, frozen=True, kw_only=True):
    """What a view's SELECT would give."""

    collection: Collection
    """A passing view; its name and id mean nothing afterwards."""
    rows: Sequence[Row]


class Collections:
    """The collections of one store."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        draw: Draw,
        remover: RecordRemover,
        box: Box | None = None,
        journal: Journal | None = None,
        is_locked: bool = False,
        on_deleted: Callable[[Collection], Awaitable[None]] | None = None,
    ) -> None:
        """Serve the collections of a store.

        Args:
            draw: For secrets and drawn ids.
            box: Seals secrets in stored rows.
            journal: Writes changes down as migrations.
            is_locked: Refuse every change of the schema (CS2).
            on_deleted: Told of every deleted collection once it is durable, to remove its files.
        """
        self._store, self._clock, self._draw = store, clock, draw
        self._remover, self._box, self._journal = remover, box, journal
        self._is_locked, self._on_deleted = is_locked, on_deleted

    # --- reading -----------------------------------------------------------------------------

    async def list(self, query: CollectionQuery) -> ListedCollections:
        """A page of collections. Raises BadRequest."""
        now_ms = self._clock.unix_ms()
        return await list_collections(self._store, self._store.schema, query, now_ms=now_ms)

    def get(self, id_or_name: str) -> Collection:
        """The collection with this id or name. Raises NotFound."""
        found = self._store.schema.find(id_or_name)
        if found is None:
            raise NotFound
        return found

    def scaffolds(self) -> dict[str, dict[str, object]]:
        """Empty collections by type, as JSON."""
        return scaffolds(draw=self._draw)

    # --- changing ----------------------------------------------------------------------------

    async def create(self, wire: Mapping[str, object]) -> Collection:
        """A new collection from a client's keys.

        Raises:
            BadRequest: the keys are of wrong types, or a check fails; ``problems`` says which.
            Forbidden: CS2.
        """

        async def work(unit: SchemaUnit) -> Collection:
            now = self._now()
            taken = unit.schema.by_id
            new = merge_collection(None, wire, draw=self._draw, taken_ids=taken)
            return await unit.save(replace(new, created=now, updated=now), None)

        with_message = _failing(messages.CREATE_COLLECTION_FAILED)
        return await with_message(self._change(work))

    async def update(self, id_or_name: str, wire: Mapping[str, object]) -> Collection:
        """Put a client's keys over a collection.

        Raises:
            NotFound: no such collection, or the keys hold another id.
            BadRequest, Forbidden: as ``create``.
        """

        async def work(unit: SchemaUnit) -> Collection:
            old = _found(unit.schema, id_or_name)
            if "id" in wire and wire["id"] != old.id:
                raise NotFound
            new = merge_collection(old, wire, draw=self._draw)
            return await unit.save(replace(new, updated=self._now()), old)

        with_message = _failing(messages.UPDATE_COLLECTION_FAILED)
        return await with_message(self._change(work))

    async def delete(self, id_or_name: str) -> None:
        """Delete a collection with its records and their files.

        Raises:
            NotFound: there is none.
            BadRequest: something refers to it, or it is a system collection.
            Forbidden: CS2.
        """

        async def work(unit: SchemaUnit) -> Collection:
            old = _found(unit.schema, id_or_name)
            try:
                await unit.remove(old)
            except References:
                raise
            except (BadRequest, Conflict) as error:
                raise BadRequest(DELETE_FAILED) from error
            return old

        gone = await self._change(work)
        if self._on_deleted is not None:
            await self._on_deleted(gone)

    async def truncate(self, id_or_name: str) -> None:
        """Delete every record of a collection, one by one, with cascades.

        Raises:
            NotFound: there is no such collection.
            BadRequest: it is a view, a required reference forbids it, or no superuser would be
                left. Nothing is deleted then.
        """
        if self.get(id_or_name).is_view:
            raise BadRequest(TRUNCATE_VIEW)

        async def work(tx: Transaction) -> None:
            collection = _found(tx.schema, id_or_name)
            rows = await tx.all_of(collection)
            if rows and collection.id == SUPERUSERS_ID:
                raise BadRequest(TRUNCATE_FAILED)
            try:
                for row in rows:
                    present = (await tx.get(collection, (row.id,))).get(row.id)
                    if present is not None:  # A cascade may have taken it already.
                        await self._remover.remove(tx, collection, present)
            except BadRequest as error:
                raise BadRequest(TRUNCATE_FAILED) from error

        committed = await self._store.transact(work)
        await committed.settled()

    async def import_all(
        self, wires: Sequence[Mapping[str, object]], *, delete_missing: bool
    ) -> None:
        """Make the collections as listed, all or nothing.

        Args:
            wires: Collections as JSON objects, matched by id, else by name.
            delete_missing: Delete unlisted collections and fields that are no system ones.

        Raises:
            BadRequest: the import fails; Forbidden: CS2.
        """
        gone: list[Collection] = []

        async def work(unit: SchemaUnit) -> None:
            gone.clear()
            before = unit.schema
            plan = imported(
                before, wires, delete_missing=delete_missing, draw=self._draw, now=self._now()
            )
            await unit.replace_all(plan.changed, removed=plan.removed)
            gone.extend(before.by_id[item] for item in plan.removed)

        try:
            await self._change(work)
        except (BadRequest, Conflict) as error:
            raise _import_failure(error) from error
        for collection in gone:
            if self._on_deleted is not None:
                await self._on_deleted(collection)

    async def try_view(self, query: str) -> ViewTrial:
        """What a SELECT would give as a view; nothing stays. Raises BadRequest with the reason."""

        async def work(tx: Transaction) -> ViewTrial:
            name = "temp_view_" + random_text(self._draw, length=TEMPORARY_CHARS)
            unit = self._unit(tx)
            fields = await unit.view_fields(name, query)
            view = _passing_view(name, query, fields)
            rows: Sequence[Row] = ()
            try:
                async with tx.savepoint():
                    passing = tx.schema.with_collections((*tx.schema.collections, view))
                    await tx.apply((SetView(collection=view),), schema=passing)
                    plan = resolve(Query(collection=view), passing)
                    page = Page(offset=0, limit=SAMPLE_ROWS_MAX)
                    rows = await tx.select(plan, NOTHING, page=page)
                    raise _Undo
            except _Undo:
                return ViewTrial(collection=view, rows=rows)

        return (await self._store.transact(work)).value

    # --- units of work -----------------------------------------------------------------------

    async def _change(self, work: Callable[[SchemaUnit], Awaitable[T]]) -> T:
        """Run a change of the schema; returns when it is durable."""
        if self._is_locked:
            raise Forbidden(LOCKED)
        journal = self._journal
        slot = await journal.slot() if journal is not None else None

        async def unit_of_work(tx: Transaction) -> T:
            before = tx.schema
            value = await work(self._unit(tx))
            if journal is not None and slot is not None:
                await journal.note(tx, slot, before=before, after=tx.schema)
            return value

        committed = await self._store.transact(unit_of_work)
        await committed.settled()
        if journal is not None and slot is not None:
            await journal.keep(slot)
        return committed.value

    def _unit(self, tx: Transaction) -> SchemaUnit:
        return SchemaUnit(tx, now=self._now(), draw=self._draw, box=self._box)

    def _now(self) -> str:
        return date_text(self._clock.unix_ms())


class _Undo(YadokariError):
    """Leaves a savepoint so that it is undone."""


def _found(schema: Schema, id_or_name: str) -> Collection:
    found = schema.find(id_or_name)
    if found is None:
        raise NotFound
    return found


def _passing_view(name: str, query: str, fields: tuple[Field, ...]) -> Collection:
    own_id = collection_id(type="view", name=name)
    return Collection(id=own_id, name=name, type="view", fields=fields, view_query=query)


def _failing(message: str) -> Callable[[Awaitable[T]], Awaitable[T]]:
    """Runs a change and gives its failures this message, where they have none of their own."""

    async def run(change: Awaitable[T]) -> T:
        try:
            return await change
        except Invalid as error:
            raise Invalid(message, problems=error.problems) from error
        except BadRequest as error:
            if error.message == messages.COLLECTION_UNREADABLE:
                raise
            raise BadRequest(message, problems=error.problems) from error
        except Conflict as error:
            raise BadRequest(message) from error

    return run


def _import_failure(error: BadRequest | Conflict) -> BadRequest:
    """The one answer of an import; an index that cannot be made is named by its place."""
    problems = error.problems if isinstance(error, BadRequest) else {}
    if not isinstance(error, Invalid) and set(problems) == {"indexes"}:
        return BadRequest(IMPORT_FAILED, problems=problems)
    code = "validation_collections_import_failure"
    reason = error.message if isinstance(error, BadRequest) else ""
    text = f"The collections could not be imported. {reason}".strip()
    return BadRequest(IMPORT_FAILED, problems={"collections": Problem(code, text)})
