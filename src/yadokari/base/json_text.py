"""JSON as the wire contract reads and writes it.

J1  Decoding is strict inside the first value (no duplicate keys, no invalid UTF-8, no lone
    surrogates, no numbers beyond a double) and lax after it (what follows is ignored).
J2  Numbers are doubles: ``int`` when integral and at most 2**53 in size, else ``float``.
J3  Numbers are written as ECMAScript writes them; text is escaped only where JSON demands it.
J4  No depth, length or shape of the input crashes or costs more than time linear in it.

Not here: the limit on the length of a body (api/body.py), which keys a record has.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TypeAlias

import msgspec

JsonValue: TypeAlias = bool | int | float | str | list["JsonValue"] | dict[str, "JsonValue"] | None

NESTING_MAX = 10_000
"""Deepest nesting that is read; PocketBase's ceiling: what saves there saves here."""
SLOW_BYTES_MAX = 1024 * 1024
"""Longest text that is read token by token (deep nesting, ``-0``): about a second of work. A longer
one that nests deeper than the interpreter's stack is refused; in a longer one ``-0`` is 0."""
INTEGER_MAX = 2**53
"""Largest size up to which a double holds every integer."""

_PLAIN_POWER_END = 6
_NATIVE_MIN = 1e-5  # Below it msgspec switches to an exponent, ECMAScript only below 1e-6.
_NATIVE_MAX = 1e15  # From here on msgspec's shortest digits are not ECMAScript's.

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode
_encode_sorted = msgspec.json.Encoder(order="sorted").encode

_TRAILING = re.compile(r"trailing characters \(byte (\d+)\)")
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_NEGATIVE_ZERO = re.compile(rb"-0(?![.\deE])")
_TOKEN = re.compile(
    rb'[ \t\n\r]*+(?:([{}\[\],:])|("(?:[^"\\]++|\\.)*+")|([^ \t\n\r{}\[\],:"]++))', re.DOTALL
)


class MalformedJson(ValueError):
    """The text is no JSON that the contract accepts. Correct the text."""


def decode(text: bytes, *, trailing_allowed: bool = True) -> JsonValue:
    """The first JSON value of a text.

    Args:
        text: UTF-8 bytes.
        trailing_allowed: Whether anything may follow the first value; whitespace always may.

    Raises:
        MalformedJson: J1 is broken or the nesting passes NESTING_MAX.
    """
    try:
        value = _decode(text)
    except RecursionError:
        return _decode_deep(text, trailing_allowed=trailing_allowed)
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        found = _TRAILING.search(str(exc)) if trailing_allowed else None
        if found is None:
            raise MalformedJson("not a JSON value") from exc
        return decode(text[: int(found.group(1)) - 1], trailing_allowed=False)
    if b"-0" in text and len(text) <= SLOW_BYTES_MAX and _NEGATIVE_ZERO.search(text):
        return _decode_deep(text, trailing_allowed=trailing_allowed)
    kind = type(value)
    if kind is dict or kind is list:
        try:
            strings = _settle(value)
        except RecursionError:
            return _decode_deep(text, trailing_allowed=trailing_allowed)
        if _strings_written(text) != strings:
            raise MalformedJson("an object names a key twice")
        return value
    if kind is int or kind is float:
        return canonical_number(value)
    return value


def decode_object(text: bytes, *, trailing_allowed: bool = True) -> dict[str, JsonValue]:
    """The object at the start of a text; ``null`` counts as an empty one.

    Raises:
        MalformedJson: as ``decode``, and for any other kind of value.
    """
    value = decode(text, trailing_allowed=trailing_allowed)
    if type(value) is dict:
        return value
    if value is None:
        return {}
    raise MalformedJson("not a JSON object")


def canonical_number(number: float) -> int | float:
    """The same double in its canonical type (J2).

    Raises:
        MalformedJson: it does not fit a double.
    """
    if type(number) is int:
        if -INTEGER_MAX <= number <= INTEGER_MAX:
            return number
        try:
            return float(number)
        except OverflowError as exc:
            raise MalformedJson("a number is beyond a double") from exc
    if number.is_integer() and -INTEGER_MAX <= number <= INTEGER_MAX:
        whole = int(number)
        return number if whole == 0 and str(number)[0] == "-" else whole
    return number


def number_text(number: float) -> str:
    """A number as ECMAScript prints it: ``5``, ``0.1``, ``1e+21``, ``1e-7``; ``-0`` stays.

    Raises:
        ValueError: it is infinite or not a number.
    """
    if type(number) is int:
        if -INTEGER_MAX <= number <= INTEGER_MAX:
            return str(number)
        number = float(number)
    sign, digits, exponent = _shortest(number)
    point = len(digits) + exponent  # The decimal point stands after this many digits.
    if len(digits) <= point <= 21:
        return sign + digits + "0" * (point - len(digits))
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    mantissa = digits if len(digits) == 1 else f"{digits[0]}.{digits[1:]}"
    return f"{sign}{mantissa}e{point - 1:+d}"


