"""The batch endpoint: several record writes in one request and one unit of work.

B1  Items run with the batch's own caller; their headers are laid over the batch's.
B2  Item URLs are those of the record routes, nothing else.
B3  A failing item is answered under its index, and nothing is kept.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from yadokari.api.body import Body
from yadokari.api.door import Door
from yadokari.api.errors import error_object
from yadokari.api.picker import parse_picker
from yadokari.api.query_text import parse_query, unescaped
from yadokari.api.request import Request
from yadokari.api.response import Response, json_bytes, json_response
from yadokari.api.router import Route
from yadokari.api.shape import matching_keys
from yadokari.base.errors import BadRequest, Forbidden, NotFound, YadokariError, invalid
from yadokari.base.json_text import JsonValue, encode
from yadokari.base.problems import Problem, Problems, required
from yadokari.contract import messages
from yadokari.files.intake import Intake
from yadokari.records.batching import BatchFailed, BatchItem, BatchOp, RefusedItem
from yadokari.records.caller import Asking, HeaderFacts
from yadokari.records.submission import Submission
from yadokari.upkeep.app_settings import Batch

if TYPE_CHECKING:
    from yadokari.api.multipart import Upload

BODY_BYTES_DEFAULT_MAX = 128 * 1024 * 1024  # the contract's, when the setting is 0
URL_CHARS_MAX = 2_000  # the contract's limit
_KEYS = {key: key for key in ("method", "url", "headers", "body")}
_NOTHING: Mapping[str, JsonValue] = {}
_UPLOAD_KEY = re.compile(r"^requests(?:\.(\d+)\.|\[(\d+)\]\.?)(.+)$")
_OPS: Mapping[tuple[str, int], BatchOp] = {
    ("POST", 5): "create",
    ("PUT", 5): "upsert",
    ("PATCH", 6): "update",
    ("DELETE", 6): "delete",
}


_ACTIONS: Mapping[BatchOp, str] = {
    "create": "create",
    "upsert": "create",
    "update": "update",
    "delete": "delete",
}


class _Item(msgspec.Struct, frozen=True):
    """One item as sent."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: Mapping[str, object]


class _NoSuchRoute(YadokariError):
    """The item's method and URL are no record write."""


CountItem = Callable[[Request, str, str, str], Awaitable[None]]
"""Counts an item against rate limits: request, method, path, action. Raises TooMany."""


class BatchRoutes:
    """``/api/batch``."""

    def __init__(
        self,
        *,
        door: Door,
        intake: Intake,
        settings: Callable[[], Batch],
        count_item: CountItem | None = None,
    ) -> None:
        self._door = door
        self._intake = intake
        self._settings = settings
        self._count_item = count_item

    def routes(self) -> list[Route]:
        """The endpoint."""
        return [Route("POST", "/api/batch", self.batch, body_limit=self._limit)]

    def _limit(self, _: Request) -> int:
        return self._settings().max_body_size or BODY_BYTES_DEFAULT_MAX

    async def batch(self, request: Request) -> Response:
        """Run all items or none."""
        settings = self._settings()
        if not settings.enabled:
            raise Forbidden(messages.BATCH_DISABLED)
        asking = await self._door.asking(request, context="batch")
        body = await request.body()
        items = _items_of(body, requests_max=settings.max_requests)
        try:
            async with asyncio.timeout(settings.timeout or None), AsyncExitStack() as taken:
                ready = [
                    await self._ready(request, asking, index, item, body, taken)
                    for index, item in enumerate(items)
                ]
                done = await self._door.records.batch(ready)
                shown_each = await done.settled()
        except BatchFailed as exc:
            return _failure(exc.index, exc.cause)
        except TimeoutError as exc:
            raise BadRequest(messages.BATCH_FAILED) from exc
        answers: list[object] = []
        for item, shown in zip(items, shown_each, strict=True):
            fields = _query_of(item.url).get("fields", "")
            picked = parse_picker(fields).pick(shown) if fields and shown is not None else shown
            answers.append({"status": 204 if shown is None else 200, "body": picked})
        return json_response(request, answers)

    async def _ready(
        self,
        request: Request,
        asking: Asking,
        index: int,
        item: _Item,
        body: Body,
        taken: AsyncExitStack,
    ) -> BatchItem | RefusedItem:
        """An item with its collection found, its files taken in, its passwords hashed."""
        try:
            path = item.url.partition("?")[0]
            op, name, id = _target(item.method, path)
            if self._count_item is not None:
                await self._count_item(request, item.method, path, _ACTIONS[op])
            collection = self._door.schema().find(name)
            if collection is None:
                raise NotFound(messages.COLLECTION_MISSING)
            if not id and not collection.is_view:
                id = self._door.records.writing.new_id(collection)
            fields, files = item.body, _files_of(body, index)
            if files:
                chosen = fields.get("id")
                target = chosen if isinstance(chosen, str) and chosen else id
                taking = self._intake.taking(collection, target, fields, files)
                fields = await taken.enter_async_context(taking)
            known = id if op == "update" else str(fields.get("id") or "")
            submission = (
                Submission(fields={})
                if op == "delete"
                else await self._door.records.prepare(collection, fields, id=known)
            )
            query = _query_of(item.url)
            if query.get("fields"):
                parse_picker(query["fields"])
            return BatchItem(
                op=op,
                asking=_item_asking(request, asking, item, query).with_body(lambda: fields),
                collection=collection,
                id=id,
                submission=submission,
                expand=query.get("expand", ""),
            )
        except YadokariError as exc:
            return RefusedItem(exc)


