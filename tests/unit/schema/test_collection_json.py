"""Collections from what clients send, as answers and in storage."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.unit.schema.fakes import NOW, SeededDraw, built_in, made
from yadokari.base.errors import BadRequest
from yadokari.base.json_text import decode_object, encode
from yadokari.schema.auth_wire import auth_keys, extra_of
from yadokari.schema.collection import Collection
from yadokari.schema.collection_json import (
    collection_from_storage,
    collection_to_wire,
    merge_collection,
)
from yadokari.schema.field_wire import FIELD_CLASSES, field_from_wire, field_to_wire, option_values
from yadokari.schema.fields import AutodateField, TextField, is_list, zero
from yadokari.schema.scaffolds import scaffolds
from yadokari.schema.system import users_collection

DEFAULTS = [
    (
        '{"autogeneratePattern":"","help":"","hidden":false,"id":"i","max":0,"min":0,"name":"f",'
        '"pattern":"","presentable":false,"primaryKey":false,"required":false,"system":false,'
        '"type":"text"}'
    ),
    (
        '{"convertURLs":false,"help":"","hidden":false,"id":"i","maxSize":0,"name":"f",'
        '"presentable":false,"required":false,"system":false,"type":"editor"}'
    ),
    (
        '{"help":"","hidden":false,"id":"i","max":null,"min":null,"name":"f","onlyInt":false,'
        '"presentable":false,"required":false,"system":false,"type":"number"}'
    ),
    (
        '{"hidden":false,"id":"i","name":"f","onCreate":false,"onUpdate":false,"presentable":false,'
        '"system":false,"type":"autodate"}'
    ),
    (
        '{"exceptDomains":[],"help":"","hidden":false,"id":"i","name":"f","onlyDomains":[],'
        '"presentable":false,"required":false,"system":false,"type":"url"}'
    ),
    (
        '{"cascadeDelete":false,"collectionId":"","help":"","hidden":false,"id":"i","maxSelect":0,'
        '"minSelect":0,"name":"f","presentable":false,"required":false,"system":false,'
        '"type":"relation"}'
    ),
]


def wire_of(collection: Collection, *, with_secrets: bool = False) -> dict[str, object]:
    """The JSON as it would be read again."""
    text = encode(collection_to_wire(collection, with_secrets=with_secrets))
    return dict(decode_object(text))


def names(collection: Collection) -> list[str]:
    """Names of the fields in order."""
    return [field.name for field in collection.fields]


@pytest.mark.parametrize("text", DEFAULTS)
def test_a_field_is_written_with_every_option_in_order(text: str) -> None:
    """FW1: dashboards read every option without asking whether it is there."""
    wire = json.loads(text)
    field = field_from_wire({"id": "i", "name": "f", "type": wire["type"]})

    assert encode(field_to_wire(field)).decode() == text
    assert option_values(field)["name"] == "f"


def test_dates_and_numbers_of_options_become_canonical() -> None:
    """Stores compare bounds with values as text."""
    date = field_from_wire({"type": "date", "min": "2024-01-02", "max": "junk"})
    number = field_from_wire({"type": "number", "min": 1.5, "max": 3.0})

    assert field_to_wire(date)["min"] == "2024-01-02 00:00:00.000Z"
    assert field_to_wire(date)["max"] == ""
    assert encode(field_to_wire(number)["max"]) == b"3"
    assert field_to_wire(field_from_wire({"type": "number", "min": None}))["min"] is None


@pytest.mark.parametrize(
    "wire",
    [
        None,
        5,
        {},
        {"type": "x"},
        {"TYPE": "text"},
        {"type": "text", "name": 5},
        {"type": "text", "min": 1.5},
        {"type": "text", "min": "5"},
        {"type": "text", "min": True},
        {"type": "text", "min": 1e300},
        {"type": "text", "required": 1},
        {"type": "number", "min": "5"},
        {"type": "number", "min": False},
        {"type": "date", "min": 5},
        {"type": "select", "values": "a"},
        {"type": "select", "values": [5]},
    ],
)
def test_a_field_of_wrong_json_types_is_a_formatting_error(wire: object) -> None:
    """W1: the answer has no data."""
    with pytest.raises(BadRequest) as caught:
        field_from_wire(wire)

    assert caught.value.problems == {}


def test_null_options_are_zero() -> None:
    """Clients send null for what they do not care about."""
    field = field_from_wire({"type": "text", "name": None, "min": None, "required": None})

    assert field == TextField(id="", name="")
    assert isinstance(field_from_wire({"type": "autodate"}), AutodateField)


def test_a_new_base_collection_gets_id_and_id_field() -> None:
    """The ids are those that every PocketBase gives."""
    person = made({"name": "person", "fields": [{"name": "name", "type": "text"}]})

    assert person.id == "pbc_63941688"
    assert names(person) == ["id", "name"]
    assert person.fields[1].id == "text1579384326"
    assert person.type == "base"
    assert person.list_rule is None


def test_a_new_auth_collection_has_fields_indexes_and_secrets() -> None:
    """B2, and five different secrets."""
    users = made({"name": "u", "type": "auth", "fields": [{"name": "a", "type": "text"}]})

    assert names(users) == [
        *("id", "a", "password", "tokenKey", "email", "emailVisibility", "verified"),
    ]
    assert users.indexes == (
        f"CREATE UNIQUE INDEX `idx_tokenKey_{users.id}` ON `u` (`tokenKey`)",
        f"CREATE UNIQUE INDEX `idx_email_{users.id}` ON `u` (`email`) WHERE `email` != ''",
    )
    assert users.auth is not None
    secrets = {
        users.auth.auth_token.secret,
        users.auth.password_reset_token.secret,
        users.auth.email_change_token.secret,
        users.auth.verification_token.secret,
        users.auth.file_token.secret,
    }
    assert len(secrets) == 5
    assert {len(secret) for secret in secrets} == {50}


def test_system_fields_keep_their_place_but_not_their_freedom() -> None:
    """Clients may tune them, yet an id stays a primary key and a token key hidden."""
    users = made(
        {
            "name": "u",
            "type": "auth",
            "fields": [
                {"name": "tokenKey", "type": "text", "min": 1},
                {"name": "id", "type": "text", "hidden": True},
                {"name": "password", "type": "text"},
            ],
        }
    )

    assert names(users)[:3] == ["tokenKey", "id", "password"]
    token_key, id_field, password = users.fields[:3]
    assert token_key.hidden
    assert token_key.system
    assert isinstance(id_field, TextField)
    assert id_field.primary_key
    assert id_field.pattern == "^[a-z0-9]+$"
    assert not id_field.hidden
    assert password.type == "password"


def test_later_fields_of_the_same_id_or_name_replace_earlier_ones() -> None:
    """CJ3."""
    collection = made(
        {
            "name": "c",
            "fields": [
                {"name": "a", "type": "text", "id": "x"},
                {"name": "b", "type": "text", "id": "x"},
                {"name": "b", "type": "number"},
                {"name": "z", "type": "text", "id": "text1908338681"},
                {"name": "bb", "type": "text"},
            ],
        }
    )

    assert [(field.id, field.name, field.type) for field in collection.fields[1:]] == [
        ("x", "b", "number"),
        ("text1908338681", "z", "text"),
        ("text3048086446", "bb", "text"),
    ]


def test_a_taken_field_id_gets_a_number() -> None:
    """Ids are unique within a collection."""
    collection = made(
        {
            "name": "c",
            "fields": [
                {"name": "z", "type": "text", "id": "text1908338681"},
                {"name": "b", "type": "text"},
            ],
        }
    )

    assert collection.fields[2].id == "text19083386812"


def test_patch_replaces_fields_and_keeps_what_is_not_named() -> None:
    """§2.7: top-level keys are optional."""
    old = made({"name": "c", "listRule": "", "fields": [{"name": "a", "type": "text"}]})

    renamed = made({"name": "d"}, old)
    refilled = made({"fields": [{"name": "b", "type": "text"}]}, old)
    imported = merge_collection(
        old,
        {"fields": [{"name": "b", "type": "text"}]},
        draw=SeededDraw(),
        keep_unlisted_fields=True,
    )

    assert (renamed.id, names(renamed), renamed.list_rule) == (old.id, ["id", "a"], "")
    assert names(refilled) == ["id", "b"]
    assert names(imported) == ["b", "id", "a"]


def test_renaming_rebuilds_indexes() -> None:
    """An index text names its table."""
    old = made({"name": "c", "indexes": ["create index i on c (id)", "junk"]})

    assert old.indexes == ("create index i on c (id)", "junk")
    assert made({"name": "d"}, old).indexes == ("CREATE INDEX `i` ON `d` (`id`)", "junk")
    assert made({"name": None}, old).indexes == old.indexes


def test_auth_options_merge_deeply_and_null_resets() -> None:
    """AW2."""
    old = made({"name": "u", "type": "auth"})

    new = made({"mfa": {"rule": "x"}, "otp": None, "passwordAuth": {"identityFields": None}}, old)

    assert new.auth is not None
    assert (new.auth.mfa.rule, new.auth.mfa.duration) == ("x", 600)
    assert (new.auth.otp.duration, new.auth.otp.email_template.subject) == (0, "")
    assert new.auth.password_auth.identity_fields == ()
    assert new.auth.auth_token == (old.auth and old.auth.auth_token)


def test_providers_keep_left_out_secrets_by_name() -> None:
    """AW3: the dashboard never sees a secret, so it cannot send it back."""
    google = {"name": "google", "clientId": "a", "clientSecret": "b", "pkce": True}
    old = made({"name": "u", "type": "auth", "oauth2": {"providers": [google]}})

    new = made({"oauth2": {"providers": [{"name": "google", "extra": {"k": 1}}, None]}}, old)

    assert new.auth is not None
    first, second = new.auth.oauth2.providers
    assert (first.client_id, first.client_secret, first.pkce) == ("a", "b", True)
    assert extra_of(first) == {"k": 1}
    assert second.client_secret == ""
    assert "clientSecret" not in str(wire_of(new))
    assert '"secret"' not in json.dumps(wire_of(new))


def test_mapped_fields_that_do_not_exist_are_reset() -> None:
    """A removed field must not be filled at sign-in."""
    mapped = {"id": "nope", "name": "email", "username": "x", "avatarURL": "y"}
    users = made({"name": "u", "type": "auth", "oauth2": {"mappedFields": mapped}})

    assert wire_of(users)["oauth2"] == {
        "providers": [],
        "mappedFields": {"id": "", "name": "email", "username": "", "avatarURL": ""},
        "enabled": False,
    }


def test_a_changed_auth_rule_ends_every_session() -> None:
    """Whoever may not sign in any more must not stay signed in."""
    old = made({"name": "u", "type": "auth"})

    changed = merge_collection(old, {"authRule": "verified = true"}, draw=SeededDraw(2))
    same = merge_collection(old, {"authRule": ""}, draw=SeededDraw(2))

    assert old.auth is not None
    assert changed.auth is not None
    assert same.auth is not None
    assert changed.auth.auth_token.secret != old.auth.auth_token.secret
    assert changed.auth.file_token == old.auth.file_token
    assert same.auth.auth_token == old.auth.auth_token


def test_superusers_always_have_passwords_and_never_oauth2() -> None:
    """Nobody may lock everybody out, or lean on one code by mail."""
    superusers = built_in().named("_superusers")
    assert superusers is not None

    changed = made(
        {
            "oauth2": {"enabled": True, "providers": [{"name": "google"}]},
            "passwordAuth": {"enabled": False},
            "otp": {"enabled": True},
        },
        superusers,
    )

    assert changed.auth is not None
    assert not changed.auth.oauth2.enabled
    assert changed.auth.oauth2.providers == ()
    assert changed.auth.password_auth.enabled
    assert changed.auth.mfa.enabled


def test_a_view_keeps_its_query_and_ignores_sent_fields() -> None:
    """Its fields are inferred by the store."""
    view = made({"name": "v", "type": "view", "viewQuery": "select 1", "fields": []})

    assert view.view_query == "select 1"
    assert view.fields == ()
    assert wire_of(view)["viewQuery"] == "select 1"
    assert made({"viewQuery": None}, view).view_query == ""


@pytest.mark.parametrize(
    ("wire", "is_about_type"),
    [
        ({"type": 5}, True),
        ({"name": 5}, True),
        ({"name": "a", "Name": "b"}, True),
        ({"id": 5}, False),
        ({"system": 5}, False),
        ({"type": "auth", "oauth2": 5}, False),
        ({"indexes": "x"}, False),
        ({"viewQuery": 5}, False),
        ({"created": 5}, False),
        ({"listRule": 5}, False),
        ({"mfa": 5}, False),
        ({"oauth2": {"providers": 5}}, False),
        ({"oauth2": {"providers": [5]}}, False),
        ({"oauth2": {"providers": [{"pkce": 5}]}}, False),
        ({"oauth2": {"providers": [{"extra": 5}]}}, False),
        ({"fields": 5}, False),
        ({"fields": [5]}, False),
    ],
)
def test_wrong_json_types_are_formatting_errors(
    wire: dict[str, object],
    is_about_type: bool,
) -> None:
    """W1: even keys that the type does not have are read."""
    with pytest.raises(BadRequest) as caught:
        made({"type": "base", "name": "x", **wire} if "Name" not in wire else wire)

    assert ("collection type" in caught.value.message) == is_about_type
    assert caught.value.problems == {}


def test_an_id_never_changes() -> None:
    """It names folders and tokens."""
    old = made({"name": "c"})

    assert made({"id": old.id}, old).id == old.id
    with pytest.raises(BadRequest):
        made({"id": "other"}, old)
    with pytest.raises(BadRequest):
        made({"id": None}, old)


def test_type_and_name_of_a_new_collection_are_found_in_any_letter_case() -> None:
    """As the reference binds them; all other keys are exact."""
    collection = made({"NAME": "n", "Type": "auth", "LISTRULE": ""})

    assert (collection.name, collection.type, collection.list_rule) == ("n", "auth", None)
    assert made({"name": "n", "type": None}).type == "base"
    assert made({"name": "n", "type": ""}).type == "base"


def test_an_unknown_type_has_its_id_field_until_fields_are_listed() -> None:
    """The type is refused either way; what is told of its fields depends on it."""
    assert [field.name for field in made({"name": "n", "type": "x"}).fields] == ["id"]
    assert made({"name": "n", "type": "x", "fields": []}).fields == ()
    assert made({"type": "x", "fields": []}, made({"name": "n"})).fields == ()


def test_times_and_flags_are_taken_over() -> None:
    """Imports carry them."""
    collection = made({"name": "n", "created": "2024-01-02", "system": True})

    assert (collection.created, collection.system) == ("2024-01-02 00:00:00.000Z", True)


def test_built_in_collections_survive_storage() -> None:
    """CJ2: the stored form has the secrets, the answer has not."""
    for collection in built_in().collections:
        assert collection_from_storage(wire_of(collection, with_secrets=True)) == collection
    users = users_collection(draw=SeededDraw(), now=NOW)
    assert "secret" not in json.dumps(wire_of(users)).lower()


def test_a_stored_view_keeps_its_fields() -> None:
    """They need not be inferred again at start."""
    view = replace(made({"name": "v", "type": "view"}), fields=(TextField(id="1", name="id"),))

    assert collection_from_storage(wire_of(view, with_secrets=True)) == view


def test_keys_come_in_the_order_of_the_contract() -> None:
    """CJ1."""
    users = built_in().named("users")
    assert users is not None

    keys = list(wire_of(users))

    assert keys[:13] == [
        *("id", "listRule", "viewRule", "createRule", "updateRule", "deleteRule", "name"),
        *("type", "fields", "indexes", "created", "updated", "system"),
    ]
    assert tuple(keys[13:]) == auth_keys()


def test_scaffolds_are_empty_collections_with_defaults() -> None:
    """A dashboard starts from them."""
    found = scaffolds(draw=SeededDraw())

    assert set(found) == {"auth", "base", "view"}
    assert found["view"]["fields"] == []
    assert found["base"]["id"] == found["auth"]["name"] == ""
    assert "ON `` (`tokenKey`)" in str(found["auth"]["indexes"])


OPTION_TEXT = st.text(max_size=5)


@st.composite
def field_wires(draw: st.DrawFn) -> dict[str, object]:
    """A field with random options of the right JSON types."""
    kind = FIELD_CLASSES[draw(st.sampled_from(sorted(FIELD_CLASSES)))]
    wire: dict[str, object] = {"type": kind.type}
    for key, value in option_values(kind(id="", name="")).items():
        if isinstance(value, bool):
            wire[key] = draw(st.booleans())
        elif isinstance(value, int):
            wire[key] = draw(st.integers(-5, 5))
        elif isinstance(value, tuple):
            wire[key] = draw(st.lists(OPTION_TEXT, max_size=2))
        elif value is None:
            wire[key] = draw(st.none() | st.floats(allow_nan=False, allow_infinity=False))
        else:
            wire[key] = draw(OPTION_TEXT)
    return wire


@given(st.lists(field_wires(), max_size=4), st.sampled_from(["base", "auth"]))
def test_any_collection_survives_storage(fields: list[dict[str, object]], kind: str) -> None:
    """What was saved is what is found after a restart."""
    collection = made({"name": "c", "type": kind, "fields": fields})

    assert collection_from_storage(wire_of(collection, with_secrets=True)) == collection


@pytest.mark.parametrize("name", sorted(FIELD_CLASSES))
def test_every_type_has_a_zero_value(name: str) -> None:
    """No user field is ever NULL."""
    field = FIELD_CLASSES[name](id="", name="")

    assert zero(field) in ("", 0, False, "null", '{"lon":0,"lat":0}')
    assert not is_list(field)


def test_a_taken_collection_id_gets_a_number() -> None:
    """A renamed collection keeps the id of its first name."""
    wire: dict[str, object] = {"name": "person"}

    person = merge_collection(None, wire, draw=SeededDraw(), taken_ids={"pbc_63941688"})

    assert person.id == "pbc_639416882"


def test_fields_without_a_name_are_not_the_same_field() -> None:
    """Both are refused, and both are told of."""
    fields = [{"name": "", "type": "text"}, {"type": "text"}]

    assert [field.name for field in made({"name": "n", "fields": fields}).fields] == ["id", "", ""]
