"""What is wrong with values: codes, params and the order of checks."""

import pytest

from tests.unit.schema.fakes import plain
from yadokari.schema.coerce import coerce
from yadokari.schema.field_list import missing_records
from yadokari.schema.field_text import (
    id_taken,
    ids_ignore_case,
    not_unique,
    password_cost,
    password_problem,
)
from yadokari.schema.fields import (
    AutodateField,
    BoolField,
    DateField,
    EditorField,
    EmailField,
    Field,
    FileField,
    GeoPointField,
    JsonField,
    NumberField,
    PasswordField,
    RelationField,
    SelectField,
    TextField,
    UrlField,
)
from yadokari.schema.uploaded_file import uploaded_file
from yadokari.schema.value_check import value_problem

TEXT = TextField(id="t", name="t", min=2, max=4, pattern="^[a-z]+$")
NUMBER = NumberField(id="n", name="n", min=2, max=4, only_int=True)
DATE = DateField(id="d", name="d", min="2024-01-02 03:04:05.678Z", max="2024-06-01 00:00:00.000Z")
MANY = SelectField(id="s", name="s", values=("a", "b", "c"), max_select=2)
RELATION = RelationField(id="r", name="r", max_select=3, min_select=2)
GEO = GeoPointField(id="g", name="g", required=True)
SMALL_JSON = JsonField(id="j", name="j", max_size=5, required=True)
EDITOR = EditorField(id="e", name="e", max_size=3, required=True)
EMAIL = EmailField(id="m", name="m", only_domains=("a.co",))
NO_EMAIL = EmailField(id="m", name="m", except_domains=("a.co",))
URL = UrlField(id="u", name="u", only_domains=("a.co",))
NO_URL = UrlField(id="u", name="u", except_domains=("a.co", "b.co:80"))
ID = TextField(id="i", name="id", primary_key=True, required=True, pattern=".*")

CASES: list[tuple[Field, object, object]] = [
    (TEXT, "", None),
    (TEXT, "abc", None),
    (TEXT, "A", ("validation_min_text_constraint", {"min": 2})),
    (TEXT, "😀", ("validation_min_text_constraint", {"min": 2})),
    (TEXT, "ABCDE", ("validation_max_text_constraint", {"max": 4})),
    (TEXT, "AB", "validation_invalid_format"),
    (TextField(id="t", name="t"), "x" * 5_001, ("validation_max_text_constraint", {"max": 5_000})),
    (TextField(id="t", name="t", required=True), "", "validation_required"),
    (TextField(id="t", name="t", pattern="("), "x", "validation_invalid_format"),
    (ID, "", "validation_required"),
    (ID, "Abc-é", None),
    (ID, "a.b", ("validation_forbidden_pk_character", {"ch": "."})),
    (ID, "a\0", ("validation_forbidden_pk_character", {"ch": "\0"})),
    (ID, "lpt9", ("validation_reserved_pk", {"reserved": "LPT9"})),
    (ID, "COM0", None),
    (NUMBER, 0, None),
    (NUMBER, 3, None),
    (NUMBER, 9.5, "validation_only_int_constraint"),
    (NUMBER, 1, ("validation_min_number_constraint", {"min": 2})),
    (NUMBER, 9, ("validation_max_number_constraint", {"max": 4})),
    (NUMBER, "inf", "validation_not_a_number"),
    (NUMBER, 1e300, "validation_only_int_constraint"),
    (NumberField(id="n", name="n", required=True), 0, "validation_required"),
    (BoolField(id="b", name="b", required=True), False, "validation_required"),
    (BoolField(id="b", name="b", required=True), True, None),
    (
        DATE,
        "2023-01-01",
        (
            "validation_min_greater_equal_than_required",
            {"threshold": "2024-01-02T03:04:05.678Z"},
        ),
    ),
    (
        DATE,
        "2024-06-01 00:00:00.001Z",
        ("validation_max_less_equal_than_required", {"threshold": "2024-06-01T00:00:00Z"}),
    ),
    (DATE, "", None),
    (DATE, "2024-02-01", None),
    (DateField(id="d", name="d", required=True), "junk", "validation_required"),
    (MANY, ["q", "a", "b"], ("validation_too_many_values", {"maxSelect": 2})),
    (MANY, ["a", "q"], ("validation_invalid_value", {"value": "q"})),
    (MANY, ["a", "b"], None),
    (MANY, [], None),
    (SelectField(id="s", name="s", values=("a",), required=True), "", "validation_required"),
    (RELATION, ["a"], ("validation_not_enough_values", {"minSelect": 2})),
    (RELATION, ["a", "b", "c", "d"], ("validation_too_many_values", {"maxSelect": 3})),
    (RELATION, [], None),
    (RELATION, ["a", "b"], None),
    (RelationField(id="r", name="r", required=True), "", "validation_required"),
    (GEO, {"lat": 91, "lon": 181}, "validation_invalid_latitude"),
    (GEO, {"lat": 1, "lon": -181}, "validation_invalid_longitude"),
    (GEO, {"lat": 1, "lon": 1}, None),
    (GEO, None, "validation_required"),
    (GeoPointField(id="g", name="g"), None, None),
    (SMALL_JSON, "12345", None),
    (SMALL_JSON, "[1,  2]", ("validation_json_size_limit", {"maxSize": 5})),
    (SMALL_JSON, "ééé", ("validation_json_size_limit", {"maxSize": 5})),
    (SMALL_JSON, '{"a":1,"a":2}', "validation_invalid_json"),
    (SMALL_JSON, "1e400", "validation_invalid_json"),
    (SMALL_JSON, [float("inf")], "validation_invalid_json"),
    (SMALL_JSON, "", "validation_required"),
    (SMALL_JSON, {}, "validation_required"),
    (SMALL_JSON, 0, None),
    (SMALL_JSON, "[ 1]", None),
    (EDITOR, "", "validation_required"),
    (EDITOR, "abc", None),
    (EDITOR, "éé", ("validation_content_size_limit", {"maxSize": 3})),
    (EMAIL, "", None),
    (EMAIL, "x@a.co", None),
    (EMAIL, "x@A.co", "validation_email_domain_not_allowed"),
    (EMAIL, "x@a", "validation_is_email"),
    (NO_EMAIL, "x@a.co", "validation_email_domain_not_allowed"),
    (EmailField(id="m", name="m", required=True), "", "validation_required"),
    (URL, "", None),
    (URL, "http://a.co/x", None),
    (URL, "http://u:p@a.co", None),
    (URL, "http://a.co:80", "validation_url_domain_not_allowed"),
    (URL, "a.co", "validation_url_domain_not_allowed"),
    (NO_URL, "http://b.co:80", "validation_url_domain_not_allowed"),
    (NO_URL, "nope", "validation_invalid_url"),
    (UrlField(id="u", name="u", required=True), "", "validation_required"),
    (PasswordField(id="p", name="p", required=True), "", "validation_required"),
    (PasswordField(id="p", name="p", required=True), "hash", None),
    (AutodateField(id="a", name="a"), "", None),
]


