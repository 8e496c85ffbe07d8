"""A moment as SQLite's date functions keep it: a day number, a calendar date, or both.

M1  ``day_ms`` counts milliseconds from noon of the first Julian day; the calendar is the proleptic
    Gregorian one, all in UTC.
M2  A date that does not exist (31 February) keeps its parts until something is computed from it.
M3  A number alone is a raw one: a Julian day when it can be, until a modifier says otherwise.

Not here: texts and modifiers (rules/time_text.py), formats (rules/strftime.py).
"""

from __future__ import annotations

import msgspec

DAY_MS = 86_400_000
UNIX_EPOCH_MS = 210_866_760_000_000
LAST_MS = 464_269_060_799_999  # 9999-12-31 23:59:59.999
JULIAN_DAY_END = 5373484.5  # 10000-01-01
_EPOCH_DAY = 719_468  # days from 0000-03-01 to 1970-01-01


class Impossible(Exception):
    """No such moment: the function's result is NULL."""


class Moment(msgspec.Struct):
    """One moment on its way through modifiers."""

    day_ms: int | None = None
    date: tuple[int, int, int] | None = None
    time: tuple[int, int, float] | None = None
    zone_minutes: int = 0
    raw: float | None = None
    """The number it began with, until it is known what that counts."""
    too_far_days: int = 0
    """Days by which the last step left its month."""
    with_fraction: bool = False

    def count(self) -> int:
        """``day_ms``, computed when it is not known. Raises Impossible."""
        if self.day_ms is not None:
            return self.day_ms
        if self.raw is not None:
            raise Impossible
        year, month, day = self.date or (2000, 1, 1)
        if not -4713 <= year <= 9999:
            raise Impossible
        found = _days(year, month, day) * DAY_MS + UNIX_EPOCH_MS
        if self.time is not None:
            hour, minute, second = self.time
            found += hour * 3_600_000 + minute * 60_000 + int(second * 1000 + 0.5)
            if self.zone_minutes:
                found -= self.zone_minutes * 60_000
                self.date = self.time = None
                self.zone_minutes = 0
        self.day_ms = found
        return found

    def calendar(self) -> tuple[int, int, int]:
        """Year, month, day. Raises Impossible."""
        if self.date is None:
            if self.day_ms is None and self.raw is None:
                self.date = (2000, 1, 1)
            else:
                self.date = _civil(self._checked())
        return self.date

    def clock(self) -> tuple[int, int, float]:
        """Hour, minute, second. Raises Impossible."""
        if self.time is None:
            rest = (self._checked() + DAY_MS // 2) % DAY_MS
            minutes = rest // 60_000
            self.time, self.raw = (minutes // 60, minutes % 60, rest % 60_000 / 1000), None
        return self.time

    def keep_count(self) -> None:
        """Forget the calendar's parts, which the count may have left."""
        self.date = self.time = None
        self.zone_minutes = 0

    def shift(self, milliseconds: int) -> None:
        """Move on by so many milliseconds."""
        self.day_ms = self.count() + milliseconds
        self.keep_count()

    def set_date(self, year: int, month: int, day: int) -> None:
        """Another date at the same time of day."""
        self.calendar()
        self.clock()
        self.date, self.day_ms = (year, month, day), None

    def _checked(self) -> int:
        found = self.count()
        if not 0 <= found <= LAST_MS:
            raise Impossible
        return found


def _days(year: int, month: int, day: int) -> int:
    """Days from 1970-01-01; days beyond a month's end run on."""
    year -= month <= 2
    era, of_era = divmod(year, 400)
    of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - _EPOCH_DAY


def _civil(day_ms: int) -> tuple[int, int, int]:
    days = (day_ms - UNIX_EPOCH_MS) // DAY_MS + _EPOCH_DAY
    era, of_era = divmod(days, 146_097)
    years = (of_era - of_era // 1460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * years + years // 4 - years // 100)
    month = (5 * of_year + 2) // 153
    day = of_year - (153 * month + 2) // 5 + 1
    return years + era * 400 + (month >= 10), month + (3 if month < 10 else -9), day
