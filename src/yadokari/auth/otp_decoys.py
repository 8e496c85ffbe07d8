"""Made-up one-time passwords: what somebody without an account is answered, told apart by nobody.

OD1  A made-up id behaves as a real one: it lives as long, is repeated as a real one is when too
     many are asked for, and shares its attempts with the others of its address.
OD2  Memory is bounded: the oldest are forgotten; a forgotten one is an unknown one.
"""

from __future__ import annotations

from collections import OrderedDict

from yadokari.ports.clock import Clock
from yadokari.schema.collection import Collection

DECOYS_MAX = 10_000  # About 3 MB.


class OtpDecoys:
    """Remembers made-up ids."""

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        self._made: OrderedDict[str, tuple[str, int]] = OrderedDict()
        """Whom it is for, and when it was made in Unix milliseconds; oldest first."""

    def issue(self, collection: Collection, email: str, *, fresh_id: str, recent_max: int) -> str:
        """A made-up id for this address: ``fresh_id``, or the last one when there are too many."""
        subject = _subject(collection, email)
        recent = [
            id
            for id, (whose, _) in self._made.items()
            if whose == subject and self.subject_of(collection, id)
        ]
        if len(recent) >= recent_max:
            return recent[-1]
        self._made[fresh_id] = (subject, self._clock.unix_ms())
        if len(self._made) > DECOYS_MAX:
            self._made.popitem(last=False)
        return fresh_id

    def subject_of(self, collection: Collection, id: str) -> str:
        """Whose attempts count for a made-up id; "" for one that is none, or is over."""
        whose, made_ms = self._made.get(id, ("", 0))
        assert collection.auth is not None
        is_over = self._clock.unix_ms() - made_ms > collection.auth.otp.duration * 1_000
        if is_over or not whose.startswith(f"{collection.id} "):
            return ""
        return whose


def _subject(collection: Collection, email: str) -> str:
    return f"{collection.id} {email.lower()}"
