"""``?fields=``: which parts of a JSON answer the client wants.

I1  The picker never changes the value it is given; it makes a new one.
I2  Unknown names vanish silently; only a wrong modifier is an error.
I3  ``*`` stands for every key of its level that no other path names.

Not here: cutting texts (api/excerpt.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from yadokari.api.excerpt import excerpt
from yadokari.api.paging import truthy
from yadokari.base.errors import BadRequest
from yadokari.base.json_text import decode

_FRACTION = re.compile(r"\.[0-9]*$")
_OCTAL = re.compile(r"([+-]?)0_?([0-7_]+)")


class Excerpt(msgspec.Struct, frozen=True):
    """The modifier ``:excerpt(max, withEllipsis)``."""

    characters_max: int
    ellipsis: bool

    def applied(self, value: object) -> object:
        """Texts cut, everything else as it is."""
        if isinstance(value, msgspec.Raw) and bytes(value)[:1] == b'"':
            value = decode(bytes(value))
        if isinstance(value, str):
            return excerpt(value, characters_max=self.characters_max, ellipsis=self.ellipsis)
        return value


class _Node(msgspec.Struct):
    """One step of the wanted paths."""

    whole: bool = False
    modifier: Excerpt | None = None
    children: dict[str, _Node] = msgspec.field(default_factory=dict)


class Picker:
    """A parsed ``fields`` parameter."""

    __slots__ = ("_root",)

    def __init__(self, root: _Node) -> None:
        self._root = root

    def pick(self, value: object) -> object:
        """The wanted parts of a value; of each element when it is a list."""
        return _pick(value, self._root) if self._root.children else value

    def pick_page(self, page: object) -> object:
        """A page object with the wanted parts of its items."""
        if not isinstance(page, dict) or "items" not in page:
            return self.pick(page)
        return {**page, "items": self.pick(page["items"])}


def parse_picker(text: str) -> Picker:
    """The picker of a ``fields`` parameter; a blank one keeps everything.

    Raises:
        BadRequest: an unknown modifier, bad arguments, unbalanced parentheses.
    """
    root = _Node()
    for item in _items(text):
        path, colon, modifier = item.partition(":")
        node = root
        for segment in path.removesuffix(".").split("."):
            node = node.children.setdefault(segment, _Node())
        node.whole = True
        node.modifier = _modifier(modifier) if colon else None
    return Picker(root)


def _items(text: str) -> list[str]:
    """The parts between commas outside parentheses, trimmed, empty ones left out."""
    if "(" not in text:
        return [item for part in text.split(",") if (item := part.strip())]
    parts: list[str] = []
    depth = start = 0
    for position, character in enumerate(text):
        if character == "(":
            depth += 1
        elif character == ")":
            depth = max(0, depth - 1)
        elif character == "," and depth == 0:
            parts.append(text[start:position])
            start = position + 1
    if depth:
        raise BadRequest
    parts.append(text[start:])
    return [item for part in parts if (item := part.strip())]


def _modifier(text: str) -> Excerpt:
    name, opened, rest = text.partition("(")
    if name.strip() != "excerpt" or not opened or ":" in text:
        raise BadRequest
    arguments = [argument.strip() for argument in rest.partition(")")[0].split(",")]
    if len(arguments) > 2:
        raise BadRequest
    characters_max = _whole(arguments[0])
    if characters_max <= 0:
        raise BadRequest
    return Excerpt(characters_max, len(arguments) == 2 and truthy(arguments[1]))


def _whole(text: str) -> int:
    """An integer as Go's lenient casts read it; 0 when it is none."""
    text = _FRACTION.sub("", text)
    octal = _OCTAL.fullmatch(text)
    if len(text) > 64:
        return 0
    try:
        number = int(octal.group(1) + octal.group(2), 8) if octal else int(text, 0)
    except ValueError:
        return 0
    return number if number < 2**63 else 0


def _pick(value: object, node: _Node) -> object:
    if isinstance(value, msgspec.Raw):
        raw = bytes(value)
        if raw[:1] not in (b"{", b"["):
            return value
        value = decode(raw)
    if isinstance(value, dict):
        return _pick_object(value, node)
    if isinstance(value, (list, tuple)) and all(_is_object(item) for item in value):
        return [_pick(item, node) for item in value]
    return value


def _is_object(value: object) -> bool:
    return isinstance(value, dict) or (isinstance(value, msgspec.Raw) and bytes(value)[:1] == b"{")


def _pick_object(value: Mapping[str, object], node: _Node) -> dict[str, object]:
    children = node.children
    star = children.get("*")
    if star is not None and not star.whole:
        star = None
    picked: dict[str, object] = {}
    for key, item in value.items():
        wanted = children.get(key) if "." not in key else _descend(node, key)
        if wanted is None:
            wanted = star
            if wanted is None:
                continue
        if wanted.whole:
            picked[key] = item if wanted.modifier is None else wanted.modifier.applied(item)
        else:
            picked[key] = _pick(item, wanted)
    return picked


def _descend(node: _Node, key: str) -> _Node | None:
    """The node of a key that holds dots: its parts are steps of a path, too."""
    for segment in key.split("."):
        child = node.children.get(segment)
        if child is None:
            return None
        node = child
    return node
