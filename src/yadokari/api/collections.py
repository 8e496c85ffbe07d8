"""Endpoints of collections, for superusers only.

Not here: what is allowed and what it does (collections/service.py).
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from yadokari.api.paging import parse_paging
from yadokari.api.request import Request
from yadokari.api.response import Response, json_response, no_content
from yadokari.api.superuser_check import SuperuserCheck
from yadokari.base.errors import BadRequest, Invalid
from yadokari.base.problems import Problem, required
from yadokari.collections.listing import CollectionQuery
from yadokari.collections.oauth2_listing import provider_list
from yadokari.collections.service import Collections
from yadokari.contract import messages
from yadokari.contract.page import page_object
from yadokari.records.presenting import Presenter
from yadokari.schema.collection_json import collection_to_wire
from yadokari.schema.field_wire import field_to_wire

VIEW_QUERY_CHARS_MAX = 5_000  # the contract's limit for a query that is only tried


class ImportBody(msgspec.Struct, rename="camel"):
    """Body of an import."""

    collections: list[dict[str, object] | None] = msgspec.field(default_factory=list)
    delete_missing: bool = False


class TryBody(msgspec.Struct):
    """Body of a dry run."""

    query: str = ""


class CollectionRoutes:
    """Handlers of ``/api/collections`` without records."""

    def __init__(self, *, door: SuperuserCheck, collections: Collections) -> None:
        self._door = door
        self._collections = collections

    async def list(self, request: Request) -> Response:
        """A page of collections."""
        await self._door.superuser(request)
        query = request.query
        paging = parse_paging(query)
        listed = await self._collections.list(
            CollectionQuery(
                filter=query.get("filter", ""),
                sort=query.get("sort", ""),
                page=paging.page,
                per_page=paging.per_page,
                skip_total=paging.skip_total,
            )
        )
        page = page_object(
            [collection_to_wire(item) for item in listed.collections],
            page=paging.page,
            per_page=paging.per_page,
            total_items=listed.total,
        )
        return json_response(request, page, page=True)

    async def view(self, request: Request) -> Response:
        """One collection."""
        await self._door.superuser(request)
        found = self._collections.get(request.params["c"])
        return json_response(request, collection_to_wire(found))

    async def create(self, request: Request) -> Response:
        """A new collection."""
        await self._door.superuser(request)
        made = await self._collections.create(await _submitted(request))
        return json_response(request, collection_to_wire(made))

    async def update(self, request: Request) -> Response:
        """A changed collection."""
        await self._door.superuser(request)
        name = request.params["c"]
        self._collections.get(name)
        changed = await self._collections.update(name, await _submitted(request))
        return json_response(request, collection_to_wire(changed))

    async def delete(self, request: Request) -> Response:
        """A collection less."""
        await self._door.superuser(request)
        await self._collections.delete(request.params["c"])
        return no_content()

    async def truncate(self, request: Request) -> Response:
        """A collection without records."""
        await self._door.superuser(request)
        await self._collections.truncate(request.params["c"])
        return no_content()

    async def import_all(self, request: Request) -> Response:
        """Many collections at once."""
        await self._door.superuser(request)
        body = await request.bind(ImportBody)
        if not body.collections:
            problems = {"collections": required()}
            raise Invalid(messages.NOT_VALID, problems=dict(problems))
        wires = [item or {} for item in body.collections]
        await self._collections.import_all(wires, delete_missing=body.delete_missing)
        return no_content()

    async def scaffolds(self, request: Request) -> Response:
        """Empty collections by type."""
        await self._door.superuser(request)
        return json_response(request, self._collections.scaffolds())

    async def oauth2_providers(self, request: Request) -> Response:
        """Providers one can configure."""
        await self._door.superuser(request)
        return json_response(request, provider_list())

    async def try_view(self, request: Request) -> Response:
        """What a SELECT would give as a view."""
        await self._door.superuser(request)
        query = (await request.bind(TryBody)).query
        problem = _query_problem(query)
        if problem is not None:
            raise Invalid(messages.NOT_VALID, problems={"query": problem})
        try:
            trial = await self._collections.try_view(query)
        except BadRequest as error:
            raise BadRequest(f"Invalid view query. Raw error: \n{error.message}") from error
        presenter = Presenter(trial.collection, hidden=False)
        value = {
            "fields": [field_to_wire(field) for field in trial.collection.fields],
            "sample": [presenter.present(row, email=True) for row in trial.rows],
        }
        return json_response(request, value)


def _query_problem(query: str) -> Problem | None:
    if not query.strip():
        return required()
    if len(query) > VIEW_QUERY_CHARS_MAX:
        params = {"max": VIEW_QUERY_CHARS_MAX, "min": 0}
        return Problem("validation_length_too_long", "The query is too long.", params)
    return None


async def _submitted(request: Request) -> Mapping[str, object]:
    """The keys of a collection's body."""
    try:
        body = await request.body()
    except BadRequest as error:
        raise BadRequest(messages.COLLECTION_UNREADABLE) from error
    return body.fields
