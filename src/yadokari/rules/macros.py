"""Macros: moments and parts of moments, in UTC.

Not here: reading the clock; the request carries its time.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

_DAY = timedelta(days=1)
_END = timedelta(milliseconds=1)


def _day(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _month(moment: datetime) -> datetime:
    return _day(moment).replace(day=1)


def _year(moment: datetime) -> datetime:
    return _month(moment).replace(month=1)


def _next_month(moment: datetime) -> datetime:
    return _month(_month(moment) + 31 * _DAY)


def _next_year(moment: datetime) -> datetime:
    return _year(_year(moment) + 366 * _DAY)


_DATES: dict[str, Callable[[datetime], datetime]] = {
    "@now": lambda moment: moment,
    "@yesterday": lambda moment: moment - _DAY,
    "@tomorrow": lambda moment: moment + _DAY,
    "@todayStart": _day,
    "@todayEnd": lambda moment: _day(moment) + _DAY - _END,
    "@monthStart": _month,
    "@monthEnd": lambda moment: _next_month(moment) - _END,
    "@yearStart": _year,
    "@yearEnd": lambda moment: _next_year(moment) - _END,
}
_PARTS: dict[str, Callable[[datetime], int]] = {
    "@second": lambda moment: moment.second,
    "@minute": lambda moment: moment.minute,
    "@hour": lambda moment: moment.hour,
    "@day": lambda moment: moment.day,
    "@month": lambda moment: moment.month,
    "@weekday": lambda moment: moment.isoweekday() % 7,
    "@year": lambda moment: moment.year,
}
MACROS = frozenset(_DATES) | frozenset(_PARTS)
"""Names of all macros."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def macro_value(name: str, now_ms: int) -> str | int:
    """What one of MACROS stands for at a moment (unix milliseconds)."""
    moment = _EPOCH + timedelta(milliseconds=now_ms)
    if name in _PARTS:
        return _PARTS[name](moment)
    found = _DATES[name](moment)
    return found.strftime("%Y-%m-%d %H:%M:%S.") + f"{found.microsecond // 1000:03d}Z"
