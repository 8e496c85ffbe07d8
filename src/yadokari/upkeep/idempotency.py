"""Idempotency keys: a write that is sent again gets its first answer again, and happens once.

K1  A key belongs to one caller; the same key of another caller is another key.
K2  The claim "this key was carried out" is committed in the same unit of work as the write. So
    after a crash the write exists exactly when its claim does.
K3  Only carried-out writes are kept. A refused or failed one changed nothing; sent again it is
    judged anew.
K4  The same key with another request is a mistake of the client and never carried out.
K5  While the first is under way, a second waits for it, and then gets its answer.
K6  A key is kept for a day, across restarts.

The answer itself is known only after the commit (it is rendered for the caller), so it is added to
the claim right after, before it leaves. If the process dies between the two, the write is not
repeated, and the client is told that it was carried out.

Not here: which requests take a key and who the caller is (api/idempotency.py).
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from contextvars import ContextVar
from typing import Literal, TypeAlias, TypeVar

import msgspec

from yadokari.base.errors import BadRequest, Unavailable
from yadokari.ports.clock import Clock
from yadokari.ports.store import ABSENT, Committed, Page, Row, Store, Transaction
from yadokari.rules.bind import NOTHING
from yadokari.rules.resolve import Query, resolve
from yadokari.schema.collection import Collection
from yadokari.schema.fields import NumberField, TextField, Value

T = TypeVar("T")

KEY_CHARS_MAX = 255  # As other services take; a UUID has 36.
KEEP_MS = 24 * 3_600_000
ANSWER_BYTES_MAX = 1024 * 1024  # Larger ones are batches; they are claimed, not kept.
WAIT_S = 10  # A write takes milliseconds; who holds a key longer is stuck.
PRUNE_ROWS_MAX = 100  # One unit of work stays short.

IDEMPOTENCY = Collection(
    id="$idempotency",
    name="$idempotency",
    fields=(
        TextField(id="id", name="id", primary_key=True),
        TextField(id="request", name="request"),
        NumberField(id="expires_ms", name="expires_ms"),
        NumberField(id="status", name="status"),
        TextField(id="content_type", name="content_type"),
        TextField(id="body", name="body", hidden=True),
    ),
    system=True,
)
"""Reserved: rows are digests of keys, what was asked, and the answer; status 0 = claimed only."""


class KeyMisused(BadRequest):
    """The key was used for another request. Use a new key for a new request."""


class StillRunning(Unavailable):
    """The first request with this key is still under way. Wait and send it again."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a client got."""

    status: int
    content_type: str
    body: bytes


class Replay(msgspec.Struct, frozen=True):
    """The first answer, to be given again."""

    answer: Answer


class CarriedOut(msgspec.Struct, frozen=True):
    """The write happened, but its answer was not kept; it must not be repeated."""


class Turn(msgspec.Struct, eq=False):
    """The right to carry out the request; end it with ``finish`` or ``give_up``."""

    key_id: str
    request: str
    done: asyncio.Event
    row: Row | None = None
    """The claim, once its unit of work put it."""


Outcome: TypeAlias = Turn | Replay | CarriedOut


