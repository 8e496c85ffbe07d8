"""A plan: a filter, its rules and a sort with every name resolved; still database-neutral.

R1  A plan holds no request's values: those stand in numbered slots, filled by ``rules/bind.py``.
R2  A join leads from the root row, or from another join, to zero or more rows. An empty one counts
    as one row of NULLs. Joins are shared: conditions on the same path speak of the same element.
R3  A comparison with ``every`` holds for the chosen elements and is contradicted by no element of
    its multi-valued operands. A list rule that guards a joined row speaks of that row (``base``)
    and of nothing beside it.
R4  Logic is three-valued as in SQL; a row is found when the whole is true.
R5  A comparison converts as its operands' affinities say (SQLite's rules), so compiler and
    evaluator have one definition to follow.

Not here: making plans (rules/resolve.py), running them (rules/evaluate.py, stores/sql).
"""

from __future__ import annotations

from enum import Enum
from typing import Literal, TypeAlias, assert_never

import msgspec

from yadokari.schema.collection import Collection

ROOT = 0
"""The join number of the row in question."""


# --- values of a request ---------------------------------------------------------------------


class Constant(msgspec.Struct, frozen=True):
    """A literal of a rule: the same in every request."""

    value: str | float


class FilterLiteral(msgspec.Struct, frozen=True):
    """The literal at ``index`` of the client's filter."""

    index: int


class RequestValue(msgspec.Struct, frozen=True):
    """A value of the request, such as ("auth", "id") or ("query", "lang").

    ``form``: ``number`` makes numeric text a number, for the last name is a number field; ``text``
    makes every value text (lists and objects the empty one), for ``:lower`` of a submitted field;
    ``listed`` makes one value a list of one, so that a submitted blank counts as an item.
    """

    path: tuple[str, ...]
    form: Literal["as_is", "number", "text", "listed"] = "as_is"


class RequestPresence(msgspec.Struct, frozen=True):
    """Whether the request has this key: ("body", "title") for ``@request.body.title:isset``."""

    path: tuple[str, ...]


class Macro(msgspec.Struct, frozen=True):
    """A moment or a part of one, such as ``@now``."""

    name: str


Slot: TypeAlias = Constant | FilterLiteral | RequestValue | RequestPresence | Macro


# --- joins -------------------------------------------------------------------------------------


class Follow(msgspec.Struct, frozen=True):
    """To the record named by a single relation field of the parent."""

    field: str


class Named(msgspec.Struct, frozen=True):
    """To the record whose id is the parent's item; the parent is a spread of a relation field."""


class Back(msgspec.Struct, frozen=True):
    """To the records whose relation ``field`` names the parent."""

    field: str
    field_many: bool
    many: bool
    """False when that field has a unique index of its own."""


class Spread(msgspec.Struct, frozen=True):
    """To the items of a list (or single) field of the parent; the join has no record."""

    field: str
    many: bool


class SpreadSlot(msgspec.Struct, frozen=True):
    """To the items of a list in the request; a single field (not ``many``) may hold one too."""

    slot: int
    many: bool


class Cross(msgspec.Struct, frozen=True):
    """To every record of a collection; two aliases are two joins."""

    alias: str


class ByIds(msgspec.Struct, frozen=True):
    """To the records whose ids stand in a slot: one id, or a list of them (``many``)."""

    slot: int
    many: bool


Step: TypeAlias = Follow | Named | Back | Spread | SpreadSlot | Cross | ByIds


class Join(msgspec.Struct, frozen=True):
    """One step on a path. ``collection`` is None for spreads."""

    number: int
    parent: int
    step: Step
    collection: Collection | None
    many: bool
    """Whether it, or a join it hangs on, can give several rows."""


def gives_many(step: Step) -> bool:
    """Whether a step leads from one row to possibly several."""
    match step:
        case Cross() | SpreadSlot():
            return True
        case Spread() | ByIds() | Back():
            return step.many
        case Follow() | Named():
            return False
        case _:
            assert_never(step)


def may_contradict(step: Step) -> bool:
    """Whether plain operators ask all rows of a step, and not just one (R3).

    Not those of a single field that a request fills: PocketBase goes by the field.
    """
    return step.many if isinstance(step, SpreadSlot) else gives_many(step)


# --- operands ----------------------------------------------------------------------------------


class Affinity(Enum):
    """How a value of an operand converts when compared; SQLite's column affinities."""

    TEXT = "text"
    NUMERIC = "numeric"
    NONE = "none"


StoredKind: TypeAlias = Literal["text", "number", "bool", "list", "json", "geo"]


class Column(msgspec.Struct, frozen=True):
    """A stored field as it is. Lists are compared as their JSON text."""

    join: int
    name: str
    kind: StoredKind


class JsonPart(msgspec.Struct, frozen=True):
    """A value inside a json or geoPoint field; digits in ``path`` are positions in arrays.

    A path with an empty name fails on the first row that has the field.
    """

    join: int
    name: str
    path: tuple[str | int, ...]


class Item(msgspec.Struct, frozen=True):
    """The value of a spread join."""

    join: int


class Length(msgspec.Struct, frozen=True):
    """How many items a list (or single) field has."""

    of: Column


class SlotLength(msgspec.Struct, frozen=True):
    """How many items a list in the request has."""

    slot: int


