"""The hub: takes durable changes from the store and tells the clients that may hear of them.

H1  Events leave in log order, after their commit is durable; rolled-back work sends nothing.
H2  Access is judged for each client with its identity at that moment, against the record after
    the change; a deletion is judged inside the transaction, while the record exists.
H3  Clients that ask the same as the same caller are judged once.
H4  A change that takes a record out of somebody's sight sends nothing.
H5  A subscription hears of what is committed after it was made, and of nothing earlier.

Not here: the wire (api/realtime.py), what topics look like (realtime/topics.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

import msgspec

from yadokari.base.errors import BadRequest, Forbidden, NotFound, YadokariError
from yadokari.base.json_text import encode_canonical
from yadokari.base.log import Log
from yadokari.contract import messages
from yadokari.ports.clock import Clock
from yadokari.ports.entropy import Entropy
from yadokari.ports.store import Change, Reads, Row, Store, Transaction
from yadokari.realtime.client import Client, Subscription
from yadokari.realtime.topics import EVERY_RECORD, Topic, parse_topic
from yadokari.records.caller import GUEST, Asking, Caller, HeaderFacts
from yadokari.records.judging import satisfied
from yadokari.records.presenting import Presented
from yadokari.records.service import Records
from yadokari.rules.bind import RequestContext
from yadokari.schema.collection import Collection

CLIENT_ID_CHARS = 40  # what official clients expect to see
ALPHANUMERIC = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
DELETIONS_MAX = 10_000  # judged deletions waiting for their commit; rolled-back ones fall out

Pick = Callable[[str, Presented], object]
"""Applies a ``fields`` picker to a record. Raises BadRequest."""
Frame = Callable[[str, str, bytes], bytes]
"""One message on the wire: client id, event name, data."""


class _Heard(msgspec.Struct, frozen=True):
    """The changes of one unit of work."""

    moment: int
    """Units of work heard of so far, this one included."""
    changes: tuple[Change, ...]


class _Delivery(msgspec.Struct, frozen=True):
    """A message for one client."""

    client: Client
    topic: str
    data: bytes


class Hub:
    """Clients and their subscriptions."""

    def __init__(
        self, *, store: Store, clock: Clock, entropy: Entropy, log: Log, pick: Pick, frame: Frame
    ) -> None:
        self._store = store
        self._clock = clock
        self._entropy = entropy
        self._log = log
        self._pick = pick
        self._frame = frame
        self._clients: dict[str, Client] = {}
        self._listening: dict[str, dict[Client, list[Subscription]]] = {}
        self._deletions: dict[tuple[str, str, int], list[_Delivery]] = {}
        self._waiting: asyncio.Queue[_Heard] = asyncio.Queue()
        self._moment = 0
        self.records: Records | None = None
        """Set once by whoever builds both: records tell the hub of deletions."""

    # --- clients -------------------------------------------------------------------------------

    def connect(self, ip: str) -> Client:
        """A new client at this address."""
        client_id = self._entropy.text(CLIENT_ID_CHARS, alphabet=ALPHANUMERIC)
        client = Client(id=client_id, ip=ip)
        self._clients[client_id] = client
        return client

    def disconnect(self, client: Client) -> None:
        """Forget a client."""
        client.closed = True
        self._clients.pop(client.id, None)
        self._set_topics(client, ())

    def close(self) -> None:
        """End every connection."""
        for client in list(self._clients.values()):
            client.close()

    def subscribe(self, client_id: str, topics: Iterable[str], *, caller: Caller, ip: str) -> None:
        """Replace the topics of a client, and give it the identity of this request.

        Raises:
            NotFound: no such client, or it is gone.
            BadRequest: it connected from another address.
            Forbidden: it was somebody else before.
        """
        client = self._clients.get(client_id)
        if client is None or client.closed:
            raise NotFound(messages.REALTIME_CLIENT_MISSING)
        if client.ip != ip:
            raise BadRequest(messages.REALTIME_CLIENT_INVALID)
        if client.bound and not _same(client.caller, caller):
            raise Forbidden(messages.REALTIME_CALLER_CHANGED)
        if not client.bound and not caller.is_guest:
            client.bound, client.signed_in_since = True, self._moment
        client.caller = caller
        self._set_topics(client, topics)

    def hand_over(self, client_id: str, topic: str, data: bytes, *, ip: str) -> bool:
        """Send one message to a client that waits for it.

        It waits once: the subscription ends with the first attempt, whoever makes it.

        Returns:
            False when no such client waits, or it is at another address: it hears nothing.
        """
        client = self._clients.get(client_id)
        if client is None or client.closed or topic not in client.topics:
            return False
        self._set_topics(client, [name for name in client.topics if name != topic])
        if client.ip != ip:
            return False
        client.send(self._frame(client.id, topic, data))
        return True

    def _set_topics(self, client: Client, names: Iterable[str]) -> None:
        for key in {one.topic.collection for one in client.topics.values()}:
            listening = self._listening.get(key)
            if listening is not None:
                listening.pop(client, None)
                if not listening:
                    del self._listening[key]
        before = client.topics
        client.topics = {
            name: before.get(name) or Subscription(parse_topic(name), self._moment)
            for name in names
        }
        for one in client.topics.values():
            listening = self._listening.setdefault(one.topic.collection, {})
            listening.setdefault(client, []).append(one)

    # --- changes -------------------------------------------------------------------------------

    def heard(self, changes: tuple[Change, ...]) -> None:
        """Take durable changes in; never waits."""
        if self._clients:
            self._moment += 1
            self._waiting.put_nowait(_Heard(self._moment, changes))

    async def run(self) -> None:
        """Tell clients of changes, until cancelled."""
        while True:
            heard = await self._waiting.get()
            for change in heard.changes:
                try:
                    await self._tell(change, heard.moment)
                except YadokariError as error:
                    self._log.warning("realtime_event_lost", reason=str(error))

    async def before_delete(self, tx: Transaction, collection: Collection, row: Row) -> None:
        """Judge, while the record exists, who will hear of its deletion (H2)."""
        if not self._is_heard(collection):
            return
        moment = self._moment + 1
        deliveries = await self._deliveries(collection, row, "delete", tx, moment=moment)
        if len(self._deletions) >= DELETIONS_MAX:
            del self._deletions[next(iter(self._deletions))]
        self._deletions[(collection.id, row.id, row.version)] = deliveries

    def _is_heard(self, collection: Collection) -> bool:
        return collection.id in self._listening or collection.name in self._listening

    async def _tell(self, change: Change, moment: int) -> None:
        collection = self._store.schema.by_id.get(change.collection_id)
        if collection is None:
            return
        if collection.is_auth:
            self._follow_callers(change, collection)
        if not self._is_heard(collection):
            return
        if change.op == "delete":
            version = change.before.version if change.before is not None else change.version
            key = (change.collection_id, change.record_id, version)
            deliveries = self._deletions.pop(key, [])
        elif change.after is not None:
            deliveries = await self._deliveries(
                collection, change.after, change.op, self._store, moment=moment
            )
        else:
            return
        for delivery in deliveries:
            client = delivery.client
            if not client.closed:
                client.send(self._frame(client.id, delivery.topic, delivery.data))

    def _follow_callers(self, change: Change, collection: Collection) -> None:
        """Clients signed in as a changed record: a new token key, or none, makes them guests."""
        for client in self._clients.values():
            mine = client.caller.row
            if (
                mine is None
                or mine.collection_id != change.collection_id
                or mine.id != change.record_id
                or mine.version >= change.version  # It signed in after this change.
            ):
                continue
            after = change.after
            stays = after is not None and after.values["tokenKey"] == mine.values["tokenKey"]
            client.caller = Caller(after, collection) if stays else GUEST

    async def _deliveries(
        self, collection: Collection, row: Row, action: str, reads: Reads, *, moment: int
    ) -> list[_Delivery]:
        judged: dict[tuple[str, str], bytes | None] = {}
        deliveries: list[_Delivery] = []
        for key in (collection.id, collection.name):
            for client, subscriptions in list(self._listening.get(key, {}).items()):
                caller = client.caller_at(moment)
                for topic in [one.topic for one in subscriptions if one.since < moment]:
                    if topic.record not in (EVERY_RECORD, row.id):
                        continue
                    same = (topic.name, _identity(caller))
                    if same not in judged:
                        judged[same] = await self._judge(
                            caller, topic, collection, row, action, reads
                        )
                    data = judged[same]
                    if data is not None:
                        deliveries.append(_Delivery(client, topic.name, data))
        return deliveries

    async def _judge(
        self,
        caller: Caller,
        topic: Topic,
        collection: Collection,
        row: Row,
        action: str,
        reads: Reads,
    ) -> bytes | None:
        """The event's data for this caller, None when it may not hear of it."""
        rule = collection.list_rule if topic.record == EVERY_RECORD else collection.view_rule
        if caller.is_superuser:
            rule = ""
        if rule is None:
            return None
        records = self.records
        assert records is not None, "the hub is built together with the records"
        asking = Asking(
            caller=caller,
            context=RequestContext(
                context="realtime",
                headers=HeaderFacts(lambda: topic.headers),
                query=topic.query,
                auth=caller.facts,
                now_ms=self._clock.unix_ms(),
            ),
        )
        try:
            bound = records.plans.query(
                collection,
                (rule,) if rule else (),
                caller=caller.collection,
                context=asking.context,
                filter=topic.query.get("filter", ""),
                restricted=not caller.is_superuser,
            )
            if not await satisfied(bound, row.values, reads):
                return None
            shown = await records.present(
                asking, collection, [row], expand=topic.query.get("expand", ""), reads=reads
            )
            fields = topic.query.get("fields", "")
            record = self._pick(fields, shown[0]) if fields else shown[0]
        except (BadRequest, Forbidden):
            return None
        return encode_canonical({"record": record, "action": action})


def _same(first: Caller, second: Caller) -> bool:
    if first.row is None or second.row is None:
        return first.row is second.row
    return first.row.collection_id == second.row.collection_id and first.row.id == second.row.id


def _identity(caller: Caller) -> str:
    return f"{caller.row.collection_id}/{caller.row.id}" if caller.row is not None else ""
