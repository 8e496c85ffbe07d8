"""Requests on records: lists, views, writes, batches, and what is wrong with HTTP itself.

Q1  A deck of cells (operator x field kind x caller) is dealt rarest first, so coverage is no luck.
    A dealt cell is a filter of one comparison: in a longer one it might decide nothing.
Q2  Every filter comes with its comparisons alone, every body with its keys alone: the smaller
    requests that make a reproduction.

Not here: filters (generate_filters.py), collections (generate_collections.py).
"""

from collections.abc import Callable, Iterator
from urllib.parse import urlencode

from tests.oracle.ask import CALLERS, Caller, Request
from tests.oracle.client import Json, query
from tests.oracle.deck import Deck
from tests.oracle.generate_filters import comparison, garbage, joined, sort_for
from tests.oracle.generate_schema import PEOPLE
from tests.oracle.generate_values import body_for, change_for, form_text, multipart
from tests.oracle.operators_fixture import OPERATORS
from tests.oracle.world import KINDS, Kind, Shape, World

PER_PAGE = 200  # Whole collections: where the order is free, a page border would not be.

_ROUND_SHAPES = ("kit", "kit", "kit", "beta", "gamma")
_EXPANDS = (
    "relation", "relations", "owner", "relation.owner", "relations.relation", "owner.boss",
    "gamma_via_relation", "kit_via_relation", "kit_via_relations.owner", "nope", "relation.nope",
    "relation,relations", "owner,nope", "text", "gamma_via_relation.relation.owner", "",
)  # fmt: skip
_PICKERS = (
    "id", "id,text", "*", "text:excerpt(2)", "editor:excerpt(3,true)", "*,expand.relation.id",
    "expand.relation.text,id", "nope", "id, number", "json.k", "geoPoint.lon", "id,,text",
    "expand.*.id", "text:excerpt(0)", "text:nope(1)", "relations", "",
)  # fmt: skip
_PAGES = (
    "page=2&perPage=3", "page=-1", "perPage=0", "perPage=5000", "page=99", "page=abc", "perPage=x",
    "skipTotal=1", "skipTotal=t", "skipTotal=maybe", "page=1.5", "filter=%zz", "filter=a;b",
    "filter=id='x'&filter=id!=''", "perPage=2&skipTotal=true", "sort=@rowid", "sort=-@rowid", "",
)  # fmt: skip
_BROKEN_BODIES: tuple[tuple[bytes, str], ...] = (
    (b'{"text":"a","text":"b"}', "application/json"), (b'{"number":01}', "application/json"),
    (b'{"text":"\\ud800"}', "application/json"), (b"{} trailing", "application/json"),
    (b"null", "application/json"), (b"[]", "application/json"), (b'"x"', "application/json"),
    (b'{"text":"a"', "application/json"), (b'{"text":"\xff"}', "application/json"),
    (b'{"text":"a",}', "application/json"), (b"", "application/json"), (b"x", "text/plain"),
    (b"", "text/plain"), (b"<a/>", "application/xml"), (b"\xef\xbb\xbf{}", "application/json"),
    (b'{"number":NaN}', "application/json"), (b'{"text":"\\u0000"}', "application/json"),
    (b"text=a&number=05&bool=true", "application/x-www-form-urlencoded; charset=utf-8"),
    (b'number=5&@jsonPayload={"number":7}', "application/x-www-form-urlencoded"),
    (b"@jsonPayload=[1]", "application/x-www-form-urlencoded"), (b"{}", "application/json;x=y"),
)  # fmt: skip
_ODD_PATHS = (
    ("POST", "/api/health"), ("GET", "/api/nope"), ("DELETE", "/api/nope"), ("GET", "/API/health"),
    ("GET", "/api/health/"), ("GET", "/api/health"), ("PUT", "/api/collections/kit/records/x"),
    ("GET", "/api/collections/nope/records"), ("GET", "/api/collections/KIT/records?fields=id"),
    ("GET", "/api/collections/kit_id/records?fields=id"), ("GET", "/api/collections/k%69t/records"),
    ("GET", "/api/collections/kit/records/nope"), ("POST", "/api/collections/vista/records"),
    ("PATCH", "/api/collections/vista/records/x"), ("DELETE", "/api/collections/vista/records/x"),
    ("GET", "/api/collections"), ("GET", "/api/collections/kit"), ("GET", "/api/settings/nope"),
    ("OPTIONS", "/api/collections/kit/records"), ("HEAD", "/api/collections/kit/records"),
    ("GET", "/api/collections/vista/records"), ("GET", "/api/collections/vista/records?sort=id"),
    ("GET", "/api/collections/kit/records/"), ("DELETE", "/api/collections/vista/truncate"),
    ("GET", "/api/collections/vista/records?sort=@rowid"), ("POST", "/api/batch"),
    ("GET", "/api/collections/kit/auth-methods"), ("GET", "/api/collections/people/auth-methods"),
)  # fmt: skip