def _target(method: str, path: str) -> tuple[BatchOp, str, str]:
    """Operation, collection and record id of an item's method and path (B2)."""
    segments = [unescaped(part, plus_is_space=False) for part in path.split("/")]
    op = _OPS.get((method, len(segments)))
    if op is None or segments[1:3] != ["api", "collections"] or segments[4] != "records":
        raise _NoSuchRoute
    name, id = segments[3], segments[5] if len(segments) > 5 else ""
    if not name or id is None or (len(segments) > 5 and not id):
        raise _NoSuchRoute
    return op, name, id


def _query_of(url: str) -> Mapping[str, str]:
    return parse_query(url.partition("?")[2].encode())


def _item_asking(request: Request, asking: Asking, item: _Item, query: Mapping[str, str]) -> Asking:
    laid_over = {
        key: value for key, value in item.headers.items() if key.lower() != "authorization"
    }
    method = "POST" if item.method == "PUT" else item.method
    context = replace(
        asking.context,
        method=method,
        query=query,
        headers=HeaderFacts(lambda: {**request.headers, **laid_over}),
    )
    return Asking(caller=asking.caller, context=context)


def _files_of(body: Body, index: int) -> dict[str, list[Upload]]:
    files: dict[str, list[Upload]] = {}
    for key, uploads in body.files.items():
        found = _UPLOAD_KEY.match(key)
        if found is not None and int(found.group(1) or found.group(2)) == index:
            files.setdefault(found.group(3), []).extend(uploads)
    return files


def _items_of(body: Body, *, requests_max: int) -> list[_Item]:
    """The envelope's items. Raises Invalid where the envelope itself is wrong."""
    envelope = matching_keys(body.fields, {"requests": "requests"})
    listed = envelope.get("requests")
    if listed is None or listed == []:
        raise invalid(messages.BATCH_INVALID, {"requests": required()})
    if not isinstance(listed, Sequence) or isinstance(listed, str):
        raise BadRequest(messages.UNREADABLE)
    if len(listed) > requests_max:
        problem = Problem(
            "validation_length_too_long",
            f"At most {requests_max} requests.",
            {"max": requests_max, "min": 0},
        )
        raise invalid(messages.BATCH_INVALID, {"requests": problem})
    items = [_item_of(one) for one in listed]
    problems: Problems = {}
    for index, item in enumerate(items):
        found = _item_problems(item)
        if found:
            problems[str(index)] = found
    if problems:
        raise invalid(messages.BATCH_INVALID, {"requests": problems})
    return items


def _item_of(sent: JsonValue) -> _Item:
    item = _NOTHING if sent is None else sent
    if not isinstance(item, Mapping):
        raise BadRequest(messages.UNREADABLE)
    known = matching_keys(item, _KEYS)
    method, url = known.get("method") or "", known.get("url") or ""
    headers, body = known.get("headers") or _NOTHING, known.get("body") or _NOTHING
    if (
        not isinstance(method, str)
        or not isinstance(url, str)
        or not isinstance(body, Mapping)
        or not isinstance(headers, Mapping)
        or not all(isinstance(value, str) for value in headers.values())
    ):
        raise BadRequest(messages.UNREADABLE)
    return _Item(method, url, {str(key): str(value) for key, value in headers.items()}, body)


def _item_problems(item: _Item) -> Problems:
    problems: Problems = {}
    if not item.method:
        problems["method"] = required()
    elif item.method not in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        problems["method"] = Problem("validation_in_invalid", "Must be a record method.")
    if not item.url:
        problems["url"] = required()
    elif len(item.url) > URL_CHARS_MAX:
        problems["url"] = Problem(
            "validation_length_too_long",
            f"At most {URL_CHARS_MAX} characters.",
            {"max": URL_CHARS_MAX, "min": 0},
        )
    return problems


def _failure(index: int, cause: Exception) -> Response:
    """The answer to a batch with a failing item (B3)."""
    inner = error_object(BadRequest() if isinstance(cause, _NoSuchRoute) else cause)
    if index > 0 and isinstance(cause, _NoSuchRoute):
        inner["status"] = 500  # As PocketBase says it once an earlier item has run.
    entry = {
        "code": "batch_request_failed",
        "message": "Batch request failed.",
        "response": inner,
    }
    body = {
        "data": {"requests": {str(index): entry}},
        "message": messages.BATCH_FAILED,
        "status": 400,
    }
    return json_bytes(encode(body), status=400)
