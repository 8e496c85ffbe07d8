"""SQLite's strftime: a format, a time value, and modifiers.

Z1  The result is NULL when anything does not fit, an unknown format letter included.
Z2  Without a time value it is the present, which the caller tells.

Not here: time values and modifiers (rules/time_text.py).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from yadokari.rules.comparison import SqlValue, as_text
from yadokari.rules.moment import DAY_MS, LAST_MS, UNIX_EPOCH_MS, Impossible, Moment
from yadokari.rules.time_text import modify, read_time


def strftime(arguments: Sequence[SqlValue], now_ms: int) -> str | None:
    """The formatted time; None for NULL.

    Args:
        arguments: Format, time value, modifiers.
        now_ms: The present in unix milliseconds.
    """
    form = as_text(arguments[0])
    if form is None:
        return None
    try:
        moment = read_time(arguments[1] if len(arguments) > 1 else "now", now_ms)
        for place, modifier in enumerate(arguments[2:]):
            modify(moment, modifier, first=place == 0)
        if not 0 <= moment.count() <= LAST_MS:
            return None
        if len(arguments) == 2 and moment.date is not None and moment.date[2] > 28:
            moment.date = None  # 30 February is 1 or 2 March (M2).
        return _formatted(form, moment)
    except Impossible:
        return None


def _formatted(form: str, moment: Moment) -> str | None:
    pieces: list[str] = []
    place = 0
    while place < len(form):
        mark = form.find("%", place)
        if mark < 0:
            break
        pieces.append(form[place:mark])
        write = _LETTERS.get(form[mark + 1 : mark + 2])
        if write is None:
            return None
        pieces.append(write(moment))
        place = mark + 2
    return "".join(pieces) + form[place:]


def _date(moment: Moment) -> str:
    year, month, day = moment.calendar()
    return f"{year:04d}-{month:02d}-{day:02d}"


def _fraction(moment: Moment) -> str:
    return f"{min(moment.clock()[2], 59.999):06.3f}"


def _hour12(moment: Moment) -> int:
    return (moment.clock()[0] + 11) % 12 + 1


def _minutes(moment: Moment) -> str:
    hour, minute, _ = moment.clock()
    return f"{hour:02d}:{minute:02d}"


def _seconds(moment: Moment) -> str:
    return f"{_minutes(moment)}:{int(moment.clock()[2]):02d}"


def _julian(moment: Moment) -> str:
    return f"{moment.count() / DAY_MS:.16g}"


def _unix(moment: Moment) -> str:
    if moment.with_fraction:
        return f"{(moment.count() - UNIX_EPOCH_MS) / 1000:.3f}"
    return str(moment.count() // 1000 - UNIX_EPOCH_MS // 1000)


def _day_of_week(moment: Moment) -> int:
    """Sunday is 0."""
    return (moment.count() + 129_600_000) // DAY_MS % 7


def _day_of_year(moment: Moment) -> int:
    """1 January is 0."""
    first = Moment(date=(moment.calendar()[0], 1, 1), time=moment.clock())
    return (moment.count() - first.count() + DAY_MS // 2) // DAY_MS


def _iso(moment: Moment) -> tuple[int, int]:
    """ISO year and week: those of the week's Thursday."""
    thursday = Moment(day_ms=moment.count() + (3 - (_day_of_week(moment) + 6) % 7) * DAY_MS)
    return thursday.calendar()[0], _day_of_year(thursday) // 7 + 1


_LETTERS: dict[str, Callable[[Moment], str]] = {
    "d": lambda moment: f"{moment.calendar()[2]:02d}",
    "e": lambda moment: f"{moment.calendar()[2]:2d}",
    "f": _fraction,
    "F": _date,
    "G": lambda moment: f"{_iso(moment)[0]:04d}",
    "g": lambda moment: f"{int(math.fmod(_iso(moment)[0], 100)):02d}",
    "H": lambda moment: f"{moment.clock()[0]:02d}",
    "I": lambda moment: f"{_hour12(moment):02d}",
    "j": lambda moment: f"{_day_of_year(moment) + 1:03d}",
    "J": _julian,
    "k": lambda moment: f"{moment.clock()[0]:2d}",
    "l": lambda moment: f"{_hour12(moment):2d}",
    "m": lambda moment: f"{moment.calendar()[1]:02d}",
    "M": lambda moment: f"{moment.clock()[1]:02d}",
    "p": lambda moment: "AM" if moment.clock()[0] < 12 else "PM",
    "P": lambda moment: "am" if moment.clock()[0] < 12 else "pm",
    "R": _minutes,
    "s": _unix,
    "S": lambda moment: f"{int(moment.clock()[2]):02d}",
    "T": _seconds,
    "u": lambda moment: str(_day_of_week(moment) or 7),
    "U": lambda moment: f"{(_day_of_year(moment) + 7 - _day_of_week(moment)) // 7:02d}",
    "V": lambda moment: f"{_iso(moment)[1]:02d}",
    "w": lambda moment: str(_day_of_week(moment)),
    "W": lambda moment: f"{(_day_of_year(moment) + 7 - (_day_of_week(moment) + 6) % 7) // 7:02d}",
    "Y": lambda moment: f"{moment.calendar()[0]:04d}",
    "%": lambda _: "%",
}
