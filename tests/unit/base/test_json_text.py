"""JSON reading and writing as the contract wants it."""

from __future__ import annotations

import contextlib
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yadokari.base.json_text import (
    INTEGER_MAX,
    MalformedJson,
    canonical_number,
    decimal_text,
    decode,
    decode_object,
    encode,
    encode_canonical,
    json_number,
    number_text,
)

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
SCALARS = (
    st.none()
    | st.booleans()
    | TEXTS
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (5.0, "5"),
        (0.1, "0.1"),
        (1e20, "100000000000000000000"),
        (1e21, "1e+21"),
        (1e-6, "0.000001"),
        (1e-7, "1e-7"),
        (-1.5e-9, "-1.5e-9"),
        (1.5e300, "1.5e+300"),
        (5e-324, "5e-324"),
        (9007199254740993, "9007199254740992"),
        (18446744073709551616, "18446744073709552000"),
        (123456789012345678901234567890, "1.2345678901234568e+29"),
        (-0.0, "-0"),
        (0, "0"),
    ],
)
def test_numbers_print_as_ecmascript_prints_them(number: float, text: str) -> None:
    """The reference prints so, and clients compare texts."""
    assert number_text(number) == text
    assert encode([number]) == f"[{text}]".encode()


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_numbers_that_json_lacks_are_refused(number: float) -> None:
    """A null in their place would be silent damage."""
    with pytest.raises(ValueError, match="infinite"):
        number_text(number)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_double_survives_its_text(number: float) -> None:
    """Shortest digits are only right when they give the same double back."""
    assert float(number_text(number)) == number
    assert float(decimal_text(number)) == number
    assert "e" not in decimal_text(number)


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**70), 2**70))
def test_quick_numbers_print_like_exact_ones(number: float) -> None:
    """Answers go the quick way; it must not differ in a digit."""
    assert encode_canonical(json_number(number)) == number_text(number).encode()


def test_text_is_escaped_only_where_json_demands_it() -> None:
    """Observed on the reference, byte by byte."""
    text = "".join(map(chr, range(32))) + '"\\/<>&\x7f\x80\u2028\u2029é😀'

    written = encode(text).decode()

    assert written == (
        '"\\u0000\\u0001\\u0002\\u0003\\u0004\\u0005\\u0006\\u0007\\b\\t\\n\\u000b\\f\\r\\u000e'
        "\\u000f\\u0010\\u0011\\u0012\\u0013\\u0014\\u0015\\u0016\\u0017\\u0018\\u0019\\u001a"
        '\\u001b\\u001c\\u001d\\u001e\\u001f\\"\\\\/<>&\x7f\x80\u2028\u2029é😀"'
    )


def test_keys_are_sorted_by_code_point_on_request() -> None:
    """UTF-16 order would put emoji before the last letters of the basic plane."""
    assert encode({"b": 1, "😀": 1, "\uffff": 1, "a": 1}, sort_keys=True) == (
        '{"a":1,"b":1,"\uffff":1,"😀":1}'.encode()
    )


