"""The ``fields`` picker."""

from __future__ import annotations

import contextlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yadokari.api.picker import parse_picker
from yadokari.base.errors import BadRequest

VALUE: dict[str, object] = {
    "t": "<p>Hello  <b>big</b>\n&amp; wide</p>",
    "n": 5,
    "j": {
        "a": 1,
        "b": {"c": [{"d": 1, "e": 2}, {"d": 3}], "m": [{"d": 1}, 5], "x.y": 5},
        "s": "<p>Hello</p> w",
        "none": None,
        "empty": [],
    },
}


@pytest.mark.parametrize(
    ("fields", "picked"),
    [
        ("n", {"n": 5}),
        (" t:excerpt(3) , n ", {"t": "Hel", "n": 5}),
        ("t:excerpt(12,true)", {"t": "Hello big &..."}),
        ("t:excerpt( 3 , T )", {"t": "Hel..."}),
        ("t:excerpt(3,yes)", {"t": "Hel"}),
        ("t:excerpt(1.5)", {"t": "H"}),
        ("t:excerpt(0x3)", {"t": "Hel"}),
        ("t:excerpt(3)x", {"t": "Hel"}),
        ("t:excerpt (3)", {"t": "Hel"}),
        ("n:excerpt(2)", {"n": 5}),
        ("t,t:excerpt(3)", {"t": "Hel"}),
        ("t:excerpt(3),t", {"t": VALUE["t"]}),
        ("zzz", {}),
        ("T", {}),
        ("t :excerpt(3)", {}),
        ("*.t", {}),
        ("t.", {"t": VALUE["t"]}),
        ("j..a", {"j": {}}),
        ("j.a", {"j": {"a": 1}}),
        ("j,j.a", {"j": VALUE["j"]}),
        ("j.b.c.d", {"j": {"b": {"c": [{"d": 1}, {"d": 3}]}}}),
        ("j.b.m.d", {"j": {"b": {"m": [{"d": 1}, 5]}}}),
        ("j.b.x.y", {"j": {"b": {"x.y": 5}}}),
        ("j.s.x", {"j": {"s": "<p>Hello</p> w"}}),
        ("j.none.x", {"j": {"none": None}}),
        ("j.empty.x", {"j": {"empty": []}}),
        ("*,j.s:excerpt(2)", {"t": VALUE["t"], "n": 5, "j": {"s": "He"}}),
        ("t(,n)", {}),
        (",", VALUE),
        (" ", VALUE),
        ("*", VALUE),
    ],
)
def test_fields_pick_what_they_name(fields: str, picked: object) -> None:
    """Each pair was observed on the reference."""
    assert parse_picker(fields).pick(VALUE) == picked


@pytest.mark.parametrize(
    "fields",
    [
        "t:excerpt",
        "t:excerpt()",
        "t:excerpt(0)",
        "t:excerpt(-1)",
        "t:excerpt(a)",
        "t:excerpt(1e1)",
        "t:excerpt(3",
        "t:excerpt3)",
        "t:excerpt(3,true,5)",
        "t:excerpt(3):excerpt(2)",
        "t:EXCERPT(3)",
        "t:nope(3)",
        "t:",
        "(t",
        "t:excerpt(99999999999999999999)",
    ],
)
def test_wrong_modifiers_are_refused(fields: str) -> None:
    """I2."""
    with pytest.raises(BadRequest):
        parse_picker(fields)


def test_pages_keep_their_keys() -> None:
    """The picker works inside the items."""
    page = {"items": [{"a": 1, "b": 2}], "page": 1, "perPage": 30}

    assert parse_picker("a,page").pick_page(page) == {"items": [{"a": 1}], "page": 1, "perPage": 30}


def test_prepared_json_is_opened_only_where_a_path_goes_in() -> None:
    """Rows carry JSON fields as finished text."""
    value = {"j": msgspec.Raw(b'{"a":1,"b":2}'), "s": msgspec.Raw(b'"<b>x</b>yz"')}

    assert parse_picker("j.a,s:excerpt(2)").pick(value) == {"j": {"a": 1}, "s": "xy"}
    assert parse_picker("j").pick(value) == {"j": msgspec.Raw(b'{"a":1,"b":2}')}


def test_the_given_value_stays_as_it_was() -> None:
    """I1."""
    value = {"a": {"b": "<b>1</b>", "c": 2}}

    parse_picker("a.b:excerpt(1)").pick(value)

    assert value == {"a": {"b": "<b>1</b>", "c": 2}}


@given(st.text("ab.*,:() excerpt(1)", max_size=40))
def test_random_fields_raise_only_bad_request(fields: str) -> None:
    """Hostile input."""
    with contextlib.suppress(BadRequest):
        parse_picker(fields).pick(VALUE)
