"""The deck of filter cells (operator x field kind x caller): which was compared how often.

Y1  Rarest first: a round deals the cells that were compared least, ties in drawn order.
Y2  A cell that was dealt in vain comes back at once, but only so often: what the round's rules
    refuse again and again waits for another round.

Not here: what becomes of a cell (generate_requests.py), when it counts as compared
(differential.py).
"""

import random
from collections import Counter, deque

from tests.oracle.ask import CALLERS, Caller
from tests.oracle.operators_fixture import OPERATORS
from tests.oracle.world import KINDS, Kind

Cell = tuple[str, Kind, Caller]
CELLS: tuple[Cell, ...] = tuple(
    (operator, kind, caller) for operator in OPERATORS for kind in KINDS for caller in CALLERS
)
VAIN_DEALS_MAX = 3  # In one round.


class Deck:
    """The cells of a run."""

    def __init__(self) -> None:
        """Nothing was compared yet."""
        self.compared: Counter[Cell] = Counter()
        self._queue: deque[Cell] = deque()
        self._vain: Counter[Cell] = Counter()

    @property
    def least(self) -> int:
        """How often the rarest cell was compared."""
        return min(self.compared[cell] for cell in CELLS)

    def begin_round(self) -> None:
        """Cells that the last round refused get another chance."""
        self._queue.clear()
        self._vain.clear()

    def deal(self, dice: random.Random, *, below: int | None = None) -> Cell | None:
        """The next cell, or None when this round has nothing more to give.

        Args:
            below: Only cells that were compared less often; None for all.
        """
        if not self._queue:
            waiting = [cell for cell in CELLS if self._vain[cell] < VAIN_DEALS_MAX]
            if below is not None:
                waiting = [cell for cell in waiting if self.compared[cell] < below]
            dice.shuffle(waiting)
            self._queue.extend(sorted(waiting, key=self.compared.__getitem__))
        return self._queue.popleft() if self._queue else None

    def count(self, cell: Cell) -> None:
        """The cell was compared."""
        self.compared[cell] += 1

    def take_back(self, cell: Cell) -> None:
        """The cell was dealt in vain."""
        self._vain[cell] += 1
        if self._vain[cell] < VAIN_DEALS_MAX:
            self._queue.appendleft(cell)
