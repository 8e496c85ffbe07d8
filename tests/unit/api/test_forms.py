"""Form values as typed values."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yadokari.api.forms import infer, typed_fields
from yadokari.api.query_text import parse_pairs, parse_query
from yadokari.base.json_text import MalformedJson, decimal_text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("false", False),
        ("True", "True"),
        ("5", 5),
        ("-1.5", -1.5),
        ("05", "05"),
        ("5.0", "5.0"),
        ("1e3", "1e3"),
        (" 5", " 5"),
        ("+5", "+5"),
        (".5", ".5"),
        ("5.", "5."),
        ("1e+21", "1e+21"),
        ("100000000000000000000", 1e20),
        ("9007199254740993", "9007199254740993"),
        ("0.0000001", 1e-7),
        ("NaN", "NaN"),
        ("+Inf", "+Inf"),
        ("0x10", "0x10"),
        ("1_000", "1_000"),
        ("٣", "٣"),
        ("9" * 500, "9" * 500),
        ("", ""),
        ("null", "null"),
    ],
)
def test_only_canonical_texts_become_numbers(text: str, value: object) -> None:
    """F1, observed on the reference."""
    inferred = infer(text)

    assert inferred == value
    assert type(inferred) is type(value)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_shortest_decimal_is_a_number(number: float) -> None:
    """F1, the other way round."""
    assert infer(decimal_text(number)) == number


def test_repeated_keys_become_a_list() -> None:
    """F2."""
    assert typed_fields([("a", "1"), ("a", "x"), ("b", "2"), ("a", "true")]) == {
        "a": [1, "x", True],
        "b": 2,
    }


@pytest.mark.parametrize(
    ("pairs", "fields"),
    [
        ([("n", "5"), ("@jsonPayload", '{"n":7}')], {"n": 7}),
        ([("@jsonPayload", "null")], {}),
        ([("@jsonPayload", '{"t":"a"}'), ("@jsonPayload", '{"t":"b"}')], {"t": "b"}),
        (
            [
                ("@jsonPayload", '{"j":{"a":1,"z":{"q":1}}}'),
                ("@jsonPayload", '{"j":{"z":{"w":2}}}'),
            ],
            {"j": {"a": 1, "z": {"q": 1, "w": 2}}},
        ),
        ([("@jsonPayload", '{"j":null}'), ("j", "4")], {"j": None}),
        ([("@jsonPayload", '{"j":{"a":1}}'), ("@jsonPayload", '{"j":null}')], {"j": None}),
        ([("j", "1"), ("j", "2"), ("@jsonPayload", '{"j":[3]}')], {"j": [3]}),
    ],
)
def test_payloads_are_laid_over(pairs: list[tuple[str, str]], fields: object) -> None:
    """F3."""
    assert typed_fields(pairs) == fields


@pytest.mark.parametrize(
    "pairs",
    [
        [("@jsonPayload", "")],
        [("@jsonPayload", "[]")],
        [("@jsonPayload", "1")],
        [("@jsonPayload", "{bad")],
        [("@jsonPayload", '{"t":"a"} junk')],
        [("j", "x"), ("@jsonPayload", '{"j":{"a":1}}')],
        [("j", "x"), ("@jsonPayload", '{"j":5}')],
        [("j", "1"), ("j", "2"), ("@jsonPayload", '{"j":7}')],
        [("@jsonPayload", '{"j":{"a":1}}'), ("@jsonPayload", '{"j":5}')],
    ],
)
def test_payloads_that_do_not_fit_are_refused(pairs: list[tuple[str, str]]) -> None:
    """F3."""
    with pytest.raises(MalformedJson):
        typed_fields(pairs)


@pytest.mark.parametrize(
    ("raw", "query"),
    [
        (b"filter=%zz&perPage=1", {"perPage": "1"}),
        (b"a=1;b=2&c=3", {"c": "3"}),
        (b"a=1&a=2", {"a": "1"}),
        (b"a=x+y%20z", {"a": "x y z"}),
        (b"&&a", {"a": ""}),
        (b"a=%ff", {"a": "\ufffd"}),
        (b"=x", {"": "x"}),
        (b"a=b=c", {"a": "b=c"}),
    ],
)
def test_queries_drop_what_is_broken(raw: bytes, query: dict[str, str]) -> None:
    """Q1."""
    assert parse_query(raw) == query


@pytest.mark.parametrize("raw", [b"t=%zz&n=1", b"t=a;n=2", b"t=%", b"t%zz=x"])
def test_broken_forms_are_refused_whole(raw: bytes) -> None:
    """Q2."""
    assert parse_pairs(raw) is None


@given(st.binary(max_size=80))
def test_random_forms_raise_only_malformed(raw: bytes) -> None:
    """Hostile input."""
    parse_query(raw)
    with contextlib.suppress(MalformedJson):
        typed_fields(parse_pairs(raw) or [])