class Lower(msgspec.Struct, frozen=True):
    """ASCII lower case of the operand's text."""

    of: PlanOperand


class SlotRef(msgspec.Struct, frozen=True):
    """The value in a slot."""

    slot: int


class SlotColumn(msgspec.Struct, frozen=True):
    """A field of the caller: its value stands in a slot, but it compares as a column would."""

    slot: int
    kind: StoredKind


class Null(msgspec.Struct, frozen=True):
    """The literal null."""


class Flag(msgspec.Struct, frozen=True):
    """The literals true and false: 1 and 0."""

    value: bool


class Truth(msgspec.Struct, frozen=True):
    """Whether comparisons of single values all hold: 1 or 0."""

    of: tuple[Compare, ...]


class Distance(msgspec.Struct, frozen=True):
    """Great-circle distance in km between two points (lon, lat, lon, lat in degrees)."""

    arguments: tuple[PlanOperand, PlanOperand, PlanOperand, PlanOperand]


class Strftime(msgspec.Struct, frozen=True):
    """SQLite's strftime: a format, then a time and modifiers."""

    arguments: tuple[PlanOperand, ...]


PlanOperand: TypeAlias = (
    Column
    | JsonPart
    | Item
    | Length
    | SlotLength
    | Lower
    | SlotRef
    | SlotColumn
    | Null
    | Flag
    | Truth
    | Distance
    | Strftime
)


# --- conditions ---------------------------------------------------------------------------------


class Op(Enum):
    """A comparison without its ``?``."""

    EQ = "="
    NE = "!="
    GT = ">"
    GE = ">="
    LT = "<"
    LE = "<="
    LIKE = "~"
    UNLIKE = "!~"


class Compare(msgspec.Struct, frozen=True):
    """``left op right``."""

    left: PlanOperand
    op: Op
    right: PlanOperand
    every: bool
    """No ``?``: multi-valued operands must not be contradicted (R3)."""
    base: int = ROOT
    """The join whose row it speaks of: one row is chosen there, nothing contradicts it."""


class And(msgspec.Struct, frozen=True):
    """All parts are true."""

    parts: tuple[Condition, ...]


class Or(msgspec.Struct, frozen=True):
    """One part is true."""

    parts: tuple[Condition, ...]


Condition: TypeAlias = Compare | And | Or


# --- orders --------------------------------------------------------------------------------------


class By(msgspec.Struct, frozen=True):
    """Order by an operand."""

    operand: PlanOperand
    descending: bool


class ByCreation(msgspec.Struct, frozen=True):
    """Order by the hidden creation stamp (insertion order)."""

    descending: bool


class Shuffled(msgspec.Struct, frozen=True):
    """Any order, another one each time."""


Order: TypeAlias = By | ByCreation | Shuffled


class Plan(msgspec.Struct, frozen=True, eq=False):
    """What to find in one collection, and in what order. Compared by identity: caches key on it."""

    collection: Collection
    joins: tuple[Join, ...] = ()
    """Join number n stands at n - 1."""
    where: Condition | None = None
    order: tuple[Order, ...] = ()
    slots: tuple[Slot, ...] = ()
    cache: dict[object, object] = msgspec.field(default_factory=dict)
    """What stores derived from this plan (compiled SQL by dialect and value classes)."""

    def join(self, number: int) -> Join:
        """The join with this number (1 and up)."""
        return self.joins[number - 1]


def affinity(operand: PlanOperand) -> Affinity:
    """How values of this operand convert in a comparison."""
    match operand:
        case Column(kind="text") | SlotColumn(kind="text"):
            return Affinity.TEXT
        case Column() | SlotColumn():
            return Affinity.NUMERIC
        case _:
            return Affinity.NONE


def null_is_blank(operand: PlanOperand) -> bool:
    """Whether NULL and the empty text are one value for ``=`` and ``!=``; not so inside JSON.

    Nor for what PocketBase computes itself: distances and whether a field changed.
    """
    return not isinstance(
        operand.of if isinstance(operand, Lower) else operand, JsonPart | Truth | Distance
    )


def operands_of(node: Condition) -> list[PlanOperand]:
    """The operands of all comparisons of a condition."""
    match node:
        case Compare():
            return [node.left, node.right]
        case And() | Or():
            return [operand for part in node.parts for operand in operands_of(part)]
        case _:
            assert_never(node)


def may_fail(operand: PlanOperand) -> bool:
    """Whether an operand is a path with an empty name inside JSON."""
    inner = operand.of if isinstance(operand, Lower) else operand
    return isinstance(inner, JsonPart) and "" in inner.path


def joins_of(operand: PlanOperand) -> frozenset[int]:
    """Numbers of the joins an operand reads directly, ROOT left out."""
    match operand:
        case Column() | JsonPart() | Item():
            return frozenset((operand.join,)) if operand.join != ROOT else frozenset()
        case Length() | Lower():
            return joins_of(operand.of)
        case Distance() | Strftime():
            return frozenset().union(*(joins_of(argument) for argument in operand.arguments))
        case Truth():
            return frozenset().union(
                *(joins_of(part.left) | joins_of(part.right) for part in operand.of)
            )
        case _:
            return frozenset()
