"""What is wrong with collections: codes, params and positions, as the oracle was seen to give."""

import pytest
from msgspec.structs import replace

from tests.unit.schema.fakes import (
    INVALID_RULE,
    SeededDraw,
    built_in,
    codes,
    made,
    plain,
    rule_problem,
)
from yadokari.schema.collection import Collection, Schema
from yadokari.schema.collection_check import collection_problems, invalid_view_query
from yadokari.schema.collection_json import collection_to_wire
from yadokari.schema.fields import TextField
from yadokari.schema.system import system_collections

WHOLE_MAX = 9_007_199_254_740_991
REQUIRED = "validation_required"


def below(threshold: int) -> tuple[str, dict[str, int]]:
    """Code and params of a value under its bound."""
    return "validation_min_greater_equal_than_required", {"threshold": threshold}


def above(threshold: int) -> tuple[str, dict[str, int]]:
    """Code and params of a value over its bound."""
    return "validation_max_less_equal_than_required", {"threshold": threshold}


def options(**wire: object) -> object:
    """What is wrong with one field's options."""
    found = codes({"name": "c", "fields": [{"name": "f", **wire}]})
    assert isinstance(found, dict)
    if not found:
        return found
    fields = found["fields"]
    assert isinstance(fields, dict)
    return fields["1"]


FIELD_CASES: list[tuple[dict[str, object], object]] = [
    ({"type": "text", "min": 5, "max": 3}, {"max": below(5)}),
    ({"type": "text", "min": -1, "max": -1}, {"min": below(0)}),
    ({"type": "text", "min": 5}, {}),
    ({"type": "text", "min": 2**53}, {"min": above(WHOLE_MAX)}),
    (
        {"type": "text", "pattern": "(", "autogeneratePattern": "^a"},
        {
            "pattern": "validation_invalid_regex",
            "autogeneratePattern": "validation_invalid_autogenerate_pattern",
        },
    ),
    (
        {"type": "text", "autogeneratePattern": "a("},
        {"autogeneratePattern": "validation_invalid_regex"},
    ),
    (
        {"type": "text", "min": 5, "autogeneratePattern": "a"},
        {"autogeneratePattern": "validation_invalid_autogenerate_pattern_value"},
    ),
    ({"type": "text", "min": 5, "autogeneratePattern": "a{5}"}, {}),
    (
        {"type": "text", "help": "x" * 301},
        {"help": ("validation_length_out_of_range", {"min": 1, "max": 300})},
    ),
    ({"type": "editor", "maxSize": -1}, {"maxSize": below(0)}),
    ({"type": "json", "maxSize": 2**53}, {"maxSize": above(WHOLE_MAX)}),
    (
        {"type": "number", "min": 5, "max": 3},
        {"max": ("validation_min_number_constraint", {"min": 5})},
    ),
    ({"type": "number", "min": 5, "max": 5}, {}),
    (
        {"type": "number", "min": 1.5, "max": 0.5, "onlyInt": True},
        {
            "min": "validation_only_int_constraint",
            "max": "validation_only_int_constraint",
        },
    ),
    ({"type": "number", "min": 1, "onlyInt": True}, {}),
    (
        {"type": "email", "onlyDomains": ["a.b"], "exceptDomains": ["c.d"]},
        {"onlyDomains": "validation_empty", "exceptDomains": "validation_empty"},
    ),
    (
        {"type": "url", "exceptDomains": ["a b", "", "ok.com"]},
        {"exceptDomains": {"0": "validation_is_domain"}},
    ),
    ({"type": "date", "min": "2024-01-02", "max": "2023-01-01"}, {}),
    ({"type": "bool"}, {}),
    ({"type": "geoPoint"}, {}),
    ({"type": "autodate"}, {"onCreate": REQUIRED, "onUpdate": REQUIRED}),
    ({"type": "autodate", "onUpdate": True}, {}),
    ({"type": "select"}, {"values": REQUIRED}),
    ({"type": "select", "values": ["a"], "maxSelect": 2}, {"maxSelect": above(1)}),
    ({"type": "select", "values": ["a"], "maxSelect": -1}, {"maxSelect": below(0)}),
    (
        {
            "type": "file",
            "maxSelect": -1,
            "maxSize": -1,
            "thumbs": ["1x1", "0x0", "ax1", "", "0x5t"],
        },
        {
            "maxSelect": below(0),
            "maxSize": below(0),
            "thumbs": {"1": "validation_not_in_invalid", "2": "validation_match_invalid"},
        },
    ),
    ({"type": "relation"}, {"collectionId": REQUIRED}),
    (
        {"type": "relation", "collectionId": "users"},
        {"collectionId": "validation_field_relation_missing_collection"},
    ),
    (
        {"type": "relation", "collectionId": "_pb_users_auth_", "minSelect": 2},
        {"maxSelect": REQUIRED},
    ),
    (
        {"type": "relation", "collectionId": "_pb_users_auth_", "minSelect": 3, "maxSelect": 2},
        {"maxSelect": below(3)},
    ),
    (
        {"type": "relation", "collectionId": "_pb_users_auth_", "minSelect": -1, "maxSelect": -1},
        {"minSelect": below(0)},
    ),
    ({"type": "relation", "collectionId": "_pb_users_auth_", "minSelect": 1, "maxSelect": 1}, {}),
    (
        {"type": "password", "min": -1, "max": 72, "cost": 32, "pattern": "("},
        {
            "min": below(1),
            "max": above(71),
            "cost": above(31),
            "pattern": "validation_invalid_regex",
        },
    ),
    ({"type": "password", "min": 10, "max": 5, "cost": 3}, {"max": below(10), "cost": below(4)}),
    ({"type": "password", "min": 71, "max": 71, "cost": 4, "pattern": "x"}, {}),
]