class Requests:
    """Draws requests for a world."""

    def __init__(self, world: World, deck: Deck) -> None:
        """Draws with the world's dice, deals from the run's deck."""
        self._world = world
        self._deck = deck
        self._makers: tuple[tuple[Callable[[], Request], float], ...] = (
            (self.compared, 34.0), (self.joined, 28.0), (self.broken_filter, 7.0),
            (self.listed, 6.0), (self.viewed, 3.0), (self.created, 8.0),
            (self.created_by_form, 3.0), (self.updated, 6.0), (self.deleted, 1.0),
            (self.batch, 2.5), (self.odd, 1.5),
        )  # fmt: skip

    def draw(self) -> Request:
        """The next request."""
        makers, weights = zip(*self._makers, strict=True)
        return self._world.dice.choices(makers, weights)[0]()

    def draw_cell(self, *, below: int) -> Request | None:
        """A list by a comparison that was compared less often, None when the round has none."""
        cell = self._deck.deal(self._world.dice, below=below)
        return None if cell is None else self._by_cell(*cell)

    def compared(self) -> Request:
        """A list by one comparison, the one that was compared least."""
        cell = self._deck.deal(self._world.dice)
        return self.joined() if cell is None else self._by_cell(*cell)

    def joined(self) -> Request:
        """A list by a filter of two or three comparisons."""
        dice = self._world.dice
        caller = dice.choice(CALLERS)
        cells = [
            (dice.choice(OPERATORS), dice.choice(KINDS)) for _ in range(dice.choice((2, 2, 3)))
        ]
        shape = self._shape_with(*(kind for _, kind in cells))
        parts = [
            comparison(self._world, shape, operator, kind, root=caller == "root")
            for operator, kind in cells
        ]
        sort = sort_for(self._world, shape) if dice.random() < 0.3 else "id"
        alone = (
            *(self._list(caller, shape, filter=one.text, sort="id") for one in parts),
            self._list(caller, shape, sort=sort),
        )
        return self._list(
            caller, shape, area="joined", smaller=alone, filter=joined(dice, parts), sort=sort
        )

    def _by_cell(self, operator: str, kind: Kind, caller: Caller) -> Request:
        dice, shape = self._world.dice, self._shape_with(kind)
        whole = comparison(self._world, shape, operator, kind, root=caller == "root")
        sort = sort_for(self._world, shape) if dice.random() < 0.15 else "id"
        alone = (
            self._list(caller, shape, filter=whole.text, sort="id"),
            self._list(caller, shape, sort=sort),
        )
        return self._list(
            caller, shape, cell=(operator, kind), smaller=alone, filter=whole.text, sort=sort
        )

    def _shape_with(self, *kinds: Kind) -> Shape:
        """A collection with fields of these kinds."""
        names = ("kit", "kit", "beta", PEOPLE, "vista")
        shape = self._world.shapes[self._world.dice.choice(names)]
        return shape if all(shape.of_kind(kind) for kind in kinds) else self._world.shapes["kit"]

    def broken_filter(self) -> Request:
        """A list by a filter that is likely refused."""
        shape = self._any_shape()
        text = garbage(self._world, shape)
        return self._list("root", shape, area="filter-garbage", filter=text, sort="id")

    def listed(self) -> Request:
        """A list with sort, expand, picker or paging."""
        dice, shape = self._world.dice, self._any_shape()
        parameters = {"perPage": str(PER_PAGE), "sort": sort_for(self._world, shape)}
        if dice.random() < 0.5:
            parameters["expand"] = ",".join(dice.sample(_EXPANDS, dice.choice((1, 1, 2))))
        if dice.random() < 0.4:
            parameters["fields"] = dice.choice(_PICKERS)
        tail = f"?{dice.choice(_PAGES)}" if dice.random() < 0.3 else query(**parameters)
        return Request(area="list", caller=self._any_caller(), method="GET", path=shape.path + tail)

    def viewed(self) -> Request:
        """One record, with expand and picker."""
        dice, shape = self._world.dice, self._any_shape(with_people=True)
        parameters: dict[str, str] = {}
        if dice.random() < 0.6:
            parameters["expand"] = dice.choice(_EXPANDS)
        if dice.random() < 0.3:
            parameters["fields"] = dice.choice(_PICKERS)
        path = f"{shape.path}/{self._world.any_id(shape.name)}{query(**parameters)}"
        method = "HEAD" if dice.random() < 0.05 else "GET"
        return Request(area="view", caller=self._any_caller(), method=method, path=path)

    def created(self) -> Request:
        """A record from a JSON body."""
        dice, shape = self._world.dice, self._any_shape()
        body: dict[str, Json] = body_for(self._world, shape.fields, odd=0.1)
        new = self._world.new_id()
        body["id"] = new if dice.random() < 0.9 else dice.choice(("A", "a-b", *shape.ids[:1]))
        caller = self._any_caller()
        tail = f"?expand={dice.choice(_EXPANDS)}" if dice.random() < 0.2 else ""
        alone = tuple(
            Request(
                area="create", caller=caller, method="POST", path=shape.path, writes=True,
                json={"id": self._world.new_id(), name: value},
            )
            for name, value in body.items() if name != "id"
        )  # fmt: skip
        return Request(
            area="create", caller=caller, method="POST", path=shape.path + tail, json=body,
            writes=True, smaller=alone, headers=self._headers(), makes=(shape.name, new),
        )  # fmt: skip

    def created_by_form(self) -> Request:
        """A record from a form, with files; or from a body that is broken."""
        dice, shape = self._world.dice, self._any_shape()
        caller = self._any_caller()
        if dice.random() < 0.25:
            body, media = dice.choice(_BROKEN_BODIES)
            # An answer would hold an id that each server drew, and the states would part.
            path = f"{shape.path}/{self._world.any_id(shape.name)}"
            return Request(
                area="broken-body", caller=caller, method="PATCH", path=path, body=body,
                content_type=media, writes=True,
            )  # fmt: skip
        values = body_for(self._world, shape.fields, odd=0.1)
        new = self._world.new_id()
        values["id"] = new
        if dice.random() < 0.3:
            encoded = urlencode(form_text(values), doseq=True).encode()
            media = "application/x-www-form-urlencoded"
        else:
            files = [
                (dice.choice(("file", "files", "files")), dice.choice(("note.txt", "Pic 1.TXT")), b)
                for b in dice.sample((b"a", b"bb", b"ccc"), dice.choice((0, 1, 1, 2)))
            ]
            for name, _, _ in files:
                values.pop(name, None)
            encoded, media = multipart(values, files, boundary="b0undary")
        return Request(
            area="create-form", caller=caller, method="POST", path=shape.path, body=encoded,
            content_type=media, writes=True, makes=(shape.name, new),
        )  # fmt: skip

    def updated(self) -> Request:
        """A change of a record, with modifiers."""
        shape = self._any_shape()
        path = f"{shape.path}/{self._world.any_id(shape.name)}"
        body: dict[str, Json] = change_for(self._world, shape.fields)
        caller = self._any_caller()
        alone = tuple(
            Request(
                area="update", caller=caller, method="PATCH", path=path, json={name: value},
                writes=True,
            )
            for name, value in body.items()
        )  # fmt: skip
        return Request(
            area="update", caller=caller, method="PATCH", path=path, json=body, writes=True,
            headers=self._headers(), smaller=alone if len(alone) > 1 else (),
        )  # fmt: skip

    def deleted(self) -> Request:
        """A deletion, cascades and all."""
        shape = self._any_shape()
        path = f"{shape.path}/{self._world.any_id(shape.name)}"
        return Request(
            area="delete", caller=self._any_caller(), method="DELETE", path=path, writes=True
        )

    def batch(self) -> Request:
        """One to four writes in one transaction, now and then something that is no write."""
        dice = self._world.dice
        items = [self._item() for _ in range(dice.choice((0, 1, 2, 2, 3, 4)))]
        caller = self._any_caller()

        def batch_of(several: list[Json], *smaller: Request) -> Request:
            body: dict[str, Json] = {"requests": several}
            return Request(
                area="batch", caller=caller, method="POST", path="/api/batch", json=body,
                writes=True, smaller=smaller,
            )  # fmt: skip

        return batch_of(items, *(batch_of([one]) for one in items if len(items) > 1))

    def odd(self) -> Request:
        """A path, method or header that clients get wrong."""
        dice = self._world.dice
        method, path = dice.choice(_ODD_PATHS)
        headers = {"Authorization": dice.choice(("garbage", "Bearer x", ""))}
        chosen = headers if dice.random() < 0.2 else {}
        return Request(
            area="http", caller=self._any_caller(), method=method, path=path, headers=chosen,
            order_free=True,
        )  # fmt: skip

    def _item(self) -> Json:
        dice, shape = self._world.dice, self._any_shape()
        path, known = shape.path, self._world.any_id(shape.name)
        body: dict[str, Json] = body_for(self._world, shape.fields, odd=0.03)
        match dice.randrange(8):
            case 0 | 1:
                body["id"] = self._world.new_id()
                return {"method": "POST", "url": path, "body": body}
            case 2 | 3:
                change: Json = change_for(self._world, shape.fields)
                return {"method": "PATCH", "url": f"{path}/{known}", "body": change}
            case 4 | 5:
                body["id"] = known if dice.random() < 0.5 else self._world.new_id()
                return {"method": "PUT", "url": f"{path}?fields=id,text", "body": body}
            case 6:
                return {"method": "DELETE", "url": f"{path}/{known}"}
            case _:
                body["id"] = self._world.new_id()
                method = dice.choice(("GET", "post", "POST"))
                return {"method": method, "url": dice.choice((path, "/api/nope")), "body": body}

    def _list(
        self,
        caller: Caller,
        shape: Shape,
        *,
        area: str = "filter",
        cell: tuple[str, Kind] | None = None,
        smaller: tuple[Request, ...] = (),
        **parameters: str,
    ) -> Request:
        tail = query(fields="id", perPage=PER_PAGE, **parameters)
        return Request(
            area=area, caller=caller, method="GET", path=shape.path + tail, cell=cell,
            smaller=smaller,
        )  # fmt: skip

    def _any_caller(self) -> Caller:
        return self._world.dice.choice((*CALLERS, "root", "root"))

    def _any_shape(self, *, with_people: bool = False) -> Shape:
        names = (*_ROUND_SHAPES, PEOPLE) if with_people else _ROUND_SHAPES
        return self._world.shapes[self._world.dice.choice(names)]

    def _headers(self) -> dict[str, str]:
        return {"X-Token": "a"} if self._world.dice.random() < 0.1 else {}


def seed_requests(world: World, shape: Shape, *, records: int) -> Iterator[Request]:
    """Requests that fill a collection, as the superuser and with fitting values."""
    for _ in range(records):
        new = world.new_id()
        values: dict[str, Json] = {**body_for(world, shape.fields, odd=0.0), "id": new}
        if world.dice.random() < 0.3 and shape.of_kind("file") and shape.of_kind("files"):
            files = [("file", "note.txt", b"a"), ("files", "note.txt", b"b")]
            values.pop("file", None)
            values.pop("files", None)
            body, media = multipart(values, files, boundary="b0undary")
            yield Request(
                area="seed", caller="root", method="POST", path=shape.path, body=body,
                content_type=media, writes=True, makes=(shape.name, new),
            )  # fmt: skip
        else:
            yield Request(
                area="seed", caller="root", method="POST", path=shape.path, json=values,
                writes=True, makes=(shape.name, new),
            )  # fmt: skip