def real_text(number: float) -> str:
    """A double as PocketBase writes one that a database computed.

    The shortest digits, with an exponent where PocketBase has one: ``1.5e+07``. As JSON it is the
    same number.

    Raises:
        ValueError: it is not finite.
    """
    sign, digits, exponent = _shortest(float(number))
    power = len(digits) + exponent - 1
    if -4 <= power < _PLAIN_POWER_END:
        return decimal_text(number)
    mantissa = digits if len(digits) == 1 else f"{digits[0]}.{digits[1:]}"
    return f"{sign}{mantissa}e{'-' if power < 0 else '+'}{abs(power):02d}"


def decimal_text(number: float) -> str:
    """A number without any exponent, shortest digits: ``0.0000001``, ``-0`` stays.

    The form that numbers take when they become text, and the only one in which form values
    count as numbers.
    """
    if type(number) is int and -INTEGER_MAX <= number <= INTEGER_MAX:
        return str(number)
    sign, digits, exponent = _shortest(float(number))
    point = len(digits) + exponent
    if point >= len(digits):
        return sign + digits + "0" * (point - len(digits))
    if point > 0:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    return f"{sign}0.{'0' * -point}{digits}"


def json_number(number: float) -> int | float | msgspec.Raw:
    """The number in a form that ``encode_canonical`` prints as the contract wants it (J3)."""
    if type(number) is int:
        if -INTEGER_MAX <= number <= INTEGER_MAX:
            return number
    elif _NATIVE_MIN <= number < _NATIVE_MAX or -_NATIVE_MAX < number <= -_NATIVE_MIN:
        whole = int(number)
        return whole if whole == number else number
    return msgspec.Raw(number_text(number).encode())


def encode_canonical(value: object) -> bytes:
    """Compact JSON of a value whose every number went through ``json_number``.

    The quick way for answers: one pass in C. Ints up to 2**53 need no preparation.
    """
    return _encode(value)


def encode(value: object, *, sort_keys: bool = False) -> bytes:
    """Compact JSON of any value, numbers as ECMAScript prints them.

    Args:
        value: None, bool, int, float, str, dict with str keys, list, tuple, msgspec.Raw.
        sort_keys: Order the keys of every object by Unicode code point.

    Raises:
        ValueError: a number is infinite or not a number.
    """
    try:
        return (_encode_sorted if sort_keys else _encode)(_exact(value))
    except RecursionError:
        return _encode_deep(value, sort_keys=sort_keys)


def _strings_written(text: bytes) -> int:
    """How many strings, keys among them, a well-formed text writes."""
    if b"\\" in text:
        return _STRING.subn(b"", text)[1]
    return text.count(b'"') // 2


def _settle(container: dict[str, JsonValue] | list[JsonValue]) -> int:
    """Make every number canonical in place; returns how many strings were met, keys among them."""
    strings = 0
    if isinstance(container, dict):
        strings = len(container)
        for key, item in container.items():
            if type(item) is str:
                strings += 1
            elif type(item) is int or type(item) is float:
                container[key] = canonical_number(item)
            elif isinstance(item, (dict, list)):
                strings += _settle(item)
        return strings
    for index, item in enumerate(container):
        if type(item) is str:
            strings += 1
        elif type(item) is int or type(item) is float:
            container[index] = canonical_number(item)
        elif isinstance(item, (dict, list)):
            strings += _settle(item)
    return strings


def _shortest(number: float) -> tuple[str, str, int]:
    """Sign, shortest digits and decimal exponent of a finite double."""
    if number != number or number in (float("inf"), float("-inf")):
        raise ValueError("JSON has no infinite numbers")
    sign, digits, exponent = Decimal(repr(number)).as_tuple()
    assert isinstance(exponent, int)
    text = "".join(map(str, digits))
    stripped = text.rstrip("0") or "0"
    if stripped == "0":
        return "-" if sign else "", "0", 0
    return "-" if sign else "", stripped, exponent + len(text) - len(stripped)


