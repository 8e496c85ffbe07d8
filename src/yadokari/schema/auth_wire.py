"""Options of auth collections as JSON, both ways.

AW1  Secrets (token secrets, client secrets) are written only on demand, for storage.
AW2  Reading merges deeply: a missing key keeps the present value, null gives the zero value.
AW3  A list of providers replaces the present one, but an entry merges with the present provider of
     the same name, so that a left-out secret is kept.

Not here: what options may be (schema/auth_options_check.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import TypeAlias, TypeVar, cast

import msgspec
from msgspec.structs import fields

from yadokari.base.json_text import decode, encode
from yadokari.schema.collection import (
    AuthAlert,
    AuthOptions,
    MailTemplate,
    Mfa,
    OAuth2,
    OAuth2MappedFields,
    OAuth2Provider,
    Otp,
    PasswordAuth,
    TokenOptions,
)
from yadokari.schema.wire_values import (
    read_flag,
    read_list,
    read_nullable_flag,
    read_nullable_text,
    read_object,
    read_text,
    read_texts,
    read_whole,
    wire_name,
    with_changes,
)

_Options: TypeAlias = (
    AuthAlert
    | AuthOptions
    | MailTemplate
    | Mfa
    | OAuth2
    | OAuth2MappedFields
    | OAuth2Provider
    | Otp
    | PasswordAuth
    | TokenOptions
)
_T = TypeVar("_T", bound=_Options)

_SECRETS = frozenset(["secret", "client_secret"])
_ORDERS: Mapping[type[_Options], tuple[str, ...]] = {
    OAuth2: ("providers", "mapped_fields", "enabled"),
    OAuth2Provider: (
        "pkce",
        "name",
        "client_id",
        "client_secret",
        "auth_url",
        "token_url",
        "user_info_url",
        "display_name",
        "extra",
    ),
    TokenOptions: ("secret", "duration"),
}

_READERS: Mapping[object, Callable[[object], object]] = {
    str: read_text,
    str | None: read_nullable_text,
    bool: read_flag,
    bool | None: read_nullable_flag,
    int: read_whole,
    tuple[str, ...]: read_texts,
}


def auth_to_wire(options: AuthOptions, *, with_secrets: bool) -> dict[str, object]:
    """The options as a JSON object, in the order of the contract."""
    return _to_wire(options, with_secrets=with_secrets)


def auth_merged(options: AuthOptions, wire: Mapping[str, object]) -> AuthOptions:
    """The options with every key of a JSON object put over them.

    Raises:
        BadRequest: a value has the wrong JSON type.
    """
    return _merged(options, wire)


def auth_keys() -> tuple[str, ...]:
    """The keys of auth options in a collection's JSON."""
    return tuple(wire_name(name) for name in AuthOptions.__struct_fields__)


def _to_wire(options: _Options, *, with_secrets: bool) -> dict[str, object]:
    names = _ORDERS.get(type(options)) or options.__struct_fields__
    return {
        wire_name(name): _value_to_wire(name, getattr(options, name), with_secrets=with_secrets)
        for name in names
        if with_secrets or name not in _SECRETS
    }


def _value_to_wire(name: str, value: object, *, with_secrets: bool) -> object:
    if name == "extra":
        return msgspec.Raw(str(value).encode())
    if isinstance(value, tuple):
        return [_value_to_wire("", item, with_secrets=with_secrets) for item in value]
    if isinstance(value, msgspec.Struct):
        return _to_wire(cast(_Options, value), with_secrets=with_secrets)
    return value


def _merged(options: _T, wire: Mapping[str, object]) -> _T:
    changes: dict[str, object] = {}
    for name, kind in _types_of(type(options)).items():
        key = wire_name(name)
        if key in wire:
            present = cast(object, getattr(options, name))
            changes[name] = _read(kind, name, present, wire[key])
    return with_changes(options, changes) if changes else options


@cache
def _types_of(kind: type[_Options]) -> Mapping[str, object]:
    """The type of each attribute; kept, for annotations are slow to evaluate."""
    return {item.name: cast(object, item.type) for item in fields(kind)}


def _read(kind: object, name: str, present: object, given: object) -> object:
    if name == "extra":
        return encode(read_object(given)).decode()
    if name == "providers":
        return _providers(cast("tuple[OAuth2Provider, ...]", present), given)
    if isinstance(present, msgspec.Struct):
        options = cast(_Options, present)
        return _zeroed(options) if given is None else _merged(options, read_object(given))
    return _READERS[kind](given)


def _zeroed(options: _T) -> _T:
    """The same kind of options with nothing set."""
    return _merged(options, {wire_name(name): None for name in options.__struct_fields__})


def _providers(present: tuple[OAuth2Provider, ...], given: object) -> tuple[OAuth2Provider, ...]:
    by_name = {provider.name: provider for provider in present}
    found: list[OAuth2Provider] = []
    for item in read_list(given):
        wire = read_object(item)
        name = read_text(wire.get("name"))
        found.append(_merged(by_name.get(name) or OAuth2Provider(name=name), wire))
    return tuple(found)


def extra_of(provider: OAuth2Provider) -> Mapping[str, object]:
    """The provider's free object."""
    return read_object(decode(provider.extra.encode()))
