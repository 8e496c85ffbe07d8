"""From trees to a plan: names resolved against the schema, rules and filter joined into one.

V1  Rules may read everything; a client's filter and sort are restricted (rules/paths.py, W2).
V2  All parts of one query share its joins, so a rule and a filter on the same path speak of the
    same element.
V3  A name that does not exist is an error when a rule is saved and when a filter is sent.

Not here: parsing (rules/parse.py), values of the request (rules/bind.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

import msgspec

from yadokari.rules.errors import RuleError, RuleForbidden
from yadokari.rules.joins import Joins
from yadokari.rules.parse import parse
from yadokari.rules.paths import Walk, public_mail_only, walk
from yadokari.rules.plan import (
    ROOT,
    And,
    By,
    ByCreation,
    Compare,
    Condition,
    Constant,
    Distance,
    FilterLiteral,
    Flag,
    Null,
    Op,
    Or,
    Order,
    Plan,
    PlanOperand,
    Shuffled,
    SlotRef,
    Strftime,
    joins_of,
    may_fail,
    operands_of,
)
from yadokari.rules.request_names import resolve_at_name
from yadokari.rules.tokens import tokenize
from yadokari.rules.tree import (
    All,
    Any,
    Call,
    Comparison,
    Name,
    NumberLiteral,
    Operand,
    TextLiteral,
    Tree,
)
from yadokari.schema.collection import Collection, Schema

SORT_ITEMS_MAX = 8  # the contract's limit
SORT_ITEM_CHARACTERS_MAX = 255  # the contract's limit
STRFTIME_ARGUMENTS_MAX = 10  # the contract's limit


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """What to make a plan of. Rules are texts; ``filter`` is a tree: shapes can be cached."""

    collection: Collection
    rules: tuple[str, ...] = ()
    filter: Tree | None = None
    sort: str = ""
    caller: Collection | None = None
    """Collection of the signed-in caller."""
    restricted: bool = True
    """Whether filter and sort come from someone who is no superuser."""
    saving: bool = False
    """Whether the rules are only checked: there is no request yet."""


def resolve(query: Query, schema: Schema) -> Plan:
    """A plan for a query.

    Raises:
        RuleError: a rule, the filter or the sort is not valid for this schema.
        RuleForbidden: the filter or sort uses names only superusers may.
    """
    return _Resolver(query, schema).run()


def check_rule(text: str, collection: Collection, schema: Schema) -> str | None:
    """What is wrong with a rule of a collection, or None. The caller's collection is unknown."""
    try:
        caller = collection if collection.is_auth else None
        resolve(Query(collection=collection, rules=(text,), caller=caller, saving=True), schema)
    except RuleError as error:
        return error.reason
    return None


def parse_text(text: str) -> Tree:
    """The tree of a text. Raises RuleError."""
    return parse(tokenize(text))


