"""Problems: what is wrong with submitted data, by key, as the wire contract nests them.

P1  A problem has a stable code; its message is for people and never compared.
P2  Array positions are string keys.

Not here: which status an answer gets (api/errors.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias, Union

import msgspec

ParamValue: TypeAlias = str | int | float | bool | list[str] | None


class Problem(msgspec.Struct, frozen=True):
    """One thing that is wrong with one submitted value."""

    code: str
    """Stable name such as ``validation_required``."""
    message: str
    """A sentence in our own words, ends with a full stop."""
    params: Mapping[str, ParamValue] | None = None
    """Values that the message mentions; left out of the answer when None."""


Problems: TypeAlias = dict[str, Union[Problem, "Problems"]]
"""Problems by submitted key; nests like the input."""


def required() -> Problem:
    """The problem of a missing or zero value."""
    return Problem("validation_required", "Cannot be blank.")
