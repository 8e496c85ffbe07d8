"""What kind of file it is, and which data format it has.

F1  The application id marks our files; ``user_version`` and a row of ``$meta`` hold the format.
F2  An older format is upgraded in place in one transaction, a newer one is refused.
"""

from __future__ import annotations

from collections.abc import Callable

import apsw
import msgspec

from yadokari.ports.clock import Clock
from yadokari.ports.entropy import Entropy
from yadokari.stores.sqlite.ddl import SYSTEM_TABLES
from yadokari.stores.sqlite.errors import WrongData

APPLICATION_ID = 0x5941444F
"""``YADO``, as ``file`` shows it."""
DATA_FORMAT = 1

UPGRADES: dict[int, Callable[[apsw.Connection], None]] = {}
"""From the format in the key to the next one."""


class Meta(msgspec.Struct, frozen=True, kw_only=True):
    """What the file says about itself."""

    epoch: int
    schema_version: int


def prepare_file(connection: apsw.Connection, *, entropy: Entropy, clock: Clock) -> None:
    """Make a new file ours, or bring an older one up to date.

    Raises:
        WrongData: it is newer, or somebody else's.
    """
    [[application]] = connection.execute("PRAGMA application_id").fetchall()
    [[found]] = connection.execute("PRAGMA user_version").fetchall()
    [[tables]] = connection.execute("SELECT count(*) FROM sqlite_schema").fetchall()
    if application == APPLICATION_ID:
        if int(found) > DATA_FORMAT:
            raise WrongData(
                f"The data has format {found}, this program knows up to {DATA_FORMAT}: "
                "install the newer program that wrote it."
            )
        if int(found) < DATA_FORMAT:  # Else nothing is written: a start waits for no disk.
            with connection:
                for version in range(int(found), DATA_FORMAT):
                    UPGRADES[version](connection)
                _set_format(connection)
        return
    if application != 0 or tables != 0:
        raise WrongData(
            "The database file was not made by this program. A PocketBase folder is moved in "
            "with `yadokari import pocketbase`."
        )
    with connection:
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        for statement in SYSTEM_TABLES:
            connection.execute(statement)
        _set_format(connection)
        rows = (("epoch", 1), ("made_ms", clock.unix_ms()), ("instance", entropy.bytes(16).hex()))
        connection.executemany('INSERT INTO "$meta" VALUES (?, ?)', rows)


def read_meta(connection: apsw.Connection) -> Meta:
    """What the file says about itself."""
    rows = dict(connection.execute('SELECT key, value FROM "$meta"').fetchall())
    return Meta(epoch=int(rows["epoch"]), schema_version=int(rows.get("schema_version", 0)))


def _set_format(connection: apsw.Connection) -> None:
    connection.execute(f"PRAGMA user_version = {DATA_FORMAT}")
    connection.execute(
        "INSERT INTO \"$meta\" VALUES ('data_format', ?)"
        " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        (DATA_FORMAT,),
    )
