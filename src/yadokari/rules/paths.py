"""Walking a dotted path from a row to a value: relations, back-relations, JSON, modifiers.

W1  Every step through a relation is a join; ``rel.id`` of a single relation is ``rel`` itself.
W2  A restricted walk (a client's filter) never reads hidden fields and only enters collections
    whose list rule allows it; that rule becomes a condition on the joined row.
W3  ``:length`` and ``:each`` mean something on select, relation and file fields only and are
    ignored elsewhere; inside JSON a modifier is part of the key.
W4  A path of the request that leads to no field is null; any other is an error then.

Not here: names beginning with ``@`` (rules/request_names.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

from yadokari.rules.errors import RuleError
from yadokari.rules.joins import Joins
from yadokari.rules.plan import (
    ROOT,
    Back,
    Column,
    Compare,
    Condition,
    Flag,
    Follow,
    Item,
    JsonPart,
    Length,
    Lower,
    Named,
    Null,
    Op,
    Or,
    PlanOperand,
    Spread,
    StoredKind,
)
from yadokari.schema.collection import Collection, Schema
from yadokari.schema.fields import (
    BoolField,
    EmailField,
    Field,
    FileField,
    GeoPointField,
    JsonField,
    NumberField,
    RelationField,
    SelectField,
    is_list,
)
from yadokari.schema.index import single_unique_columns

RELATIONS_MAX = 6  # the contract's depth of relation paths
MODIFIERS = frozenset({"lower", "length", "each", "isset", "changed"})
_BACK = re.compile(r"^(\w+?)_via_(\w+)$", re.ASCII)


class Walk(msgspec.Struct):
    """What every path of one plan shares."""

    schema: Schema
    joins: Joins
    restricted: bool
    """Whether client restrictions hold (W2)."""
    rule_of: Callable[[Collection, int], Condition | None]
    """The list rule of a collection as a condition on a join; None when everyone may list."""
    saving: bool = False
    """Whether a rule is only checked: nothing is submitted."""
    realm: int = ROOT
    """The joined row whose list rule is walked for, or ROOT."""
    guards: dict[int, Condition | None] = msgspec.field(default_factory=dict)
    """Conditions that the joins walked through add at the top, by join."""


def walk(
    path: Walk,
    start: int,
    collection: Collection,
    names: list[str],
    *,
    trusted: bool = False,
    of_request: bool = False,
) -> PlanOperand:
    """The operand a path leads to, from the row of join ``start``.

    Args:
        trusted: Part of a rule even in a restricted plan: hidden fields may be read.
        of_request: The record is the caller or a submitted one: what it lacks is null (W4).

    Raises:
        RuleError: a name is unknown or hidden, or leads no further.
    """
    join = start
    restricted = path.restricted and not trusted
    if len(names) - 1 > RELATIONS_MAX and not _has_json(collection, names):
        raise RuleError(f"a path goes through more than {RELATIONS_MAX} relations")
    for place, word in enumerate(names):
        rest = names[place + 1 :]
        name, modifier = (word, "") if rest else split_modifier(word)
        found = collection.by_name.get(name)
        if found is None:
            back = _back_step(path, collection, name, restricted=restricted) if rest else None
            if back is None:
                if of_request:
                    return Null()
                raise RuleError(f"unknown field {name!r}")
            step, collection = back
            join = _enter(path, join, step, collection, restricted=restricted)
            continue
        if restricted and found.hidden:
            raise RuleError(f"unknown field {name!r}")
        if not rest or _ends_here(found, rest):
            return _leaf(path, join, found, rest, modifier)
        if not isinstance(found, RelationField):
            raise RuleError(f"{name!r} has nothing below it")
        collection = target_of(path.schema, found)
        if not is_list(found):
            join = _enter(path, join, Follow(name), collection, restricted=restricted)
            continue
        spread = path.joins.add(join, Spread(name, many=True), None, realm=path.realm).number
        join = _enter(path, spread, Named(), collection, restricted=restricted)
        if rest == ["id"]:
            return Item(spread)
    raise AssertionError("the last name of a path is a field")


def split_modifier(word: str) -> tuple[str, str]:
    """A name and its modifier, "" for none; with two colons or more it is all name.

    Raises:
        RuleError: there is no such modifier.
    """
    name, _, modifier = word.partition(":")
    if ":" in modifier:
        return word, ""
    if modifier and modifier not in MODIFIERS:
        raise RuleError(f"unknown modifier {modifier!r}")
    return name, modifier


def _has_json(collection: Collection, names: list[str]) -> bool:
    return any(isinstance(collection.by_name.get(name), JsonField) for name in names[:1])


def _ends_here(found: Field, rest: list[str]) -> bool:
    if isinstance(found, JsonField | GeoPointField):
        return True
    return isinstance(found, RelationField) and not is_list(found) and rest == ["id"]


def target_of(schema: Schema, relation: RelationField) -> Collection:
    """The collection a relation leads to. Raises RuleError when it is missing."""
    target = schema.by_id.get(relation.collection_id)
    if target is None:
        raise RuleError(f"{relation.name!r} points at a missing collection")
    return target


def _back_step(
    path: Walk, collection: Collection, name: str, *, restricted: bool
) -> tuple[Back, Collection] | None:
    """The step of ``<collection>_via_<field>``, or None when there is no such relation."""
    parts = _BACK.match(name)
    other = path.schema.find(parts.group(1)) if parts else None
    relation = other.by_name.get(parts.group(2)) if parts and other else None
    if (
        other is None
        or not isinstance(relation, RelationField)
        or relation.collection_id != collection.id
        or (restricted and relation.hidden)
    ):
        return None
    many = relation.name not in single_unique_columns(other)
    return Back(relation.name, is_list(relation), many), other


def _enter(
    path: Walk,
    parent: int,
    step: Follow | Named | Back,
    collection: Collection,
    *,
    restricted: bool,
) -> int:
    join = path.joins.add(parent, step, collection, realm=path.realm)
    if restricted and join.number not in path.guards:
        path.guards[join.number] = None
        if collection.list_rule is None:
            raise RuleError(f"{collection.name} cannot be filtered by")
        rule = path.rule_of(collection, join.number)
        if rule is not None:
            missing = Compare(Column(join.number, "id", "text"), Op.EQ, Null(), every=False)
            path.guards[join.number] = Or((missing, rule))
    return join.number


def stored_kind(found: Field) -> StoredKind:
    """How the values of a field are stored, as comparisons see it."""
    match found:
        case NumberField():
            return "number"
        case BoolField():
            return "bool"
        case JsonField():
            return "json"
        case GeoPointField():
            return "geo"
        case _:
            return "list" if is_list(found) else "text"


def _leaf(path: Walk, join: int, found: Field, rest: list[str], modifier: str) -> PlanOperand:
    if isinstance(found, JsonField) or (isinstance(found, GeoPointField) and rest):
        part = JsonPart(join, found.name, _json_path(rest))
        return Lower(part) if modifier == "lower" else part
    column = Column(join, found.name, stored_kind(found))
    if isinstance(found, SelectField | FileField | RelationField):
        if modifier == "length":
            return Length(column)
        if modifier == "each":
            return Item(
                path.joins.add(
                    join, Spread(found.name, is_list(found)), None, realm=path.realm
                ).number
            )
    return Lower(column) if modifier == "lower" else column


def _json_path(names: list[str]) -> tuple[str | int, ...]:
    """Keys and positions; colons are no part of a key.

    An empty name in front of a position is passed over, any other stays and fails when it is met.
    """
    keys = [int(name) if name.isdigit() else name.replace(":", "") for name in names]
    return tuple(keys[1:] if keys[:1] == [""] and isinstance(keys[1], int) else keys)


def public_mail_only(collection: Collection, found: Field | None, join: int) -> Condition | None:
    """The condition under which an e-mail may be filtered by, or None when always."""
    if collection.is_auth and isinstance(found, EmailField) and found.name == "email":
        shown = Column(join, "emailVisibility", "bool")
        return Compare(shown, Op.EQ, Flag(value=True), every=False)
    return None
