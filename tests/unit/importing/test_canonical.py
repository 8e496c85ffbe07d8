"""Values of PocketBase's columns, and what does not fit."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yadokari.importing.canonical import NOT_AS_STORED, NOT_UTF8, RowReader, canonical
from yadokari.importing.findings import Findings
from yadokari.importing.source import Stored
from yadokari.schema.collection import Collection
from yadokari.schema.fields import (
    BoolField,
    DateField,
    Field,
    FileField,
    GeoPointField,
    JsonField,
    NumberField,
    PasswordField,
    RelationField,
    SelectField,
    TextField,
    Value,
)

ID = TextField(id="id", name="id", primary_key=True)
FIELDS: dict[str, Field] = {
    "text": TextField(id="t", name="f"),
    "number": NumberField(id="n", name="f"),
    "bool": BoolField(id="b", name="f"),
    "date": DateField(id="d", name="f"),
    "one": SelectField(id="s", name="f", max_select=1),
    "many": SelectField(id="m", name="f", max_select=9),
    "file": FileField(id="x", name="f", max_select=3),
    "relation": RelationField(id="r", name="f"),
    "json": JsonField(id="j", name="f"),
    "geo": GeoPointField(id="g", name="f"),
    "password": PasswordField(id="p", name="f"),
}


def read(kind: str, stored: Stored) -> tuple[Value, list[str]]:
    """The value of a row with this one, and what was found odd."""
    findings = Findings()
    reader = RowReader(Collection(id="c", name="c", fields=(ID, FIELDS[kind])), ("id", "f"))
    row = reader.row(("r1", stored), findings)
    return row.values["f"], [finding.what for finding in findings.all()]


@pytest.mark.parametrize(
    ("kind", "stored", "value"),
    [
        ("text", "a\0b", "a\0b"),
        ("number", 5, 5),
        ("number", 5.0, 5),
        ("number", 0.1, 0.1),
        ("bool", 1, True),
        ("bool", 0, False),
        ("date", "2024-01-02 03:04:05.678Z", "2024-01-02 03:04:05.678Z"),
        ("date", "", ""),
        ("one", "a", "a"),
        ("many", '["a","B"]', ("a", "B")),
        ("many", "[]", ()),
        ("file", '["x_1.png"]', ("x_1.png",)),
        ("json", None, "null"),
        ("json", "null", "null"),
        ("json", 5, "5"),
        ("json", 1e300, "1e+300"),
        ("json", '{"b": 1.0, "a": [1, 2]}', '{"b":1.0,"a":[1,2]}'),
        ("geo", '{"lon":1.5,"lat":2}', '{"lon":1.5,"lat":2}'),
        ("password", "$2a$10$abc", "$2a$10$abc"),
    ],
)
def test_what_pocketbase_writes_is_read_without_a_word(kind: str, stored: Stored, value: Value):
    """CN1: the values that its API shows."""
    assert read(kind, stored) == (value, [])


@pytest.mark.parametrize(
    ("kind", "stored", "value"),
    [
        ("text", 5, "5"),
        ("text", None, ""),
        ("number", "7", 7),
        ("number", "seven", 0),
        ("bool", "yes", False),
        ("date", "2024-01-02", "2024-01-02 00:00:00.000Z"),
        ("date", "soon", ""),
        ("many", '["a","a"]', ("a",)),
        ("many", "a", ("a",)),
        ("one", '["a","b"]', "b"),
        ("json", "{broken", '"{broken"'),
        ("geo", "[1,2]", '{"lon":0,"lat":0}'),
    ],
)
def test_what_does_not_fit_is_told(kind: str, stored: Stored, value: Value):
    """CN2: nobody finds out by accident."""
    assert read(kind, stored) == (value, [NOT_AS_STORED])


def test_broken_text_is_carried_with_a_mark_and_told():
    """Text that is no UTF-8 comes as bytes."""
    value, odd = read("text", b"a\xffb")

    assert value == "a\ufffdb"
    assert NOT_UTF8 in odd


def test_a_field_without_a_column_is_unset():
    """A row is whole all the same."""
    fields = (ID, NumberField(id="n", name="n"))
    reader = RowReader(Collection(id="c", name="c", fields=fields), ("ID",))

    assert reader.columns == ("id",)
    assert reader.row(("r1",)).values == {"id": "r1", "n": 0}


@given(st.lists(st.text(min_size=1), unique=True))
def test_lists_come_back_as_they_are(items: list[str]):
    """Whatever text the items are."""
    stored = msgspec.json.encode(items).decode()

    assert canonical(FIELDS["many"], stored) == tuple(items)


@given(st.sampled_from(sorted(FIELDS)), st.none() | st.text() | st.integers() | st.floats())
def test_no_value_stops_an_import(kind: str, stored: Stored):
    """Plain SQL can have put anything anywhere; and a value that was read is read as itself."""
    value, _ = read(kind, stored)

    if isinstance(value, str):
        assert canonical(FIELDS[kind], value) == value
