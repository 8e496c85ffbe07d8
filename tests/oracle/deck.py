"""The deck of filter cells: operator x field kind, one pile for each caller.

Y1  A pile is dealt to its end before it is shuffled anew, over all rounds of a run, so every cell
    comes equally often.
Y2  Cells of a filter that the oracle refused come back on top, for they were not compared.

Not here: what becomes of a cell (generate_filters.py).
"""

import random
from collections.abc import Iterable

from tests.oracle.ask import CALLERS, Caller
from tests.oracle.operators_fixture import OPERATORS
from tests.oracle.world import KINDS, Kind

Cell = tuple[str, Kind]
RETURNS_MAX = 3  # A cell that a round's rules refuse again and again waits for another round.


class Deck:
    """The piles of a run."""

    def __init__(self) -> None:
        """All piles are empty until the first deal."""
        self._piles: dict[Caller, list[Cell]] = {caller: [] for caller in CALLERS}
        self._turn = 0
        self._returned: dict[tuple[Caller, Cell], int] = {}

    def next_caller(self) -> Caller:
        """The caller whose turn it is."""
        self._turn += 1
        return CALLERS[self._turn % len(CALLERS)]

    def deal(self, caller: Caller, dice: random.Random) -> Cell:
        """The caller's next cell."""
        pile = self._piles[caller]
        if not pile:
            pile.extend((operator, kind) for operator in OPERATORS for kind in KINDS)
            dice.shuffle(pile)
            self._returned.clear()
        return pile.pop()

    def take_back(self, caller: Caller, cells: Iterable[Cell]) -> None:
        """Put cells that were not compared back on top, but not for ever."""
        for cell in cells:
            times = self._returned.get((caller, cell), 0)
            self._returned[caller, cell] = times + 1
            pile = self._piles[caller]
            pile.insert(len(pile) if times < RETURNS_MAX else 0, cell)
