"""Time strings and modifiers of SQLite's date functions.

Y1  A time is ``YYYY-MM-DD``, ``HH:MM``, both with a blank or ``T``, ``now`` or a number; seconds,
    a fraction and a zone may follow.
Y2  A modifier that does not fit makes the whole result NULL.
Y3  The local zone is UTC.

Not here: what a moment is (rules/moment.py).
"""

from __future__ import annotations

import re

from yadokari.rules.comparison import SqlValue
from yadokari.rules.moment import DAY_MS, JULIAN_DAY_END, UNIX_EPOCH_MS, Impossible, Moment
from yadokari.rules.real_text import numeric

_TIME = (
    r"(?P<hour>[01][0-9]|2[0-4]):(?P<minute>[0-5][0-9])"
    r"(?::(?P<second>[0-5][0-9])(?P<fraction>\.[0-9]+)?)?"
    r"[ \t\n\v\f\r]*"
    r"(?:(?P<sign>[+-])(?P<zone_hour>0[0-9]|1[0-4]):(?P<zone_minute>[0-5][0-9])|[Zz])?"
    r"[ \t\n\v\f\r]*"
)
_DATE = (
    r"(?P<year>-?[0-9]{4})-(?P<month>0[1-9]|1[0-2])-(?P<day>0[1-9]|[12][0-9]|3[01])"
    rf"[ \t\n\v\f\rT]*(?:{_TIME})?"
)
_DATE_TEXT, _TIME_TEXT = re.compile(_DATE), re.compile(_TIME)
_UNITS: dict[str, tuple[float, float]] = {
    "second": (4.6427e14, 1.0),
    "minute": (7.7379e12, 60.0),
    "hour": (1.2897e11, 3600.0),
    "day": (5373485.0, 86400.0),
    "month": (176546.0, 2592000.0),
    "year": (14713.0, 31536000.0),
}
"""How far each may reach, and its seconds."""
_STEP = re.compile(r"(?P<number>[+-]?[^:\s]+)\s*(?P<unit>[A-Za-z]*)", re.ASCII)
_SPAN = re.compile(
    r"(?P<sign>[+-])(?P<year>[0-9]{4,5})-(?P<month>0[0-9]|1[01])-(?P<day>[0-2][0-9]|30)"
    r"(?:\s(?P<time>.+))?",
    re.DOTALL,
)
_CLOCK_STEP = re.compile(r"(?P<sign>[+-]?)(?P<time>[0-9]{2}:.*)", re.DOTALL)


def read_time(value: SqlValue, now_ms: int) -> Moment:
    """The moment a time value names. Raises Impossible."""
    if isinstance(value, int | float):
        return _raw(float(value))
    if value is None:
        raise Impossible
    found = _DATE_TEXT.fullmatch(value)
    if found is not None:
        date = int(found["year"]), int(found["month"]), int(found["day"])
        moment = _clock(found, date) if found["hour"] else Moment(date=date)
        if moment.zone_minutes:
            moment.shift(0)
        moment.too_far_days = max(0, date[2] - _month_days(date[0], date[1]))
        return moment
    found = _TIME_TEXT.fullmatch(value)
    if found is not None:
        return _clock(found)
    word = value.lower()
    if word in ("now", "subsec", "subsecond"):
        moment = Moment(day_ms=UNIX_EPOCH_MS + now_ms)
        moment.with_fraction = word != "now"
        return moment
    number = numeric(value)
    if number is None:
        raise Impossible
    return _raw(float(number))


def modify(moment: Moment, modifier: SqlValue, *, first: bool) -> None:
    """Apply a modifier. Raises Impossible when it does not fit (Y2)."""
    if not isinstance(modifier, str):
        modifier = "" if modifier is None else str(modifier)
    word = modifier.lower()
    match word:
        case "auto" | "unixepoch" | "julianday":
            if not first:
                raise Impossible
            _meaning(moment, word)
        case "ceiling" | "floor":
            moment.shift(-moment.too_far_days * DAY_MS if word == "floor" else 0)
            moment.too_far_days = moment.too_far_days if word == "floor" else 0
        case "localtime" | "utc":
            moment.count()
        case "subsec" | "subsecond":
            moment.with_fraction = True
        case "start of day" | "start of month" | "start of year":
            _start(moment, word)
        case _ if word.startswith("weekday "):
            _weekday(moment, word[8:])
        case _:
            _step(moment, modifier)


def _raw(number: float) -> Moment:
    moment = Moment(raw=number)
    if 0 <= number < JULIAN_DAY_END:
        moment.day_ms = int(number * DAY_MS + 0.5)
    return moment


