"""What a new collection begins with: system fields, options, required indexes, secrets.

B1  System fields have fixed ids, the CRC of their names.
B2  An auth collection always has unique indexes of its own on tokenKey and email.

Not here: the built-in collections (schema/system.py), checks (schema/collection_check.py).
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from yadokari.schema import mail_templates
from yadokari.schema.collection import (
    AuthAlert,
    AuthOptions,
    Collection,
    CollectionType,
    Otp,
    TokenOptions,
)
from yadokari.schema.field_text import DEFAULT_ID_PATTERN
from yadokari.schema.fields import BoolField, EmailField, Field, PasswordField, TextField
from yadokari.schema.ids import Draw, random_text
from yadokari.schema.index import parse_indexes
from yadokari.schema.wire_values import with_changes

TOKEN_SECRET_CHARS = 50

ID_FIELD = TextField(
    id="text3208210256",
    name="id",
    system=True,
    required=True,
    primary_key=True,
    min=15,
    max=15,
    pattern=DEFAULT_ID_PATTERN,
    autogenerate_pattern="[a-z0-9]{15}",
)
PASSWORD_FIELD = PasswordField(
    id="password901924565", name="password", system=True, hidden=True, required=True, min=8
)
TOKEN_KEY_FIELD = TextField(
    id="text2504183744",
    name="tokenKey",
    system=True,
    hidden=True,
    required=True,
    min=30,
    max=60,
    autogenerate_pattern="[a-zA-Z0-9]{50}",
)
EMAIL_FIELD = EmailField(id="email3885137012", name="email", system=True, required=True)
EMAIL_VISIBILITY_FIELD = BoolField(id="bool1547992806", name="emailVisibility", system=True)
VERIFIED_FIELD = BoolField(id="bool256245529", name="verified", system=True)

AUTH_FIELDS: tuple[Field, ...] = (
    PASSWORD_FIELD,
    TOKEN_KEY_FIELD,
    EMAIL_FIELD,
    EMAIL_VISIBILITY_FIELD,
    VERIFIED_FIELD,
)
_FORCED: Mapping[str, Mapping[str, object]] = {
    "id": {"system": True, "required": True, "primary_key": True, "hidden": False},
    "password": {"system": True, "required": True, "hidden": True},
    "tokenKey": {"system": True, "required": True, "hidden": True},
    "email": {"system": True, "hidden": False},
    "emailVisibility": {"system": True},
    "verified": {"system": True},
}
INDEX_NAME_BYTES_MAX = 64  # The reference's: imported ids may be long.
_KINDS: Mapping[str, type[Field]] = {field.name: type(field) for field in (ID_FIELD, *AUTH_FIELDS)}


def new_secret(draw: Draw) -> str:
    """A fresh secret of a kind of token."""
    return random_text(draw, length=TOKEN_SECRET_CHARS)


def new_auth_options(draw: Draw | None) -> AuthOptions:
    """Options of a new auth collection; without a source of randomness it has no secrets."""
    options = AuthOptions(
        auth_alert=AuthAlert(email_template=mail_templates.AUTH_ALERT),
        otp=Otp(email_template=mail_templates.OTP),
        verification_template=mail_templates.VERIFICATION,
        reset_password_template=mail_templates.RESET_PASSWORD,
        confirm_email_change_template=mail_templates.CONFIRM_EMAIL_CHANGE,
    )
    if draw is None:
        return options
    return replace(
        options,
        auth_token=_with_secret(options.auth_token, draw),
        password_reset_token=_with_secret(options.password_reset_token, draw),
        email_change_token=_with_secret(options.email_change_token, draw),
        verification_token=_with_secret(options.verification_token, draw),
        file_token=_with_secret(options.file_token, draw),
    )


def new_collection(
    *,
    type: CollectionType,
    draw: Draw | None,
) -> Collection:
    """An empty collection of this type, without id, name and fields."""
    return Collection(
        id="", name="", type=type, auth=new_auth_options(draw) if type == "auth" else None
    )


def with_system_fields(collection: Collection) -> Collection:
    """The collection with the fields that its type must have, their fixed options put right.

    A missing id comes first, other missing ones last; those that are there keep their place.
    """
    if collection.type not in ("base", "auth"):
        return collection
    fields = list(collection.fields)
    has_id = any(field.id == ID_FIELD.id for field in fields)
    if not has_id and not _has(fields, "id", TextField):
        fields.insert(0, ID_FIELD)
    if collection.type == "auth":
        for system in AUTH_FIELDS:
            if not _has(fields, system.name, type(system)):
                _put(fields, system)
    return replace(collection, fields=tuple(_put_right(field, collection) for field in fields))


def with_required_indexes(collection: Collection, *, named_for: str = "") -> Collection:
    """An auth collection with its unique indexes on tokenKey and email, put back if missing.

    Args:
        named_for: The id in the names of new ones; "" for the collection's own.
    """
    if collection.type != "auth":
        return collection
    present = {
        index.columns[0].name
        for index in parse_indexes(collection.indexes)
        if index.unique and len(index.columns) == 1
    }
    needed = required_indexes(collection, named_for=named_for or collection.id)
    missing = [text for name, text in needed.items() if name not in present]
    return replace(collection, indexes=(*collection.indexes, *missing)) if missing else collection


def required_indexes(collection: Collection, *, named_for: str) -> Mapping[str, str]:
    """The indexes that an auth collection must have, by column."""

    def index(column: str, condition: str = "") -> str:
        name = f"idx_{column}_{named_for}".encode()[:INDEX_NAME_BYTES_MAX].decode(errors="ignore")
        return f"CREATE UNIQUE INDEX `{name}` ON `{collection.name}` (`{column}`){condition}"

    return {"tokenKey": index("tokenKey"), "email": index("email", " WHERE `email` != ''")}


def _with_secret(options: TokenOptions, draw: Draw) -> TokenOptions:
    return replace(options, secret=new_secret(draw))


def _has(fields: list[Field], name: str, kind: type[Field]) -> bool:
    return any(field.name == name and isinstance(field, kind) for field in fields)


def _put(fields: list[Field], system: Field) -> None:
    """In the place of a field of that name but another type, else at the end."""
    for at, field in enumerate(fields):
        if field.name == system.name:
            fields[at] = replace(system, id=field.id)
            return
    fields.append(system)


def _put_right(field: Field, collection: Collection) -> Field:
    if field.name != "id" and collection.type != "auth":
        return field
    forced = _FORCED.get(field.name)
    if forced is None or not isinstance(field, _KINDS[field.name]):
        return field
    right = with_changes(field, forced)
    if isinstance(right, TextField) and right.primary_key and not right.pattern:
        right = replace(right, pattern=DEFAULT_ID_PATTERN)
    return right
