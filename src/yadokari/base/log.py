"""What every layer may say about its work: events with fields, never sentences.

L1  An event is a fixed word in snake_case; everything that varies is a field.
L2  Whoever writes the lines keeps secrets out of them (app/log_lines.py); senders still send none.

Not here: how lines look and where they go (app/log_lines.py).
"""

from __future__ import annotations

from typing import Protocol, TypeAlias

LogValue: TypeAlias = str | int | float | bool | None


class Log(Protocol):
    """Takes events; never raises, never waits."""

    @property
    def is_debug(self) -> bool:
        """Whether ``debug`` writes anything; ask before costly fields."""
        ...

    def debug(self, event: str, **fields: LogValue) -> None:
        """Something a developer of this program wants to see."""
        ...

    def info(self, event: str, **fields: LogValue) -> None:
        """Something an operator wants to find later."""
        ...

    def warning(self, event: str, **fields: LogValue) -> None:
        """Something an operator should look at."""
        ...

    def error(self, event: str, *, error: BaseException | None = None, **fields: LogValue) -> None:
        """Something that failed; with the exception's traceback."""
        ...


class SilentLog:
    """Writes nothing."""

    is_debug = False

    def debug(self, event: str, **fields: LogValue) -> None:
        """Nothing."""

    def info(self, event: str, **fields: LogValue) -> None:
        """Nothing."""

    def warning(self, event: str, **fields: LogValue) -> None:
        """Nothing."""

    def error(self, event: str, *, error: BaseException | None = None, **fields: LogValue) -> None:
        """Nothing."""


_: type[Log] = SilentLog
