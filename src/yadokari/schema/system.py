"""The collections that every program has from its first start.

SY1  Ids and field ids are fixed: clients and moved databases know them.
SY2  ``users`` is an example, not a system collection: people change or delete it.

Not here: when they are made (collections).
"""

from __future__ import annotations

from msgspec.structs import replace

from yadokari.schema.collection import (
    SUPERUSERS_ID,
    SUPERUSERS_NAME,
    AuthOptions,
    Collection,
    OAuth2,
    OAuth2MappedFields,
    TokenOptions,
)
from yadokari.schema.defaults import (
    AUTH_FIELDS,
    ID_FIELD,
    new_auth_options,
    with_required_indexes,
)
from yadokari.schema.fields import AutodateField, Field, FileField, PasswordField, TextField
from yadokari.schema.ids import Draw, field_id

USERS_ID = "_pb_users_auth_"
USERS_NAME = "users"
EXTERNAL_AUTHS_NAME = "_externalAuths"
AUTH_ORIGINS_NAME = "_authOrigins"
MFAS_NAME = "_mfas"
OTPS_NAME = "_otps"

OWNER_RULE = (
    "@request.auth.id != '' && recordRef = @request.auth.id"
    " && collectionRef = @request.auth.collectionId"
)
_SELF_RULE = "id = @request.auth.id"
_SUPERUSER_TOKEN_S = 86_400
_OTP_COST = 8  # A short-lived secret: checking it should not be a burden.
_AVATAR_TYPES = ("image/jpeg", "image/png", "image/svg+xml", "image/gif", "image/webp")


def system_collections(*, draw: Draw, now: str) -> tuple[Collection, ...]:
    """The system collections, in the order in which they are made.

    Args:
        draw: For the secrets.
        now: The moment of creation, canonical text.
    """
    made = (_mfas(), _otps(), _external_auths(), _auth_origins(), _superusers(draw))
    return tuple(replace(collection, created=now, updated=now) for collection in made)


def users_collection(*, draw: Draw, now: str) -> Collection:
    """The auth collection that a new program starts with."""
    options = new_auth_options(draw)
    mapped = OAuth2MappedFields(name="name", avatar_url="avatar")
    users = Collection(
        id=USERS_ID,
        name=USERS_NAME,
        type="auth",
        fields=(
            ID_FIELD,
            *AUTH_FIELDS,
            TextField(id=_id("text", "name"), name="name", max=255),
            FileField(
                id=_id("file", "avatar"), name="avatar", max_select=1, mime_types=_AVATAR_TYPES
            ),
            *_autodates(system=False),
        ),
        list_rule=_SELF_RULE,
        view_rule=_SELF_RULE,
        create_rule="",
        update_rule=_SELF_RULE,
        delete_rule=_SELF_RULE,
        created=now,
        updated=now,
        auth=replace(options, oauth2=OAuth2(mapped_fields=mapped)),
    )
    return with_required_indexes(users)


def _superusers(draw: Draw) -> Collection:
    options = new_auth_options(draw)
    token = TokenOptions(duration=_SUPERUSER_TOKEN_S, secret=options.auth_token.secret)
    auth: AuthOptions = replace(options, auth_token=token)
    superusers = Collection(
        id=SUPERUSERS_ID,
        name=SUPERUSERS_NAME,
        type="auth",
        system=True,
        fields=(ID_FIELD, *AUTH_FIELDS, *_autodates(system=True)),
        auth=auth,
    )
    return with_required_indexes(superusers)


def _external_auths() -> Collection:
    name = EXTERNAL_AUTHS_NAME
    unique = "CREATE UNIQUE INDEX `idx_externalAuths_"
    return _owned(
        "pbc_2281828961",
        name,
        _text("provider"),
        _text("providerId"),
        indexes=(
            f"{unique}record_provider` ON `{name}` (collectionRef, recordRef, provider)",
            f"{unique}collection_provider` ON `{name}` (collectionRef, provider, providerId)",
        ),
        is_deletable=True,
    )


def _auth_origins() -> Collection:
    name = AUTH_ORIGINS_NAME
    unique = "CREATE UNIQUE INDEX `idx_authOrigins_unique_pairs`"
    return _owned(
        "pbc_4275539003",
        name,
        _text("fingerprint"),
        indexes=(f"{unique} ON `{name}` (collectionRef, recordRef, fingerprint)",),
        is_deletable=True,
    )


def _mfas() -> Collection:
    index = f"CREATE INDEX `idx_mfas_collectionRef_recordRef` ON `{MFAS_NAME}`"
    return _owned(
        "pbc_2279338944",
        MFAS_NAME,
        _text("method"),
        indexes=(f"{index} (collectionRef,recordRef)",),
        is_deletable=False,
    )


def _otps() -> Collection:
    password = PasswordField(
        id=_id("password", "password"),
        name="password",
        system=True,
        hidden=True,
        required=True,
        cost=_OTP_COST,
    )
    sent_to = TextField(id=_id("text", "sentTo"), name="sentTo", system=True, hidden=True)
    index = f"CREATE INDEX `idx_otps_collectionRef_recordRef` ON `{OTPS_NAME}`"
    return _owned(
        "pbc_1638494021",
        OTPS_NAME,
        password,
        sent_to,
        indexes=(f"{index} (collectionRef, recordRef)",),
        is_deletable=False,
    )


def _owned(
    id: str,
    name: str,
    *fields: Field,
    indexes: tuple[str, ...],
    is_deletable: bool,
) -> Collection:
    """A helper collection whose rows belong to a record of some auth collection."""
    return Collection(
        id=id,
        name=name,
        type="base",
        system=True,
        fields=(
            ID_FIELD,
            _text("collectionRef"),
            _text("recordRef"),
            *fields,
            *_autodates(system=True),
        ),
        indexes=indexes,
        list_rule=OWNER_RULE,
        view_rule=OWNER_RULE,
        delete_rule=OWNER_RULE if is_deletable else None,
    )


def _text(name: str) -> TextField:
    return TextField(id=_id("text", name), name=name, system=True, required=True)


def _autodates(*, system: bool) -> tuple[Field, ...]:
    return (
        AutodateField(id=_id("autodate", "created"), name="created", system=system),
        AutodateField(id=_id("autodate", "updated"), name="updated", system=system, on_update=True),
    )


def _id(kind: str, name: str) -> str:
    return field_id(type=kind, name=name, taken=())
