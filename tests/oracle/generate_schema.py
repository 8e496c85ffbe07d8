"""Schemas of a round: collections of every field kind with drawn options, rules and indexes.

G1  The auth collection `people` is made once a run; its records are the callers.
G2  `kit` has a field of every kind, so that every filter cell exists in every round.

Not here: requests that try to break collections (generate_collections.py).
"""

import random

from tests.oracle.client import Json
from tests.oracle.generate_filters import comparison
from tests.oracle.operators_fixture import OPERATORS
from tests.oracle.world import CHOICES, KINDS, FieldShape, Kind, Shape, World

PEOPLE = "people"

_RULES = (
    "@request.auth.id != ''",
    "owner = @request.auth.id",
    "@request.auth.role = 'a' || owner = @request.auth.id",
    "text != 'a'",
    "bool = true || number > 0",
    "@request.auth.level > 3",
    "@request.query.q:isset = false",
    "@request.body.text:isset = false",
    "@request.body.number != 5",
    "@request.body.text:changed = false",
    "@request.body.selects:length < 3",
    "@request.method = 'GET' || @request.auth.id != ''",
    "@request.context != 'batch'",
    "relation.text != 'a'",
    "relations.number ?>= 0",
    "owner.role = @request.auth.role",
    "@collection.people.level ?> number",
    "selects:each != 'x y'",
    "@request.headers.x_token = 'a' || text != 'b'",
    "@request.auth.boss.role = 'a' || bool = false",
    "@request.body.relation.text != 'a'",
    "@request.body.selects:each != 'a'",
    "@request.body.selects:each ?= 'a' || @request.body.selects:isset = false",
    "@request.body.selects:changed = true || @request.method != 'PATCH'",
    "@request.body.relation:length = 0 || @request.body.relation != ''",
    "@request.body.number:isset = true || @request.body.number = number",
    "@request.body.number >= number || @request.method = 'GET'",
    "@request.body.text:lower != text:lower",
    "@request.body.nope = null && @request.body.json != 5",
    "gamma_via_relation.text ?!= 'a'",
    "kit_via_relation.number > 0 || kit_via_relation.id = ''",
    "@collection.gamma.relation ?= id",
)
_RULE_KEYS = ("listRule", "viewRule", "createRule", "updateRule", "deleteRule")


def people() -> tuple[Shape, dict[str, Json]]:
    """The auth collection of the callers and the body that creates it."""
    fields = [
        FieldShape(name="email", kind="email"),
        FieldShape(name="emailVisibility", kind="bool"),
        FieldShape(name="verified", kind="bool"),
        FieldShape(name="role", kind="text"),
        FieldShape(name="level", kind="number"),
        FieldShape(name="boss", kind="relation", target=PEOPLE),
        FieldShape(name="secret", kind="text", options={"hidden": True}),
    ]
    shape = Shape(name=PEOPLE, id="people_id", type="auth", fields=fields)
    body: dict[str, Json] = {
        "id": shape.id, "name": PEOPLE, "type": "auth", "listRule": "", "viewRule": "",
        "createRule": "", "updateRule": "id = @request.auth.id || @request.auth.role = 'a'",
        "deleteRule": "@request.auth.role = 'a'", "manageRule": "@request.auth.role = 'a'",
        "fields": [one.as_json() for one in fields[3:] if one.kind != "relation"],
    }  # fmt: skip
    return shape, body


def people_change() -> dict[str, Json]:
    """The update that lets `people` point at itself, which it cannot at its creation."""
    fields = [one for one in people()[0].fields[3:] if one.kind != "relation"]
    boss: dict[str, Json] = {
        "name": "boss", "type": "relation", "collectionId": "people_id", "maxSelect": 1,
    }  # fmt: skip
    password: dict[str, Json] = {
        "name": "password", "type": "password", "system": True, "hidden": True, "required": True,
        "min": 8, "cost": 4,  # The cheapest: a run signs up and in hundreds of times.
    }  # fmt: skip
    return {"fields": [*(one.as_json() for one in fields), boss, password]}


def draw_round(world: World) -> list[dict[str, Json]]:
    """Fill the world with the collections of a new round; returns the bodies that create them."""
    dice = world.dice
    beta = _shape(world, "beta", _some_kinds(dice), target=PEOPLE)
    kit = _shape(world, "kit", KINDS, target="beta")
    gamma = _shape(world, "gamma", ("text", "number", "bool", "json", "relation"), target="kit")
    bodies = [_body(world, one) for one in (beta, kit, gamma)]
    unique = "CREATE UNIQUE INDEX `idx_gamma_one` ON `gamma` (`relation`)"
    if dice.random() < 0.6:
        bodies[2]["indexes"] = [unique + dice.choice(("", " WHERE `relation` != ''"))]
    if dice.random() < 0.4:
        bodies[1]["indexes"] = ["CREATE UNIQUE INDEX `idx_kit_two` ON `kit` (`text`, `number`)"]
    bodies.append(_view(world))
    return bodies


