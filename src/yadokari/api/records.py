"""Endpoints of records: list, view, create, update, delete.

Not here: batches (api/batch.py), what is allowed (records).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from yadokari.api.door import Door
from yadokari.api.list_throttle import ListThrottle
from yadokari.api.paging import parse_paging
from yadokari.api.request import BODY_BYTES_MAX, Request
from yadokari.api.response import Response, json_response, no_content
from yadokari.api.router import Route
from yadokari.contract.page import page_object
from yadokari.files.intake import Intake
from yadokari.ports.store import Row
from yadokari.records.caller import Asking
from yadokari.records.reading import ListQuery, applied_rule
from yadokari.schema.collection import Collection

_PATH = "/api/collections/{c}/records"


class RecordRoutes:
    """Handlers of ``/api/collections/{c}/records``."""

    def __init__(self, *, door: Door, intake: Intake, throttle: ListThrottle) -> None:
        self._door = door
        self._intake = intake
        self._throttle = throttle

    def routes(self) -> list[Route]:
        """The endpoints."""
        return [
            Route("GET", _PATH, self.list, action="list"),
            Route("GET", _PATH + "/{id}", self.view, action="view"),
            Route("POST", _PATH, self.create, body_limit=self._limit, action="create"),
            Route("PATCH", _PATH + "/{id}", self.update, body_limit=self._limit, action="update"),
            Route("DELETE", _PATH + "/{id}", self.delete, action="delete"),
        ]

    async def list(self, request: Request) -> Response:
        """A page of records."""
        door = self._door
        collection = door.collection(request)
        asking = await door.asking(request)
        query = request.query
        applied_rule(collection.list_rule, asking, collection)  # Refused before anything is read.
        paging = parse_paging(query)
        wanted = ListQuery(
            filter=query.get("filter", ""),
            sort=query.get("sort", ""),
            page=paging.page,
            per_page=paging.per_page,
            skip_total=paging.skip_total,
        )
        listed = await door.records.list(asking, collection, wanted)
        if not listed.rows and wanted.filter and collection.list_rule:
            await self._throttle.missed(asking.caller, request.real_ip)
        expand = query.get("expand", "")
        shown: Sequence[object]
        if expand or collection.is_auth or query.get("fields"):
            shown = await door.records.present(asking, collection, listed.rows, expand=expand)
        else:
            shown = door.records.present_page(asking, collection, listed.rows)
        page = page_object(
            shown, page=paging.page, per_page=paging.per_page, total_items=listed.total
        )
        return json_response(request, page, page=True, canonical=True)

    async def view(self, request: Request) -> Response:
        """One record."""
        door = self._door
        collection = door.collection(request)
        asking = await door.asking(request)
        row = await door.records.view(asking, collection, request.params["id"])
        shown = await door.records.present(
            asking, collection, [row], expand=request.query.get("expand", "")
        )
        return json_response(request, shown[0], canonical=True)

    async def create(self, request: Request) -> Response:
        """A new record."""
        door = self._door
        collection = door.collection(request)
        asking = await door.asking(request)
        fresh_id = "" if collection.is_view else door.records.writing.new_id(collection)

        async def store(fields: Mapping[str, object]) -> Row:
            submission = await door.records.prepare(collection, fields)
            done = await door.records.create(asking, collection, submission, fresh_id=fresh_id)
            return await done.settled()

        row = await self._taken_in(request, collection, fresh_id, store)
        return await self._shown(request, asking, collection, row)

    async def update(self, request: Request) -> Response:
        """A changed record."""
        door = self._door
        collection = door.collection(request)
        asking = await door.asking(request)
        id = request.params["id"]

        async def store(fields: Mapping[str, object]) -> Row:
            submission = await door.records.prepare(collection, fields, id=id)
            done = await door.records.update(asking, collection, id, submission)
            return await done.settled()

        row = await self._taken_in(request, collection, id, store)
        return await self._shown(request, asking, collection, row)

    async def delete(self, request: Request) -> Response:
        """A record less."""
        door = self._door
        collection = door.collection(request)
        asking = await door.asking(request)
        done = await door.records.delete(asking, collection, request.params["id"])
        await done.settled()
        return no_content()

    def _limit(self, request: Request) -> int:
        """A body's size in bytes: room for every field's own largest value."""
        found = self._door.schema().find(request.params["c"])
        return BODY_BYTES_MAX + (0 if found is None else found.recipe.large_bytes_max)

    async def _taken_in(
        self,
        request: Request,
        collection: Collection,
        record_id: str,
        store: Callable[[Mapping[str, object]], Awaitable[Row]],
    ) -> Row:
        """The row that ``store`` makes of the submitted fields, with the uploads among them."""
        body = await request.body()
        if not body.files:
            return await store(body.fields)
        chosen = body.fields.get("id")
        id = chosen if isinstance(chosen, str) and chosen else record_id
        async with self._intake.taking(collection, id, body.fields, body.files) as fields:
            return await store(fields)

    async def _shown(
        self, request: Request, asking: Asking, collection: Collection, row: Row
    ) -> Response:
        shown = await self._door.records.present(
            asking, collection, [row], expand=request.query.get("expand", "")
        )
        return json_response(request, shown[0], canonical=True)
