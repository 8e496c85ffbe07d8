"""Rows as clients see them.

A record that is still to be worked on (expanded, picked from) is a dict. The records of a page that
only has to be encoded are made by columns: a third of the work.

V1  Keys are in code-point order; every visible field is present.
V2  Hidden fields are for superusers; password and tokenKey for nobody.
V3  An e-mail is shown when its record says so, to its owner, to superusers and managers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import msgspec
from msgspec import Raw

from yadokari.base.json_text import json_number
from yadokari.ports.store import Row, Rows
from yadokari.schema.collection import Collection
from yadokari.schema.fields import (
    Field,
    GeoPointField,
    JsonField,
    NumberField,
    PasswordField,
    Value,
)

Presented: TypeAlias = dict[str, object]
"""A record ready for JSON: plain values, and Raw for JSON kept as text."""

_Converter: TypeAlias = Callable[[Value], object]
_INTS = frozenset((int,))
_NEVER_SHOWN = frozenset(("password", "tokenKey"))


def _raw(value: Value) -> object:
    return Raw(str(value))


def _blank(_value: Value) -> object:
    return ""


def _converter(field: Field) -> _Converter | None:
    match field:
        case JsonField() | GeoPointField():
            return _raw
        case PasswordField():
            return _blank
        case _:
            return None


class Presenter:
    """Presents the records of one collection to one kind of reader."""

    __slots__ = ("_converted", "_has_email", "_hidden", "_item", "_numbers", "_template")

    def __init__(self, collection: Collection, *, hidden: bool) -> None:
        shown = {
            field.name: field
            for field in collection.fields
            if (hidden or not field.hidden)
            and not (collection.is_auth and field.name in _NEVER_SHOWN)
        }
        names = sorted([*shown, "collectionId", "collectionName"])
        self._template: Presented = dict.fromkeys(names)
        self._template["collectionId"] = collection.id
        self._template["collectionName"] = collection.name
        self._hidden = tuple(name for name in collection.by_name if name not in shown)
        # They have their places while values are laid over the template, and leave after it.
        self._template |= dict.fromkeys(self._hidden)
        self._numbers = tuple(n for n, field in shown.items() if isinstance(field, NumberField))
        self._converted = tuple(
            (name, convert) for name in shown if (convert := _converter(shown[name])) is not None
        )
        self._has_email = collection.is_auth
        self._item: type[msgspec.Struct] | None = None

    def present(self, row: Row, *, email: bool) -> Presented:
        """A record; ``email`` says whether this reader may see a hidden e-mail."""
        values = row.values
        shown = self._template | values
        if len(shown) != len(self._template):  # A row of another shape: nothing unknown is shown.
            shown = {name: shown[name] for name in self._template}
        for name in self._hidden:
            del shown[name]
        for name in self._numbers:
            number = values[name]
            if type(number) is not int:
                shown[name] = json_number(number)  # type: ignore[arg-type]
        for name, convert in self._converted:
            shown[name] = convert(values[name])
        if self._has_email and not email and not values["emailVisibility"]:
            del shown["email"]
        return shown

    def page(self, rows: Rows) -> Sequence[object]:
        """Records that encode as what ``present`` gives; of collections without e-mails."""
        assert not self._has_email
        names = [name for name in self._template if name not in self._hidden]
        item = self._item
        if item is None:
            item = self._item = _encoding_as(names)
        columns: dict[str, Sequence[object]] = {
            name: rows.column(name) if fixed is None else (fixed,) * len(rows)
            for name in names
            for fixed in (self._template[name],)
        }
        for name in self._numbers:
            if not _INTS.issuperset(map(type, columns[name])):
                columns[name] = [json_number(number) for number in columns[name]]  # type: ignore[arg-type]
        for name, convert in self._converted:
            columns[name] = [convert(value) for value in columns[name]]  # type: ignore[arg-type]
        return list(map(item, *columns.values()))


def _encoding_as(keys: Sequence[str]) -> type[msgspec.Struct]:
    """A class of values that encode as an object with these keys, in this order."""
    members = {f"m{place}": key for place, key in enumerate(keys)}
    return msgspec.defstruct("Item", [(name, object) for name in members], rename=members, gc=False)


class Presenters:
    """One presenter for each collection and kind of reader; forgotten with the schema."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, bool], tuple[Collection, Presenter]] = {}

    def of(self, collection: Collection, *, hidden: bool) -> Presenter:
        """The presenter for this very version of the collection."""
        known = self._known.get((id(collection), hidden))
        if known is not None and known[0] is collection:
            return known[1]
        if len(self._known) > _PRESENTERS_MAX:
            self._known.clear()
        made = Presenter(collection, hidden=hidden)
        self._known[(id(collection), hidden)] = (collection, made)
        return made


_PRESENTERS_MAX = 1_000  # collections times readers; old schema versions leave with it
