"""The joins of a plan while it is being made: shared by path, numbered in order of appearance.

J1  The same step from the same parent to the same collection is the same join (R2 of
    rules/plan.py); but a list rule that guards a joined row chooses for itself.
J2  A parent's number is lower than its children's.

Not here: which names lead where (rules/paths.py).
"""

from __future__ import annotations

from yadokari.rules.errors import RuleError
from yadokari.rules.plan import (
    ROOT,
    Join,
    Slot,
    SlotRef,
    Step,
    gives_many,
)
from yadokari.schema.collection import Collection

JOINS_MAX = 64  # SQLite joins at most 64 tables in one statement.


class Joins:
    """Joins and slots of the plan being made."""

    def __init__(self, root: Collection) -> None:
        self._root = root
        self._by_step: dict[tuple[int, Step, str, int], Join] = {}
        self._slots: dict[Slot, int] = {}

    def add(
        self, parent: int, step: Step, collection: Collection | None, *, realm: int = ROOT
    ) -> Join:
        """The join for this step, made when it is new.

        Args:
            realm: Who chooses: the list rule that guards this join's row, or ROOT for the query.
                A choice among several rows is never shared between realms.

        Raises:
            RuleError: the plan would need too many joins.
        """
        many = gives_many(step)
        target = collection.id if collection is not None else ""
        key = (parent, step, target, realm if many else ROOT)
        known = self._by_step.get(key)
        if known is not None:
            return known
        if len(self._by_step) >= JOINS_MAX:
            raise RuleError(f"more than {JOINS_MAX} joins")
        many = many or (parent != ROOT and self.get(parent).many)
        join = Join(len(self._by_step) + 1, parent, step, collection, many)
        self._by_step[key] = join
        return join

    def get(self, number: int) -> Join:
        """The join with this number."""
        return tuple(self._by_step.values())[number - 1]

    def collection(self, number: int) -> Collection:
        """The collection that the rows of a join (or of ROOT) belong to."""
        if number == ROOT:
            return self._root
        collection = self.get(number).collection
        assert collection is not None, "only joins to records are walked on from"
        return collection

    def slot(self, slot: Slot) -> SlotRef:
        """A reference to this slot, shared when it is known."""
        return SlotRef(self._slots.setdefault(slot, len(self._slots)))

    def all(self) -> tuple[Join, ...]:
        """The joins so far, by number."""
        return tuple(self._by_step.values())

    def slots(self) -> tuple[Slot, ...]:
        """The slots so far, by index."""
        return tuple(self._slots)
