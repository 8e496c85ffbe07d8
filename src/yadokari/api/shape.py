"""Bodies of endpoints whose keys are fixed, bound to a msgspec Struct.

V1  JSON keys match without regard to case, ``_`` and ``-``; two keys for one member, or a wrong
    JSON type, make the body unreadable. ``null`` leaves the default.
V2  Form keys match exactly, the first value wins, values are read as the member's type.
V3  XML elements below the root match the member's key with its first letter in upper case.
V4  Unknown keys are dropped.

Not here: whether the values make sense (each endpoint).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

import msgspec

from yadokari.api.body import Body
from yadokari.api.forms import PAYLOAD_KEY
from yadokari.api.paging import parse_bool
from yadokari.base.errors import BadRequest
from yadokari.base.json_text import JsonValue
from yadokari.contract import messages

Shape = TypeVar("Shape", bound=msgspec.Struct)


def bind(body: Body, shape: type[Shape]) -> Shape:
    """A parsed body as this shape; every member of it needs a default.

    Raises:
        BadRequest: V1 to V3 are broken.
    """
    if body.kind == "xml":
        return bind_pairs(body.pairs, shape, upper_first=True)
    if body.kind != "form":
        return bind_object(body.fields, shape) if body.fields else shape()
    bound = bind_pairs(body.pairs, shape)
    plain = {name for name, _ in body.pairs}
    if PAYLOAD_KEY not in plain:
        return bound
    members = {field.encode_name: field.name for field in msgspec.structs.fields(shape)}
    payload = {
        key: value for key, value in body.fields.items() if key in members and key not in plain
    }
    given = bind_object(payload, shape)
    return msgspec.structs.replace(
        bound, **{members[key]: getattr(given, members[key]) for key in payload}
    )


def bind_object(fields: Mapping[str, JsonValue], shape: type[Shape]) -> Shape:
    """A decoded JSON object as this shape (V1).

    Raises:
        BadRequest: a type is wrong or two keys mean one member.
    """
    try:
        return msgspec.convert(_matched(fields, shape), shape)
    except msgspec.ValidationError as exc:
        raise BadRequest(messages.UNREADABLE) from exc


def bind_pairs(
    pairs: Sequence[tuple[str, str]], shape: type[Shape], *, upper_first: bool = False
) -> Shape:
    """Text pairs as this shape (V2, V3).

    Raises:
        BadRequest: a text is no value of its member's type.
    """
    kinds = {}
    for field in msgspec.structs.fields(shape):
        key = field.encode_name
        kinds[key[:1].upper() + key[1:] if upper_first else key] = field
    values: dict[str, object] = {}
    for name, text in pairs:
        field = kinds.get(name)
        if field is None:
            continue
        if field.encode_name in values:
            former = values[field.encode_name]
            if isinstance(former, list):
                former.append(text)
            continue
        if _is_list(field.type):
            values[field.encode_name] = [text]
        elif field.type is bool:
            values[field.encode_name] = parse_bool(text) if text else False
        else:
            values[field.encode_name] = text
    try:
        return msgspec.convert(values, shape, strict=False)
    except msgspec.ValidationError as exc:
        raise BadRequest(messages.UNREADABLE) from exc


def folded(key: str) -> str:
    """A key without what does not count when keys are compared (V1)."""
    return key.replace("_", "").replace("-", "").casefold()


def matching_keys(
    fields: Mapping[str, JsonValue], names: Mapping[str, str]
) -> dict[str, JsonValue]:
    """Known members of an object under their exact names.

    Args:
        fields: A decoded object.
        names: Exact name by folded name.

    Raises:
        BadRequest: two keys mean one member.
    """
    matched: dict[str, JsonValue] = {}
    for key, value in fields.items():
        name = names.get(folded(key))
        if name is None:
            continue
        if name in matched:
            raise BadRequest(messages.UNREADABLE)
        matched[name] = value
    return matched


def _matched(fields: Mapping[str, JsonValue], shape: type[msgspec.Struct]) -> dict[str, object]:
    """The object with exact member names, nested shapes too, nulls left out."""
    members = {folded(f.encode_name): f for f in msgspec.structs.fields(shape)}
    names = {key: field.encode_name for key, field in members.items()}
    matched: dict[str, object] = {}
    for name, value in matching_keys(fields, names).items():
        if value is None:
            continue
        kind = members[folded(name)].type
        matched[name] = _matched_value(value, kind)
    return matched


def _matched_value(value: JsonValue, kind: object) -> object:
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and isinstance(value, dict):
        return _matched(value, kind)
    if isinstance(value, list):
        inner = getattr(kind, "__args__", ())
        if inner and isinstance(inner[0], type) and issubclass(inner[0], msgspec.Struct):
            return [_matched_value(item, inner[0]) for item in value]
    return value


def _is_list(kind: object) -> bool:
    return getattr(kind, "__origin__", kind) in (list, tuple)
