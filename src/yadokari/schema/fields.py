"""The 14 field types as values: what a collection says about each of its columns.

F1  A field's id, not its name, is the identity of the column; the type never changes.
F2  Attributes are the snake_case of the wire's camelCase option names.
F3  A field is plain data; what values may do is in the value modules, what options may be in the
    option checks.

Canonical values (what rows hold in memory, on every store):
text-like types ``str``; number ``int`` when integral and at most 2**53, else ``float``; bool
``bool``; lists ``tuple[str, ...]``; json and geoPoint ``str`` with compact JSON text.

Source: docs/contract notes on field types; PocketBase 0.40 wire format.
"""

from __future__ import annotations

from typing import ClassVar, TypeAlias

import msgspec

Value: TypeAlias = str | int | float | bool | tuple[str, ...]
"""A canonical value of a record's field."""

JSON_NULL = "null"
GEO_ZERO = '{"lon":0,"lat":0}'


class FieldBase(msgspec.Struct, frozen=True, kw_only=True):
    """What every field has."""

    id: str
    name: str
    system: bool = False
    hidden: bool = False
    presentable: bool = False


class CheckedField(FieldBase, frozen=True, kw_only=True):
    """What every field but autodate has besides."""

    help: str = ""
    required: bool = False


class TextField(CheckedField, frozen=True, kw_only=True):
    """Text; lengths in code points, 0 = no minimum / default maximum 5000."""

    type: ClassVar[str] = "text"
    min: int = 0
    max: int = 0
    pattern: str = ""
    autogenerate_pattern: str = ""
    primary_key: bool = False


class EditorField(CheckedField, frozen=True, kw_only=True):
    """Rich text; ``max_size`` in bytes, 0 = 5 MiB."""

    type: ClassVar[str] = "editor"
    max_size: int = 0
    convert_urls: bool = False


class NumberField(CheckedField, frozen=True, kw_only=True):
    """A finite double."""

    type: ClassVar[str] = "number"
    min: float | None = None
    max: float | None = None
    only_int: bool = False


class BoolField(CheckedField, frozen=True, kw_only=True):
    """True or false; required means must be true."""

    type: ClassVar[str] = "bool"


class EmailField(CheckedField, frozen=True, kw_only=True):
    """An e-mail address."""

    type: ClassVar[str] = "email"
    except_domains: tuple[str, ...] = ()
    only_domains: tuple[str, ...] = ()


class UrlField(CheckedField, frozen=True, kw_only=True):
    """A URL."""

    type: ClassVar[str] = "url"
    except_domains: tuple[str, ...] = ()
    only_domains: tuple[str, ...] = ()


class DateField(CheckedField, frozen=True, kw_only=True):
    """A moment, ``YYYY-MM-DD HH:MM:SS.mmmZ`` or empty; bounds in the same form."""

    type: ClassVar[str] = "date"
    min: str = ""
    max: str = ""


class AutodateField(FieldBase, frozen=True, kw_only=True):
    """A moment set by the server on create, on update, or both."""

    type: ClassVar[str] = "autodate"
    on_create: bool = True
    on_update: bool = False


class SelectField(CheckedField, frozen=True, kw_only=True):
    """One (``max_select`` 0 or 1) or several of the listed values."""

    type: ClassVar[str] = "select"
    values: tuple[str, ...] = ()
    max_select: int = 0


class FileField(CheckedField, frozen=True, kw_only=True):
    """Stored file names; ``max_size`` in bytes, 0 = 5 MiB."""

    type: ClassVar[str] = "file"
    max_select: int = 0
    max_size: int = 0
    mime_types: tuple[str, ...] = ()
    thumbs: tuple[str, ...] = ()
    protected: bool = False
    shrink_side: int = 0
    """Ours, no part of PocketBase: pictures are made smaller before they are stored, to at most
    this many pixels on their longest side; 0 = as they come."""
    shrink_quality: int = 0
    """1 to 100; 0 = 80."""
    shrink_format: str = ""
    """``webp``, ``jpeg``, or "" for ``webp``."""


class RelationField(CheckedField, frozen=True, kw_only=True):
    """Ids of records of another collection."""

    type: ClassVar[str] = "relation"
    collection_id: str = ""
    cascade_delete: bool = False
    min_select: int = 0
    max_select: int = 0


class JsonField(CheckedField, frozen=True, kw_only=True):
    """Any JSON; ``max_size`` in bytes, 0 = 1 MiB."""

    type: ClassVar[str] = "json"
    max_size: int = 0


class PasswordField(CheckedField, frozen=True, kw_only=True):
    """A bcrypt hash; ``cost`` 4 to 31, 0 = 10."""

    type: ClassVar[str] = "password"
    min: int = 0
    max: int = 0
    pattern: str = ""
    cost: int = 0


class GeoPointField(CheckedField, frozen=True, kw_only=True):
    """A point on earth, degrees."""

    type: ClassVar[str] = "geoPoint"


Field: TypeAlias = (
    TextField
    | EditorField
    | NumberField
    | BoolField
    | EmailField
    | UrlField
    | DateField
    | AutodateField
    | SelectField
    | FileField
    | RelationField
    | JsonField
    | PasswordField
    | GeoPointField
)

ListField: TypeAlias = SelectField | FileField | RelationField


def is_list(field: Field) -> bool:
    """Whether the field holds several values (``maxSelect`` above 1)."""
    return isinstance(field, SelectField | FileField | RelationField) and field.max_select > 1


def zero(field: Field) -> Value:
    """The canonical value of an unset field."""
    match field:
        case NumberField():
            return 0
        case BoolField():
            return False
        case JsonField():
            return JSON_NULL
        case GeoPointField():
            return GEO_ZERO
        case SelectField() | FileField() | RelationField():
            return () if field.max_select > 1 else ""
        case _:
            return ""
