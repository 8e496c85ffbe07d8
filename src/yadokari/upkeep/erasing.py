"""Erasing a person, or any record: the record, what hangs on it, and every trace that is ours.

ER1  The record goes as it does over the API: cascades, references and helper rows in one unit of
     work; a required reference stops it, and nothing is erased then.
ER2  Afterwards its traces go: files, images in the change log, kept answers, API keys, request
     logs; and the store's files are rewritten, so that nothing of it can be read from the disk.
ER3  Each step can be repeated: whoever erases again after a failure finishes the work, even though
     the record is gone by then.
ER4  What this program cannot reach is told: backups, and records of others that hold the address.

Not here: how a store forgets (ports/erasable.py), the command (cli/erase.py).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import msgspec

from yadokari.base.errors import BadRequest, NotFound, Unavailable, YadokariError
from yadokari.base.json_text import encode
from yadokari.ports.erasable import Erasable, Traces
from yadokari.ports.store import Page, Row, Store, Transaction
from yadokari.records.deleting import LAST_SUPERUSER
from yadokari.records.service import Records
from yadokari.rules.bind import RequestContext
from yadokari.rules.parse import COMPARISONS_MAX
from yadokari.schema.collection import SUPERUSERS_ID, Collection
from yadokari.schema.field_list import unpacked
from yadokari.schema.fields import (
    EditorField,
    EmailField,
    FileField,
    JsonField,
    TextField,
    UrlField,
)
from yadokari.upkeep.idempotency import Idempotency

MENTIONS_MAX = 100  # Somebody has to look at each of them.
_FIELDS_AT_ONCE = COMPARISONS_MAX // 2
_NO_CONTEXT = RequestContext()


class Keeper(Protocol):
    """Somebody else who keeps things about records."""

    async def forget(self, traces: Traces, *, dry_run: bool) -> int:
        """Remove everything with these traces; how many. With ``dry_run`` only count it."""
        ...


class Backup(msgspec.Struct, frozen=True, kw_only=True):
    """A backup that was made before."""

    name: str
    made: str
    """Canonical date text."""


RemoveFiles = Callable[[Collection, Row], Awaitable[int]]
"""Removes the files of a record that is gone; how many it named."""


class Place(msgspec.Struct, frozen=True):
    """A record."""

    collection: str
    id: str


class Erased(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What was erased, or would be."""

    dry_run: bool
    found: bool
    """Whether the record was there; its traces are looked for all the same."""
    records: tuple[Place, ...]
    """The record, those that go with it, and rows of helper collections."""
    files: int
    log_images: int
    kept_answers: int
    api_keys: int
    """Keys that acted as one of the records."""
    request_logs: int
    backups: tuple[Backup, ...]
    """They still hold what they held; delete them, or wait until they are old enough to go."""
    mentions: tuple[Place, ...]
    """Other records that still hold the person's address, the first hundred."""
    searched: bool
    """Whether every collection could be searched for the address; a large one may take too long."""


class _Undo(YadokariError):
    """Leaves a unit of work that only looked."""


class _Going:
    """Sees every record that goes, with its helper rows."""

    def __init__(self, records: Records) -> None:
        self._belongings = records.belongings
        self.seen: list[tuple[Collection, Row]] = []

    async def before_delete(self, tx: Transaction, collection: Collection, row: Row) -> None:
        """See records.deleting.DeleteWitness."""
        self.seen.append((collection, row))
        for one in await self._belongings.all_of(tx, collection, row):
            self.seen.append((tx.schema.by_id[one.collection_id], one))


