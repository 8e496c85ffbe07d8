"""The operands and the nasty rows of the operator matrix.

M1  Rows are drawn from palettes by a fixed seed: every palette value meets most others.
M2  No value is near the present, so results stay true as years pass.

Not here: asking (tests/oracle/measure_operators.py), replaying (tests/oracle/test_operators.py).
"""

import random

from tests.oracle.client import Json
from tests.oracle.fixture import Fixture

SEED = 20_261
ROWS = 24  # One bit of a result each; enough that chance meetings of values cover the palettes.
MAIN = "item"

_PLAIN = ("=", "!=", ">", ">=", "<", "<=", "~", "!~")
OPERATORS = (*_PLAIN, *(f"?{plain}" for plain in _PLAIN))

QUERY = {"qt": "5", "qa": "a"}
"""Extra query parameters sent along, for `@request.query`."""
HEADERS = {"X-Five": "5"}
"""Extra headers sent along, for `@request.headers`."""
BODY: dict[str, Json] = {
    "t": "5", "n": 5, "b": True, "j": {"k": 5}, "sm": ["a", "5"], "r1": "teamaaaaaaaaaa1",
    "rm": ["teamaaaaaaaaaa1", "teamaaaaaaaaaa2"], "free": 5, "empty": "", "nil": None,
}  # fmt: skip
"""Body sent along with the GET, for `@request.body`."""

FIELDS = (
    "t", "t2", "s1", "r1", "d", "ed", "n", "n2", "b", "j", "j2", "j.k", "j2.k",
    "g", "g.lon", "g.lat", "sm", "sm2", "rm", "id",
)  # fmt: skip
MODIFIED = (
    "t:lower", "n:lower", "j:lower", "j.k:lower", "sm:lower", "t:length",
    "s1:length", "sm:length", "rm:length", "s1:each", "sm:each", "sm2:each",
    "rm:each",
)  # fmt: skip
PATHS = (
    "r1.name", "r1.budget", "r1.flag", "r1.info", "r1.info.k", "r1.labels", "r1.labels:each",
    "r1.id", "r1.boss.name", "rm.name",
    "rm.budget", "rm.flag", "rm.info.k", "rm.labels", "rm.labels:each",
    "rm.id", "rm.name:lower", "child_via_owner.ct",
    "child_via_owner.cn", "child_via_owner.cj", "child_via_owner.id",
    "only_via_owner.ot",
    "@collection.team.name", "@collection.team.budget",
    "@collection.team.info", "@collection.team:x.name", "@collection.nobody.name",
)  # fmt: skip
LITERALS = (
    "''", "'a'", "'5'", "'5.0'", "'05'", "'true'", "'1'", "'%'", "'a%'", "'[]'",
    "'teamaaaaaaaaaa1'", "0", "1", "5", "5.5", "-1", "true", "false", "null",
)  # fmt: skip
CALLS = (
    "@now", "@year", "strftime('%Y',d)",
    "strftime('%Y',child_via_owner.cd)", "geoDistance(g.lon,g.lat,0,0)",
    "geoDistance(rm.at.lon,rm.at.lat,0,0)",
)  # fmt: skip
REQUEST = (
    "@request.query.qt", "@request.query.qt:isset",
    "@request.headers.x_five",
    "@request.auth.email", "@request.auth.verified",
    "@request.body.t", "@request.body.n", "@request.body.b",
    "@request.body.j", "@request.body.j.k", "@request.body.sm", "@request.body.sm:each",
    "@request.body.r1.name", "@request.body.rm.name",
    "@request.body.free", "@request.body.empty", "@request.body.no",
    "@request.body.t:isset", "@request.body.t:changed",
)  # fmt: skip
OPERANDS = FIELDS + MODIFIED + PATHS + LITERALS + CALLS + REQUEST

ID_FIELD: dict[str, Json] = {
    "name": "id", "type": "text", "system": True, "primaryKey": True, "required": True,
    "min": 15, "max": 15, "pattern": "^[a-z0-9]+$", "autogeneratePattern": "[a-z0-9]{15}",
}  # fmt: skip
"""The id field as every collection has it; a `fields` list without it would lose its options."""

