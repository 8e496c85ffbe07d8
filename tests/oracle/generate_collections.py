"""Requests on collections: creations, changes and imports, most of them wrong in some way.

K1  They only touch collections named `scratch…`, so the round's own collections stay as they are.

Not here: the round's collections (generate_schema.py).
"""

from tests.oracle.ask import Request
from tests.oracle.client import Json
from tests.oracle.world import World

SCRATCH = ("scratch1", "scratch2", "scratchview", "scratchauth")

_FIELDS: tuple[dict[str, Json], ...] = (
    {"name": "t", "type": "text"}, {"name": "n", "type": "number"}, {"name": "b", "type": "bool"},
    {"name": "e", "type": "email"}, {"name": "u", "type": "url"}, {"name": "d", "type": "date"},
    {"name": "j", "type": "json"}, {"name": "g", "type": "geoPoint"}, {"name": "x", "type": "nope"},
    {"name": "p", "type": "password"}, {"name": "ed", "type": "editor"},
    {"name": "f", "type": "file"},
    {"name": "a", "type": "autodate", "onCreate": True}, {"name": "a0", "type": "autodate"},
    {"name": "s", "type": "select", "values": ["a", "b"]}, {"name": "s0", "type": "select"},
    {"name": "sv", "type": "select", "values": ["a", "a"]}, {"name": "t", "type": "number"},
    {"name": "s9", "type": "select", "values": ["a"], "maxSelect": 5},
    {"name": "r", "type": "relation", "collectionId": "people_id", "maxSelect": 1},
    {"name": "r0", "type": "relation"}, {"name": "rx", "type": "relation", "collectionId": "nope"},
    {"name": "rv", "type": "relation", "collectionId": "vista_id"},
    {"name": "rm", "type": "relation", "collectionId": "kit_id", "minSelect": 2, "maxSelect": 1},
    {"name": "rn", "type": "relation", "collectionId": "kit_id", "minSelect": 1},
    {"name": "bad name", "type": "text"}, {"name": "", "type": "text"}, {"type": "text"},
    {"name": "expand", "type": "text"}, {"name": "null", "type": "bool"},
    {"name": "T", "type": "text"},
    {"name": "collectionId", "type": "text"}, {"name": "a_via_b", "type": "text"},
    {"name": "x" * 101, "type": "text"}, {"name": "p1", "type": "text", "pattern": "("},
    {"name": "p2", "type": "text", "min": 5, "max": 3}, {"name": "p3", "type": "text", "min": -1},
    {"name": "ag", "type": "text", "autogeneratePattern": "^a$"},
    {"name": "ah", "type": "text", "autogeneratePattern": "[a-z]{4}", "max": 2},
    {"name": "ai", "type": "text", "autogeneratePattern": "[a-z]{4}"},
    {"name": "n1", "type": "number", "min": 5, "max": 1},
    {"name": "n3", "type": "number", "max": "a"},
    {"name": "n2", "type": "number", "min": 0.5, "onlyInt": True},
    {"name": "d1", "type": "date", "min": "2020-01-01", "max": "2010-01-01"},
    {"name": "e1", "type": "email", "onlyDomains": ["a.co"], "exceptDomains": ["b.co"]},
    {"name": "e2", "type": "email", "onlyDomains": ["not a domain"]},
    {"name": "u1", "type": "url", "exceptDomains": ["a.co"]},
    {"name": "f1", "type": "file", "maxSize": -1},
    {"name": "f2", "type": "file", "thumbs": ["10x10", "bad", "0x0"], "maxSelect": 2},
    {"name": "f3", "type": "file", "mimeTypes": ["text/plain"], "protected": True},
    {"name": "j1", "type": "json", "maxSize": 5}, {"name": "pw", "type": "password", "cost": 99},
    {"name": "pm", "type": "password", "max": 99}, {"name": "id", "type": "text"},
    {"name": "id", "type": "number"}, {"id": "same", "name": "i1", "type": "text"},
    {"id": "same", "name": "i2", "type": "text"}, {"name": "h", "type": "text", "hidden": True},
    {"name": "q", "type": "text", "required": True, "presentable": True, "help": "why"},
    {"name": "id", "type": "text", "primaryKey": True, "pattern": "^[A-Za-z.]+$", "system": True},
    {"name": "k2", "type": "text", "primaryKey": True},
    {"name": "sy", "type": "text", "system": True},
    {"name": "password", "type": "text"}, {"name": "oldPassword", "type": "text"},
)  # fmt: skip
_INDEXES = (
    "CREATE INDEX `idx_s1` ON `scratch1` (`t`)", "CREATE UNIQUE INDEX idx_s2 ON scratch1 (t, n)",
    "create unique index idx_s3 on other(t desc) where t!=\"\"", "CREATE INDEX idx_s4 ON scratch1",
    "junk", "", "CREATE INDEX `idx_s1` ON `scratch1` (`n`)", "CREATE INDEX i5 ON scratch1 (nope)",
    "CREATE INDEX i6 ON scratch1 (lower(t))", "CREATE INDEX i7 ON scratch1 (t COLLATE NOCASE)",
    "CREATE INDEX IF NOT EXISTS i8 ON scratch1 (t)", "CREATE INDEX idx_gamma_one ON scratch1 (t)",
    "CREATE UNIQUE INDEX `i9` ON `scratch1` (`t`)", "DROP TABLE kit",
)  # fmt: skip
_RULES: tuple[Json, ...] = (
    "", None, "id != ''", "nope = 1", "t = 'a'", "@request.auth.id != ''", "((", "t", " ",
    "@request.body.t:isset = true", "@collection.kit.text ?= t", "@collection.nope.x = 1", 5,
    "r.role = 'a'", "kit_via_owner.id = 'x'", "t:nope = 1", "@request.auth.nope = 1",
)  # fmt: skip
_NAMES: tuple[Json, ...] = (
    "scratch1", "scratch2", "SCRATCH1", "kit", "people_id", "bad name", "", "_scratch1", "a_via_b",
    "x" * 256, "_collections", "sqlite_master", None, 5, "scratch-1", "é",
)  # fmt: skip
_IMPORT_IDS: tuple[Json, ...] = (
    "my_id", "my_id", "scratch1", "", None, "x" * 101, "a b", "é'", 5,
)  # fmt: skip
_KEPT = frozenset({"kit", "kit_id", "people_id"})
"""Names and ids by which an import would change the round's own collections."""
_QUERIES: tuple[Json, ...] = (
    "select id, text from kit", "select * from kit", "select text from kit", "junk", "", None,
    "select id from nope", "delete from kit", "select id, id as twice from kit",
    "select id from kit;",
    "select id, count(id) as total from kit group by id", "select (1) as id, 2 as n",
    "select kit.id, gamma.id as g, gamma.text as gt from kit join gamma on gamma.relation = kit.id",
    "with x as (select id, text from kit) select id, text from x",
    "select id, cast(number as text) as n, cast(text as int) as t from kit",
    "select id, selects, relations, json, geoPoint, file, autodate, generated from kit",
    "select id, max(number) as m, text || 'a' as ta, 'x' as lit, null as nothing from kit",
    "select k.id as id, k.text as words from kit k where k.number > 0 order by k.text",
    "select id from kit union select id from gamma", "select '' as id, text from kit",
    "select id, text as expand from kit", "select id, text as 'bad name' from kit",
)  # fmt: skip
_AUTH: tuple[dict[str, Json], ...] = (
    {"authRule": "nope = 1"}, {"manageRule": ""}, {"authRule": None},
    {"authRule": "verified = true"},
    {"authToken": {"duration": 1}}, {"authToken": {"duration": 100}},
    {"fileToken": {"duration": 0}},
    {"passwordAuth": {"enabled": False}}, {"passwordAuth": {"enabled": True, "identityFields": []}},
    {"passwordAuth": {"enabled": True, "identityFields": ["nope"]}},
    {"passwordAuth": {"enabled": True, "identityFields": ["name"]}},
    {"mfa": {"enabled": True}}, {"mfa": {"enabled": True, "duration": 5}},
    {"otp": {"enabled": True}},
    {"otp": {"enabled": True, "length": 2}}, {"oauth2": {"enabled": True}},
    {"oauth2": {"enabled": True, "providers": [{"name": "nope"}]}},
    {"oauth2": {"mappedFields": {"name": "nope"}}}, {"indexes": []},
    {"fields": [{"name": "oldPassword", "type": "text"}]}, {"fields": []},
    {"fields": [{"name": "email", "type": "text"}]}, {"authAlert": {"enabled": False}},
)  # fmt: skip
_LISTS = (
    "?sort=name", "?filter=name~'kit'", "?filter=type='view'&fields=id,name", "?page=1&perPage=2",
    "?sort=nope", "?filter=nope=1", "?filter=system=true&sort=-name&fields=name,type",
    "?fields=name&sort=id", "?filter=created<@now&fields=id", "?perPage=1&skipTotal=1&sort=id",
)  # fmt: skip


