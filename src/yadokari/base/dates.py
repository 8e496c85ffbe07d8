"""Dates: moments as fixed-width UTC text, from and to milliseconds since 1970.

DT1  The canonical text is `YYYY-MM-DD HH:MM:SS.mmmZ`; unset is "". Bytes order = time order.
DT2  Digits below a millisecond are cut off, never rounded.
DT3  Reading never fails loudly: a text in no known layout is "" (unset).
DT4  The first moment of year 1 is the unset moment and reads as "".

Years run from 0 to 9999 on input; an offset may push the result one year further.

Not here: the clock (ports/clock.py).
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TypeAlias

DAY_MS = 86_400_000
DATE_CHARS_MAX = 100  # The longest layout has under 60; longer text is no date.
MOMENTS_KEPT_MAX = 64  # Requests of the same millisecond ask for the same text.

_CANONICAL = re.compile(
    r"\d{4}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)"
    r"|(?:0[13578]|1[02])-31) (?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z\Z",
    re.ASCII,
)
_ZERO_MS = -62_135_596_800_000  # 0001-01-01 00:00:00
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_SHORT_DAY = r"(?:mon|tue|wed|thu|fri|sat|sun)"
_LONG_DAY = r"(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday)"
_MONTH = r"(?P<month_name>" + "|".join(_MONTHS) + ")"
_TIME = r"(?P<hour>\d{1,2}):(?P<minute>\d\d):(?P<second>\d\d)(?:[.,](?P<fraction>\d+))?"
_OFFSET = r"(?P<sign>[+-])(?P<offset_hour>\d\d)(?P<offset_minute>\d\d)"
_COLON_OFFSET = r"(?P<sign>[+-])(?P<offset_hour>\d\d):(?P<offset_minute>\d\d)"
# Three capital letters, four or five that end in T, a few odd ones, or a bare signed hour.
_ZONE = (
    r"(?-i:(?P<zone>GMT(?:[+-]\d{1,2})?|ChST|MeST|WITA|[A-Z]{3,4}T|[A-Z]{3}"
    r"|[+-](?=\d\d)0*(?:1?\d|2[0-3])))(?![A-Za-z0-9])"
)
_ISO_DATE = r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)"


_Groups: TypeAlias = dict[str, str | None]

_LAYOUTS = (
    rf"{_ISO_DATE}(?-i:T){_TIME}(?:(?-i:Z)|{_COLON_OFFSET})?",
    rf"{_ISO_DATE}(?-i:T){_TIME}{_OFFSET}",
    rf"{_ISO_DATE} {_TIME}(?:(?-i:Z)| ?{_COLON_OFFSET})?",
    rf"{_ISO_DATE} {_TIME} ?{_OFFSET}",
    rf"{_ISO_DATE} {_TIME} {_OFFSET} {_ZONE}",
    _ISO_DATE,
    rf"{_SHORT_DAY}, (?P<day>\d\d) {_MONTH} (?P<year>\d{{4}}) {_TIME} {_OFFSET}",
    rf"{_SHORT_DAY}, (?P<day>\d\d) {_MONTH} (?P<year>\d{{4}}) {_TIME} {_ZONE}",
    rf"(?P<day>\d\d) {_MONTH} (?P<year>\d\d) (?P<hour>\d{{1,2}}):(?P<minute>\d\d) {_OFFSET}",
    rf"(?P<day>\d\d) {_MONTH} (?P<year>\d\d) (?P<hour>\d{{1,2}}):(?P<minute>\d\d) {_ZONE}",
    rf"{_LONG_DAY}, (?P<day>\d\d)-{_MONTH}-(?P<year>\d\d) {_TIME} {_ZONE}",
    rf"{_SHORT_DAY} {_MONTH} (?P<day>\d{{1,2}}) {_TIME} (?P<year>\d{{4}})",
    rf"{_SHORT_DAY} {_MONTH} (?P<day>\d{{1,2}}) {_TIME} {_ZONE} (?P<year>\d{{4}})",
    rf"{_SHORT_DAY} {_MONTH} (?P<day>\d\d) {_TIME} {_OFFSET} (?P<year>\d{{4}})",
    rf"(?P<day>\d\d) {_MONTH} (?P<year>\d{{4}})",
    r"(?P<hour>\d{1,2}):(?P<minute>\d\d)(?-i:(?P<half>AM|PM))",
    rf"{_MONTH} (?P<day>\d{{1,2}}) {_TIME}",
)


@cache  # Compiled when first tried: most texts are canonical, and all of these take 4 ms.
def _compiled(layout: str) -> re.Pattern[str]:
    # A run of blanks stands for one, wherever a layout has one.
    spaced = layout.replace(" ?", " *").replace(" ", " +")
    return re.compile(spaced.replace(" +*", " *") + r"\Z", re.ASCII | re.IGNORECASE)


@lru_cache(maxsize=MOMENTS_KEPT_MAX)
def date_text(unix_ms: int) -> str:
    """The canonical text of a moment given in milliseconds since 1970-01-01 UTC."""
    days, rest_ms = divmod(unix_ms, DAY_MS)
    year, month, day = _civil(days)
    rest_s, ms = divmod(rest_ms, 1_000)
    hour, rest_s = divmod(rest_s, 3_600)
    minute, second = divmod(rest_s, 60)
    sign, year = ("-", -year) if year < 0 else ("", year)
    return f"{sign}{year:04d}-{month:02d}-{day:02d} {hour:02d}:{minute:02d}:{second:02d}.{ms:03d}Z"


def date_unix_ms(text: str) -> int | None:
    """Milliseconds since 1970 of a text in any accepted layout, or None when it is no date."""
    if len(text) > DATE_CHARS_MAX:
        return None
    for layout in _LAYOUTS:
        match = _compiled(layout).match(text)
        if match is not None:
            unix_ms = _moment(match.groupdict())
            if unix_ms is not None:
                return unix_ms
    return None


def parse_date(text: str) -> str:
    """The canonical text of a date in any accepted layout; "" for everything else."""
    if _CANONICAL.match(text) is not None and not text.startswith("0001-01-01 00:00:00.000"):
        return text
    unix_ms = date_unix_ms(text)
    return "" if unix_ms is None or unix_ms == _ZERO_MS else date_text(unix_ms)


def rfc3339(canonical: str) -> str:
    """A canonical date as RFC 3339, without trailing zeros of the fraction; "" stays ""."""
    if not canonical:
        return ""
    seconds, _, fraction = canonical.removesuffix("Z").partition(".")
    fraction = fraction.rstrip("0")
    return seconds.replace(" ", "T") + (f".{fraction}" if fraction else "") + "Z"


def _moment(groups: _Groups) -> int | None:
    year = _year(groups.get("year"))
    name = groups.get("month_name")
    month = _MONTHS.index(name.lower()) + 1 if name else _number(groups.get("month"), 1)
    day = _number(groups.get("day"), 1)
    if not 1 <= month <= 12 or not 1 <= day <= _month_days(year, month):
        return None
    hour = _number(groups.get("hour"), 0)
    half = groups.get("half")
    if half is not None:
        if hour > 12:
            return None
        hour = hour % 12 + (12 if half == "PM" else 0)
    minute, second = _number(groups.get("minute"), 0), _number(groups.get("second"), 0)
    if hour > 23 or minute > 59 or second > 59:
        return None
    offset_s = _offset_s(groups)
    if offset_s is None:
        return None
    ms = int(((groups.get("fraction") or "") + "000")[:3])
    seconds = hour * 3_600 + minute * 60 + second - offset_s
    return _days(year, month, day) * DAY_MS + seconds * 1_000 + ms


def _offset_s(groups: _Groups) -> int | None:
    sign = groups.get("sign")
    if sign is None:
        zone = groups.get("zone") or ""
        # Only this one zone name carries an offset; it counts the POSIX way, west is positive.
        hours = int(zone[3:]) if zone.startswith("GMT") and len(zone) > 3 else 0
        return -hours * 3_600 if -24 < hours < 24 else None
    hours, minutes = _number(groups.get("offset_hour"), 0), _number(groups.get("offset_minute"), 0)
    if hours > 24 or minutes > 60:  # The reference is that generous.
        return None
    return (hours * 3_600 + minutes * 60) * (-1 if sign == "-" else 1)


def _year(text: str | None) -> int:
    if text is None:
        return 0
    year = int(text)
    if len(text) == 4:
        return year
    return year + (1900 if year >= 69 else 2000)


def _number(text: str | None, default: int) -> int:
    return default if text is None else int(text)


def _month_days(year: int, month: int) -> int:
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31


def _days(year: int, month: int, day: int) -> int:
    """Days since 1970-01-01, counted in years that begin in March (so the leap day is last)."""
    shifted = year - (month <= 2)
    era, year_of_era = divmod(shifted, 400)
    day_of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return (
        era * 146_097
        + year_of_era * 365
        + year_of_era // 4
        - year_of_era // 100
        + (day_of_year - 719_468)
    )


def _civil(days: int) -> tuple[int, int, int]:
    """Year, month and day of days since 1970-01-01; the inverse of ``_days``."""
    era, day_of_era = divmod(days + 719_468, 146_097)
    year_of_era = (
        day_of_era - day_of_era // 1_460 + day_of_era // 36_524 - day_of_era // 146_096
    ) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted_month = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * shifted_month + 2) // 5 + 1
    month = (shifted_month + 2) % 12 + 1
    return year_of_era + era * 400 + (month <= 2), month, day