_DIGITS_OF_NOW = frozenset({"@now", "@year", "@yearStart"})

_TEXTS = (
    "", "a", "A", "5", "5.0", "05", "100%", "0", "1", "true", "[]", '["a"]', "null", "É", "-1",
    "5.5", "2000", "teamaaaaaaaaaa1", "a_b'c\\d", "2000-01-02 03:04:05.000Z",
)  # fmt: skip
_CHOICES = ("a", "A", "5", "5.0", "1", "true", "x y")
_NUMBERS = (0, 5, 5.5, -1, 1, 2, 100)
_JSONS: tuple[Json, ...] = (
    None, "", 5, "5", 0, 1, True, False, [], [1], ["a"], ["a", "5"], "a", "A", "null", -1, 5.5,
    {"k": 5}, {"k": "5"}, {"k": None}, {"k": ""}, {"k": [1, 2]}, {"k": True}, {"k": "a"},
    {"k": {"x": 1}}, {"k": 0}, {"k": False}, {"x": 5}, "2000-01-02 03:04:05.000Z",
)  # fmt: skip
_PLACES: tuple[Json, ...] = (
    {"lon": 0, "lat": 0}, {"lon": 5, "lat": 5}, {"lon": -1, "lat": 5.5}, {"lon": 0, "lat": 1},
)  # fmt: skip
_DATES = ("", "2000-01-02 03:04:05.000Z", "2005-05-05 00:00:00.000Z", "1999-12-31 23:59:59.999Z")
_TEAM_IDS = tuple(f"teamaaaaaaaaaa{index}" for index in range(1, 7))


def is_lasting(left: str, operator: str) -> bool:
    """Whether the result does not depend on the digits of the present moment."""
    return not (left in _DIGITS_OF_NOW and "~" in operator)


def operators_fixture() -> Fixture:
    """Schema and rows; the same on every call."""
    dice = random.Random(SEED)
    records: list[tuple[str, dict[str, Json]]] = _teams()
    records.extend((MAIN, _item(dice, index)) for index in range(ROWS))
    records.extend(("child", _child(dice, index)) for index in range(ROWS))
    owners = dice.sample(range(ROWS), 12)
    for index, owner in enumerate(owners):
        body: dict[str, Json] = {
            "id": f"onlyaaaaaaaaa{index:02d}",
            "ot": dice.choice(_TEXTS),
            "on": dice.choice(_NUMBERS),
            "owner": _item_id(owner),
        }
        records.append(("only", body))
    return Fixture(collections=_collections(), records=records)


def _item_id(index: int) -> str:
    return f"itemaaaaaaaaa{index:02d}"


def _teams() -> list[tuple[str, dict[str, Json]]]:
    rows: list[tuple[str, int | float, bool, Json, list[Json], str, int]] = [
        ("a", 5, True, {"k": 5}, ["a", "5"], "", 0),
        ("5", 0, False, None, [], _TEAM_IDS[0], 1),
        ("", 5.5, True, "5", ["a"], _TEAM_IDS[1], 2),
        ("A", -1, False, 5, ["5", "5.0"], _TEAM_IDS[2], 3),
        ("5.0", 5, False, {"k": "a"}, [], _TEAM_IDS[0], 1),
        ("true", 1, True, [1], ["true"], "", 0),
    ]
    return [
        (
            "team",
            {
                "id": team_id, "name": name, "budget": budget, "flag": flag, "info": info,
                "labels": labels, "boss": boss, "at": _PLACES[place],
            },
        )
        for team_id, (name, budget, flag, info, labels, boss, place) in zip(
            _TEAM_IDS, rows, strict=True
        )
    ]  # fmt: skip