class CollectionRequests:
    """Draws requests on scratch collections; all as the superuser, but for a few."""

    def __init__(self, world: World) -> None:
        """Nothing exists yet."""
        self._world = world

    def draw(self) -> Request:
        """The next request."""
        dice = self._world.dice
        name = dice.choice(("scratch1", "scratch1", "scratch2"))
        match dice.randrange(16):
            case 0 | 1 | 2 | 3:
                return self._request("POST", "", self._base(name))
            case 4 | 5 | 6:
                return self._request("PATCH", f"/{name}", self._change())
            case 7:
                return self._request("DELETE", f"/{dice.choice((*SCRATCH, 'people', 'nope'))}")
            case 8 | 9:
                method, tail = dice.choice((("POST", ""), ("PATCH", "/scratchview")))
                return self._request(method, tail, self._view())
            case 10 | 11:
                method, tail = dice.choice((("POST", ""), ("PATCH", "/scratchauth")))
                return self._request(method, tail, self._auth())
            case 12:
                return self._request("PUT", "/import", self._import())
            case 13:
                return self._request("GET", dice.choice(_LISTS))
            case 14:
                return self._request("GET", f"/{dice.choice((*SCRATCH, 'kit', 'nope'))}")
            case _:
                query: dict[str, Json] = {"query": dice.choice(_QUERIES)}
                return self._request("POST", "/meta/dry-run-view", query)

    def _request(self, method: str, tail: str, body: dict[str, Json] | None = None) -> Request:
        caller = "user" if self._world.dice.random() < 0.02 else "root"
        return Request(
            area="collections", caller=caller, method=method, path=f"/api/collections{tail}",
            json=body, writes=method != "GET" and "dry-run" not in tail,
        )  # fmt: skip

    def _base(self, name: str) -> dict[str, Json]:
        dice = self._world.dice
        body: dict[str, Json] = {"name": name, "type": "base", "fields": self._fields()}
        if dice.random() < 0.12:
            body["name"] = dice.choice(_NAMES)
        if dice.random() < 0.05:
            body["type"] = dice.choice(("nope", "", None))
        if dice.random() < 0.1:
            body["id"] = dice.choice(("my_id", "kit_id", "x" * 101))
        return body | self._extras()

    def _change(self) -> dict[str, Json]:
        dice = self._world.dice
        body = self._extras()
        if dice.random() < 0.6:
            body["fields"] = self._fields()
        if dice.random() < 0.1:
            body["name"] = dice.choice(_NAMES)
        if dice.random() < 0.05:
            body["type"] = dice.choice(("auth", "view", "base"))
        if dice.random() < 0.03:
            body["system"] = True
        return body

    def _extras(self) -> dict[str, Json]:
        dice = self._world.dice
        body: dict[str, Json] = {}
        for key in ("listRule", "viewRule", "createRule", "updateRule", "deleteRule"):
            if dice.random() < 0.12:
                body[key] = dice.choice(_RULES)
        if dice.random() < 0.3:
            body["indexes"] = [*dice.sample(_INDEXES, dice.choice((1, 1, 2)))]
        return body

    def _fields(self) -> list[Json]:
        dice = self._world.dice
        fitting = _FIELDS[:8]
        odd = dice.sample(_FIELDS, dice.choice((0, 0, 1, 1, 2)))
        return [*dice.sample(fitting, dice.choice((1, 2, 3))), *odd]

    def _view(self) -> dict[str, Json]:
        dice = self._world.dice
        body: dict[str, Json] = {
            "name": "scratchview", "type": "view", "viewQuery": dice.choice(_QUERIES),
        }  # fmt: skip
        if dice.random() < 0.2:
            body["listRule"] = dice.choice(_RULES)
        if dice.random() < 0.1:
            body["createRule"] = ""
        if dice.random() < 0.1:
            body["indexes"] = [_INDEXES[0]]
        return body

    def _auth(self) -> dict[str, Json]:
        dice = self._world.dice
        body: dict[str, Json] = {"name": "scratchauth", "type": "auth"}
        for one in dice.sample(_AUTH, dice.choice((0, 1, 1, 2))):
            body |= one
        return body

    def _import(self) -> dict[str, Json]:
        dice = self._world.dice
        items: list[Json] = [self._import_item() for _ in range(dice.choice((0, 1, 1, 2)))]
        return {"collections": items, "deleteMissing": False}

    def _import_item(self) -> Json:
        dice = self._world.dice
        match dice.randrange(8):
            case 0:
                body = self._view()
            case 1:
                body = self._auth()
            case _:
                body = self._base(dice.choice(SCRATCH[:2]))
        if dice.random() < 0.2:
            body["id"] = dice.choice(_IMPORT_IDS)
        if body.get("id") in _KEPT:
            del body["id"]
        if body["name"] in _KEPT:
            body["name"] = "scratch1"
        return body