def _exact(value: object) -> object:
    """The value with every number in a form that msgspec prints right."""
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return value
    if isinstance(value, (int, float)):
        return json_number(value)
    if isinstance(value, dict):
        return {key: _exact(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_exact(item) for item in value]
    return value


def _encode_deep(value: object, *, sort_keys: bool) -> bytes:
    """As ``encode``, without recursion: for values nested deeper than the interpreter's stack."""
    pieces: list[bytes] = []
    pending: list[object] = [value]  # Values to write; bytes are punctuation.
    while pending:
        item = pending.pop()
        if isinstance(item, bytes):
            pieces.append(item)
        elif isinstance(item, dict):
            entries = sorted(item.items()) if sort_keys else list(item.items())
            pending.append(b"}")
            for position in range(len(entries) - 1, -1, -1):
                key, child = entries[position]
                pending.append(child)
                pending.append((b"," if position else b"") + _encode(key) + b":")
            pending.append(b"{")
        elif isinstance(item, (list, tuple)):
            pending.append(b"]")
            for position in range(len(item) - 1, -1, -1):
                pending.append(item[position])
                if position:
                    pending.append(b",")
            pending.append(b"[")
        else:
            pieces.append(_encode(_exact(item)))
    return b"".join(pieces)


def _scalar(token: bytes) -> JsonValue:
    """One string, number or word."""
    if token == b"-0":
        return -0.0
    try:
        value = _decode(token)
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise MalformedJson("not a JSON value") from exc
    kind = type(value)
    return canonical_number(value) if kind is int or kind is float else value


class _Builder:
    """A value under construction: the open containers, innermost last."""

    __slots__ = ("_keys", "_stack", "done", "expect", "value")

    def __init__(self) -> None:
        self.done = False
        self.expect = "value"
        """What the grammar wants next: value, first (value or end), key, name (key or end),
        colon, more (comma or end)."""
        self.value: JsonValue = None
        self._stack: list[dict[str, JsonValue] | list[JsonValue]] = []
        self._keys: list[str] = []

    def add(self, value: JsonValue) -> None:
        """Place a complete value."""
        if self.expect in ("key", "name"):
            self._name(value)
            return
        if self.expect not in ("value", "first"):
            raise MalformedJson("a value where none belongs")
        self._attach(value)
        if self._stack:
            self.expect = "more"
        else:
            self.value, self.done = value, True

    def open(self, container: dict[str, JsonValue] | list[JsonValue]) -> None:
        """Begin an object or array."""
        if self.expect not in ("value", "first"):
            raise MalformedJson("a value where none belongs")
        self._attach(container)
        if not self._stack:
            self.value = container
        self._stack.append(container)
        if len(self._stack) > NESTING_MAX:
            raise MalformedJson("nested too deeply")
        self.expect = "name" if isinstance(container, dict) else "first"

    def close(self, kind: type[dict[str, JsonValue]] | type[list[JsonValue]]) -> None:
        """End the innermost container, which has to be of this kind."""
        allowed = ("name", "more") if kind is dict else ("first", "more")
        if not self._stack or type(self._stack[-1]) is not kind or self.expect not in allowed:
            raise MalformedJson("a bracket where none belongs")
        self._stack.pop()
        self.expect = "more"
        self.done = not self._stack

    def comma(self) -> None:
        """Go on to the next item."""
        if self.expect != "more":
            raise MalformedJson("a comma where none belongs")
        self.expect = "key" if isinstance(self._stack[-1], dict) else "value"

    def colon(self) -> None:
        """Go on from a key to its value."""
        if self.expect != "colon":
            raise MalformedJson("a colon where none belongs")
        self.expect = "value"

    def _name(self, key: JsonValue) -> None:
        container = self._stack[-1]
        if not isinstance(key, str) or key in container:
            raise MalformedJson("a key is no text or named twice")
        self._keys.append(key)
        self.expect = "colon"

    def _attach(self, value: JsonValue) -> None:
        if not self._stack:
            return
        container = self._stack[-1]
        if isinstance(container, dict):
            container[self._keys.pop()] = value
        else:
            container.append(value)


def _decode_deep(text: bytes, *, trailing_allowed: bool) -> JsonValue:
    """As ``decode``, without recursion; slow, for deep nesting and for ``-0``."""
    if len(text) > SLOW_BYTES_MAX:
        raise MalformedJson("nested too deeply for its length")
    builder = _Builder()
    position = 0
    while not builder.done:
        token = _TOKEN.match(text, position)
        if token is None:
            raise MalformedJson("ends too early")
        position = token.end()
        mark, string, word = token.groups()
        if mark is None:
            builder.add(_scalar(string or word))
        elif mark == b"{":
            builder.open({})
        elif mark == b"[":
            builder.open([])
        elif mark == b"}":
            builder.close(dict)
        elif mark == b"]":
            builder.close(list)
        elif mark == b",":
            builder.comma()
        else:
            builder.colon()
    if not trailing_allowed and text[position:].strip(b" \t\n\r"):
        raise MalformedJson("something follows the value")
    return builder.value
