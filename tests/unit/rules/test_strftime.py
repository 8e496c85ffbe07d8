"""Times as SQLite formats them."""

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yadokari.rules.comparison import SqlValue
from yadokari.rules.strftime import strftime

SQLITE = apsw.Connection(":memory:")
LETTERS = "deFfGgHIjJklmMpPRsSTuUVwWY%"
NOW_MS = 1_790_000_000_123


def sqlite(arguments: list[SqlValue]) -> object:
    """The answer of SQLite's own strftime."""
    marks = ", ".join("?" * len(arguments))
    [(found,)] = SQLITE.execute(f"SELECT strftime({marks})", tuple(arguments)).fetchall()
    return found


def digits(low: int, high: int, width: int) -> st.SearchStrategy[str]:
    """Numbers between two bounds, filled up with zeros."""
    return st.integers(low, high).map(lambda number: f"{number:0{width}d}")


CLOCKS = st.builds(
    "{}:{}{}".format,
    digits(0, 23, 2),
    digits(0, 60, 2),
    st.sampled_from(["", ":07", ":59.999", ":60", ":07.1234567"]),
)
ZONES = st.sampled_from(["", "Z", " z", "+01:00", "-14:30", "+15:00"])
DATES = st.builds(
    "{}{}-{}-{}".format, st.sampled_from(["", "", "", "-"]), digits(0, 9999, 4), digits(0, 13, 2),
    digits(0, 32, 2),
)  # fmt: skip
TIMES: st.SearchStrategy[SqlValue] = st.one_of(
    DATES,
    st.builds("{}{}{}{}".format, DATES, st.sampled_from([" ", "T", "  "]), CLOCKS, ZONES),
    CLOCKS,
    st.sampled_from(["", "x", "2020", " 5 ", "1e3", "24:00", "2023-02-30", None, "2020-01"]),
    st.integers(-(10**9), 2 * 10**9),
    st.floats(-1e6, 6e6),
)
STEPS = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["+", "-", ""]),
    st.one_of(st.integers(0, 100_000).map(str), st.floats(0, 60).map(lambda one: f"{one:.2f}")),
    st.sampled_from([" ", "", "  "]),
    st.sampled_from(["second", "seconds", "minutes", "hour", "days", "months", "year", "years",
                     "Day", "week", "dayss", ""]),
)  # fmt: skip
SPANS = st.builds(
    "{}{}-{}-{}{}".format, st.sampled_from(["+", "-", ""]), digits(0, 50, 4), digits(0, 12, 2),
    digits(0, 31, 2), st.sampled_from(["", " 01:30", " 23:59:59.5", "x"]),
)  # fmt: skip
MODIFIERS: st.SearchStrategy[SqlValue] = st.one_of(
    STEPS,
    SPANS,
    st.builds("{}{}".format, st.sampled_from(["+", "-", ""]), CLOCKS),
    st.sampled_from(["weekday 0", "weekday 3", "weekday 6", "weekday 7", "weekday 1.5", "weekday x",
                     "start of day", "start of month", "start of year", "start of week",
                     "unixepoch", "julianday", "auto", "ceiling", "floor", "subsec",
                     "Start Of Day", "", None]),
)  # fmt: skip


@given(
    st.text(st.sampled_from(LETTERS), min_size=1, max_size=3),
    TIMES,
    st.lists(MODIFIERS, max_size=3),
)
def test_times_are_formatted_as_sqlite_formats_them(
    letters: str, value: SqlValue, modifiers: list[SqlValue]
):
    """Rules with strftime are judged by the database and in memory alike."""
    form = "|".join("%" + letter for letter in letters)

    assert strftime([form, value, *modifiers], NOW_MS) == sqlite([form, value, *modifiers])


@pytest.mark.parametrize("letter", LETTERS)
@pytest.mark.parametrize("value", ["0000-01-01", "1999-12-31 23:59:59.9996", "2024-02-29 12:00"])
def test_every_letter_is_known(letter: str, value: str):
    """The format letters one by one."""
    assert strftime(["x%" + letter, value], NOW_MS) == sqlite(["x%" + letter, value])


@pytest.mark.parametrize(
    "rest",
    [
        ["0000-01-01", "-1 day"], ["2023-02-30", "floor"], ["2023-01-31", "+1 month", "floor"],
        ["2023-01-31", "+1 month", "ceiling"], ["2024-02-29", "+1 year"],
        ["2000-01-31 01:00-05:00"],
        ["10:00+01:00", "weekday 3"], ["2000-01-01", "weekday 0"], ["2000-01-01", "weekday 7"],
        ["2000-01-01", "+0001-02-03 04:05"], ["2000-01-01", "-0001-02-03"],
        ["2000-01-01", "+0001-02-03 x"], ["2000-01-01", "0001-02-03"], ["2000-01-01", "12:30"],
        ["2000-01-01", "-12:30"], ["2000-01-01", "12:60"], ["2000-01-01", "+1.5 months"],
        ["2000-01-01", "1e9 years"], ["2000-01-01", "x"], ["2000-01-01", "+ day"], [1e9, "auto"],
        [2451545.5, "auto"], [1e9, "unixepoch"], [2451545.5, "julianday"], [-1, "unixepoch"],
        [1e9, "julianday"], ["2000-01-01", "julianday"], ["2000-01-01", "auto"],
        [1e12, "unixepoch"], [1e9, "start of day"], [2451545.5, "+1 month"], [5, "+1 day", "auto"],
        ["12:00", "start of month"], ["2000-06-15", "start of year"], ["2000-01-01", "-9999 years"],
        ["9999-12-31", "+5000 years"], [None], ["2000-01-01", None], ["2000-01-01", "subsec"],
    ],
)  # fmt: skip
def test_modifiers_mean_what_they_mean_to_sqlite(rest: list[SqlValue]):
    """The ones that people write, and the ones that break."""
    for form in ("%F %T", "%J"):
        assert strftime([form, *rest], NOW_MS) == sqlite([form, *rest])


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (["%s"], "1790000000"),
        (["%s", "now"], "1790000000"),
        (["%s", "subsec"], "1790000000.123"),
        (["%Y-%m-%d", "now", "start of year"], "2026-01-01"),
        (["%q", "now"], None),
        (["%", "now"], None),
        ([None, "now"], None),
        (["%Y", "now", "utc", "localtime"], "2026"),
        (["%H:%M", "2020-01-01 24:00"], "00:00"),
        (["%H:%M", "2020-01-01 24:01"], None),
        (["", "now"], ""),
        ([5, "now"], "5"),
        (["%F", "9999-12-31", "+1 day"], None),
        (["%F", "-4713-11-24 11:00"], None),
        (["%F", 1e17], None),
        (["%F", 1e17, "+1 day"], None),
        (["%F", 1e17, "auto"], None),
        (["%F", 1e17, "unixepoch"], None),
        (["%F", "2020-01-01", "unixepoch"], None),
        (["%F", -5, "julianday"], None),
        (["%F", "yesterday"], None),
        (["%F", "1e999"], None),
        (["%F", "2020-01-01", "+5000000 days", "+1 month"], None),
        (["%F", 5, "start of day", "auto"], None),
        (["%F", 1e12, "start of day"], None),
    ],
)
def test_what_is_now_and_what_cannot_be(arguments: list[SqlValue], found: str | None):
    """Z1 and Z2: the present comes in as a value; what does not fit gives NULL."""
    assert strftime(arguments, NOW_MS) == found