def _clock(found: re.Match[str], date: tuple[int, int, int] | None = None) -> Moment:
    # No rounding up to the next second, as SQLite.
    second = int(found["second"] or "0") + min(0.999, float("0" + (found["fraction"] or "")))
    hour, minute = int(found["hour"]), int(found["minute"])
    moment = Moment(date=date, time=(hour, minute, second))
    if found["sign"]:
        minutes = int(found["zone_hour"]) * 60 + int(found["zone_minute"])
        moment.zone_minutes = -minutes if found["sign"] == "-" else minutes
    if hour == 24:  # Midnight at the day's end, and no later.
        if minute or second:
            raise Impossible
        moment.shift(0)
    return moment


def _meaning(moment: Moment, word: str) -> None:
    """What a raw number counts."""
    raw = moment.raw
    if word == "auto":
        if raw is not None and moment.day_ms is None:
            if not -210_866_760_000 <= raw <= 253_402_300_799:
                return
            moment.day_ms = int(raw * 1000.0 + UNIX_EPOCH_MS + 0.5)
            moment.keep_count()
        moment.raw = None
        return
    if raw is None:
        raise Impossible
    if word == "julianday":
        if moment.day_ms is None:
            raise Impossible
    else:
        count = raw * 1000.0 + UNIX_EPOCH_MS
        if not 0 <= count < 464_269_060_800_000:
            raise Impossible
        moment.day_ms = int(count + 0.5)
        moment.keep_count()
    moment.raw = None


def _start(moment: Moment, word: str) -> None:
    if moment.day_ms is None and moment.date is None and moment.time is None:
        raise Impossible
    year, month, day = moment.calendar()
    if word.endswith("month"):
        day = 1
    elif word.endswith("year"):
        month = day = 1
    moment.date, moment.time = (year, month, day), (0, 0, 0.0)
    moment.day_ms, moment.raw, moment.zone_minutes = None, None, 0


def _weekday(moment: Moment, text: str) -> None:
    wanted = numeric(text)
    if wanted is None or wanted not in range(-6, 7):
        raise Impossible
    moment.calendar()
    moment.clock()
    moment.zone_minutes, moment.day_ms = 0, None  # A time alone loses its zone here.
    weekday = (moment.count() + 129_600_000) // DAY_MS % 7
    days = (int(wanted) - weekday) % 7 if wanted >= 0 else -((weekday + int(wanted)) % 7)
    moment.shift(days * DAY_MS)


def _step(moment: Moment, modifier: str) -> None:
    """Forward or back: by a number of units, a clock time, or a span of years, months and days."""
    span = _SPAN.fullmatch(modifier)
    if span is not None:
        sign = -1 if span["sign"] == "-" else 1
        _months(moment, sign * (int(span["year"]) * 12 + int(span["month"])))
        moment.count()
        moment.shift(sign * int(span["day"]) * DAY_MS)
        if span["time"] is not None:
            moment.shift(sign * _clock_ms(span["time"]))
        return
    clock = _CLOCK_STEP.fullmatch(modifier)
    if clock is not None:
        sign = -1 if clock["sign"] == "-" else 1
        moment.shift(sign * _clock_ms(clock["time"]))
        return
    step = _STEP.fullmatch(modifier)
    number = numeric(step["number"]) if step and modifier[0] in "+-0123456789" else None
    if step is None or number is None:
        raise Impossible
    unit = step["unit"].lower()
    unit = unit.removesuffix("s")
    reach, seconds = _UNITS.get(unit, (0.0, 0.0))
    count = float(number)
    if not -reach < count < reach:
        raise Impossible
    moment.count()
    moment.too_far_days = 0
    rounder = -0.5 if count < 0 else 0.5
    if unit in ("month", "year"):
        whole = int(count)
        _months(moment, whole * (12 if unit == "year" else 1))
        count -= whole
    moment.shift(int(count * 1000.0 * seconds + rounder))


def _clock_ms(text: str) -> int:
    found = _TIME_TEXT.fullmatch(text)
    if found is None:
        raise Impossible
    return (_clock(found).count() - DAY_MS // 2) % DAY_MS


def _months(moment: Moment, months: int) -> None:
    """The same day some months on; it may lie beyond that month's end."""
    year, month, day = moment.calendar()
    years, month = divmod(month - 1 + months, 12)
    moment.set_date(year + years, month + 1, day)
    moment.too_far_days = max(0, day - _month_days(year + years, month + 1))


def _month_days(year: int, month: int) -> int:
    if month == 2:
        leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        return 29 if leap else 28
    return 30 if month in (4, 6, 9, 11) else 31