def draw_rule(world: World, shape: Shape) -> Json:
    """A rule: everyone, superusers only, or an expression, known or drawn."""
    dice = world.dice
    chance = dice.random()
    if chance < 0.46:
        return ""
    if chance < 0.49:
        return None
    if chance < 0.8:
        return dice.choice(_RULES)
    if chance < 0.95:
        operator, kind = dice.choice(OPERATORS), dice.choice(shape.fields).kind
        return comparison(world, shape, operator, kind, root=True).text
    joint = dice.choice((" && ", " || "))
    return joint.join(f"({one})" for one in dice.sample(_RULES, 2))


def draw_rules(world: World, shape: Shape) -> dict[str, Json]:
    """Rules for all actions of a collection."""
    return {key: draw_rule(world, shape) for key in _RULE_KEYS}


def options_for(dice: random.Random, kind: Kind) -> dict[str, Json]:
    """Drawn options of a field kind that most values satisfy."""
    drawn: dict[Kind, tuple[dict[str, Json], ...]] = {
        "text": ({}, {"max": 8}, {"min": 1}, {"pattern": "^[a-zA-Z0-9]*$"}, {"required": True}),
        "editor": ({}, {"maxSize": 12}),
        "number": ({}, {"min": -1}, {"max": 50}, {"onlyInt": True}, {"min": 1, "max": 6}),
        "bool": ({}, {}, {}, {"required": True}),
        "email": ({}, {"onlyDomains": ["b.co"]}, {"exceptDomains": ["b.co"]}),
        "url": ({}, {"onlyDomains": ["a.co"]}, {"exceptDomains": ["a.co"]}),
        "date": ({}, {"min": "2000-01-01 00:00:00.000Z"}, {"max": "2020-01-01 00:00:00.000Z"}),
        "autodate": ({"onCreate": True}, {"onCreate": True, "onUpdate": True}),
        "json": ({}, {"maxSize": 8}, {"required": True}),
        "password": ({"cost": 4}, {"cost": 4, "min": 3}),
        "geoPoint": ({}, {"required": True}),
        "select": ({}, {"required": True}),
        "relation": ({}, {"required": True}, {"cascadeDelete": True}),
        "relations": ({}, {"minSelect": 1}, {"cascadeDelete": True}),
    }
    base = drawn.get(kind, ({},))
    chosen = dict(base[0] if dice.random() < 0.9 else dice.choice(base))
    if dice.random() < 0.02:
        chosen["hidden"] = True
    return chosen


def _some_kinds(dice: random.Random) -> tuple[Kind, ...]:
    always: tuple[Kind, ...] = ("text", "number", "bool", "relation", "selects", "json")
    return always + tuple(k for k in KINDS if k not in always and dice.random() < 0.5)


def _shape(world: World, name: str, kinds: tuple[Kind, ...], *, target: str) -> Shape:
    dice = world.dice
    fields: list[FieldShape] = []
    for kind in kinds:
        options = options_for(dice, kind)
        shape = FieldShape(name=kind, kind=kind, options=options)
        if kind in ("relation", "relations"):
            shape.target = target
            options["collectionId"] = f"{target}_id"
        if kind in ("select", "selects"):
            options["values"] = [*CHOICES]
        if kind in ("selects", "relations", "files"):
            options["maxSelect"] = dice.choice((3, 5))
        fields.append(shape)
    owner = FieldShape(name="owner", kind="relation", target=PEOPLE)
    owner.options["collectionId"] = "people_id"
    fields.append(owner)
    shape = Shape(name=name, id=f"{name}_id", type="base", fields=fields)
    world.shapes[name] = shape
    return shape


def _body(world: World, shape: Shape) -> dict[str, Json]:
    generated: dict[str, Json] = {
        "name": "generated", "type": "text", "autogeneratePattern": "[a-z]{8}",
    }  # fmt: skip
    body: dict[str, Json] = {
        "id": shape.id, "name": shape.name, "type": "base",
        "fields": [*(one.as_json() for one in shape.fields), generated],
    }  # fmt: skip
    for key in _RULE_KEYS:
        body[key] = ""
    return body


def _view(world: World) -> dict[str, Json]:
    dice = world.dice
    queries = (
        "select id, text, number, relation, selects from kit",
        "select id, text as words, number, bool, json, date, owner from kit where number >= 0",
        """select kit.id, beta.id as beta, count(kit.id) as total, kit.text
           from kit left join beta on beta.id = kit.relation group by kit.id""",
        "select (row_number() over()) as id, text, max(number) as most from kit group by text",
        """select id, cast(number as int) as whole, cast(text as text) as words,
           cast(bool as bool) as flag, cast(number as real) as real from beta""",
    )
    fields = [FieldShape(name="text", kind="text"), FieldShape(name="number", kind="number")]
    world.shapes["vista"] = Shape(name="vista", id="vista_id", type="view", fields=fields)
    return {
        "id": "vista_id", "name": "vista", "type": "view", "viewQuery": dice.choice(queries),
        "listRule": "", "viewRule": "",
    }  # fmt: skip
