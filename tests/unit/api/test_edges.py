"""Client addresses, paging, error bodies."""

from __future__ import annotations

from collections.abc import MutableMapping

import pytest

from yadokari.api.client_ip import TrustedProxy, expanded
from yadokari.api.errors import error_object, error_response, status_of
from yadokari.api.paging import Paging, parse_paging
from yadokari.api.request import Request, Scope
from yadokari.base.errors import (
    BadRequest,
    Conflict,
    Forbidden,
    NotFound,
    TooLarge,
    TooMany,
    Unauthenticated,
    Unavailable,
    YadokariError,
)
from yadokari.base.problems import Problem


def request_with(*headers: tuple[bytes, bytes]) -> Request:
    """A request of these headers."""

    async def receive() -> MutableMapping[str, object]:
        return {"type": "http.disconnect"}

    scope: Scope = {
        "type": "http",
        "method": "GET",
        "query_string": b"",
        "headers": list(headers),
        "client": ("10.0.0.1", 1),
    }
    return Request(scope, receive, "/")


@pytest.mark.parametrize(
    ("value", "leftmost", "real_ip"),
    [
        (b"1.1.1.1, 2.2.2.2", False, "2.2.2.2"),
        (b"1.1.1.1, 2.2.2.2", True, "1.1.1.1"),
        (b"1.1.1.1, junk", False, "1.1.1.1"),
        (b"junk", False, "10.0.0.1"),
        (b"", False, "10.0.0.1"),
        (b"2001:db8::1", False, "2001:0db8:0000:0000:0000:0000:0000:0001"),
    ],
)
def test_the_configured_header_tells_the_address(
    value: bytes, leftmost: bool, real_ip: str
) -> None:
    """D1 to D3."""
    proxy = TrustedProxy(["X-Forwarded-For"], use_leftmost=leftmost)

    assert proxy.real_ip(request_with((b"x-forwarded-for", value))) == real_ip


def test_headers_that_are_not_configured_are_not_believed() -> None:
    """D1: anybody can send one."""
    request = request_with((b"x-forwarded-for", b"6.6.6.6"), (b"cf-connecting-ip", b"7.7.7.7"))

    assert TrustedProxy().real_ip(request) == "10.0.0.1"


def test_the_last_occurrence_of_a_header_counts() -> None:
    """D2: earlier ones come from the client."""
    request = request_with((b"x-real-ip", b"6.6.6.6"), (b"x-real-ip", b"1.2.3.4"))

    assert TrustedProxy(["X-Real-IP"]).real_ip(request) == "1.2.3.4"


@pytest.mark.parametrize("text", ["", "x", "1.2.3", "1" * 100])
def test_no_address_has_no_long_form(text: str) -> None:
    """D3."""
    assert expanded(text) == ""


@pytest.mark.parametrize(
    ("value", "token"),
    [
        (b"abc", "abc"),
        (b"Bearer abc", "abc"),
        (b"bEARER  abc ", "abc"),
        (b"Basic abc", "Basic abc"),
        (b"Bearer", "Bearer"),
    ],
)
def test_the_word_bearer_is_optional(value: bytes, token: str) -> None:
    """SDKs send the bare token."""
    assert request_with((b"authorization", value)).token == token


def test_the_first_of_equal_headers_wins() -> None:
    """R2."""
    request = request_with((b"x-a", b"1"), (b"x-a", b"2"))

    assert request.header(b"x-a") == "1"
    assert request.headers == {"x-a": "1"}
    assert request.header_values(b"x-a") == ["1", "2"]


@pytest.mark.parametrize(
    ("query", "paging"),
    [
        ({}, Paging()),
        ({"page": "-1", "perPage": "5000"}, Paging(1, 1000)),
        ({"page": "0", "perPage": "0"}, Paging(1, 30)),
        ({"page": "+2", "perPage": "01"}, Paging(2, 1)),
        ({"page": "", "perPage": "", "skipTotal": ""}, Paging()),
        ({"skipTotal": "t"}, Paging(skip_total=True)),
        ({"skipTotal": "False"}, Paging()),
        ({"page": "9223372036854775807"}, Paging(2**63 - 1)),
    ],
)
def test_paging_is_corrected(query: dict[str, str], paging: Paging) -> None:
    """Z1."""
    assert parse_paging(query) == paging


@pytest.mark.parametrize(
    "query",
    [
        {"page": "abc"},
        {"perPage": "1.0"},
        {"perPage": " 1"},
        {"perPage": "1_0"},
        {"perPage": "１"},
        {"page": "9223372036854775808"},
        {"page": "9" * 5000},
        {"skipTotal": "maybe"},
        {"skipTotal": "tRUE"},
    ],
)
def test_junk_is_no_page(query: dict[str, str]) -> None:
    """Z1."""
    with pytest.raises(BadRequest):
        parse_paging(query)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (BadRequest(), 400),
        (Unauthenticated(), 401),
        (Forbidden(), 403),
        (NotFound(), 404),
        (TooLarge(), 413),
        (TooMany(), 429),
        (Unavailable(), 503),
        (YadokariError(), 400),
        (RuntimeError("x"), 500),
        (RecursionError(), 400),
    ],
)
def test_every_error_has_a_status(error: Exception, status: int) -> None:
    """X1."""
    body = error_object(error)

    assert status_of(error) == status == error_response(error).status
    assert body["status"] == status
    assert list(body) == ["data", "message", "status"]
    assert str(body["message"])[-1] in ".?!"


def test_problems_nest_as_the_input_does() -> None:
    """X2; params only when there are any."""
    error = BadRequest(
        "failed to create",
        problems={
            "fields": {"1": {"name": Problem("validation_required", "Cannot be blank.")}},
            "age": Problem("validation_min_number_constraint", "", {"min": 3}),
        },
    )

    assert error_object(error) == {
        "data": {
            "fields": {
                "1": {"name": {"code": "validation_required", "message": "Cannot be blank."}}
            },
            "age": {
                "code": "validation_min_number_constraint",
                "message": "Must be 3 or more.",
                "params": {"min": 3},
            },
        },
        "message": "Failed to create.",
        "status": 400,
    }


def test_taken_values_name_every_field_of_the_index() -> None:
    """The store only knows columns."""
    shown = error_object(Conflict(collection="c", fields=("a", "b")))["data"]

    assert isinstance(shown, dict)
    assert set(shown) == {"a", "b"}
