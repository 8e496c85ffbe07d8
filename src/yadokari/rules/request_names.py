"""Names beginning with ``@``: the request, other collections, macros.

Q1  Values of the request become slots, never part of the plan's shape.
Q2  A field of the caller compares as that field would (its affinity), not as a bare value.
Q3  A client's filter may use macros only; the rest is for rules and superusers.

Not here: what the slots hold in the end (rules/bind.py).
"""

from __future__ import annotations

import re
from typing import Literal

from yadokari.rules.errors import RuleError, RuleForbidden
from yadokari.rules.macros import MACROS
from yadokari.rules.paths import Walk, split_modifier, stored_kind, target_of, walk
from yadokari.rules.plan import (
    ROOT,
    ByIds,
    Compare,
    Cross,
    Flag,
    Item,
    Lower,
    Macro,
    Null,
    Op,
    PlanOperand,
    RequestPresence,
    RequestValue,
    SlotColumn,
    SlotLength,
    SpreadSlot,
    Truth,
)
from yadokari.schema.collection import Collection
from yadokari.schema.fields import (
    FileField,
    NumberField,
    RelationField,
    SelectField,
    is_list,
)

_ALIAS = re.compile(r"\w+", re.ASCII)
_LISTS = (SelectField, FileField, RelationField)
_PLAIN_AUTH = frozenset(
    {"id", "email", "emailVisibility", "verified", "collectionId", "collectionName"}
)


def resolve_at_name(
    path: Walk, caller: Collection | None, text: str, *, base: int = ROOT
) -> PlanOperand:
    """The operand of a name that begins with ``@``.

    Args:
        caller: Collection of the signed-in caller; None for a guest.
        base: The join whose row the text speaks of.

    Raises:
        RuleError: no such name.
        RuleForbidden: the name is not for clients' filters.
    """
    if text in MACROS:
        return path.joins.slot(Macro(text))
    head, _, rest = text.partition(".")
    if head == "@request" or head == "@collection":
        if path.restricted:
            raise RuleForbidden(f"Only superusers can filter by {head}.* names.")
        if rest:
            names = rest.split(".")
            return (
                _request(path, caller, names, base)
                if head == "@request"
                else _foreign(path, names, base)
            )
    raise RuleError(f"unknown name {text!r}")


def _foreign(path: Walk, names: list[str], base: int) -> PlanOperand:
    name, mark, alias = names[0].partition(":")
    collection = path.schema.find(name)
    named = _ALIAS.fullmatch(alias) if mark else True
    if collection is None or len(names) < 2 or not named:
        raise RuleError(f"unknown collection {name!r}")
    join = path.joins.add(base, Cross(f"{collection.id}:{alias}"), collection, realm=path.realm)
    return walk(path, join.number, collection, names[1:], trusted=True)


def _request(path: Walk, caller: Collection | None, names: list[str], base: int) -> PlanOperand:
    part = names[0]
    if part in ("context", "method"):
        if len(names) > 1:
            raise RuleError(f"@request.{part} has nothing below it")
        return path.joins.slot(RequestValue((part,)))
    if len(names) < 2 or part not in ("headers", "query", "auth", "body"):
        raise RuleError(f"unknown name @request.{'.'.join(names)}")
    if part == "auth":
        return _auth(path, caller, names, base)
    if part == "body":
        return _body(path, names, base)
    return _static(path, names, base)


def _static(path: Walk, names: list[str], base: int) -> PlanOperand:
    """A value of the request as it is, with ``:isset`` and ``:lower``."""
    last, modifier = split_modifier(names[-1])
    keys = (*names[:-1], last)
    if modifier == "isset":
        return path.joins.slot(RequestPresence(keys))
    if modifier not in ("", "lower"):
        raise RuleError(f"@request.{names[0]} values do not take :{modifier}")
    field = path.joins.collection(base).by_name.get(last)
    value = path.joins.slot(
        RequestValue(keys, "number" if isinstance(field, NumberField) else "as_is")
    )
    return Lower(value) if modifier else value


def _auth(path: Walk, caller: Collection | None, names: list[str], base: int) -> PlanOperand:
    first = names[1]
    if len(names) == 2 and first in _PLAIN_AUTH:
        return path.joins.slot(RequestValue(("auth", first)))
    if caller is None:
        return Null()
    name, modifier = (first, "") if len(names) > 2 else split_modifier(first)
    found = caller.by_name.get(name)
    if found is not None and len(names) == 2 and not isinstance(found, _LISTS):
        kind = stored_kind(found)
        if kind in ("text", "number", "bool"):
            column = SlotColumn(path.joins.slot(RequestValue(("auth", name))).slot, kind)
            return Lower(column) if modifier == "lower" else column
    if found is None and (len(names) == 2 or "_via_" not in first):
        return Null()
    caller_id = path.joins.slot(RequestValue(("auth", "id")))
    join = path.joins.add(base, ByIds(caller_id.slot, many=False), caller, realm=path.realm)
    return walk(path, join.number, caller, names[1:], trusted=True, of_request=True)


def _body(path: Walk, names: list[str], base: int) -> PlanOperand:
    name, modifier = split_modifier(names[1])
    field = path.joins.collection(base).by_name.get(name)
    if field is None:
        return _static(path, names, base)
    if len(names) > 2:
        if not isinstance(field, RelationField):
            return _static(path, names, base)
        return _submitted(path, field, names, base)
    match modifier:
        case "changed":
            return _changed(path, name, base)
        case "lower":
            return Lower(path.joins.slot(RequestValue(("body", name), "text")))
        case "length" if isinstance(field, _LISTS):
            form: Literal["as_is", "listed"] = "as_is" if is_list(field) else "listed"
            return SlotLength(path.joins.slot(RequestValue(("body", name), form)).slot)
        case "each" if isinstance(field, _LISTS):
            slot = path.joins.slot(RequestValue(("body", name)))
            items = SpreadSlot(slot.slot, is_list(field))
            return Item(path.joins.add(base, items, None, realm=path.realm).number)
        case _:
            return _static(path, names, base)


def _submitted(path: Walk, field: RelationField, names: list[str], base: int) -> PlanOperand:
    """A value of the record that a submitted relation names."""
    if path.saving:
        return Null()
    target = target_of(path.schema, field)
    slot = path.joins.slot(RequestValue(("body", field.name)))
    join = path.joins.add(base, ByIds(slot.slot, is_list(field)), target, realm=path.realm)
    return walk(path, join.number, target, names[2:], trusted=True, of_request=True)


def _changed(path: Walk, name: str, base: int) -> PlanOperand:
    """Sent, and other than what the row has."""
    sent = path.joins.slot(RequestPresence(("body", name)))
    stored = walk(path, base, path.joins.collection(base), [name], trusted=True)
    submitted = _static(path, ["body", name], base)
    return Truth(
        (
            Compare(sent, Op.EQ, Flag(value=True), every=False),
            Compare(submitted, Op.NE, stored, every=False),
        )
    )