@pytest.mark.parametrize(("wire", "expected"), FIELD_CASES)
def test_field_options_are_checked_by_key(wire: dict[str, object], expected: object) -> None:
    """FO1: a dashboard shows each problem beside its input."""
    assert options(**wire) == expected


def test_only_views_relate_to_views() -> None:
    """A row of a view is no row that could be kept."""
    view = Collection(id="v", name="v", type="view", view_query="select 1")
    wire = {"name": "r", "type": "relation", "collectionId": "v"}

    assert codes({"name": "c", "fields": [wire]}, None) != {}
    schema = Schema(collections=(view,))
    problems = collection_problems(
        made({"name": "c", "fields": [wire]}),
        None,
        schema=schema,
        rule_problem=rule_problem,
        draw=SeededDraw(),
    )
    assert plain(problems) == {
        "fields": {
            "1": {"collectionId": "validation_relation_field_non_view_base_collection"},
        }
    }


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("", REQUIRED),
        ("null", "validation_not_in_invalid"),
        ("TRUE", None),
        ("collectionId", "validation_not_in_invalid"),
        ("a b", "validation_match_invalid"),
        ("é", "validation_match_invalid"),
        ("a_VIA_b", "validation_found_via"),
        ("x" * 101, ("validation_length_out_of_range", {"min": 1, "max": 100})),
        ("x" * 100, None),
        ("1a", None),
    ],
)
def test_names_of_fields(name: str, expected: object) -> None:
    """Names are columns, keys and words of the rule language at once."""
    assert options(type="text", name=name) == ({"name": expected} if expected else {})


def test_doubles_among_fields_are_reported_alone() -> None:
    """FL1: later phases would only confuse."""
    fields = [{"name": "a", "type": "text", "min": -1}, {"name": "A", "type": "text"}]

    assert codes({"name": "c", "fields": fields}) == {
        "fields": {"2": {"name": ("validation_duplicated_field_name", {"fieldName": "A"})}}
    }
    twins = replace(
        made({"name": "c"}),
        fields=(
            TextField(id="1", name="id", primary_key=True),
            TextField(id="1", name="b"),
        ),
    )
    assert plain(check(twins)) == {"fields": {"1": {"id": "validation_duplicated_field_id"}}}


def check(new: Collection, old: Collection | None = None) -> object:
    """Problems of a collection beside the built-in ones."""
    return collection_problems(
        new, old, schema=built_in(), rule_problem=rule_problem, draw=SeededDraw()
    )


def test_form_keys_are_reserved_in_auth_collections() -> None:
    """A field of that name could never be written."""
    fields = [
        {"name": "passwordConfirm", "type": "text"},
        {"name": "oldPassword", "type": "text"},
        {"name": "x", "type": "text", "min": -1},
    ]

    reserved = {"name": "validation_reserved_field_name"}
    assert codes({"name": "c", "type": "auth", "fields": fields}) == {
        "fields": {"1": reserved, "2": reserved}
    }


