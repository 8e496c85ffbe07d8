"""Lists of collections: filters and sorts over a few plain fields.

CL1  Only ``id``, ``created``, ``updated``, ``name``, ``system`` and ``type`` are known: no paths,
     no modifiers, nothing of the request. Macros and functions work.
CL2  The default order is the order in which the collections were made.

Not here: filters of records (records/plans.py).
"""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from yadokari.base.errors import BadRequest
from yadokari.collections.reserved import COLLECTIONS
from yadokari.contract.page import UNCOUNTED, offset_of
from yadokari.ports.store import Counted, Page, Reads
from yadokari.rules.bind import RequestContext, bind
from yadokari.rules.errors import RuleError, RuleForbidden
from yadokari.rules.parse import parse
from yadokari.rules.plain_names import check_plain_names
from yadokari.rules.resolve import Query, resolve
from yadokari.rules.tokens import tokenize
from yadokari.schema.collection import Collection, Schema

LISTED_FIELDS = frozenset(("id", "created", "updated", "name", "system", "type"))
FILTER_BYTES_MAX = 3_500  # the contract's limit for clients' filters, in bytes of UTF-8

_LISTED = replace(
    COLLECTIONS, fields=tuple(f for f in COLLECTIONS.fields if f.name in LISTED_FIELDS)
)


class CollectionQuery(msgspec.Struct, frozen=True, kw_only=True):
    """What a list request wants; paging is corrected already."""

    filter: str = ""
    sort: str = ""
    page: int = 1
    per_page: int = 30
    skip_total: bool = False


class ListedCollections(msgspec.Struct, frozen=True):
    """A page of collections; ``total`` is UNCOUNTED when it was not asked for."""

    collections: list[Collection]
    total: int


async def list_collections(
    reads: Reads, schema: Schema, query: CollectionQuery, *, now_ms: int
) -> ListedCollections:
    """A page of the collections that the filter finds.

    Raises:
        BadRequest: filter or sort is not valid (CL1).
    """
    if len(query.filter.encode()) > FILTER_BYTES_MAX:
        raise BadRequest
    try:
        tokens = tokenize(query.filter) if query.filter else None
        tree = parse(tokens) if tokens is not None else None
        check_plain_names(tree, query.sort, LISTED_FIELDS.__contains__)
        # An empty schema: no name leads to another collection (CL1).
        plan = resolve(
            Query(collection=_LISTED, filter=tree, sort=query.sort, restricted=False), Schema()
        )
    except (RuleError, RuleForbidden) as error:
        raise BadRequest from error
    literals = tokens.literals if tokens is not None else ()
    binding = bind(plan, RequestContext(now_ms=now_ms), literals)
    page = Page(offset=offset_of(page=query.page, per_page=query.per_page), limit=query.per_page)
    if query.skip_total:
        listed = Counted(await reads.select(plan, binding, page=page), UNCOUNTED)
    else:
        listed = await reads.select_counted(plan, binding, page=page)
    found = [schema.by_id[row.id] for row in listed.rows if row.id in schema.by_id]
    return ListedCollections(found, listed.total)
