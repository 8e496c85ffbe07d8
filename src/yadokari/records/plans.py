"""Plans of rules and queries, made once for each shape.

L1  A plan belongs to one schema version; a new version forgets them all.
L2  Filters are cached by shape: the same filter with other literals is the same plan.
L3  The cache is bounded; hostile shapes push out each other, never grow it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import msgspec

from yadokari.base.errors import BadRequest, Forbidden
from yadokari.rules.bind import NOTHING, Binding, RequestContext, bind
from yadokari.rules.errors import RuleError, RuleForbidden
from yadokari.rules.parse import parse
from yadokari.rules.plan import Plan
from yadokari.rules.resolve import Query, resolve
from yadokari.rules.tokens import tokenize
from yadokari.schema.collection import Collection, Schema

PLANS_MAX = 2_000  # about 10 kB each: 20 MB at worst
SUPERUSER_NAMES = ("@collection.", "@request.")
"""Clients' filters and sorts that hold these are refused unread, wherever they stand in them."""
KEPT_MAX = 1_000  # Filters taken apart that are kept: clients ask the same ones again and again.
KEPT_CHARS_MAX = 200  # Longer ones are seldom asked twice; 1 MiB at worst.
FILTER_BYTES_MAX = 3_500  # the reference counts bytes of UTF-8


_kept_tokens = lru_cache(KEPT_MAX)(tokenize)


class Bound(msgspec.Struct, frozen=True):
    """A plan with one request's values."""

    plan: Plan
    binding: Binding = NOTHING


class Plans:
    """Makes and keeps plans."""

    def __init__(self, schema: Callable[[], Schema]) -> None:
        self._schema = schema
        self._version = -1
        self._plans: dict[tuple[object, ...], Plan] = {}

    def rule(
        self, collection: Collection, rule: str, caller: Collection | None, context: RequestContext
    ) -> Bound:
        """A rule of a collection alone; "" finds every record.

        Raises:
            BadRequest: the stored rule no longer fits the schema.
        """
        rules = (rule,) if rule else ()
        return self.query(collection, rules, caller=caller, context=context)

    def query(
        self,
        collection: Collection,
        rules: tuple[str, ...],
        *,
        caller: Collection | None,
        context: RequestContext,
        filter: str = "",
        sort: str = "",
        restricted: bool = True,
    ) -> Bound:
        """Rules, a client's filter and its sort as one plan, bound.

        Raises:
            BadRequest: the filter, the sort or a rule is not valid.
            Forbidden: the filter or the sort uses names for superusers only.
        """
        if restricted and (filter or sort):
            for name in SUPERUSER_NAMES:
                if name in filter or name in sort:
                    raise Forbidden(f"Only superusers can filter by {name}* names.")
        if len(filter.encode()) > FILTER_BYTES_MAX:
            raise BadRequest
        schema = self._schema()
        if schema.version != self._version:
            self._plans.clear()
            self._version = schema.version
        try:
            tokens = None
            if filter:
                tokens = _kept_tokens(filter) if len(filter) <= KEPT_CHARS_MAX else tokenize(filter)
            key = (
                collection.id,
                rules,
                tokens.shape if tokens is not None else None,
                sort,
                caller.id if caller is not None else None,
                restricted,
            )
            plan = self._plans.get(key)
            if plan is None:
                query = Query(
                    collection=collection,
                    rules=rules,
                    filter=parse(tokens) if tokens is not None else None,
                    sort=sort,
                    caller=caller,
                    restricted=restricted,
                )
                plan = self._keep(key, resolve(query, schema))
        except RuleForbidden as exc:
            raise Forbidden(str(exc)) from exc
        except RuleError as exc:
            raise BadRequest from exc
        return Bound(plan, bind(plan, context, tokens.literals if tokens is not None else ()))

    def _keep(self, key: tuple[object, ...], plan: Plan) -> Plan:
        if len(self._plans) >= PLANS_MAX:
            del self._plans[next(iter(self._plans))]
        self._plans[key] = plan
        return plan
