"""Lists of collections: filters and sorts over a few plain fields.

CL1  Only ``id``, ``created``, ``updated``, ``name``, ``system`` and ``type`` are known: no paths,
     no modifiers, nothing of the request. Macros and functions work.
CL2  The default order is the order in which the collections were made.

Not here: filters of records (records/plans.py).
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from msgspec.structs import replace

from yadokari.base.errors import BadRequest
from yadokari.collections.reserved import COLLECTIONS
from yadokari.contract.page import UNCOUNTED, offset_of
from yadokari.ports.store import Counted, Page, Reads
from yadokari.rules.bind import RequestContext, bind
from yadokari.rules.errors import RuleError, RuleForbidden
from yadokari.rules.parse import parse
from yadokari.rules.resolve import Query, resolve
from yadokari.rules.tokens import tokenize
from yadokari.rules.tree import All, Any, Call, Comparison, Name, Operand, Tree
from yadokari.schema.collection import Collection, Schema

LISTED_FIELDS = frozenset(("id", "created", "updated", "name", "system", "type"))
FILTER_BYTES_MAX = 3_500  # the contract's limit for clients' filters, in bytes of UTF-8

_LISTED = replace(
    COLLECTIONS, fields=tuple(f for f in COLLECTIONS.fields if f.name in LISTED_FIELDS)
)
_WORDS = frozenset(("null", "true", "false"))
_SORT_MACROS = frozenset(("@random", "@rowid"))
_UNKNOWN_PREFIXES = ("@request", "@collection")


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
        _check_names(tree, query.sort)
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


def _check_names(tree: Tree | None, sort: str) -> None:
    for name in _names_in(tree) if tree is not None else ():
        is_macro = name.startswith("@") and not name.startswith(_UNKNOWN_PREFIXES)
        if not is_macro and name not in LISTED_FIELDS and name.lower() not in _WORDS:
            raise RuleError(f"unknown field {name!r}")
    for item in sort.split(",") if sort else ():
        name = item.strip().lstrip("+-")
        if name not in LISTED_FIELDS and name not in _SORT_MACROS:
            raise RuleError(f"unknown field {name!r}")


def _names_in(tree: Tree) -> Iterator[str]:
    match tree:
        case All() | Any():
            for part in tree.parts:
                yield from _names_in(part)
        case Comparison():
            yield from _operand_names(tree.left)
            yield from _operand_names(tree.right)


def _operand_names(operand: Operand) -> Iterator[str]:
    match operand:
        case Name():
            yield operand.text
        case Call():
            for argument in operand.arguments:
                yield from _operand_names(argument)
        case _:
            return