@pytest.mark.parametrize(("field", "submitted", "expected"), CASES)
def test_a_wrong_value_gives_its_code_and_params(
    field: Field, submitted: object, expected: object
) -> None:
    """Clients act on codes and params; the table was seen on the oracle."""
    problem = value_problem(field, coerce(field, submitted))

    assert plain(problem) == expected


def test_an_id_cannot_change_but_an_old_one_needs_no_new_check() -> None:
    """Rows written before a pattern was set stay usable."""
    assert plain(value_problem(ID, "b", stored="a")) == "validation_pk_change"
    assert value_problem(ID, "a.b", stored="a.b") is None


def test_taken_ids_are_named_by_the_kind_of_pattern() -> None:
    """Custom patterns make ids that differ in case only clash on disks."""
    default = TextField(id="i", name="id", primary_key=True, pattern="^[a-z0-9]+$")

    assert plain(id_taken(default)) == "validation_not_unique" == not_unique().code
    assert plain(id_taken(ID)) == "validation_pk_invalid"
    assert (ids_ignore_case(default), ids_ignore_case(ID)) == (False, True)
    assert missing_records().code == "validation_missing_rel_records"


@pytest.mark.parametrize(
    ("plain_text", "code"),
    [
        ("", "validation_required"),
        ("A", "validation_min_text_constraint"),
        ("ABCDE", "validation_max_text_constraint"),
        ("AB", "validation_invalid_format"),
        ("ab", None),
        ("é" * 37, "validation_invalid_value"),
    ],
)
def test_passwords_are_judged_as_plain_text_without_params(
    plain_text: str, code: str | None
) -> None:
    """Params would tell an attacker the exact bounds; the reference gives none."""
    field = PasswordField(id="p", name="p", min=2, max=4, pattern="^[a-z]+$", required=True)

    assert plain(password_problem(field, plain_text)) == code


def test_password_bounds_have_defaults() -> None:
    """Bcrypt sees 72 bytes; one is kept back."""
    field = PasswordField(id="p", name="p")

    assert password_problem(field, "") is None
    assert password_problem(field, "x" * 71) is None
    assert plain(password_problem(field, "x" * 72)) == "validation_max_text_constraint"
    assert password_cost(field) == 10
    assert password_cost(PasswordField(id="p", name="p", cost=8)) == 8


def test_files_are_known_ones_or_new_ones_within_the_bounds() -> None:
    """A client cannot point at files of other records."""
    field = FileField(id="f", name="f", max_select=2, max_size=5, mime_types=("text/plain",))
    small = uploaded_file("a_1.txt", original_name="a", size_bytes=5, mime_type="text/plain")
    large = uploaded_file("b_1.txt", original_name="b", size_bytes=6, mime_type="text/plain")
    image = uploaded_file("c_1.png", original_name="c", size_bytes=1, mime_type="image/png")

    assert value_problem(field, ("old", small), stored=("old",)) is None
    assert value_problem(field, ()) is None
    assert plain(value_problem(field, ("x", small))) == (
        "validation_invalid_file",
        {"invalidFiles": ["x"]},
    )
    assert plain(value_problem(field, (small, large, image))) == (
        "validation_too_many_files",
        {"maxSelect": 2},
    )
    assert plain(value_problem(field, (large,))) == (
        "validation_file_size_limit",
        {"file": "b", "maxSize": 5},
    )
    assert plain(value_problem(field, (image,))) == "validation_invalid_mime_type"
    required = FileField(id="f", name="f", required=True)
    assert plain(value_problem(required, "")) == "validation_required"
    assert value_problem(required, large) is None