class _Resolver:
    def __init__(self, query: Query, schema: Schema) -> None:
        self._query = query
        self._joins = Joins(query.collection)
        self._schema = schema
        self._client = Walk(schema, self._joins, query.restricted, self._guard)
        self._rule = Walk(schema, self._joins, False, self._guard, saving=query.saving)

    def run(self) -> Plan:
        query = self._query
        conditions = [
            self._condition(parse_text(text), self._rule, ROOT, query.collection, constant=True)
            for text in query.rules
        ]
        if query.filter is not None:
            conditions.append(
                self._condition(query.filter, self._client, ROOT, query.collection, constant=False)
            )
        order = self._order(query.sort)
        conditions += [guard for guard in self._client.guards.values() if guard is not None]
        return Plan(
            collection=query.collection,
            joins=self._joins.all(),
            where=_both(conditions),
            order=order,
            slots=self._joins.slots(),
        )

    def _guard(self, collection: Collection, join: int) -> Condition | None:
        """The list rule of a collection that a client's filter walks into, on that join.

        It is a rule, so nothing guards what it walks into itself.
        """
        if not collection.list_rule:
            return None
        tree = parse_text(collection.list_rule)
        path = Walk(self._schema, self._joins, False, self._guard, realm=join)
        return self._condition(tree, path, join, collection, constant=True)

    def _condition(
        self, tree: Tree, path: Walk, base: int, collection: Collection, *, constant: bool
    ) -> Condition:
        match tree:
            case All():
                parts = [
                    self._condition(part, path, base, collection, constant=constant)
                    for part in tree.parts
                ]
                if any(may_fail(operand) for part in parts for operand in operands_of(part)):
                    parts.sort(key=_asked_when)
                return And(tuple(parts))
            case Any():
                return Or(
                    tuple(
                        self._condition(part, path, base, collection, constant=constant)
                        for part in tree.parts
                    )
                )
            case Comparison():
                return self._compare(tree, path, base, collection, constant=constant)
            case _:
                assert_never(tree)

    def _compare(
        self, tree: Comparison, path: Walk, base: int, collection: Collection, *, constant: bool
    ) -> Condition:
        operands: list[PlanOperand] = []
        extra: list[Condition] = []
        for side in (tree.left, tree.right):
            operand = self._operand(side, path, base, collection, constant=constant)
            operands.append(operand)
            if path.restricted:
                hidden_mail = self._mail_condition(operand)
                if hidden_mail is not None:
                    extra.append(hidden_mail)
        every = not tree.operator.startswith("?")
        compare = Compare(operands[0], Op(tree.operator.lstrip("?")), operands[1], every, base)
        return And((compare, *extra)) if extra else compare

    def _mail_condition(self, operand: PlanOperand) -> Condition | None:
        inner = getattr(operand, "of", operand)
        join, name = getattr(inner, "join", None), getattr(inner, "name", None)
        if join is None or name is None:
            return None
        collection = self._joins.collection(join)
        return public_mail_only(collection, collection.by_name.get(name), join)

    def _operand(
        self, operand: Operand, path: Walk, base: int, collection: Collection, *, constant: bool
    ) -> PlanOperand:
        match operand:
            case TextLiteral() | NumberLiteral():
                slot = Constant(operand.value) if constant else FilterLiteral(operand.index)
                return self._joins.slot(slot)
            case Name():
                return self._name(operand.text, path, base, collection)
            case Call():
                return self._call(operand, path, base, collection, constant=constant)
            case _:
                assert_never(operand)

    def _name(self, text: str, path: Walk, base: int, collection: Collection) -> PlanOperand:
        match text.lower():
            case "null":
                return Null()
            case "true":
                return Flag(value=True)
            case "false":
                return Flag(value=False)
            case _:
                pass
        if text.startswith("@"):
            return resolve_at_name(path, self._query.caller, text, base=base)
        return walk(path, base, collection, text.split("."))

    def _call(
        self, call: Call, path: Walk, base: int, collection: Collection, *, constant: bool
    ) -> PlanOperand:
        match call.name:
            case "geoDistance":
                allowed: tuple[type, ...] = (Name, NumberLiteral)
                fits = len(call.arguments) == 4
            case "strftime":
                allowed = (Name, NumberLiteral, TextLiteral)
                literal = [part for place, part in enumerate(call.arguments) if place != 1]
                fits = 1 <= len(call.arguments) <= STRFTIME_ARGUMENTS_MAX and all(
                    isinstance(part, TextLiteral) for part in literal
                )
            case _:
                raise RuleError(f"unknown function {call.name!r}")
        if not fits or not all(isinstance(part, allowed) for part in call.arguments):
            raise RuleError(f"{call.name} does not take these arguments")
        arguments = tuple(
            self._operand(part, path, base, collection, constant=constant)
            for part in call.arguments
        )
        if call.name == "strftime":
            return Strftime(arguments)
        return Distance((arguments[0], arguments[1], arguments[2], arguments[3]))

    def _order(self, sort: str) -> tuple[Order, ...]:
        if not sort:
            return ()
        items = sort.split(",")
        if len(items) > SORT_ITEMS_MAX:
            raise RuleError(f"more than {SORT_ITEMS_MAX} sort items")
        return tuple(self._sort_item(item.strip()) for item in items)

    def _sort_item(self, item: str) -> Order:
        descending = item.startswith("-")
        name = item[1:] if item[:1] in ("-", "+") else item
        if len(name) > SORT_ITEM_CHARACTERS_MAX:
            raise RuleError(f"a sort item has more than {SORT_ITEM_CHARACTERS_MAX} characters")
        if name == "@random":
            return Shuffled()
        if name == "@rowid":
            if self._query.collection.is_view:
                raise RuleError("views have no insertion order")
            return ByCreation(descending)
        if name.startswith("@"):
            if self._query.restricted and name.split(".")[0] in ("@request", "@collection"):
                raise RuleForbidden("Only superusers can sort by such names.")
            if not name.startswith(("@collection.", "@request.auth.")):
                raise RuleError(f"cannot sort by {name!r}")
            operand = resolve_at_name(self._rule, self._query.caller, name)
            if isinstance(operand, Null | SlotRef):
                raise RuleError(f"cannot sort by {name!r}")
            return By(operand, descending)
        tokens = tokenize(name).items
        if (
            len(tokens) != 1
            or tokens[0].kind != "name"
            or name.lower() in ("null", "true", "false")
        ):
            raise RuleError(f"cannot sort by {name!r}")
        operand = walk(self._client, ROOT, self._query.collection, name.split("."))
        return By(operand, descending)


def _asked_when(part: Condition) -> int:
    """When a part is asked among others of which one fails on some row.

    As SQLite asks them for PocketBase: first what the row alone decides.
    """
    operands = operands_of(part)
    if not any(joins_of(operand) for operand in operands):
        return 0
    return 1 if any(map(may_fail, operands)) else 2


def _both(conditions: Sequence[Condition]) -> Condition | None:
    if not conditions:
        return None
    return conditions[0] if len(conditions) == 1 else And(tuple(conditions))
