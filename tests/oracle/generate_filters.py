"""Filters and sorts: written by the grammar for a known schema, and mutated into garbage.

L1  Each comparison tells its cell: the operator and the kind of the field on its left.
L2  Values that servers draw themselves are only compared with literals that meet all of them alike.
L3  The time of day is never searched for a text: its digits differ from one server to the other.

Not here: the requests around them (generate_requests.py).
"""

import random
from dataclasses import dataclass

from tests.oracle.operators_fixture import OPERATORS
from tests.oracle.world import CHOICES, DRAWN_KINDS, FieldShape, Kind, Shape, World

_EVERYTHING = (
    "''", "'a'", "'A'", "'5'", "'5.0'", "'05'", "'true'", "'100%'", "'%'", "'a%'", "'_'", "'\\%'",
    "'[]'", "'[\"a\"]'", "0", "1", "5", "5.5", "-1", "true", "false", "null", '"x y"', "'É'",
    "@now", "@yesterday", "@monthStart", "'c\\d'", "'it\\'s'",
)  # fmt: skip
_FITTING: dict[Kind, tuple[str, ...]] = {
    "number": ("0", "1", "5", "-1", "2.5", "100", "'5'", "'05'", "'1e3'", "''", "@day", "@weekday"),
    "bool": ("true", "false", "1", "0", "'true'", "''", "null"),
    "date": ("''", "'2001-02-03 04:05:06.789Z'", "'2001'", "'2005-05-05'", "@now", "@tomorrow"),
    "json": ("null", "''", "5", "'5'", "true", "'a'", "'[1,2]'", "'{\"k\":5}'", "0", "'k'"),
    "email": ("''", "'a@b.co'", "'A@b.co'", "'@'", "'b.co'"),
    "url": ("''", "'http://a.co'", "'a.co'", "'http%'"),
    "select": tuple(f"'{one}'" for one in CHOICES),
    "selects": (*(f"'{one}'" for one in CHOICES), "'[]'", "'[\"a\"]'", "0", "1", "2"),
}
_DRAWN: dict[Kind, tuple[str, ...]] = {
    "autodate": ("''", "null", "'2001'", "'9'", "0", "5", "true", "@tomorrow", "@yesterday"),
    "file": ("''", "null", "'a'", "'z'", "'pic'", "0", "5"),
    "files": ("''", "null", "'[]'", "'z'", "0", "5"),
    "password": ("''", "null", "'$'", "'a'", "0"),
}
_DRAWN_LIKE: dict[Kind, tuple[str, ...]] = {
    "autodate": ("'Z'", "':'", "'%'", "''", "'x'", "null"),
    "file": ("'.png'", "'note_'", "'%.txt'", "''", "'%'", "null"),  # Nothing that chance may write.
    "files": ("'[]'", "'note_'", "'%.txt%'", "''", "'%'", "null"),
    "password": ("'$2a$'", "''", "'%'", "null"),
}
_REQUEST = (
    "@request.auth.email", "@request.auth.role", "@request.auth.level", "@request.auth.nope",
    "@request.query.q", "@request.query.q:isset", "@request.method", "@request.context",
    "@request.headers.x_token", "@request.body.text",
)  # fmt: skip
_STEADY = {"@now": "@monthStart", "@yesterday": "@todayStart", "@tomorrow": "@todayEnd"}
"""For the operators of L3."""
_GARBAGE = "()&|='\"~!?<>@#._:,5a \\%-/\t\n\0É"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One comparison and the cell it stands for."""

    text: str
    operator: str
    kind: Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """An operand that ends in a field."""

    text: str
    shape: FieldShape


def comparison(world: World, shape: Shape, operator: str, kind: Kind, *, root: bool) -> Comparison:
    """A comparison of a field of that kind by that operator; `root` may use everything."""
    dice = world.dice
    left = _path_to(world, shape, kind)
    suffix = _modifier(dice, left.shape.kind) if dice.random() < 0.15 else ""
    right = _right(world, shape, left.shape, operator, root=root, modified=bool(suffix))
    if "~" in operator:
        right = _STEADY.get(right, right)
    text = left.text + suffix
    if dice.random() < 0.1 and kind not in DRAWN_KINDS:
        return Comparison(text=f"{right} {operator} {text}", operator=operator, kind=kind)
    blank = dice.choice((" ", " ", "", "\n"))
    return Comparison(text=f"{text}{blank}{operator}{blank}{right}", operator=operator, kind=kind)


def joined(dice: random.Random, parts: list[Comparison]) -> str:
    """Comparisons under random connectives, some in groups."""
    text = parts[0].text
    for one in parts[1:]:
        connective = dice.choice((" && ", " || ", "&&", " || "))
        text = f"{text}{connective}{one.text}"
        if dice.random() < 0.3:
            text = f"({text})"
    if dice.random() < 0.05:
        text += " // why"
    return text


def garbage(world: World, shape: Shape) -> str:
    """A filter that was right until a few characters of it changed."""
    dice = world.dice
    kind: Kind = dice.choice(("text", "number", "bool", "json", "selects"))
    whole = comparison(world, shape, dice.choice(OPERATORS), kind, root=True).text
    if dice.random() < 0.5:
        other = comparison(world, shape, dice.choice(OPERATORS), kind, root=True).text
        whole = f"({whole}) && {other}"
    text = [*whole]
    for _ in range(dice.choice((1, 1, 2, 3))):
        place = dice.randrange(len(text) + 1)
        match dice.randrange(3):
            case 0:
                text.insert(place, dice.choice(_GARBAGE))
            case 1 if place < len(text):
                del text[place]
            case _:
                text[place : place + dice.randrange(4)] = []
    return "".join(text)


def sort_for(world: World, shape: Shape) -> str:
    """A sort list that ends in `id`, so that no tie is left; now and then a broken one."""
    dice = world.dice
    items: list[str] = []
    for _ in range(dice.choice((0, 1, 1, 2))):
        kind = dice.choice([one.kind for one in shape.fields if one.kind not in DRAWN_KINDS])
        path = _path_to(world, shape, kind).text
        items.append(dice.choice(("", "-", "+")) + path + dice.choice(("", "", ":lower")))
    if dice.random() < 0.08:
        items.append(dice.choice(("nope", "", "@now", "5", "collectionName", "text.x", "a:b")))
    return ",".join([*items, dice.choice(("id", "-id"))])


def _path_to(world: World, shape: Shape, kind: Kind) -> Path:
    dice = world.dice
    if dice.random() < 0.3:
        roads = _roads(world, shape)
        dice.shuffle(roads)
        for prefix, target in roads:
            ends = target.of_kind(kind)
            if ends:
                return _ended(dice, f"{prefix}.", dice.choice(ends))
    own = shape.of_kind(kind)
    if own:
        return _ended(dice, "", dice.choice(own))
    return Path(text=kind, shape=FieldShape(name=kind, kind=kind))


def _roads(world: World, shape: Shape) -> list[tuple[str, Shape]]:
    roads: list[tuple[str, Shape]] = []
    for one in shape.fields:
        target = world.shapes.get(one.target)
        if target is None:
            continue
        roads.append((one.name, target))
        roads.extend(
            (f"{one.name}.{further.name}", world.shapes[further.target])
            for further in target.fields
            if further.target in world.shapes
        )
    for other, one in world.back_relations(shape):
        roads.append((f"{other.name}_via_{one.name}", other))
    return roads


def _ended(dice: random.Random, prefix: str, end: FieldShape) -> Path:
    text = prefix + end.name
    if end.kind == "json" and dice.random() < 0.5:
        text += dice.choice((".k", ".b.0", ".0", ".k.x", ".nope"))
    elif end.kind == "geoPoint" and dice.random() < 0.7:
        text += dice.choice((".lon", ".lat"))
    return Path(text=text, shape=end)


def _modifier(dice: random.Random, kind: Kind) -> str:
    if kind in ("selects", "relations", "files", "select", "relation", "file"):
        if kind in DRAWN_KINDS:
            return ":length"
        return dice.choice((":length", ":each", ":each", ":lower"))
    return dice.choice((":lower", ":lower", ":length", ":each")) if kind not in DRAWN_KINDS else ""


def _right(
    world: World, shape: Shape, left: FieldShape, operator: str, *, root: bool, modified: bool
) -> str:
    dice = world.dice
    if left.kind in DRAWN_KINDS:
        palette = _DRAWN_LIKE if "~" in operator else _DRAWN
        return dice.choice(("0", "1", "2", "'1'") if modified else palette[left.kind])
    chance = dice.random()
    if chance < 0.15:
        kind = dice.choice([one.kind for one in shape.fields if one.kind not in DRAWN_KINDS])
        return _path_to(world, shape, kind).text
    if root and chance < 0.2:
        return dice.choice(_REQUEST)
    if root and chance < 0.23:
        return dice.choice(("@collection.gamma.text", "@collection.beta.number"))
    if not root and chance < 0.155:
        return dice.choice((*_REQUEST, "@collection.gamma.text"))
    if left.target and chance < 0.6:
        return f"'{world.any_id(left.target)}'"
    if chance < 0.7 and left.kind in _FITTING:
        return dice.choice(_FITTING[left.kind])
    if chance < 0.74 and left.kind == "date":
        return "strftime('%Y-%m', date)"
    return dice.choice(_EVERYTHING)
