"""The one writer: units of work one after another, many of them in one COMMIT.

W1  A unit that finishes without waiting joins the open group; the group commits when no unit joined
    it for a turn of the loop, or after GROUP_TURNS_MAX more turns. Every caller of the group, also
    one whose unit failed, goes on after that COMMIT.
W2  A unit that fails leaves nothing behind and harms no other unit of its group.
W3  A unit that waits for something else is undone, the group is committed, and the unit runs again
    alone, with a deadline.
W4  A COMMIT that fails fails every unit of its group; nothing of the group is kept.
W5  A caller that goes away changes nothing for the others.
W6  A unit's statement that takes long is stopped: the unit runs again alone (W3), and there the
    statement runs in a thread, so that the loop goes on. A unit that is over has none running.
W7  While another program holds the lock, units wait for it alone, in a thread, for ``busy_ms`` in
    all; the loop and its reads go on.
W8  Listeners hear the changes of a unit after its COMMIT, in order of the log.

Not here: what a unit can do (stores/sqlite/transaction.py), checkpoints (checkpoints.py).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

import apsw

from yadokari.base.errors import Unavailable
from yadokari.ports.clock import Clock
from yadokari.ports.store import Change, Committed, Cursor, Transaction
from yadokari.schema.collection import Collection, Schema
from yadokari.stores.sqlite.errors import translated
from yadokari.stores.sqlite.log import Log
from yadokari.stores.sqlite.settings import SqliteSettings
from yadokari.stores.sqlite.tables import Tables
from yadokari.stores.sqlite.transaction import Execute, SqliteTransaction

T = TypeVar("T")

TICKS_PER_MS = 1024  # Versions of one millisecond: more than a writer can make.
SLICE_STEPS = 50_000  # About a millisecond between two looks at a long statement.
GROUP_TURNS_MAX = 4  # Turns for which a group that still grows is kept open.
AVERAGE_OVER = 16  # Commits over which their duration is averaged.


class Writer:
    """Runs units of work and commits them in groups."""

    def __init__(
        self,
        connection: apsw.Connection,
        *,
        log: Log,
        clock: Clock,
        settings: SqliteSettings,
        on_schema: Callable[[Schema], None],
        on_commit: Callable[[], None],
    ) -> None:
        self.connection = connection
        self.tables = Tables(connection)
        self.reserved: dict[str, Collection] = {}
        self.dirty = False
        self.schema = Schema()
        """As the open group sees it."""
        self._committed_schema = self.schema
        self._log, self._clock, self._settings = log, clock, settings
        self._on_schema, self._on_commit = on_schema, on_commit
        self._listeners: list[Callable[[tuple[Change, ...]], None]] = []
        self.execute: Execute = connection.cursor().execute
        self._members: list[SqliteTransaction] = []
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._loop = asyncio.get_running_loop()
        self._locked = False
        self._closed = False
        self._last_tick = log.version_max
        self._commit_ms = 0.0
        self._thread = ThreadPoolExecutor(1, "yadokari-commit")
        self._action: Callable[[], None] | None = None
        self._limit: asyncio.Timeout | None = None
        """Of the unit that runs alone."""
        self._halted = False
        self._busy_since_ms: int | None = None
        self.slices_left: int | None = None
        """Slices of steps that the running statement may still take; None = any number."""
        self.brief_slices = max(1, settings.unit_read_steps // SLICE_STEPS)
        """What a statement may take on the loop."""
        connection.set_progress_handler(self._must_stop, SLICE_STEPS)

    # --- what a unit asks of its group ---

    def tick(self) -> int:
        """The next version or stamp: grows always, and with the clock."""
        now = self._clock.unix_ms() * TICKS_PER_MS
        self._last_tick = now if now > self._last_tick else self._last_tick + 1
        return self._last_tick

    async def away(self, action: Callable[[], T], *, is_view: bool = False) -> T:
        """Run statements of the running unit in a thread (W6); they do not end the transaction.

        Args:
            is_view: They run a view's SELECT: it has a deadline of its own, and the unit's begins
                anew after it.

        Raises:
            TimeoutError: the SELECT took too long.
        """
        limit = self._limit
        if limit is None:
            await asyncio.sleep(0)
            raise AssertionError("unreachable: a unit that waits in a group is let go of")
        loop = asyncio.get_running_loop()
        deadline_s = self._settings.view_timeout_ms / 1_000 if is_view else None
        if is_view:
            limit.reschedule(None)
        running = loop.run_in_executor(self._thread, action)
        try:
            async with asyncio.timeout(deadline_s):
                return await asyncio.shield(running)
        except (asyncio.CancelledError, TimeoutError):
            self._halted = True
            await _over(running)
            raise
        finally:
            self._halted = False
            if is_view:
                limit.reschedule(loop.time() + self._settings.unit_timeout_ms / 1_000)

    def adopt(self, schema: Schema, *, last_tick: int) -> None:
        """This schema is in force; no stamp up to ``last_tick`` is used again."""
        self.schema = self._committed_schema = schema
        self._last_tick = max(self._last_tick, last_tick)
        self.tables.forget()
        self.connection.set_busy_timeout(0)  # From now on W7 waits, not the loop.

    def watch(self, listener: Callable[[tuple[Change, ...]], None]) -> Callable[[], None]:
        """See ports.store.Store.watch."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    # --- running units ---

    async def transact(self, work: Callable[[Transaction], Awaitable[T]]) -> Committed[T]:
        """See ports.store.Store.transact."""
        while self._locked:
            await self._turn()
        if self._closed:
            raise Unavailable("The server is stopping.")
        unit = self._begin()
        if unit is None:
            return await self._alone(work)
        steps = work(unit).__await__()
        try:
            next(steps)
        except StopIteration as finished:
            self._keep(unit)
            await self._join(unit)
            return Committed(finished.value, unit.changes, self._cursor(unit.changes))
        except BaseException:
            self._undo(unit)
            with suppress(Unavailable):  # The unit tells its own error, whatever the group did.
                await self._join(unit)
            raise
        self._undo(unit)
        _abandon(steps)
        return await self._alone(work)

    def pause_for(self, action: Callable[[], None]) -> None:
        """Run something on the connection, in its thread, as soon as no unit is under way."""
        self._action = action
        if not self._locked:
            self._commit_now()
            self._locked = True
            self._unlock()

    async def run_alone(self, action: Callable[[], T]) -> T:
        """Run something on the connection, in its thread, with every earlier unit committed.

        Raises: Unavailable when stopping, else what ``action`` raises.
        """
        await self._lock()
        try:
            if self._closed:
                raise Unavailable("The server is stopping.")
            running = asyncio.get_running_loop().run_in_executor(self._thread, action)
            try:
                return await asyncio.shield(running)
            except asyncio.CancelledError:
                await _over(running)
                raise
        finally:
            self._unlock()

    async def close(self) -> None:
        """Finish the open group; later units are refused."""
        self._closed = True
        await self._lock()
        self._thread.shutdown(wait=True)
        self._unlock()

    def _begin(self) -> SqliteTransaction | None:
        """A unit of the open group; None while another program holds the lock."""
        if not self._members:
            self._loop.call_soon(self._end_turn, 0, GROUP_TURNS_MAX)
        if not self.connection.in_transaction and not self._begun():
            return None
        return SqliteTransaction(self, self.schema)

    def _end_turn(self, known: int, turns_left: int) -> None:
        """Commit the group unless it grew in this turn: more may come, for the same sync."""
        count = len(self._members)
        if count > known and turns_left:
            self._loop.call_soon(self._end_turn, count, turns_left - 1)
        else:
            self._commit_group()

    def _begun(self) -> bool:
        """Begin a transaction; whether nobody else holds the lock."""
        try:
            self.execute("BEGIN IMMEDIATE")
        except apsw.BusyError:
            return False
        except apsw.Error as exc:
            raise translated(exc) from exc
        self._busy_since_ms = None
        return True

    async def _begin_alone(self) -> None:
        """Begin a transaction, waiting for another program's (W7). Raises Unavailable."""
        if self._begun():
            return
        now_ms = self._clock.monotonic_ms()
        if self._busy_since_ms is None:
            self._busy_since_ms = now_ms
        left_ms = max(0, self._busy_since_ms + self._settings.busy_ms - now_ms)

        def wait() -> None:
            self.connection.set_busy_timeout(left_ms)
            try:
                self.execute("BEGIN IMMEDIATE")
            finally:
                self.connection.set_busy_timeout(0)

        running = asyncio.get_running_loop().run_in_executor(self._thread, wait)
        try:
            await asyncio.shield(running)
        except apsw.Error as exc:
            raise translated(exc) from exc
        except asyncio.CancelledError:
            await _over(running)
            self._roll_back()
            raise
        self._busy_since_ms = None

    def _keep(self, unit: SqliteTransaction) -> None:
        unit.over = True
        if unit.guarded:
            self.execute("RELEASE unit")
        self.dirty = self.dirty or unit.dirty
        self.schema = unit.schema

    def _undo(self, unit: SqliteTransaction) -> None:
        """Take back a unit's writes; when SQLite took back the whole group, fail the group."""
        unit.over = True
        unit.entries.clear()
        if unit.reshaped:
            self.tables.forget()
        if not self.connection.in_transaction:
            if self.dirty:
                batch = self._take_members()
                self._fail(batch, Unavailable("The disk failed: nothing was written."))
        elif unit.guarded:
            self.execute("ROLLBACK TO unit")
            self.execute("RELEASE unit")
        elif unit.dirty:
            self.execute("ROLLBACK")

    def _join(self, unit: SqliteTransaction) -> asyncio.Future[None]:
        """Make the unit part of the group; what comes back ends, or fails, with its COMMIT."""
        done = unit.done = self._loop.create_future()
        self._members.append(unit)
        return done

    async def _alone(self, work: Callable[[Transaction], Awaitable[T]]) -> Committed[T]:
        await self._lock()
        try:
            await self._begin_alone()
            unit = SqliteTransaction(self, self.schema)
            value = await self._bounded(work, unit)
            self._keep(unit)
            error = self._write([unit]) or self._try_commit()
            self._settle([unit], error)
            if error is not None:
                raise error
        finally:
            self._unlock()
        return Committed(value, unit.changes, self._cursor(unit.changes))

    async def _bounded(
        self, work: Callable[[Transaction], Awaitable[T]], unit: SqliteTransaction
    ) -> T:
        """Run a unit that may wait, undone when it fails or takes too long."""
        self._limit = limit = asyncio.timeout(self._settings.unit_timeout_ms / 1_000)
        try:
            async with limit:
                return await work(unit)
        except BaseException as exc:
            self._undo(unit)
            self._roll_back()
            if isinstance(exc, TimeoutError) and limit.expired():
                raise Unavailable("The work inside the transaction took too long.") from exc
            raise
        finally:
            self._limit = None

    # --- committing ---

    def _commit_group(self) -> None:
        if self._locked:
            return
        if not self._members:
            self._roll_back()
            return
        members = self._take_members()
        error = self._write(members)
        if error is not None or self._commit_ms <= self._settings.slow_commit_ms:
            self._settle(members, error or self._try_commit())
            return
        self._locked = True
        running = asyncio.get_running_loop().run_in_executor(self._thread, self._try_commit)
        running.add_done_callback(lambda done: self._committed_in_thread(members, done.result()))

    def _committed_in_thread(
        self, members: list[SqliteTransaction], error: Unavailable | None
    ) -> None:
        self._settle(members, error)
        self._unlock()

    def _take_members(self) -> list[SqliteTransaction]:
        members = self._members
        self._members = []
        return members

    def _write(self, members: list[SqliteTransaction]) -> Unavailable | None:
        """Write the group's log entries."""
        if not self.connection.in_transaction:
            return None
        try:
            written = self._log.write(
                [member.entries for member in members],
                schema_version=self.schema.version,
                at_ms=self._clock.unix_ms(),
            )
        except apsw.Error as exc:
            return _unavailable(exc)
        for member, changes in zip(members, written, strict=True):
            member.changes = changes
        return None

    def _try_commit(self) -> Unavailable | None:
        if not self.connection.in_transaction:
            return None
        started_ms = self._clock.monotonic_ms()
        try:
            self.execute("COMMIT")
        except apsw.Error as exc:
            return _unavailable(exc)
        if self.dirty:
            took_ms = self._clock.monotonic_ms() - started_ms
            self._commit_ms += (took_ms - self._commit_ms) / AVERAGE_OVER
        return None

    def _settle(self, members: list[SqliteTransaction], error: Unavailable | None) -> None:
        """Tell everyone how the COMMIT went."""
        if error is not None:
            self._fail(members, error)
            return
        self._log.settle([member.changes for member in members])
        self.dirty = False
        if self.schema is not self._committed_schema:
            self._committed_schema = self.schema
            self._on_schema(self.schema)
        for member in members:
            if member.done is not None and not member.done.done():
                member.done.set_result(None)
        self._publish(members)
        self._on_commit()

    def _fail(self, members: list[SqliteTransaction], error: Unavailable) -> None:
        self._roll_back()
        self.dirty = False
        self._log.forget()
        self.schema = self._committed_schema
        self.tables.forget()
        for member in members:
            if member.done is not None and not member.done.done():
                member.done.set_exception(error)

    def _publish(self, members: list[SqliteTransaction]) -> None:
        listeners = tuple(self._listeners)
        for member in members:
            if member.changes:
                for listener in listeners:
                    self._tell(listener, member.changes)

    def _tell(
        self, listener: Callable[[tuple[Change, ...]], None], changes: tuple[Change, ...]
    ) -> None:
        try:
            listener(changes)
        except Exception as exc:  # noqa: BLE001 - committed: a listener's failure is its own
            asyncio.get_running_loop().call_exception_handler(
                {"message": "A listener of the change log failed", "exception": exc}
            )

    def _roll_back(self) -> None:
        if self.connection.in_transaction:
            with suppress(apsw.Error):
                self.execute("ROLLBACK")

    def _cursor(self, changes: tuple[Change, ...]) -> Cursor:
        if not changes:
            return self._log.cursor
        return Cursor(epoch=self._log.epoch, position=changes[-1].position)

    # --- taking turns ---

    async def _lock(self) -> None:
        """Have the connection alone, with every earlier unit committed."""
        while self._locked:
            await self._turn()
        self._commit_now()
        self._locked = True

    def _commit_now(self) -> None:
        if self._members:
            members = self._take_members()
            self._settle(members, self._write(members) or self._try_commit())
        self._roll_back()

    def _unlock(self) -> None:
        action, self._action = self._action, None
        if action is not None and not self._closed:
            running = asyncio.get_running_loop().run_in_executor(self._thread, action)
            running.add_done_callback(lambda _done: self._unlock())
            return
        self._locked = False
        waiting = tuple(self._waiting)
        self._waiting.clear()
        for turn in waiting:
            if not turn.done():
                turn.set_result(None)

    async def _turn(self) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        await turn

    def _must_stop(self) -> bool:
        """Whether the running statement shall stop; SQLite asks after each slice of steps."""
        if self._halted:
            return True
        if self.slices_left is None:
            return False
        self.slices_left -= 1
        return self.slices_left < 0


async def _over(running: asyncio.Future[T]) -> None:
    """Wait for a statement that was told to stop; another cancellation changes nothing."""
    while not running.done():
        with suppress(asyncio.CancelledError):
            await asyncio.wait((running,))
    running.exception()  # Looked at: that it was interrupted is no news.


def _unavailable(error: apsw.Error) -> Unavailable:
    ours = translated(error)
    return ours if isinstance(ours, Unavailable) else Unavailable("The database refused.")


def _abandon(steps: Generator[object, None, object]) -> None:
    """Let go of a unit that will run again from its start."""
    with suppress(Exception):  # Whatever its clean-up does, its transaction is over.
        steps.close()
