"""SQLite's errors as ours, once.

Not here: what an HTTP client is told (api/errors.py).
"""

from __future__ import annotations

import apsw

from yadokari.base.errors import BadRequest, Conflict, Unavailable, YadokariError
from yadokari.schema.collection import Collection

_UNIQUE = "UNIQUE constraint failed: "


class WrongData(YadokariError):
    """The file is newer than this program, or not one of ours. Use the program that made it."""


def translated(error: Exception) -> Exception:
    """Our error for one of SQLite's; anything else is handed back as it is."""
    match error:
        case apsw.FullError():
            return Unavailable("The disk is full: nothing was written. Free some space.")
        case apsw.BusyError() | apsw.LockedError():
            return Unavailable("The database is busy: another program holds its lock.")
        case apsw.InterruptError():
            return Unavailable("The query took too long and was stopped.")
        case apsw.IOError() | apsw.CantOpenError():
            return Unavailable("The disk cannot be read or written.", retry_after_s=5)
        case apsw.ReadOnlyError() | apsw.PermissionsError():
            return Unavailable("The database file is read-only.", retry_after_s=30)
        case apsw.CorruptError() | apsw.NotADBError():
            return Unavailable("The database file is damaged.", retry_after_s=60)
        case apsw.NoMemError():
            return Unavailable("Out of memory.", retry_after_s=5)
        case apsw.TooBigError() | apsw.RangeError():
            return BadRequest("A value is too big for the store.")
        case apsw.SQLError():
            return BadRequest("The store cannot run this query.")
        case UnicodeEncodeError():
            return BadRequest("Text holds half a surrogate pair.")
        case apsw.Error():
            return Unavailable("The database refused.")
        case _:
            return error


def conflict_of(error: apsw.ConstraintError, collection: Collection) -> Conflict | None:
    """The unique violation behind a constraint error, or None when it is another constraint.

    An index with expressions names no field, as in PocketBase.
    """
    _, found, rest = str(error).partition(_UNIQUE)
    if not found:
        return None
    if rest.startswith("index '"):
        return Conflict(collection=collection.name, fields=())
    columns = tuple(part.rpartition(".")[2] for part in rest.split(", "))
    return Conflict(collection=collection.name, fields=columns)
