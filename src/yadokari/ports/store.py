"""The store: a database behind our contract.

Promises every adapter keeps (shown by ``yadokari.testing.StoreSuite``):

P1  A unit of work is atomic, and its decisions hold as if units ran one by one.
P2  Every write of a user's collection adds one entry to the change log in the same transaction;
    entries are in commit order with dependencies, and hold no secrets.
P3  A version grows with every write of a record; creation stamps grow with every new record.
P4  What ``transact`` returned is committed; ``Committed.durable`` says when it also survives.
P5  Text is compared as bytes; values come back exactly as they were put.
P6  ``work`` may run more than once, so it touches nothing but its transaction.

Not here: what a plan means (rules/plan.py), who may do what (records).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Generic, Literal, NewType, Protocol, TypeAlias, TypeVar, overload

import msgspec
from typing_extensions import override

from yadokari.rules.bind import Binding
from yadokari.rules.plan import Plan
from yadokari.schema.collection import Collection, Schema
from yadokari.schema.fields import Field, Value
from yadokari.schema.steps import SchemaStep

T = TypeVar("T")

Version = NewType("Version", int)
ABSENT = Version(0)
"""As ``expected``: the record must not exist yet."""


class Row(msgspec.Struct, frozen=True, gc=False):
    """A stored record. ``values`` holds every field of its collection, canonical."""

    collection_id: str
    values: dict[str, Value]
    version: int = 0
    """Grows with every write; 0 = not stored yet."""
    stamp: int = 0
    """Creation stamp, strictly increasing per store; 0 = not stored yet."""

    @property
    def id(self) -> str:
        """The record's id."""
        return self.values["id"]  # type: ignore[return-value]


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """A window of an ordered result."""

    offset: int
    limit: int
    """At most this many rows; 1 to 1000."""


class Rows(Sequence[Row]):
    """The rows of one page.

    A list is mostly shown as it was read, a column at a time; each ``Row`` is made when somebody
    asks for it.
    """

    __slots__ = ("_columns", "_made")

    def __init__(self, made: list[Row]) -> None:
        """Rows that are there already."""
        self._made: list[Row] | None = made
        self._columns: Columns | None = None

    @classmethod
    def by_columns(cls, columns: Columns) -> Rows:
        """Rows as they come out of a database."""
        rows = cls([])
        rows._columns, rows._made = columns, None
        return rows

    def column(self, name: str) -> Sequence[Value]:
        """The values of one field, in order."""
        if self._columns is not None:
            return self._columns.values[name]
        return [row.values[name] for row in self._rows()]

    @override
    def __len__(self) -> int:
        return len(self._rows() if self._columns is None else self._columns.stamps)

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> list[Row]: ...
    @override
    def __getitem__(self, index: int | slice) -> Row | list[Row]:
        return self._rows()[index]

    @override
    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows())

    def _rows(self) -> list[Row]:
        made = self._made
        if made is None:
            assert self._columns is not None
            made = self._made = self._columns.rows()
        return made


class Columns(msgspec.Struct, frozen=True, gc=False):
    """Rows of one collection by columns, all of one length."""

    collection_id: str
    values: dict[str, Sequence[Value]]
    """Every field of the collection, canonical."""
    versions: Sequence[int]
    stamps: Sequence[int]

    def rows(self) -> list[Row]:
        """The same as rows."""
        names, collection_id = tuple(self.values), self.collection_id
        each = zip(*self.values.values(), strict=True)
        return [
            Row(collection_id, dict(zip(names, values, strict=True)), version, stamp)
            for values, version, stamp in zip(each, self.versions, self.stamps, strict=True)
        ]


class Counted(msgspec.Struct, frozen=True):
    """A page, and how many records there are on all pages."""

    rows: Rows
    total: int


class Capabilities(msgspec.Struct, frozen=True, kw_only=True):
    """What a store can do; ask these, never for the database's name."""

    atomic_batch_max: int | None
    """Most writes in one unit of work; None = no limit."""
    view_queries: bool
    """Whether ``describe_view`` and view collections work."""
    schema_in_transaction: bool
    """Whether schema steps are undone with their unit of work."""
    raw_sql: bool
    """Whether free SQL can be run on it."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the change log."""

    position: int
    """Order in the log of this epoch; do not count on density."""
    transaction: int
    """The same for all entries of one unit of work."""
    op: Literal["create", "update", "delete"]
    collection_id: str
    record_id: str
    version: int
    before: Row | None = None
    """Known to the process that wrote it; for deletes to every reader, without secrets."""
    after: Row | None = None
    """Known to the process that wrote it; others read the record again."""


class Cursor(msgspec.Struct, frozen=True, kw_only=True):
    """A place in a store's change log."""

    epoch: int
    position: int


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """Entries after a cursor, and where to go on."""

    entries: tuple[Change, ...]
    cursor: Cursor
    lost: bool = False
    """Entries after the cursor were pruned: read everything anew."""


class Fence(msgspec.Struct, frozen=True, kw_only=True):
    """Who may write."""

    epoch: int
    state: Literal["open", "frozen", "replica", "moved"]


class Committed(msgspec.Struct, Generic[T], frozen=True):
    """What a unit of work decided, and where it stands in the log."""

    value: T
    changes: tuple[Change, ...] = ()
    cursor: Cursor | None = None
    durable: Callable[[], Awaitable[None]] | None = None
    """Await it before anything leaves the process; None = already so."""

    async def settled(self) -> T:
        """The value, once it survives; nothing of it may leave the process before."""
        if self.durable is not None:
            await self.durable()
        return self.value