def test_there_is_one_primary_key_called_id() -> None:
    """Everything that names a record does so by one id."""
    second = {"name": "k", "type": "text", "primaryKey": True, "hidden": True}

    composite = "validation_unsupported_composite_pk"
    assert codes({"name": "c", "fields": [second]}) == {
        "fields": {
            "0": {"primaryKey": composite},
            "1": {
                "name": "validation_in_invalid",
                "pattern": REQUIRED,
                "primaryKey": composite,
                "required": REQUIRED,
                "hidden": "validation_empty",
            },
        }
    }
    taken = {"name": "idd", "type": "text", "id": "text3208210256"}
    assert codes({"name": "c", "fields": [taken]}) == {"fields": "validation_missing_primary_key"}
    number = {"name": "id", "type": "number"}
    assert codes({"name": "c", "fields": [number]}) == {
        "fields": {"1": {"name": ("validation_duplicated_field_name", {"fieldName": "id"})}}
    }


def test_field_ids_have_a_length() -> None:
    """They are parts of index and table names."""
    long_id = options(type="text", id="x" * 101)
    unnamed = replace(
        made({"name": "c"}),
        fields=(TextField(id="", name="id", primary_key=True, required=True, pattern="x"),),
    )

    assert long_id == {"id": ("validation_length_out_of_range", {"min": 1, "max": 100})}
    assert plain(check(unnamed)) == {"fields": {"0": {"id": REQUIRED}}}


OLD_FIELDS: list[dict[str, object]] = [
    {"name": "s", "type": "text", "id": "s", "system": True},
    {"name": "d", "type": "autodate", "id": "d", "system": True, "onCreate": True},
    {"name": "r", "type": "relation", "id": "r", "collectionId": "_pb_users_auth_"},
]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([{}, {}, {}], {}),
        ([{"system": False, "required": True}, {}, {}], {}),
        ([{"name": "s2"}, {}, {}], {"fields": "validation_system_field_change"}),
        ([None, {}, {}], {"fields": "validation_system_field_change"}),
        ([{"type": "number"}, {}, {}], {"fields": {"1": "validation_field_type_change"}}),
        (
            [{}, {"onCreate": False, "onUpdate": True}, {}],
            {
                "fields": {
                    "2": {
                        "onCreate": "validation_values_mismatch",
                        "onUpdate": "validation_values_mismatch",
                    }
                }
            },
        ),
        (
            [{}, {}, {"collectionId": "pbc_3142635823"}],
            {"fields": {"3": {"collectionId": "validation_field_relation_change"}}},
        ),
        ([{}, {}, None], {}),
    ],
)
def test_some_traits_of_fields_are_for_life(
    changes: list[dict[str, object] | None], expected: object
) -> None:
    """F1: the id is the column, so its type and target stay."""
    old = made({"name": "c", "fields": OLD_FIELDS})
    wires = [
        {**wire, **change}
        for wire, change in zip(OLD_FIELDS, changes, strict=True)
        if change is not None
    ]

    assert codes({"fields": wires}, old) == expected


def test_system_fields_of_auth_collections_cannot_be_renamed() -> None:
    """Sign-in looks for them by name."""
    old = made({"name": "u", "type": "auth"})
    renamed = {"name": "mail", "type": "email", "id": "email3885137012"}

    assert codes({"fields": [renamed]}, old) == {"fields": "validation_system_field_change"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("", REQUIRED),
        ("a b", "validation_match_invalid"),
        ("x" * 256, ("validation_length_out_of_range", {"min": 1, "max": 255})),
        ("x" * 255, None),
        ("a_VIA_b", "validation_found_via"),
        ("USERS", "validation_collection_name_exists"),
        ("_pb_users_auth_", "validation_collection_name_id_duplicate"),
        ("_Params", "validation_collection_name_invalid"),
        ("sqlite_x", "validation_collection_name_invalid"),
        ("_logs", None),
    ],
)
def test_names_of_collections(name: str, expected: object) -> None:
    """C3, and names are tables."""
    assert codes({"name": name}) == ({"name": expected} if expected else {})


@pytest.mark.parametrize(
    ("id_text", "expected"),
    [
        ("my_id", None),
        ("a-b", "validation_match_invalid"),
        ("x" * 101, ("validation_length_out_of_range", {"min": 1, "max": 100})),
        ("_pb_users_auth_", "validation_invalid_or_existing_id"),
    ],
)
def test_ids_of_collections(id_text: str, expected: object) -> None:
    """They name folders of files."""
    assert codes({"name": "c", "id": id_text}) == ({"id": expected} if expected else {})


