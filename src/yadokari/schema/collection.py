"""A collection and the schema: the shape of everything stored, as immutable values.

C1  Rules: None = superusers only, "" = everyone, else an expression.
C2  A Schema is a snapshot: changing anything makes a new one with a higher version.
C3  Names are unique ignoring ASCII case; ids are exact.

Not here: JSON form (schema/collection_json.py), checks (schema/collection_check.py).
"""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Literal, TypeAlias, TypeVar, cast

import msgspec

from yadokari.schema.fields import Field, Value, zero
from yadokari.schema.recipe import Recipe

CollectionType: TypeAlias = Literal["base", "auth", "view"]
COLLECTION_TYPES: frozenset[str] = frozenset(("base", "auth", "view"))
"""The types there are; until it is checked, a collection may claim another."""
AnyField = TypeVar("AnyField", bound=Field)


class MailTemplate(msgspec.Struct, frozen=True, kw_only=True):
    """Subject and HTML body with ``{PLACEHOLDERS}``."""

    subject: str = ""
    body: str = ""


class TokenOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Life of a kind of token in seconds, and the collection's part of its signing key."""

    duration: int
    secret: str = ""


class PasswordAuth(msgspec.Struct, frozen=True, kw_only=True):
    """Sign-in by password."""

    enabled: bool = True
    identity_fields: tuple[str, ...] = ("email",)


class Mfa(msgspec.Struct, frozen=True, kw_only=True):
    """A second method on sign-in; ``duration`` in seconds."""

    enabled: bool = False
    duration: int = 600
    rule: str = ""


class Otp(msgspec.Struct, frozen=True, kw_only=True):
    """One-time passwords by mail; ``duration`` in seconds, ``length`` in digits."""

    enabled: bool = False
    duration: int = 180
    length: int = 8
    email_template: MailTemplate = MailTemplate()


class AuthAlert(msgspec.Struct, frozen=True, kw_only=True):
    """Mail about a sign-in from a new place."""

    enabled: bool = True
    email_template: MailTemplate = MailTemplate()


class OAuth2Provider(msgspec.Struct, frozen=True, kw_only=True):
    """One configured OAuth2 provider; empty strings mean the provider's default."""

    name: str
    client_id: str = ""
    client_secret: str = ""
    auth_url: str = ""
    token_url: str = ""
    user_info_url: str = ""
    display_name: str = ""
    pkce: bool | None = None
    extra: str = "{}"
    """A JSON object as text."""


class OAuth2MappedFields(msgspec.Struct, frozen=True, kw_only=True):
    """Which fields a provider's profile fills; "" = none."""

    id: str = ""
    name: str = ""
    username: str = ""
    avatar_url: str = ""


class OAuth2(msgspec.Struct, frozen=True, kw_only=True):
    """Sign-in through other services."""

    enabled: bool = False
    providers: tuple[OAuth2Provider, ...] = ()
    mapped_fields: OAuth2MappedFields = OAuth2MappedFields()


class AuthOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What an auth collection has beyond a base one."""

    auth_rule: str | None = ""
    manage_rule: str | None = None
    auth_alert: AuthAlert = AuthAlert()
    oauth2: OAuth2 = OAuth2()
    password_auth: PasswordAuth = PasswordAuth()
    mfa: Mfa = Mfa()
    otp: Otp = Otp()
    auth_token: TokenOptions = TokenOptions(duration=432_000)
    password_reset_token: TokenOptions = TokenOptions(duration=1_800)
    email_change_token: TokenOptions = TokenOptions(duration=1_800)
    verification_token: TokenOptions = TokenOptions(duration=86_400)
    file_token: TokenOptions = TokenOptions(duration=180)
    verification_template: MailTemplate = MailTemplate()
    reset_password_template: MailTemplate = MailTemplate()
    confirm_email_change_template: MailTemplate = MailTemplate()


class Collection(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """A typed set of records. It has a dict, where look-ups by name are kept."""

    id: str
    name: str
    type: CollectionType = "base"
    fields: tuple[Field, ...] = ()
    indexes: tuple[str, ...] = ()
    list_rule: str | None = None
    view_rule: str | None = None
    create_rule: str | None = None
    update_rule: str | None = None
    delete_rule: str | None = None
    system: bool = False
    created: str = ""
    updated: str = ""
    auth: AuthOptions | None = None
    """Set exactly when ``type`` is auth."""
    view_query: str = ""
    """Set exactly when ``type`` is view: the user's SELECT, kept verbatim."""

    @cached_property
    def by_name(self) -> Mapping[str, Field]:
        """Fields by exact name."""
        return {field.name: field for field in self.fields}

    @cached_property
    def by_id(self) -> Mapping[str, Field]:
        """Fields by id."""
        return {field.id: field for field in self.fields}

    @cached_property
    def zeros(self) -> Mapping[str, Value]:
        """The values of a record of which nothing is set."""
        return {field.name: zero(field) for field in self.fields}

    @cached_property
    def recipe(self) -> Recipe:
        """What writing one of its records takes."""
        return Recipe(self.fields)

    @cached_property
    def has_hidden_fields(self) -> bool:
        """Whether any field is for superusers only."""
        return any(field.hidden for field in self.fields)

    @cached_property
    def _by_type(self) -> Mapping[builtins.type[Field], tuple[Field, ...]]:
        kinds = {builtins.type(field) for field in self.fields}
        return {kind: tuple(f for f in self.fields if builtins.type(f) is kind) for kind in kinds}

    def each(self, kind: builtins.type[AnyField]) -> tuple[AnyField, ...]:
        """The fields of one type, in order."""
        return cast("tuple[AnyField, ...]", self._by_type.get(kind, ()))

    @cached_property
    def is_auth(self) -> bool:
        """Whether its records can sign in."""
        return self.type == "auth"

    @cached_property
    def is_view(self) -> bool:
        """Whether it is a saved SELECT."""
        return self.type == "view"


SUPERUSERS_NAME = "_superusers"
SUPERUSERS_ID = "pbc_3142635823"
"""Client SDKs know a superuser by this id or that name."""


class Schema(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """All collections at one version. It has a dict, where look-ups are kept."""

    collections: tuple[Collection, ...] = ()
    version: int = 0

    @cached_property
    def by_id(self) -> Mapping[str, Collection]:
        """Collections by id."""
        return {collection.id: collection for collection in self.collections}

    @cached_property
    def _by_lower_name(self) -> Mapping[str, Collection]:
        return {collection.name.lower(): collection for collection in self.collections}

    @cached_property
    def _by_key(self) -> dict[str, Collection]:
        names = {collection.name: collection for collection in self.collections}
        return {**self.by_id, **names}  # An id may be another's name; the name wins.

    def find(self, id_or_name: str) -> Collection | None:
        """The collection with this id (exact) or name (ignoring case), or None."""
        return self._by_key.get(id_or_name) or self._by_lower_name.get(id_or_name.lower())

    def named(self, name: str) -> Collection | None:
        """The collection with exactly this name, or None."""
        found = self._by_lower_name.get(name.lower())
        return found if found is not None and found.name == name else None

    def with_collections(self, collections: Iterable[Collection]) -> Schema:
        """The next version, holding exactly these collections."""
        return Schema(collections=tuple(collections), version=self.version + 1)
