"""Several writes as one unit of work.

T1  All or nothing: the first failing item undoes every other.
T2  Items see what earlier items wrote.
T3  The first failing item, in their order, is the one that is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

import msgspec

from yadokari.base.errors import YadokariError
from yadokari.records.caller import Asking
from yadokari.records.submission import Submission
from yadokari.schema.collection import Collection

BatchOp: TypeAlias = Literal["create", "update", "upsert", "delete"]


class BatchItem(msgspec.Struct, frozen=True, kw_only=True):
    """One write of a batch."""

    op: BatchOp
    asking: Asking
    collection: Collection
    id: str = ""
    """Of the record; for creates the id when the client gives none."""
    submission: Submission
    expand: str = ""


class RefusedItem(msgspec.Struct, frozen=True):
    """An item that failed before the unit of work; told when its turn comes (T3)."""

    cause: YadokariError


class BatchFailed(YadokariError):
    """An item failed and nothing was kept. Correct that item and send all again."""

    def __init__(self, *, index: int, cause: Exception) -> None:
        super().__init__(f"item {index} failed")
        self.index, self.cause = index, cause


Items: TypeAlias = Sequence[BatchItem | RefusedItem]