class Idempotency:
    """Keeps keys in a store.

    A request with a key: ``begin``; for a Turn ``enter`` it, carry the request out with
    ``transact_claimed`` as its way to the store, ``finish`` with the answer (or ``give_up``).
    """

    def __init__(self, *, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._turn: ContextVar[Turn | None] = ContextVar("idempotency_turn", default=None)
        self._running: dict[str, Turn] = {}

    async def begin(self, key: str, *, caller: str, request: bytes) -> Outcome:
        """Whether to carry out a request that came with a key.

        Args:
            key: The header's value, 1 to 255 characters.
            caller: Collection id and record id; for a guest an address, so that guests do not
                read each other's answers.
            request: What makes it the same request: method, path, query and body.

        Raises:
            KeyMisused: K4.
            StillRunning: K5, after ten seconds.
        """
        key_id = _digest(caller.encode() + b"\0" + key.encode("utf-8", "surrogatepass"))
        asked = _digest(request)
        while (first := self._running.get(key_id)) is not None:
            if first.request != asked:
                raise KeyMisused("This Idempotency-Key was used for another request.")
            try:
                await asyncio.wait_for(first.done.wait(), WAIT_S)
            except TimeoutError as exc:
                raise StillRunning("The first request with this key is still running.") from exc
        # From here to the entry in _running nothing may wait, or two could begin.
        turn = self._running[key_id] = Turn(key_id, asked, asyncio.Event())
        try:
            outcome = await self._kept(turn)
        except BaseException:
            self.give_up(turn)
            raise
        if outcome is not turn:
            self.give_up(turn)
        return outcome

    @property
    def has_turn(self) -> bool:
        """Whether the running task carries out a request that came with a key."""
        return self._turn.get() is not None

    def enter(self, turn: Turn) -> None:
        """Let the units of work that this task runs from now on carry the claim (K2)."""
        self._turn.set(turn)

    async def claim(self, transaction: Transaction) -> None:
        """Put the claim of this task's turn, if it has one; the last step of a unit of work.

        Raises:
            StillRunning: another node claimed the key meanwhile; nothing of this unit stays.
        """
        turn = self._turn.get()
        if turn is None:
            return
        values: dict[str, Value] = {
            "id": turn.key_id,
            "request": turn.request,
            "expires_ms": self._clock.unix_ms() + KEEP_MS,
            "status": 0,
            "content_type": "",
            "body": "",
        }
        known = (await transaction.get(IDEMPOTENCY, [turn.key_id])).get(turn.key_id)
        if known is not None:
            if turn.row is not None and known.version == turn.row.version:
                return  # A request of several units of work claims with its first.
            if _expires_ms(known) > self._clock.unix_ms():
                raise StillRunning("Another node carries out a request with this key.")
        turn.row = await transaction.put(
            Row(
                collection_id=IDEMPOTENCY.id,
                values=values,
                version=known.version if known is not None else 0,
                stamp=known.stamp if known is not None else 0,
            ),
            expected=known.version if known is not None else ABSENT,
        )

    async def finish(self, turn: Turn, answer: Answer) -> None:
        """Keep the answer of a carried-out request, and let those who wait have it.

        A request that wrote nothing, or was refused, keeps nothing (K3).
        """
        try:
            row = turn.row
            if row is None or not 200 <= answer.status < 300:
                return
            if len(answer.body) > ANSWER_BYTES_MAX:
                return
            values = row.values | {
                "status": answer.status,
                "content_type": answer.content_type,
                "body": base64.b64encode(answer.body).decode(),
            }
            answered = Row(
                collection_id=row.collection_id,
                values=values,
                version=row.version,
                stamp=row.stamp,
            )

            async def keep(transaction: Transaction) -> None:
                await transaction.put(answered, expected=row.version)

            self._turn.set(None)
            committed = await self._store.transact(keep)
            await committed.settled()
        finally:
            self.give_up(turn)

    def give_up(self, turn: Turn) -> None:
        """End a turn without keeping an answer; harmless after ``finish``."""
        if self._running.get(turn.key_id) is turn:
            del self._running[turn.key_id]
        turn.done.set()
        if self._turn.get() is turn:
            self._turn.set(None)

    async def prune(self) -> int:
        """Forget keys older than a day, the oldest hundred at most; returns how many."""
        now_ms = self._clock.unix_ms()

        async def forget(transaction: Transaction) -> int:
            oldest = await transaction.all_of(IDEMPOTENCY, rows_max=PRUNE_ROWS_MAX)
            ended = [row for row in oldest if _expires_ms(row) <= now_ms]
            for row in ended:
                await transaction.remove(row)
            return len(ended)

        return (await self._store.transact(forget)).value

    async def forget_answers(self, texts: Sequence[str], *, dry_run: bool) -> int:
        """Empty the kept answers that hold one of these texts; how many. Their claims stay (K2)."""
        needles = [text.encode() for text in texts]
        plan = resolve(Query(collection=IDEMPOTENCY), self._store.schema)
        offset = count = 0
        while rows := await self._store.select(
            plan, NOTHING, page=Page(offset=offset, limit=PRUNE_ROWS_MAX)
        ):
            offset += len(rows)
            found = [row for row in rows if _holds(row, needles)]
            count += len(found)
            if found and not dry_run:
                await self._empty(found)
        return count

    async def _empty(self, rows: Sequence[Row]) -> None:
        async def work(transaction: Transaction) -> None:
            for row in rows:
                values = row.values | {"status": 0, "content_type": "", "body": ""}
                emptied = Row(row.collection_id, values, row.version, row.stamp)
                await transaction.put(emptied, expected=row.version)

        committed = await self._store.transact(work)
        await committed.settled()

    async def _kept(self, turn: Turn) -> Outcome:
        row = (await self._store.get(IDEMPOTENCY, [turn.key_id])).get(turn.key_id)
        if row is None or _expires_ms(row) <= self._clock.unix_ms():
            return turn
        if row.values["request"] != turn.request:
            raise KeyMisused("This Idempotency-Key was used for another request.")
        status, body = row.values["status"], row.values["body"]
        if not isinstance(status, int) or status == 0:
            return CarriedOut()
        content_type = str(row.values["content_type"])
        kept = base64.b64decode(str(body))
        return Replay(Answer(status=status, content_type=content_type, body=kept))


def check_key(key: str) -> Literal["good", "bad"]:
    """Whether a header's value can be a key: printable ASCII, 1 to 255 characters."""
    good = 0 < len(key) <= KEY_CHARS_MAX and key.isascii() and key.isprintable()
    return "good" if good else "bad"


def transact_claimed(
    store: Store,
    idempotency: Idempotency,
    work: Callable[[Transaction], Awaitable[T]],
) -> Awaitable[Committed[T]]:
    """``store.transact(work)`` whose unit of work also carries the claim of this task's turn.

    Without a turn it is the store's own ``transact``.
    """
    if not idempotency.has_turn:
        return store.transact(work)

    async def both(transaction: Transaction) -> T:
        value = await work(transaction)
        await idempotency.claim(transaction)
        return value

    return store.transact(both)


def _holds(row: Row, needles: Sequence[bytes]) -> bool:
    body = base64.b64decode(str(row.values["body"]))
    return any(needle in body for needle in needles)


def _expires_ms(row: Row) -> int:
    value = row.values["expires_ms"]
    return int(value) if isinstance(value, (int, float)) else 0


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