ViewColumnKind: TypeAlias = Literal["text", "number", "integer", "bool", "json"]


class ViewColumn(msgspec.Struct, frozen=True, kw_only=True):
    """One output column of a view's SELECT, as the store describes it."""

    name: str
    collection: str | None = None
    """Name of the collection whose plain column it is."""
    source: Field | None = None
    """The field behind it when it is a plain column."""
    kind: ViewColumnKind = "json"


class Reads(Protocol):
    """What can be asked; of a store, or of a transaction that sees its own writes."""

    async def get(self, collection: Collection, ids: Sequence[str]) -> dict[str, Row]:
        """The records with these ids that exist, by id.

        Raises:
            Unavailable: the store cannot serve now.
        """
        ...

    async def first(self, plan: Plan, binding: Binding, *, id: str | None = None) -> Row | None:
        """The first record the plan finds (with this id, when given), or None.

        Raises:
            BadRequest: the store cannot run such a plan (a view that lost a column, say).
            Unavailable: the store cannot serve now.
        """
        ...

    async def select(self, plan: Plan, binding: Binding, *, page: Page) -> Rows:
        """The records the plan finds, each once, in its order, ties by creation stamp.

        Raises: as ``first``.
        """
        ...

    async def select_counted(self, plan: Plan, binding: Binding, *, page: Page) -> Counted:
        """As ``select``, and how many records the plan finds.

        The two may be of different moments when others write meanwhile. Raises: as ``first``.
        """
        ...

    async def by_unique(
        self, collection: Collection, field: str, value: str, *, any_case: bool
    ) -> Row | None:
        """The record whose ``field``, which has a unique index of its own, is ``value``.

        Args:
            value: Any text; nothing is found for "", which many records may have.
            any_case: The index ignores the case of ASCII letters, and so does this.
        """
        ...

    async def pointing_at(
        self, collection: Collection, field: str, ids: Sequence[str], *, rows_max: int | None = None
    ) -> list[Row]:
        """Records whose relation ``field`` holds one of ``ids``, in creation order."""
        ...

    async def all_of(self, collection: Collection, *, rows_max: int | None = None) -> list[Row]:
        """Every record of a collection in creation order."""
        ...


class Transaction(Reads, Protocol):
    """One unit of work."""

    @property
    def schema(self) -> Schema:
        """The schema as this unit of work sees it."""
        ...

    async def put(self, row: Row, *, expected: int) -> Row:
        """Write a record; returns it with its new version and stamp.

        Args:
            expected: Version it was read with; ABSENT for a new one.

        Raises:
            Conflict: a unique index already has its values.
            Stale: the stored version is another one.
        """
        ...

    async def remove(self, row: Row) -> None:
        """Delete a record as it was read. Raises Stale when it changed since."""
        ...

    async def apply(self, steps: Sequence[SchemaStep], *, schema: Schema) -> None:
        """Change tables, and make ``schema`` the one in force when this commits.

        Raises:
            Conflict: a unique index cannot be made over the stored values.
            BadRequest: an index or a view's SELECT that the store refuses; ``problems`` names it.
        """
        ...

    async def describe_view(self, sql: str, *, runs: bool = True) -> tuple[ViewColumn, ...]:
        """Output columns of a SELECT.

        Args:
            runs: Run it, too, and refuse it when a row has no id of its own.

        Raises:
            BadRequest: with the store's reason.
        """
        ...

    async def sample_view(self, sql: str, *, rows_max: int) -> list[dict[str, object]]:
        """The first rows of a SELECT, raw."""
        ...

    def savepoint(self) -> Savepoint:
        """A part of this unit of work that can be undone alone: ``async with tx.savepoint():``."""
        ...


class Savepoint(Protocol):
    """Undoes what happened inside when an exception leaves it."""

    async def __aenter__(self) -> None: ...
    async def __aexit__(self, kind: object, error: object, trace: object) -> None: ...


class Store(Reads, Protocol):
    """A database."""

    @property
    def capabilities(self) -> Capabilities:
        """What it can do."""
        ...

    @property
    def schema(self) -> Schema:
        """The schema in force."""
        ...

    async def transact(self, work: Callable[[Transaction], Awaitable[T]]) -> Committed[T]:
        """Run a unit of work; returns once it is committed.

        Raises: what ``work`` raises (nothing is kept then), after everything decided before it in
        the same group is committed; Unavailable; Fenced is an Unavailable.
        """
        ...

    async def changes(self, after: Cursor, *, entries_max: int) -> Changes:
        """Log entries after a cursor, oldest first."""
        ...

    def watch(self, listener: Callable[[tuple[Change, ...]], None]) -> Callable[[], None]:
        """Call ``listener`` with the changes of each durable unit of work; returns how to stop."""
        ...

    def view_columns(self, sql: str) -> tuple[ViewColumn, ...]:
        """Output columns of a view's SELECT as far as its text tells; nothing is run.

        Empty without the capability. Raises BadRequest when the text cannot be read.
        """
        ...

    async def head(self) -> Cursor:
        """The end of the change log."""
        ...

    async def fence(self) -> Fence:
        """Who may write, as stored."""
        ...

    async def close(self) -> None:
        """Finish running work and let go of the database."""
        ...
