"""The SQLite store and the store in memory do the same with any sequence of units and changes."""

import asyncio
import tempfile
from pathlib import Path

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from msgspec.structs import replace
from typing_extensions import override

from yadokari.base.errors import BadRequest, Conflict, Stale
from yadokari.ports.store import ABSENT, Row, Store, Transaction
from yadokari.schema.collection import Collection, Schema
from yadokari.schema.fields import Value, zero
from yadokari.stores.sqlite.settings import SqliteSettings
from yadokari.stores.sqlite.store import open_sqlite
from yadokari.testing.fake_clock import FakeClock
from yadokari.testing.fake_entropy import FakeEntropy
from yadokari.testing.fake_store import FakeStore
from yadokari.testing.suite_data import PEOPLE, START, TEAMS, person, use

IDS = st.sampled_from(["a", "b", "c", "d"])
LISTS = st.lists(IDS, max_size=3, unique=True).map(tuple)
VALUES = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(["", "n", "N"]),
        "mail": st.sampled_from(["", "x@y", "X@Y", "z@y"]),
        "age": st.integers(-3, 3) | st.sampled_from([0.5, 1e300, 2**53]),
        "active": st.booleans(),
        "mates": LISTS,
        "tags": LISTS,
        "team": IDS,
        "meta": st.sampled_from(["null", "1", '"x"', "[1.5]"]),
    },
)
ACTIONS = st.lists(
    st.tuples(st.sampled_from(["create", "change", "stale", "remove", "part"]), IDS, VALUES),
    max_size=5,
)
SHAPES = st.sampled_from(["whole", "no mates", "single tags", "many teams", "no indexes"])


class _Undone(Exception):
    """Ends a unit or a part of one without a trace."""


def shaped(shape: str) -> Collection:
    """PEOPLE in one of several shapes."""
    fields = {field.name: field for field in PEOPLE.fields}
    if shape == "no mates":
        del fields["mates"]
    if shape == "single tags":
        fields["tags"] = replace(fields["tags"], max_select=1)  # type: ignore[call-arg]
    if shape == "many teams":
        fields["team"] = replace(fields["team"], max_select=3)  # type: ignore[call-arg]
    indexes = () if shape == "no indexes" else PEOPLE.indexes
    return replace(PEOPLE, fields=tuple(fields.values()), indexes=indexes)


def fitted(collection: Collection, row: Row, values: dict[str, Value]) -> Row:
    """The row with other values, in the collection's shape."""
    found: dict[str, Value] = {}
    for field in collection.fields:
        value = values.get(field.name, row.values.get(field.name, zero(field)))
        many = isinstance(zero(field), tuple)
        if many and not isinstance(value, tuple):
            value = (str(value),) if value else ()
        elif not many and isinstance(value, tuple):
            value = value[-1] if value else ""
        found[field.name] = value
    return Row(row.collection_id, found, row.version, row.stamp)


def plain(rows: list[Row]) -> list[object]:
    """Rows without versions and stamps, whose numbers hang on how often a unit ran."""
    assert all(row.version >= row.stamp > 0 for row in rows)
    return [row.values for row in rows]


class TwoStores(RuleBasedStateMachine):
    """Does everything twice and compares."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory(prefix="yadokari-model-")
        self.clock = FakeClock()
        self.people = PEOPLE
        self.stores: list[Store] = self.runner.run(self.opened())

    async def opened(self) -> list[Store]:
        sqlite = await open_sqlite(
            Path(self.folder.name) / "data.db",
            clock=self.clock,
            entropy=FakeEntropy(),
            settings=SqliteSettings(synchronous="OFF", statements_max=20),
        )
        sqlite.adopt(Schema())
        stores: list[Store] = [sqlite, FakeStore(clock=self.clock)]
        for store in stores:
            await use(store, TEAMS, PEOPLE)
        return stores

    def both(self, work: object) -> None:
        """Run the same on both; results and errors must be equal."""
        assert callable(work)
        told: list[object] = []
        for store in self.stores:
            try:
                told.append(self.runner.run(work(store)))
            except (Conflict, Stale, _Undone) as exc:
                told.append(type(exc))  # Of two violated indexes a database may name either.
        assert told[0] == told[1]

    @rule(actions=ACTIONS, fails=st.booleans(), waits=st.booleans())
    def unit(
        self, actions: list[tuple[str, str, dict[str, Value]]], fails: bool, waits: bool
    ) -> None:
        """A unit of several writes; errors inside are caught or end it."""

        async def work(tx: Transaction) -> list[object]:
            for what, id_, values in actions:
                await self.act(tx, what, id_, values)
            if waits:
                await asyncio.sleep(0)
            if fails:
                raise _Undone
            return plain(await tx.all_of(self.people))

        async def run(store: Store) -> list[object]:
            return (await store.transact(work)).value

        self.both(run)

    async def act(self, tx: Transaction, what: str, id_: str, values: dict[str, Value]) -> None:
        """One write of a unit."""
        old = (await tx.get(self.people, [id_])).get(id_)
        match what:
            case "create":
                await tx.put(fitted(self.people, person(id_), values), expected=ABSENT)
            case "change" if old is not None:
                await tx.put(fitted(self.people, old, values), expected=old.version)
            case "stale" if old is not None:
                await tx.put(fitted(self.people, old, values), expected=old.version - 1)
            case "remove" if old is not None:
                await tx.remove(old)
            case "part":
                try:
                    async with tx.savepoint():
                        await self.act(tx, "create", id_, values)
                        await self.act(tx, "remove", id_, {})
                        raise _Undone
                except (_Undone, Conflict):
                    pass
            case _:
                pass

    @rule(shape=SHAPES)
    def reshape(self, shape: str) -> None:
        """The collection changes while it has rows; unique indexes may not come back."""
        new = shaped(shape)

        async def run(store: Store) -> bool:
            try:
                await use(store, TEAMS, new)
            except BadRequest:
                return False
            return True

        self.both(run)
        in_force = self.stores[0].schema.named("people")
        assert in_force is not None
        self.people = in_force

    @rule(passed_ms=st.integers(0, 5), back_ms=st.integers(0, 5))
    def time_passes(self, passed_ms: int, back_ms: int) -> None:
        """Forward, and sometimes back."""
        self.clock.advance(passed_ms)
        self.clock.set_back(back_ms)

    @invariant()
    def both_hold_the_same(self) -> None:
        """Rows, what points at what, and the log."""

        async def look(store: Store) -> list[object]:
            told: list[object] = [plain(await store.all_of(self.people))]
            told.append(plain(await store.pointing_at(self.people, "team", ["a", "c"])))
            if "mates" in self.people.by_name:
                told.append(plain(await store.pointing_at(self.people, "mates", ["a", "c"])))
            told.append(await store.head())
            log = await store.changes(START, entries_max=10_000)
            told.append([(e.position, e.transaction, e.op, e.record_id) for e in log.entries])
            return told

        self.both(look)

    @override
    def teardown(self) -> None:
        """Let go of files and loop."""
        for store in self.stores:
            self.runner.run(store.close())
        self.runner.close()
        self.folder.cleanup()


TestTwoStores = TwoStores.TestCase
TestTwoStores.settings = settings(
    max_examples=100,
    stateful_step_count=15,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # Shrinking would take minutes.
)