@pytest.mark.parametrize(
    "text",
    [
        b'{"a":1,"a":2}',
        b'{"a":1,"\\u0061":2}',
        b'{"j":[{"a":1,"a":2}]}',
        b'{"a":"x:y","a":1}',
        b'{"a":"\\":","a":1}',
        b'{"a":-0,"a":1}',
        b'{"a":01}',
        b'{"a":"\\ud800"}',
        b'{"a":"\\ude00\\ud83d"}',
        b'{"\\ud800":1}',
        b'{"a":"\xff"}',
        b'{"a":"\xed\xa0\x80"}',
        b'{"a":"\xc0\x80"}',
        b"\xef\xbb\xbf{}",
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":1,}',
        b'{"a":[1,]}',
        b"/*c*/{}",
        b'{"a":1',
        b'{"a":"b',
        b"{",
        b"",
        b"   ",
        b"\x0c{}",
        b"{'a':1}",
        b"{a:1}",
        b'{"a":.5}',
        b'{"a":5.}',
        b'{"a":+5}',
        b'{"a":-}',
        b'{"a":"\x00"}',
        b'{"a":"\n"}',
        b'{"a":1e400}',
        b'{"a":-1e400}',
        b'{"a":' + b"9" * 5000 + b"}",
        b"[]",
        b'"a"',
        b"1",
        b"true",
    ],
)
def test_malformed_bodies_are_refused(text: bytes) -> None:
    """Each of these is 400 on the reference."""
    with pytest.raises(MalformedJson):
        decode_object(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b"{} trailing", {}),
        (b"{}x", {}),
        (b"{}\x00\xff", {}),
        (b"null", {}),
        (b"nullx", {}),
        (b' \n\t{"a":1}  ', {"a": 1}),
        (b'{"a":1}}', {"a": 1}),
        (b'{"a":"a\\u0000b"}', {"a": "a\x00b"}),
        (b'{"a":"\\ud83d\\ude00"}', {"a": "😀"}),
        (b'{"a":5.0,"b":[1e3]}', {"a": 5, "b": [1000]}),
        (b'{"a":"k:v","b":{":":1}}', {"a": "k:v", "b": {":": 1}}),
        (b'{"a":9007199254740993}', {"a": 9007199254740992}),
        (b'{"a":1e-400}', {"a": 0}),
    ],
)
def test_lax_bodies_are_read(text: bytes, value: object) -> None:
    """Each of these is accepted by the reference."""
    assert decode_object(text) == value


def test_minus_zero_stays() -> None:
    """The reference echoes ``-0``."""
    assert encode(decode(b'{"a":[-0,-0.0,"-0"]}')) == b'{"a":[-0,-0,"-0"]}'


def test_trailing_text_can_be_forbidden() -> None:
    """Payloads inside forms are exact."""
    with pytest.raises(MalformedJson):
        decode_object(b"{} x", trailing_allowed=False)

    assert decode_object(b"{} \n", trailing_allowed=False) == {}


@pytest.mark.parametrize("depth", [500, 999, 5_000, 9_999])
def test_deep_nesting_is_read_and_written(depth: int) -> None:
    """The reference allows 10,000 levels."""
    text = b'{"a":' + b"[" * depth + b"]" * depth + b"}"

    assert encode(decode(text)) == text


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'[{"a":'])
def test_ten_megabytes_of_brackets_are_refused_quickly(opening: bytes) -> None:
    """J4: neither a crash nor a hang."""
    with pytest.raises(MalformedJson):
        decode(opening * (10_000_000 // len(opening)))


@given(VALUES)
def test_values_survive_a_round_trip(value: object) -> None:
    """Writing and reading are each other's inverse, up to canonical numbers."""
    assert json.loads(encode(value), parse_int=float) == value
    assert decode(encode(value)) == value


@given(VALUES)
def test_sorted_and_deep_writing_agree(value: object) -> None:
    """The slow way is only taken for deep values; it must write the same."""
    deep: object = value
    for _ in range(2_000):
        deep = [deep]

    assert encode(deep, sort_keys=True).strip(b"[]") == encode(value, sort_keys=True).strip(b"[]")


@given(st.binary(max_size=60))
def test_random_bytes_never_raise_anything_else(text: bytes) -> None:
    """J4."""
    with contextlib.suppress(MalformedJson):
        decode(text)


@given(VALUES, st.text('{}[],:"\\ -0x', max_size=6))
def test_what_follows_a_container_is_ignored(value: object, rest: str) -> None:
    """J1, for every value that has an end of its own."""
    assert decode(encode([value]) + rest.encode()) == [value]


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_whole_numbers_become_ints(number: float) -> None:
    """J2."""
    canonical = canonical_number(number)

    assert canonical == number
    if number.is_integer() and 0 < abs(number) <= INTEGER_MAX:
        assert type(canonical) is int


def test_long_texts_never_take_the_slow_way() -> None:
    """J4: a hostile client cannot buy minutes of work with one body."""
    long_zeros = b"[" + b"-0," * 1_000_000 + b"1]"

    assert decode(long_zeros) == [0] * 1_000_000 + [1]
    with pytest.raises(MalformedJson):
        decode(b"[" * 2_000 + b"1," * 1_000_000 + b"1" + b"]" * 2_000)