def test_a_name_that_is_its_own_id_is_noticed_once_it_is_there() -> None:
    """As the reference: at its creation nothing has that id yet."""
    old = made({"name": "me", "id": "me"})

    assert codes({"name": "me", "id": "me"}) == {}
    assert codes({}, old) == {"name": "validation_collection_name_id_duplicate"}
    assert codes({"name": "ME"}, old) == {}


def test_type_and_flag_are_for_life() -> None:
    """A table does not become a view."""
    old = made({"name": "c"})

    assert codes({"name": "c", "type": "x"}) == {"type": "validation_in_invalid"}
    assert codes({"name": "c", "type": "x", "fields": []}) == {
        "type": "validation_in_invalid",
        "fields": REQUIRED,
    }
    assert codes({"type": "auth"}, old) == {"type": "validation_collection_type_change"}
    assert codes({"type": None}, old) == {}
    assert codes({"system": True}, old) == {"system": "validation_collection_system_flag_change"}
    assert codes({"type": "view"}, old) == {
        "type": "validation_collection_type_change",
        "fields": REQUIRED,
        "viewQuery": REQUIRED,
    }


def test_system_collections_keep_name_rules_and_flag() -> None:
    """CC2."""
    otps = built_in().named("_otps")
    superusers = built_in().named("_superusers")
    assert otps is not None
    assert superusers is not None
    rule = "validation_collection_system_rule_change"

    assert codes({}, otps) == {}
    assert codes({"name": "x"}, otps) == {"name": "validation_collection_system_name_change"}
    assert codes({"listRule": ""}, otps) == {"listRule": rule}
    assert codes({"listRule": INVALID_RULE}, otps) == {"listRule": "validation_invalid_rule"}
    assert codes({"authRule": "x", "manageRule": "x"}, superusers) == {
        "authRule": rule,
        "manageRule": rule,
    }
    assert codes({"authToken": {"duration": 90_000}}, superusers) == {}


def test_rules_that_do_not_compile_are_named() -> None:
    """A rule that fails later would open or shut a door by surprise."""
    wrong = "validation_invalid_rule"

    assert codes({"name": "c", "listRule": INVALID_RULE, "viewRule": "", "createRule": "x"}) == {
        "listRule": wrong
    }
    assert codes(
        {"name": "c", "type": "auth", "authRule": INVALID_RULE, "manageRule": INVALID_RULE}
    ) == {"authRule": wrong, "manageRule": wrong}
    assert codes({"name": "c", "type": "auth", "manageRule": ""}) == {
        "manageRule": "validation_nil_or_not_empty_required"
    }


def test_views_have_a_query_and_nothing_to_write() -> None:
    """§2.10."""
    fields = (TextField(id="1", name="id", primary_key=True),)
    view = made({"name": "v", "type": "view", "viewQuery": "select id from users"})
    ready = replace(view, fields=fields)

    assert plain(check(ready)) == {}
    assert plain(check(ready, ready)) == {}
    assert codes({"name": "v", "type": "view"}) == {"fields": REQUIRED, "viewQuery": REQUIRED}
    broken = replace(
        ready,
        create_rule="",
        update_rule="x",
        delete_rule="x",
        indexes=("create index i on v (id)",),
    )
    assert plain(check(broken)) == {
        "indexes": "validation_indexes_not_supported",
        "createRule": "validation_nil",
        "updateRule": "validation_nil",
        "deleteRule": "validation_nil",
    }
    assert invalid_view_query().code == "validation_invalid_view_query"


def test_built_in_collections_pass_their_own_checks() -> None:
    """A first start must not make what an update would refuse."""
    for collection in built_in().collections:
        assert plain(check(collection, collection)) == {}
        assert codes(dict(collection_to_wire(collection)), collection) == {}


def test_built_in_ids_are_those_that_clients_know() -> None:
    """SY1."""
    made_ids = {item.name: item.id for item in system_collections(draw=SeededDraw(), now="")}

    assert made_ids == {
        "_superusers": "pbc_3142635823",
        "_externalAuths": "pbc_2281828961",
        "_authOrigins": "pbc_4275539003",
        "_mfas": "pbc_2279338944",
        "_otps": "pbc_1638494021",
    }
