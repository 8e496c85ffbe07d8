"""What a store can do beyond its port so that erased data is really gone.

E1  Images in the change log that hold traces of a record are emptied; the entries stay, in their
    places, so whoever follows the log misses nothing.
E2  ``compact`` leaves nothing in the store's files but what its tables hold.

Not here: what belongs to a person (upkeep/erasing.py).
"""

from __future__ import annotations

from typing import Protocol

import msgspec


class Traces(msgspec.Struct, frozen=True, kw_only=True):
    """By what the traces of erased records are known."""

    records: tuple[tuple[str, str], ...]
    """Collection id and record id of each."""
    texts: tuple[str, ...] = ()
    """What no image may hold any more: the person's id and address as JSON strings, quotes and all.
    None is empty."""


class Erasable(Protocol):
    """A store that can forget."""

    async def forget_images(self, traces: Traces, *, dry_run: bool) -> int:
        """Empty the images that are of these records or hold one of the texts; how many (E1).

        With ``dry_run`` they are only counted. Raises Unavailable.
        """
        ...

    async def compact(self) -> None:
        """Rewrite the files (E2); units of work wait meanwhile.

        Raises:
            Unavailable: somebody reads for so long that old pages cannot go; try again.
        """
        ...
