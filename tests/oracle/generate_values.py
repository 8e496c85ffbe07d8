"""Values to submit for each field kind: mostly fitting, sometimes nasty.

V1  Times are far from the present, so that they are never taken for a server's clock.

Not here: literals in filters (generate_filters.py).
"""

import json as json_text
import random

from tests.oracle.client import Json
from tests.oracle.world import CHOICES, FieldShape, Kind, World

TEXTS = (
    "a", "A", "b", "5", "5.0", "05", "0", "", "true", "100%", "a_b", "É", "x y", "it's", 'q"q',
    "c\\d", "[]", "null", "<p>Hi &amp; bye</p>", "日本", "line\nbreak", " a ", "5.5", "-1",
)  # fmt: skip
NUMBERS: tuple[int | float, ...] = (0, 1, 5, -1, 2.5, 5.5, 100, 1e21, 1e-7, 9007199254740992)
DATES = (
    "2001-02-03 04:05:06.789Z", "1999-12-31", "2030-01-01T00:00:00Z", "2001-02-03 04:05:06.789Z",
    "2005-05-05T05:05:05.123456789+02:00", "02 Jan 2004", "",
)  # fmt: skip
JSONS: tuple[Json, ...] = (
    None, "", 5, "5", 0, True, False, [], [1, 2], ["a", "b"], {"k": 5}, {"k": "a", "b": [1]},
    {"k": None}, {"k": {"x": 1}}, "a", "null", " 12", "-x", 5.5, '{"b":1,"a":2}', "[1",
)  # fmt: skip
ODD: tuple[Json, ...] = (
    None, "", 0, 1, -1, 2.5, True, False, "yes", "1", "t", "abc", " 5", "0x10", "1e3", [], ["a"],
    [1], {}, {"a": 1}, "2024/01/02", "2024-1-2", "junk", 1e308, "ünï", "012", [[]], [None],
)  # fmt: skip
ADDRESSES = ("a@b.co", "A@b.co", "x.y@example.com", "", "5@b.co")
LINKS = ("http://a.co", "https://a.co/5?q=1", "", "http://localhost:8080/x", "ftp://a.co")
BAD_ADDRESSES = ("a", "a@b", "@b.co", "a@@b.co", "a b@c.co", "a@b.co ")
BAD_LINKS = ("a", "http://", "ok.com", "//x", "javascript:1", "http://a b")
ODD_SHARE = 0.12  # Enough refusals to compare them, few enough that most records are created.


def value_for(world: World, shape: FieldShape, *, odd: float = ODD_SHARE) -> Json:
    """A JSON value for a field; `odd` is the share of values that may not fit."""
    dice = world.dice
    if dice.random() < odd:
        return dice.choice(ODD)
    match shape.kind:
        case "select":
            return dice.choice(("", *CHOICES))
        case "selects":
            return [*dice.sample(CHOICES, dice.choice((0, 1, 1, 2, 3)))]
        case "relation":
            return "" if dice.random() < 0.2 else world.any_id(shape.target)
        case "relations":
            return [world.any_id(shape.target) for _ in range(dice.choice((0, 1, 1, 2, 3)))]
        case "geoPoint":
            place: dict[str, Json] = {"lon": dice.choice((0, 1, -5.5)), "lat": dice.choice((0, 9))}
            return place
        case "email":
            return dice.choice(ADDRESSES if dice.random() > odd else BAD_ADDRESSES)
        case "url":
            return dice.choice(LINKS if dice.random() > odd else BAD_LINKS)
        case "file" | "files":
            return dice.choice(("", None, []))
        case _:
            return _plain_value(dice, shape.kind)


def _plain_value(dice: random.Random, kind: Kind) -> Json:
    match kind:
        case "number":
            return dice.choice(NUMBERS)
        case "bool":
            return dice.random() < 0.5
        case "date":
            return dice.choice(DATES)
        case "json":
            return dice.choice(JSONS)
        case "password":
            return dice.choice(("", "secret-1"))
        case "autodate":
            return "2001-01-01 00:00:00.000Z"
        case _:
            return dice.choice(TEXTS)


def body_for(world: World, fields: list[FieldShape], *, odd: float = ODD_SHARE) -> dict[str, Json]:
    """A record body: most fields, now and then one that does not exist."""
    dice = world.dice
    body: dict[str, Json] = {
        one.name: value_for(world, one, odd=odd) for one in fields if dice.random() < 0.85
    }
    if dice.random() < 0.05:
        body["nope"] = dice.choice(ODD)
    return body


def change_for(world: World, fields: list[FieldShape]) -> dict[str, Json]:
    """An update body: a few fields, half of them with a modifier."""
    dice = world.dice
    body: dict[str, Json] = {}
    for one in dice.sample(fields, min(len(fields), dice.choice((0, 1, 1, 2, 3)))):
        body[_modified_name(dice, one)] = value_for(world, one)
    return body


def multipart(
    values: dict[str, Json], files: list[tuple[str, str, bytes]], *, boundary: str
) -> tuple[bytes, str]:
    """A multipart body and its content type; objects go into `@jsonPayload`."""
    parts: list[bytes] = []
    payload: dict[str, Json] = {}
    for name, value in values.items():
        if value is None or isinstance(value, dict):
            payload[name] = value
            continue
        several = value if isinstance(value, list) else [value]
        texts = [_form_text(one).encode() for one in several]
        parts.extend(_part(f'name="{name}"', text, boundary=boundary) for text in texts)
    if payload:
        text = json_text.dumps(payload).encode()
        parts.append(_part('name="@jsonPayload"', text, boundary=boundary))
    for name, filename, content in files:
        disposition = f'name="{name}"; filename="{filename}"'
        parts.append(_part(disposition, content, boundary=boundary, media="text/plain"))
    body = b"".join(parts) + f"--{boundary}--\r\n".encode()
    return body, f"multipart/form-data; boundary={boundary}"


def form_text(values: dict[str, Json]) -> dict[str, str | list[str]]:
    """Values as an HTML form sends them."""
    return {
        name: [_form_text(one) for one in value] if isinstance(value, list) else _form_text(value)
        for name, value in values.items()
    }


def _part(disposition: str, content: bytes, *, boundary: str, media: str = "") -> bytes:
    head = f"--{boundary}\r\nContent-Disposition: form-data; {disposition}\r\n"
    if media:
        head += f"Content-Type: {media}\r\n"
    return head.encode() + b"\r\n" + content + b"\r\n"


def _form_text(value: Json) -> str:
    return value if isinstance(value, str) else json_text.dumps(value, separators=(",", ":"))


def _modified_name(dice: random.Random, one: FieldShape) -> str:
    if dice.random() < 0.5:
        return one.name
    match one.kind:
        case "number":
            return dice.choice((f"{one.name}+", f"{one.name}-"))
        case "selects" | "relations" | "select" | "relation" | "files" | "file":
            return dice.choice((f"{one.name}+", f"+{one.name}", f"{one.name}-"))
        case "text" if one.options.get("autogeneratePattern"):
            return f"{one.name}:autogenerate"
        case _:
            return one.name