def _item(dice: random.Random, index: int) -> dict[str, Json]:
    def several(palette: tuple[str, ...]) -> list[Json]:
        return [*dice.sample(palette, dice.choice((0, 0, 1, 1, 2, 3)))]

    text = _TEXTS[index % len(_TEXTS)]
    number = _NUMBERS[index % len(_NUMBERS)]
    value = _JSONS[index % len(_JSONS)]
    return {
        "id": _item_id(index),
        "t": text,
        "t2": text if dice.random() < 0.3 else dice.choice(_TEXTS),
        "em": dice.choice(("", "a@b.co", "A@b.co", "5@b.co")),
        "ur": dice.choice(("", "http://a.co", "https://a.co/5")),
        "s1": dice.choice(("", *_CHOICES)),
        "r1": dice.choice(("", "", *_TEAM_IDS)),
        "d": dice.choice(_DATES),
        "ed": dice.choice(_TEXTS),
        "n": number,
        "n2": number if dice.random() < 0.3 else dice.choice(_NUMBERS),
        "b": dice.random() < 0.5,
        "b2": dice.random() < 0.5,
        "j": _as_sent(value),
        "j2": _as_sent(value if dice.random() < 0.3 else dice.choice(_JSONS)),
        "g": dice.choice(_PLACES),
        "sm": several(_CHOICES),
        "sm2": several(_CHOICES),
        "rm": several(_TEAM_IDS),
    }


def _as_sent(value: Json) -> Json:
    """A JSON string that a server would guess into another type is sent quoted."""
    return f'"{value}"' if isinstance(value, str) and value != "" else value


def _child(dice: random.Random, index: int) -> dict[str, Json]:
    return {
        "id": f"childaaaaaaaa{index:02d}",
        "ct": dice.choice(_TEXTS),
        "cn": dice.choice(_NUMBERS),
        "cj": _as_sent(dice.choice(_JSONS)),
        "cd": dice.choice(_DATES),
        "tag": dice.choice(("", *_TEAM_IDS)),
        "owner": _item_id(dice.randrange(ROWS // 2)),
    }


def _collections() -> list[dict[str, Json]]:
    choices: list[Json] = [*_CHOICES]

    def base(name: str, fields: list[Json], indexes: list[Json] | None = None) -> dict[str, Json]:
        return {
            "id": f"{name}_id", "name": name, "type": "base", "fields": fields,
            "indexes": indexes or [], "listRule": "", "viewRule": "", "createRule": "",
            "updateRule": "", "deleteRule": "",
        }  # fmt: skip

    def relation(name: str, target: str, *, several: bool) -> Json:
        maximum = 9 if several else 1
        return {"name": name, "type": "relation", "collectionId": target, "maxSelect": maximum}

    def plain(name: str, kind: str) -> Json:
        return {"name": name, "type": kind}

    team: list[Json] = [
        plain("name", "text"), plain("budget", "number"), plain("flag", "bool"),
        plain("info", "json"), plain("at", "geoPoint"),
        {"name": "labels", "type": "select", "values": choices, "maxSelect": 7},
    ]  # fmt: skip
    boss = relation("boss", "team_id", several=False)
    item: list[Json] = [
        plain("t", "text"), plain("t2", "text"), plain("em", "email"), plain("ur", "url"),
        {"name": "s1", "type": "select", "values": choices, "maxSelect": 1},
        relation("r1", "team_id", several=False), plain("d", "date"), plain("ed", "editor"),
        plain("n", "number"), plain("n2", "number"), plain("b", "bool"), plain("b2", "bool"),
        plain("j", "json"), plain("j2", "json"), plain("g", "geoPoint"),
        {"name": "sm", "type": "select", "values": choices, "maxSelect": 7},
        {"name": "sm2", "type": "select", "values": choices, "maxSelect": 7},
        relation("rm", "team_id", several=True),
    ]  # fmt: skip
    child: list[Json] = [
        plain("ct", "text"), plain("cn", "number"), plain("cj", "json"), plain("cd", "date"),
        relation("tag", "team_id", several=False), relation("owner", "item_id", several=False),
    ]  # fmt: skip
    only: list[Json] = [
        plain("ot", "text"), plain("on", "number"), relation("owner", "item_id", several=False),
    ]  # fmt: skip
    return [
        base("team", team),
        base("team", [ID_FIELD, *team, boss]),  # Now it can point at itself.
        base("nobody", [plain("name", "text")]),
        base(MAIN, item),
        base("child", child),
        base("only", only, ["CREATE UNIQUE INDEX `idx_only_owner` ON `only` (`owner`)"]),
    ]
