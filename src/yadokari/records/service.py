"""Records: everything callers can do to them, each write one unit of work.

Invariants live where the work is done: reading (G), writing (W), deleting (D), presenting (V).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol, TypeVar

from msgspec.structs import replace

from yadokari.base.errors import BadRequest
from yadokari.contract import messages
from yadokari.ports.clock import Clock
from yadokari.ports.entropy import Entropy
from yadokari.ports.store import Committed, Counted, Reads, Row, Rows, Store, Transaction
from yadokari.records.batching import BatchFailed, BatchItem, Items, RefusedItem
from yadokari.records.belongings import Belongings
from yadokari.records.caller import Asking
from yadokari.records.deleting import DeleteWitness, Deleting
from yadokari.records.expanding import Expanding
from yadokari.records.judging import satisfied
from yadokari.records.plans import Plans
from yadokari.records.presenting import Presented, Presenters
from yadokari.records.reading import ListQuery, Reading
from yadokari.records.submission import Hashing, Submission, prepare
from yadokari.records.writing import Writing
from yadokari.schema.collection import Collection

T = TypeVar("T")


class Transact(Protocol):
    """Runs a unit of work, as ``Store.transact`` does."""

    def __call__(self, work: Callable[[Transaction], Awaitable[T]], /) -> Awaitable[Committed[T]]:
        """Run it; see the port."""
        ...


class Records:
    """The records of one store."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        entropy: Entropy,
        hashing: Hashing,
        transact: Transact,
        witness: DeleteWitness | None = None,
    ) -> None:
        self._store = store
        self._transact = transact
        self._hashing = hashing
        self.plans = Plans(lambda: store.schema)
        self.presenters = Presenters()
        self.reading = Reading(store, self.plans)
        self.belongings = Belongings(plans=self.plans)
        self.writing = Writing(
            plans=self.plans, belongings=self.belongings, clock=clock, entropy=entropy
        )
        self.deleting = Deleting(
            belongings=self.belongings, reading=self.reading, writing=self.writing, witness=witness
        )

    # --- reading -----------------------------------------------------------------------------

    async def list(self, asking: Asking, collection: Collection, query: ListQuery) -> Counted:
        """A page; see ``Reading.list``."""
        return await self.reading.list(asking, collection, query)

    async def view(self, asking: Asking, collection: Collection, id: str) -> Row:
        """One record; see ``Reading.view``."""
        return await self.reading.view(asking, collection, id)

    def present_page(self, asking: Asking, collection: Collection, rows: Rows) -> Sequence[object]:
        """As ``present``, but good for nothing but encoding; not for auth collections."""
        presenter = self.presenters.of(collection, hidden=asking.caller.is_superuser)
        return presenter.page(rows)

    async def present(
        self,
        asking: Asking,
        collection: Collection,
        rows: Sequence[Row],
        *,
        expand: str = "",
        reads: Reads | None = None,
        own_email: bool = False,
    ) -> Sequence[Presented]:
        """Records as this caller sees them, related ones nested as ``expand`` asks.

        Args:
            own_email: Show e-mails whatever the record says (answers to a sign-in).
        """
        source = reads or self._store
        presenter = self.presenters.of(collection, hidden=asking.caller.is_superuser)
        if not collection.is_auth:
            shown = [presenter.present(row, email=True) for row in rows]
        else:
            shown = [
                presenter.present(
                    row, email=own_email or await self._sees_email(asking, collection, row, source)
                )
                for row in rows
            ]
        if expand:
            expanding = Expanding(
                self.reading, source, self._store.schema, asking, self._present_one(asking, source)
            )
            await expanding.expand(collection, rows, shown, expand)
        return shown

    def _present_one(self, asking: Asking, source: Reads):  # noqa: ANN202 - typed by Expanding
        async def present(collection: Collection, row: Row) -> Presented:
            presenter = self.presenters.of(collection, hidden=asking.caller.is_superuser)
            email = not collection.is_auth or await self._sees_email(
                asking, collection, row, source
            )
            return presenter.present(row, email=email)

        return present

    async def _sees_email(
        self, asking: Asking, collection: Collection, row: Row, reads: Reads
    ) -> bool:
        caller = asking.caller
        if caller.is_superuser or row.values["emailVisibility"] or caller.owns(row):
            return True
        rule = collection.auth.manage_rule if collection.auth is not None else None
        if not rule or caller.is_guest:
            return False
        bound = self.plans.rule(collection, rule, caller.collection, asking.context)
        return await satisfied(bound, row.values, reads)

    # --- writing -----------------------------------------------------------------------------

    def create(
        self, asking: Asking, collection: Collection, submission: Submission, *, fresh_id: str
    ) -> Awaitable[Committed[Row]]:
        """Store a new record; see ``Writing.create``."""
        return self._transact(
            lambda tx: self.writing.create(tx, asking, collection, submission, fresh_id=fresh_id)
        )

    def update(
        self, asking: Asking, collection: Collection, id: str, submission: Submission
    ) -> Awaitable[Committed[Row]]:
        """Change a record; see ``Writing.update``."""
        return self._transact(
            lambda tx: self.writing.update(tx, asking, collection, id, submission)
        )

    def delete(self, asking: Asking, collection: Collection, id: str) -> Awaitable[Committed[None]]:
        """Delete a record; see ``Deleting.delete``."""
        return self._transact(lambda tx: self.deleting.delete(tx, asking, collection, id))

    async def batch(self, items: Items) -> Committed[Sequence[Presented | None]]:
        """Run all items as one unit of work; presented records, None for deletes.

        Raises:
            BatchFailed: one item could not be done; nothing was kept.
        """

        async def work(tx: Transaction) -> Sequence[Presented | None]:
            done: list[Presented | None] = []
            for index, item in enumerate(items):
                try:
                    done.append(await self._run(tx, item))
                except Exception as exc:
                    raise BatchFailed(index=index, cause=exc) from exc
            return done

        return await self._transact(work)

    async def _run(self, tx: Transaction, item: BatchItem | RefusedItem) -> Presented | None:
        if isinstance(item, RefusedItem):
            raise item.cause
        op = item.op
        if op == "upsert":
            wanted = item.submission.fields.get("id")
            known = isinstance(wanted, str) and bool(await tx.get(item.collection, (wanted,)))
            op = "update" if known else "create"
            asking = _as_method(item.asking, "PATCH" if known else "POST")
            id = str(wanted) if known else item.id
        else:
            asking, id = item.asking, item.id
        match op:
            case "create":
                row = await self.writing.create(
                    tx, asking, item.collection, item.submission, fresh_id=id
                )
            case "update":
                row = await self.writing.update(tx, asking, item.collection, id, item.submission)
            case _:
                await self.deleting.delete(tx, asking, item.collection, id)
                return None
        shown = await self.present(asking, item.collection, [row], expand=item.expand, reads=tx)
        return shown[0]

    async def prepare(
        self,
        collection: Collection,
        fields: Mapping[str, object],
        *,
        id: str = "",
    ) -> Submission:
        """Make submitted fields ready to be written; ``id`` names the record to be changed."""
        if not collection.recipe.passwords:
            return Submission(fields=fields)  # Nothing in it is slow.
        stored_hash = ""
        if collection.is_auth and id and fields.get("oldPassword"):
            stored = (await self._store.get(collection, (id,))).get(id)
            stored_hash = str(stored.values["password"]) if stored is not None else ""
        return await prepare(collection, fields, self._hashing, stored_hash=stored_hash)

    def collection(self, id_or_name: str) -> Collection:
        """The collection with this id or name. Raises BadRequest when there is none."""
        found = self._store.schema.find(id_or_name)
        if found is None:
            raise BadRequest(messages.COLLECTION_MISSING)
        return found


def _as_method(asking: Asking, method: str) -> Asking:
    return Asking(caller=asking.caller, context=replace(asking.context, method=method))
