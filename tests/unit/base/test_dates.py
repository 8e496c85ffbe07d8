"""Dates as text: every accepted layout, the canonical form, and the way there and back."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yadokari.base.dates import date_text, date_unix_ms, parse_date, rfc3339

ACCEPTED = {
    "2024-01-02": "2024-01-02 00:00:00.000Z",
    "2024-01-02T03:04:05": "2024-01-02 03:04:05.000Z",
    "2024-01-02T03:04:05Z": "2024-01-02 03:04:05.000Z",
    "2024-01-02 03:04:05.1": "2024-01-02 03:04:05.100Z",
    "2024-01-02 03:04:05.123Z": "2024-01-02 03:04:05.123Z",
    "2024-01-31 03:04:05.123Z": "2024-01-31 03:04:05.123Z",
    "2024-01-02T03:04:05.123456789+02:00": "2024-01-02 01:04:05.123Z",
    "2024-01-02 03:04:05.9999Z": "2024-01-02 03:04:05.999Z",
    "2024-01-02 03:04:05,5": "2024-01-02 03:04:05.500Z",
    "2024-01-02 3:04:05": "2024-01-02 03:04:05.000Z",
    "2024-01-02  03:04:05": "2024-01-02 03:04:05.000Z",
    "2024-01-02 03:04:05 -0700": "2024-01-02 10:04:05.000Z",
    "2024-01-02 03:04:05-0700": "2024-01-02 10:04:05.000Z",
    "2024-01-02 03:04:05 +02:00": "2024-01-02 01:04:05.000Z",
    "2024-01-02 03:04:05 -0700 MST": "2024-01-02 10:04:05.000Z",
    "2024-01-02 03:04:05+24:00": "2024-01-01 03:04:05.000Z",
    "2024-01-02 03:04:05+02:60": "2024-01-02 00:04:05.000Z",
    "Tue, 02 Jan 2024 03:04:05 GMT": "2024-01-02 03:04:05.000Z",
    "Wed, 02 jan 2024 03:04:05 +0200": "2024-01-02 01:04:05.000Z",
    "Tue, 02 Jan 2024 03:04:05 GMT+3": "2024-01-02 06:04:05.000Z",
    "Tue, 02 Jan 2024 03:04:05 +03": "2024-01-02 03:04:05.000Z",
    "02 Jan 24 03:04 GMT": "2024-01-02 03:04:00.000Z",
    "02 Jan 69 03:04 +0200": "1969-01-02 01:04:00.000Z",
    "Tuesday, 02-Jan-68 03:04:05 GMT": "2068-01-02 03:04:05.000Z",
    "Tue Jan  2 03:04:05 2024": "2024-01-02 03:04:05.000Z",
    "Tue Jan  2 03:04:05 GMT 2024": "2024-01-02 03:04:05.000Z",
    "Tue Jan 02 03:04:05 -0700 2024": "2024-01-02 10:04:05.000Z",
    "02 Jan 2024": "2024-01-02 00:00:00.000Z",
    "3:04PM": "0000-01-01 15:04:00.000Z",
    "12:04AM": "0000-01-01 00:04:00.000Z",
    "Jan  2 03:04:05": "0000-01-02 03:04:05.000Z",
    "Feb 29 03:04:05": "0000-02-29 03:04:05.000Z",
    "2024-02-29": "2024-02-29 00:00:00.000Z",
    "2000-02-29": "2000-02-29 00:00:00.000Z",
    "9999-12-31 23:59:59.999-01:00": "10000-01-01 00:59:59.999Z",
    "0000-01-01 00:00:00+02:00": "-0001-12-31 22:00:00.000Z",
    "0001-01-01 00:00:00.001Z": "0001-01-01 00:00:00.001Z",
}
REFUSED = [
    "",
    "1700000000",
    "2024-01-02 03:04",
    "2024-1-2",
    "2024/01/02",
    "20240102",
    " 2024-01-02",
    "2024-01-02 ",
    "2024-02-30",
    "2023-02-29",
    "1900-02-29",
    "2024-04-31",
    "2024-13-01",
    "2024-00-01",
    "2024-01-00",
    "2024-01-02 24:00:00",
    "2024-01-02 03:60:00",
    "2024-01-02 23:59:60",
    "2024-01-02 03:04:05+25:00",
    "2024-01-02 03:04:05+02:61",
    "2024-01-02t03:04:05z",
    "2024-01-02T03:04:05.Z",
    "Tue, 02 Jan 2024 03:04:05 GMT+24",
    "Tue, 02 Jan 2024 03:04:05 ABCDE",
    "Tue, 02 Jan 2024 03:04:05 +24",
    "Tue, 2 Jan 2024 03:04:05 GMT",
    "13:04PM",
    "3:04pm",
    "0001-01-01",
    "0001-01-01 00:00:00.000Z",
    "٢٠٢٤-٠١-٠٢",
    "2024-01-02" + " " * 200 + "03:04:05",
]
MOMENTS_MS = st.integers(min_value=-62_135_596_799_999, max_value=253_402_300_799_999)


@pytest.mark.parametrize(("text", "canonical"), ACCEPTED.items())
def test_every_layout_of_the_contract_is_read(text: str, canonical: str) -> None:
    """Clients send what their language prints."""
    assert parse_date(text) == canonical


@pytest.mark.parametrize("text", REFUSED)
def test_other_text_is_unset_without_an_error(text: str) -> None:
    """Coercion never fails: junk is the zero value."""
    assert parse_date(text) == ""


@given(MOMENTS_MS)
def test_text_and_milliseconds_lead_to_each_other(unix_ms: int) -> None:
    """The arithmetic agrees with the standard library over the years it knows."""
    text = date_text(unix_ms)

    assert date_unix_ms(text) == unix_ms
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=unix_ms)
    assert text == moment.strftime("%Y-%m-%d %H:%M:%S.").rjust(20, "0") + (
        f"{moment.microsecond // 1_000:03d}Z"
    )


@given(MOMENTS_MS)
def test_a_canonical_date_reads_as_itself(unix_ms: int) -> None:
    """K2: what is stored may be sent back unchanged."""
    text = date_text(unix_ms)

    assert parse_date(text) == text


@given(MOMENTS_MS, MOMENTS_MS)
def test_order_of_text_is_order_of_time(first_ms: int, second_ms: int) -> None:
    """DT1: stores compare dates as bytes."""
    assert (date_text(first_ms) < date_text(second_ms)) == (first_ms < second_ms)


@given(st.text(max_size=120))
def test_reading_never_raises(text: str) -> None:
    """DT3."""
    assert isinstance(parse_date(text), str)


@pytest.mark.parametrize(
    ("canonical", "written"),
    [
        ("", ""),
        ("2024-01-02 03:04:05.678Z", "2024-01-02T03:04:05.678Z"),
        ("2024-01-02 03:04:05.600Z", "2024-01-02T03:04:05.6Z"),
        ("2024-01-02 03:04:05.000Z", "2024-01-02T03:04:05Z"),
    ],
)
def test_thresholds_are_rfc_3339_without_trailing_zeros(canonical: str, written: str) -> None:
    """What clients compare params.threshold with."""
    assert rfc3339(canonical) == written
