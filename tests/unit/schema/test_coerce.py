"""Submitted values become canonical ones, as the oracle was seen to do it."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yadokari.schema.coerce import coerce
from yadokari.schema.field_geo_point import coordinates
from yadokari.schema.field_json import SubmittedJson
from yadokari.schema.field_wire import FIELD_CLASSES
from yadokari.schema.fields import (
    GEO_ZERO,
    BoolField,
    DateField,
    EditorField,
    Field,
    FileField,
    GeoPointField,
    JsonField,
    NumberField,
    RelationField,
    SelectField,
    TextField,
    Value,
)
from yadokari.schema.uploaded_file import uploaded_file

TEXT = TextField(id="t", name="t")
NUMBER = NumberField(id="n", name="n")
BOOL = BoolField(id="b", name="b")
JSON = JsonField(id="j", name="j")
GEO = GeoPointField(id="g", name="g")
ONE = SelectField(id="s", name="s", values=("a", "b"))
MANY = SelectField(id="m", name="m", values=("a", "b"), max_select=3)

CASES: list[tuple[Field, object, Value]] = [
    (TEXT, "x", "x"),
    (TEXT, 5, "5"),
    (TEXT, 5.0, "5"),
    (TEXT, 0.1, "0.1"),
    (TEXT, 1e21, "1000000000000000000000"),
    (TEXT, 1e-7, "0.0000001"),
    (TEXT, 12345678901234567890, "12345678901234567000"),
    (TEXT, -0.0, "-0"),
    (TEXT, 10**400, ""),
    (TEXT, True, "true"),
    (TEXT, False, "false"),
    (TEXT, None, ""),
    (TEXT, [1], ""),
    (TEXT, {}, ""),
    (EditorField(id="e", name="e"), 5, "5"),
    (NUMBER, "12.50", 12.5),
    (NUMBER, "1e3", 1000),
    (NUMBER, "012", 12),
    (NUMBER, "1_000", 1000),
    (NUMBER, "0x1p-2", 0.25),
    (NUMBER, "0x1p99999", 0),
    (NUMBER, "0x10", 0),
    (NUMBER, ".5", 0.5),
    (NUMBER, "5.", 5),
    (NUMBER, "-0", 0),
    (NUMBER, -0.0, 0),
    (NUMBER, "1e400", 0),
    (NUMBER, " 5", 0),
    (NUMBER, "abc", 0),
    (NUMBER, "", 0),
    (NUMBER, "9" * 2_000, 0),
    (NUMBER, "١", 0),
    (NUMBER, True, 1),
    (NUMBER, None, 0),
    (NUMBER, [5], 0),
    (NUMBER, 2**53 + 3, float(2**53 + 4)),
    (NUMBER, 5.0, 5),
    (BOOL, "t", True),
    (BOOL, "TRUE", True),
    (BOOL, "tRUE", False),
    (BOOL, "yes", False),
    (BOOL, 0.5, True),
    (BOOL, 0, False),
    (BOOL, [True], False),
    (BOOL, None, False),
    (JSON, "true", "true"),
    (JSON, "12", "12"),
    (JSON, " 12", '" 12"'),
    (JSON, "12 ", "12"),
    (JSON, "1.50", "1.50"),
    (JSON, "-x", '"-x"'),
    (JSON, "01", '"01"'),
    (JSON, "", '""'),
    (JSON, '{"b": 1, "a": 2}', '{"b":1,"a":2}'),
    (JSON, {"b": 1, "a": 2}, '{"a":2,"b":1}'),
    (JSON, '"\\u00e9 \\/"', '"é /"'),
    (JSON, '[1, "a b"]', '[1,"a b"]'),
    (JSON, [1.0, 1e21, -0.0], "[1,1e+21,-0]"),
    (JSON, None, "null"),
    (JSON, object(), "null"),
    (JSON, '{"a":NaN}', '"{\\"a\\":NaN}"'),
    (JSON, "[" * 200_000, json.dumps("[" * 200_000)),
    (GEO, {"lon": 1, "lat": 2.5}, '{"lon":1,"lat":2.5}'),
    (GEO, {"lon": 1}, '{"lon":1,"lat":0}'),
    (GEO, {"lon": None, "lat": 1}, '{"lon":0,"lat":1}'),
    (GEO, {"lon": "1", "lat": 1}, GEO_ZERO),
    (GEO, {"lon": True, "lat": 1}, GEO_ZERO),
    (GEO, {"lon": 10**400, "lat": 1}, GEO_ZERO),
    (GEO, {"LON": 1}, GEO_ZERO),
    (GEO, ' {"lon":1,"lat":1} x', '{"lon":1,"lat":1}'),
    (GEO, "x", GEO_ZERO),
    (GEO, [1, 2], GEO_ZERO),
    (ONE, "a", "a"),
    (ONE, ["a", "b"], "b"),
    (ONE, '["a","b"]', "b"),
    (ONE, 5, "5"),
    (ONE, None, ""),
    (ONE, ["a", ""], "a"),
    (ONE, ["b", ["a"]], ""),
    (MANY, "a", ("a",)),
    (MANY, ["a", "b", "a", None, ""], ("a", "b")),
    (MANY, ' ["a"]', ("a",)),
    (MANY, '["a",null]', ("a",)),
    (MANY, '["a",5]', ('["a",5]',)),
    (MANY, '["a"', ('["a"',)),
    (MANY, "[]", ()),
    (MANY, "null", ("null",)),
    (MANY, True, ("true",)),
    (MANY, [True, 0.1, 5.0], ("true", "0.1", "5")),
    (MANY, {"a": "b"}, ()),
    (DateField(id="d", name="d"), "2024-01-02", "2024-01-02 00:00:00.000Z"),
    (DateField(id="d", name="d"), 5, ""),
    (RelationField(id="r", name="r"), ["x", "y"], "y"),
]

SUBMITTED = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["[1]", '{"a":1,"a":2}', "1e5", "nan", "2024-01-02", "-"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=10,
)
FIELDS = st.sampled_from(
    [kind(id="x", name="x") for kind in FIELD_CLASSES.values()]
    + [
        MANY,
        FileField(id="f", name="f", max_select=2),
        RelationField(id="r", name="r", max_select=2),
    ]
)


@pytest.mark.parametrize(("field", "submitted", "value"), CASES)
def test_submitted_values_are_read_as_the_contract_says(
    field: Field, submitted: object, value: Value
) -> None:
    """One table for all types; each row was seen on the oracle."""
    found = coerce(field, submitted)

    assert found == value
    assert type(found) is type(value) or isinstance(found, SubmittedJson)


@pytest.mark.parametrize("text", ["inf", "-Infinity", "nan"])
def test_endless_words_stay_endless_for_the_check_to_name(text: str) -> None:
    """They are numbers to the reader but never stored."""
    found = coerce(NUMBER, text)

    assert isinstance(found, float)
    assert not math.isfinite(found)


@given(FIELDS, SUBMITTED)
def test_coercion_never_fails_and_is_stable(field: Field, submitted: object) -> None:
    """K1 and K2: any JSON may come, and what came out may come again."""
    value = coerce(field, submitted)

    again = coerce(field, list(value) if isinstance(value, tuple) else value)
    assert repr(again) == repr(value)


def test_new_files_keep_their_facts_through_coercion() -> None:
    """U1: a file value is its stored name and is told apart by its type."""
    field = FileField(id="f", name="f", max_select=2)
    upload = uploaded_file("a_1.txt", original_name="a", size_bytes=1, mime_type="text/plain")

    assert coerce(field, upload) == ("a_1.txt",)
    value = coerce(field, ["old.txt", upload])

    assert isinstance(value, tuple)
    assert value[1] is upload


def test_a_json_value_keeps_what_was_submitted_through_coercion() -> None:
    """Hooks may hand values back that have been read already."""
    value = coerce(JSON, "[1, 2]")

    assert coerce(JSON, value) is value


def test_a_broken_stored_point_counts_as_none() -> None:
    """Databases that were moved in may hold anything."""
    assert coordinates("junk") == (0, 0)
    assert coordinates('{"lon":1.5,"lat":2}') == (1.5, 2)
