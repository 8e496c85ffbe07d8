"""Filling a plan's slots with the values of one request.

B1  A bound value is what a database would bind: text, number, bool, or None.
B2  Lists and objects of the request become compact JSON text.
B3  A submitted json or geoPoint value is its text, whatever it holds; names below it look inside.
B4  Equality depends on whether a value is null, empty, or anything else; ``classes`` says which,
    and compiled statements are cached by it.

Not here: where the values come from; the caller hands in a RequestContext.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias, assert_never

import msgspec

from yadokari.rules.like_pattern import plain_text
from yadokari.rules.macros import macro_value
from yadokari.rules.plan import (
    Constant,
    FilterLiteral,
    Macro,
    Plan,
    RequestPresence,
    RequestValue,
    Slot,
)

Scalar: TypeAlias = str | int | float | bool | None


class JsonText(str):
    """The text of a submitted json or geoPoint value (B3)."""

    __slots__ = ()


class RequestContext(msgspec.Struct, frozen=True, kw_only=True):
    """What rules may ask about a request. Values are decoded JSON; missing keys are null."""

    context: str = "default"
    method: str = "GET"
    headers: Mapping[str, str] = msgspec.field(default_factory=dict)
    """Names lower-case with ``_`` for ``-``."""
    query: Mapping[str, str] = msgspec.field(default_factory=dict)
    body: Mapping[str, object] = msgspec.field(default_factory=dict)
    """Submitted keys after modifiers and type conversion."""
    auth: Mapping[str, object] | None = None
    """The caller's auth record with ``collectionId`` and ``collectionName``; None for a guest."""
    now_ms: int = 0

    def lookup(self, path: Sequence[str]) -> object:
        """The value at a path such as ("body", "meta", "a"), or None."""
        match path[0]:
            case "auth":
                found: object = self.auth
            case "body":
                found = self.body
            case "query":
                found = self.query
            case "headers":
                found = self.headers
            case "method":
                return self.method
            case _:  # "context": the resolver lets no other name through.
                return self.context
        for name in path[1:]:
            found = _opened(found)
            if isinstance(found, Mapping):
                found = found.get(name)
            elif isinstance(found, Sequence) and not isinstance(found, str) and name.isdigit():
                found = found[int(name)] if int(name) < len(found) else None
            else:
                return None
        return found


class Binding(msgspec.Struct, frozen=True):
    """A plan's slots filled: the values, and their classes as one short text."""

    values: tuple[Scalar, ...] = ()
    classes: str = ""
    now_ms: int = 0
    """The present, for functions that ask for it."""


NOTHING = Binding()
"""The binding of a plan without slots."""


def bind(plan: Plan, context: RequestContext, literals: Sequence[str | float] = ()) -> Binding:
    """Fill the slots of a plan.

    Args:
        literals: The client filter's literals, in order of their places.
    """
    if not plan.slots:
        return NOTHING
    values = tuple([_fill(slot, context, literals) for slot in plan.slots])
    return Binding(values, "".join(map(value_class, plan.slots, values)), context.now_ms)


def value_class(slot: Slot, value: Scalar) -> str:
    """``n`` for null, ``e`` for the empty text, ``v`` for other texts, ``d`` for numbers and flags.

    Presence is not a value but a keyword, ``t`` or ``f``: comparing with it is asking for truth.
    """
    if isinstance(slot, RequestPresence):
        return "t" if value else "f"
    if value is None:
        return "n"
    if not isinstance(value, str):
        return "d"
    return "v" if value else "e"


def _fill(slot: Slot, context: RequestContext, literals: Sequence[str | float]) -> Scalar:
    match slot:
        case Constant():
            return slot.value
        case FilterLiteral():
            return literals[slot.index]
        case RequestValue():
            return _request_value(slot, context.lookup(slot.path))
        case RequestPresence():
            return _present(context, slot.path)
        case Macro():
            return macro_value(slot.name, context.now_ms)
        case _:
            assert_never(slot)


def _present(context: RequestContext, path: tuple[str, ...]) -> bool:
    holder, name = _opened(context.lookup(path[:-1])), path[-1]
    if isinstance(holder, Sequence) and not isinstance(holder, str):
        return name.isdigit() and int(name) < len(holder)
    return isinstance(holder, Mapping) and name in holder


def _opened(value: object) -> object:
    """What a JSON text holds; any other value is itself."""
    if not isinstance(value, JsonText):
        return value
    try:
        return msgspec.json.decode(str(value))
    except msgspec.MsgspecError:
        return None


def _request_value(slot: RequestValue, value: object) -> Scalar:
    if slot.form == "listed":
        return None if value is None else msgspec.json.encode([value]).decode()
    if slot.form == "text":
        if isinstance(value, bool | int | float):
            return plain_text(value)
        return value if isinstance(value, str) else ""
    match value:
        case None | bool() | float():
            return value
        case int():
            # Numbers of the caller's record are as stored; all others came as JSON, as doubles.
            return float(value) if slot.path[0] != "auth" or abs(value) > 2**53 else value
        case str():
            return _number(value) if slot.form == "number" else value
        case _:
            return msgspec.json.encode(value).decode()


def _number(text: str) -> str | float:
    try:
        return float(text)
    except ValueError:
        return text