class Erasing:
    """Erases records of one store."""

    def __init__(
        self,
        *,
        store: Store,
        erasable: Erasable,
        records: Records,
        idempotency: Idempotency,
        remove_files: RemoveFiles,
        api_keys: Keeper,
        logs: Keeper | None,
        backups: Callable[[], Sequence[Backup]],
    ) -> None:
        """Prepare.

        Args:
            store: Where the records are.
            erasable: The same database.
            records: What can be done to records.
            idempotency: Keeps answers.
            remove_files: Removes the files of a record that is gone.
            api_keys: Keys act as records.
            logs: Request logs, which may hold ids and addresses; None when none are kept.
            backups: Which backups there are.
        """
        self._store, self._erasable, self._records = store, erasable, records
        self._idempotency, self._remove_files = idempotency, remove_files
        self._api_keys, self._logs, self._backups = api_keys, logs, backups

    async def erase(self, collection_name: str, id: str, *, dry_run: bool) -> Erased:
        """Erase a record and its traces.

        Args:
            collection_name: Name or id of its collection.
            id: The record's id.
            dry_run: Only say what would be erased.

        Raises:
            NotFound: there is no such collection.
            BadRequest: a view, the last superuser, or ER1.
            Unavailable: a step cannot be done now; erase again (ER3).
        """
        collection = self._store.schema.find(collection_name)
        if collection is None:
            raise NotFound(f"There is no collection {collection_name!r}.")
        if collection.is_view or not id:
            raise BadRequest("Only records of a table can be erased.")
        seen = await self._delete(collection, id, dry_run=dry_run)
        address = _address(collection, seen)
        texts = tuple(text for text in (id, address) if text)
        quoted = tuple(encode(text).decode() for text in texts)
        places = {(one.id, row.id) for one, row in seen} | {(collection.id, id)}
        traces = Traces(records=tuple(sorted(places)), texts=quoted)
        files = 0
        for one, row in seen:
            files += await self._files(one, row, dry_run=dry_run)
        images = await self._erasable.forget_images(traces, dry_run=dry_run)
        needles = [*quoted, *(encode(row.id).decode() for _, row in seen)]
        answers = await self._idempotency.forget_answers(needles, dry_run=dry_run)
        keys = await self._api_keys.forget(traces, dry_run=dry_run)
        logged = 0 if self._logs is None else await self._logs.forget(traces, dry_run=dry_run)
        if not dry_run:
            await self._erasable.compact()
        mentions, searched = await self._mentions(address, besides=places)
        return Erased(
            dry_run=dry_run,
            found=any(row.id == id and one.id == collection.id for one, row in seen),
            records=tuple(Place(one.name, row.id) for one, row in seen),
            files=files,
            log_images=images,
            kept_answers=answers,
            api_keys=keys,
            request_logs=logged,
            backups=tuple(self._backups()),
            mentions=mentions,
            searched=searched,
        )

    async def _delete(
        self, collection: Collection, id: str, *, dry_run: bool
    ) -> list[tuple[Collection, Row]]:
        """Delete it with all that goes along (ER1); what went."""
        going = _Going(self._records)

        async def work(tx: Transaction) -> None:
            going.seen.clear()
            row = (await tx.get(collection, (id,))).get(id)
            if row is None:
                return
            if collection.id == SUPERUSERS_ID and len(await tx.all_of(collection, rows_max=2)) < 2:
                raise BadRequest(LAST_SUPERUSER)
            await self._records.deleting.remove(tx, collection, row, also=going)
            if dry_run:
                raise _Undo

        try:
            committed = await self._store.transact(work)
            await committed.settled()
        except _Undo:
            pass
        return going.seen

    async def _files(self, collection: Collection, row: Row, *, dry_run: bool) -> int:
        if dry_run:
            return len(_file_names(collection, row))
        return await self._remove_files(collection, row)

    async def _mentions(
        self, address: str, *, besides: set[tuple[str, str]]
    ) -> tuple[tuple[Place, ...], bool]:
        """Other records that hold the address in some text, and whether all were searched."""
        found: dict[tuple[str, str], Place] = {}
        searched = True
        tables = [item for item in self._store.schema.collections if not item.is_view]
        for collection in tables if address else ():
            names = [field.name for field in collection.fields if isinstance(field, _TEXTS)]
            for start in range(0, len(names), _FIELDS_AT_ONCE):
                some = names[start : start + _FIELDS_AT_ONCE]
                try:
                    rows = await self._holding(collection, some, address)
                except Unavailable:
                    searched = False
                    continue
                for row in rows:
                    if (collection.id, row.id) not in besides:
                        found[collection.id, row.id] = Place(collection.name, row.id)
        return tuple(found.values())[:MENTIONS_MAX], searched

    async def _holding(
        self, collection: Collection, names: Sequence[str], address: str
    ) -> Sequence[Row]:
        escaped = address.replace("\\", "\\\\").replace("'", "\\'")
        bound = self._records.plans.query(
            collection,
            (),
            caller=None,
            context=_NO_CONTEXT,
            filter=" || ".join(f"{name} ~ '{escaped}'" for name in names),
            restricted=False,
        )
        page = Page(offset=0, limit=MENTIONS_MAX)
        return await self._store.select(bound.plan, bound.binding, page=page)


_TEXTS = (TextField, EditorField, EmailField, UrlField, JsonField)


def _address(collection: Collection, seen: Sequence[tuple[Collection, Row]]) -> str:
    """The e-mail address of the person; "" when it is none, or gone already."""
    if not collection.is_auth or not seen:
        return ""
    return str(seen[0][1].values["email"])


def _file_names(collection: Collection, row: Row) -> list[str]:
    return [
        name for field in collection.each(FileField) for name in unpacked(row.values[field.name])
    ]
