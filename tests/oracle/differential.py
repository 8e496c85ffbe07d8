"""The differential suite: the same generated requests to PocketBase and to Yadokari.

Run: python -m tests.oracle.differential --seed 7 --requests 10000

D1  A run is its seed: the same seed draws the same requests.
D2  A round is a fresh schema with fresh records. After a write that differs, the round is over,
    since what follows would differ for that reason alone.
D3  A cell counts as compared when a filter that is this comparison alone got equal answers of 200,
    and the caller may see a record that it could keep or drop.
D4  Every difference is reduced to one request and written to a file that a person can read.

Not here: what is drawn (generate_*.py), what counts as equal (compare.py, deviations.py).
"""

import argparse
import itertools
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from tests.oracle.ask import Answers, Asks, Caller, Pair, Request
from tests.oracle.client import Answer, Json, query
from tests.oracle.compare import canonical, difference
from tests.oracle.deck import CELLS, Cell, Deck
from tests.oracle.deviations import deviation_of
from tests.oracle.generate_auth import PASSWORD, THIRD, AuthRequests
from tests.oracle.generate_collections import CollectionRequests
from tests.oracle.generate_requests import PER_PAGE, Requests, seed_requests
from tests.oracle.generate_schema import (
    PEOPLE,
    draw_round,
    draw_rules,
    people,
    people_change,
)
from tests.oracle.server import running
from tests.oracle.world import Shape, World

REQUESTS_PER_ROUND = 500  # Long enough to pay for its schema, short enough to see many schemas.
COLLECTION_REQUESTS_PER_ROUND = 40
RECORDS_PER_COLLECTION = 14
REPORT = Path("build/differential.txt")
AUTH_REQUESTS_PER_ROUND = 12  # Few, for bcrypt is slow on purpose.
IDLE_ROUNDS_MAX = 10  # What so many schemas in a row refuse, the next one will.
MISMATCHES_KEPT_MAX = 500  # More is no easier to read; all are counted.


CLEARING_TRIES_MAX = 6  # As long as a chain of collections that point at each other.
COLLECTIONS = Request(
    area="drop",
    caller="root",
    method="GET",
    path="/api/collections?perPage=200&fields=id&filter=system=false",
)
KEPT_COLLECTIONS = frozenset({"people_id", "_pb_users_auth_"})
CALLER_IDS = frozenset(f"id0{index:012d}" for index in range(2))
"""Records of `people` that last for the whole run, for they are the callers."""
IMPORT = "/api/collections/import"
RELOAD = Request(
    area="reload", caller="root", method="PATCH", path="/api/collections/_pb_users_auth_", json={}
)
"""After an import that it undid the oracle shows the truth again (deviation 6)."""
_ALONE = Request(area="state", caller="root", method="GET", path="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatch:
    """A difference that nothing explains."""

    request: Request
    reproduction: Request
    seen: str
    """Both answers to the reproduction."""
    round: int


@dataclass(slots=True, kw_only=True)
class Report:
    """What a run found."""

    seed: int
    areas: Counter[str] = field(default_factory=Counter)
    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    cells: Counter[Cell] = field(default_factory=Counter)
    """How often each operator was compared on a field kind for a caller (D3)."""
    splits: Counter[Cell] = field(default_factory=Counter)
    """How often it kept some of the caller's records and dropped others."""
    deviations: Counter[str] = field(default_factory=Counter)
    mismatches: list[Mismatch] = field(default_factory=list)
    signatures: Counter[tuple[str, int, int]] = field(default_factory=Counter)
    """Mismatches by area and both statuses."""
    rounds_cut: int = 0

    @property
    def compared(self) -> int:
        """Requests whose answers were compared."""
        return self.areas.total()

    @property
    def cell_min(self) -> int:
        """How often the rarest cell was compared."""
        return min(self.cells[cell] for cell in CELLS)

    def summary(self) -> str:
        """Counts for each area, statuses and mismatches."""
        wrong: Counter[str] = Counter()
        for (area, _, _), count in self.signatures.items():
            wrong[area] += count
        split = sum(1 for cell in CELLS if self.splits[cell])
        lines = [
            f"seed {self.seed}: {self.compared} comparisons, {self.cells.total()} of single cells",
            f"  rarest of {len(CELLS)} cells: {self.cell_min} times; {split} split the records",
        ]
        for area, count in sorted(self.areas.items()):
            statuses = {status: n for (one, status), n in self.statuses.items() if one == area}
            shown = " ".join(f"{status}:{n}" for status, n in sorted(statuses.items()))
            lines.append(f"  {area:16} {count:>6}  differ {wrong[area]:>5}   {shown}")
        lines.extend(f"  deviation {name}: {n}" for name, n in self.deviations.items())
        lines.extend(
            f"  {n:>5} x {area}: oracle {oracle}, ours {ours}"
            for (area, oracle, ours), n in self.signatures.most_common()
        )
        total = self.signatures.total()
        lines.append(f"  {total} mismatches, {self.rounds_cut} rounds cut short")
        return "\n".join(lines)

    def text(self) -> str:
        """Summary and every mismatch."""
        parts = [self.summary()]
        for number, one in enumerate(self.mismatches, start=1):
            parts.append(
                f"#{number} {one.request.area}, round {one.round}: {one.reproduction.line}"
            )
            parts.append(f"  {one.seen}")
            if one.reproduction is not one.request:
                parts.append(f"  reduced from {one.request.line}")
        return "\n".join(parts) + "\n"


class Differential:
    """A run over a pair of servers."""

    def __init__(self, pair: Asks, *, seed: int) -> None:
        """Nothing is sent yet."""
        self._pair = pair
        self._seed = seed
        self._round = 0
        self._state_differs = False
        self._world = World(dice=random.Random(seed))
        self._deck = Deck()
        self._visible: dict[tuple[Caller, str], int] = {}
        self.report = Report(seed=seed, cells=self._deck.compared)

    def run(self, *, requests: int, cell_min: int = 0) -> Report:
        """Compare at least so many requests of all kinds, then single cells until all have enough.

        Args:
            requests: How many to compare before cells alone are asked.
            cell_min: How often each cell shall be compared.
        """
        self._prepare_callers()
        idle_rounds = 0
        while self.report.compared < requests or self._deck.least < cell_min:
            before = self._deck.compared.total()
            self._round += 1
            self._play_round(requests=requests, cell_min=cell_min)
            idle_rounds = 0 if self._deck.compared.total() > before else idle_rounds + 1
            if idle_rounds == IDLE_ROUNDS_MAX:
                break
        return self.report

    def compare(self, request: Request) -> Answers:
        """Ask both, note the outcome."""
        answers = self._pair.ask(request)
        self.report.areas[request.area] += 1
        self.report.statuses[request.area, answers.oracle.status] += 1
        if request.writes:
            self._visible.clear()
        if request.path == IMPORT and answers.oracle.status == 400:
            self._pair.ask(RELOAD)
        if request.makes is not None and answers.oracle.status == 200:
            name, new = request.makes
            self._world.shapes[name].ids.append(new)
        seen = difference(request, answers)
        if request.cell is not None:
            self._settle((*request.cell, request.caller), request, answers, is_equal=seen is None)
        if seen is None:
            return answers
        deviation = deviation_of(request, answers)
        if deviation is not None:
            self.report.deviations[deviation.id] += 1
            return answers
        self._note(request, answers, seen)
        if request.writes:
            self._state_differs = True
        return answers

    def _settle(self, cell: Cell, request: Request, answers: Answers, *, is_equal: bool) -> None:
        """Count a cell that was really compared, give the others back (D3)."""
        kept = _total(answers.oracle) if is_equal and answers.oracle.status == 200 else None
        visible = 0 if kept is None else self._visible_to(request.caller, request.path)
        if kept is None or visible == 0:
            self._deck.take_back(cell)
            return
        self._deck.count(cell)
        if 0 < kept < visible:
            self.report.splits[cell] += 1

    def _visible_to(self, caller: Caller, path: str) -> int:
        """How many records of a collection a caller may list, asked once between writes."""
        records = path.partition("?")[0]
        known = self._visible.get((caller, records))
        if known is None:
            unfiltered = records + query(fields="id", perPage=1)
            request = Request(area="unfiltered", caller=caller, method="GET", path=unfiltered)
            known = _total(self.compare(request).oracle)
            self._visible[caller, records] = known
        return known

    def _note(self, request: Request, answers: Answers, seen: str) -> None:
        signature = (request.area, answers.oracle.status, answers.ours.status)
        self.report.signatures[signature] += 1
        if len(self.report.mismatches) >= MISMATCHES_KEPT_MAX:
            return
        reproduction = request
        for smaller in request.smaller:
            again = difference(smaller, self._pair.ask(smaller))
            if again is not None:
                reproduction, seen = smaller, again
                break
        self.report.mismatches.append(
            Mismatch(request=request, reproduction=reproduction, seen=seen, round=self._round)
        )

    def _prepare_callers(self) -> None:
        shape, body = people()
        self._root("POST", "/api/collections", body)
        self._root("PATCH", "/api/collections/people", people_change())
        for index, caller in enumerate(("user", "other")):
            self._person(index, caller)
        self._root("PATCH", f"{shape.path}/id0000000000000", {"boss": "id0000000000001"})
        for caller in ("user", "other"):
            sign_in: dict[str, Json] = {"identity": f"{caller}@example.com", "password": PASSWORD}
            path = f"/api/collections/{PEOPLE}/auth-with-password"
            answers = self._root("POST", path, sign_in)
            tokens = [one.json() for one in (answers.oracle, answers.ours)]
            oracle, ours = (str(t["token"]) if isinstance(t, dict) else "" for t in tokens)
            self._pair.sign_in(caller, oracle=oracle, ours=ours)

    def _person(self, index: int, name: str) -> None:
        record: dict[str, Json] = {
            "id": f"id0{index:012d}", "email": f"{name}@example.com", "password": PASSWORD,
            "passwordConfirm": PASSWORD, "role": "ab"[index % 2], "level": index * 3,
            "emailVisibility": index == 1, "secret": "s",
        }  # fmt: skip
        self._root("POST", f"/api/collections/{PEOPLE}/records", record)

    def _play_round(self, *, requests: int, cell_min: int) -> None:
        self._state_differs = False
        world = World(dice=random.Random(f"{self._seed}/{self._round}"), last_id=1_000)
        self._world = world
        shape, _ = people()
        self._person(2, "third")
        shape.ids = [*sorted(CALLER_IDS), THIRD]
        world.shapes[PEOPLE] = shape
        self._build(world)
        self._deck.begin_round()
        is_mixed = self.report.compared < requests
        drawn = self._mixed(world) if is_mixed else self._cells(world, cell_min=cell_min)
        for request in itertools.islice(drawn, REQUESTS_PER_ROUND):
            self.compare(request)
            if self._state_differs and not self._mend(world):
                self.report.rounds_cut += 1
                break
            if is_mixed and self.report.compared >= requests:
                break
        else:
            for name in ("kit", "beta", "gamma", PEOPLE):
                self.compare(_dump(world.shapes[name]))
        self._clear()
        for one in shape.ids:
            if one not in CALLER_IDS:
                path = f"{shape.path}/{one}"
                self._pair.ask(Request(area="drop", caller="root", method="DELETE", path=path))

    def _mixed(self, world: World) -> Iterator[Request]:
        """Requests of all kinds, without end."""
        sources = (Requests(world, self._deck), CollectionRequests(world), AuthRequests(world))
        weights = (
            REQUESTS_PER_ROUND - COLLECTION_REQUESTS_PER_ROUND - AUTH_REQUESTS_PER_ROUND,
            COLLECTION_REQUESTS_PER_ROUND,
            AUTH_REQUESTS_PER_ROUND,
        )
        while True:
            yield world.dice.choices(sources, weights)[0].draw()

    def _cells(self, world: World, *, cell_min: int) -> Iterator[Request]:
        """Single cells that are missing, as long as the round has any."""
        source = Requests(world, self._deck)
        while (request := source.draw_cell(below=cell_min)) is not None:
            yield request

    def _clear(self) -> None:
        """Delete all collections of the round, whatever their names became."""
        for _ in range(CLEARING_TRIES_MAX):
            seen = self._pair.ask(COLLECTIONS)
            names = {*_items(seen.oracle), *_items(seen.ours)} - KEPT_COLLECTIONS
            if not names:
                return
            for one in names:
                path = f"/api/collections/{quote(one, safe='')}"
                self._pair.ask(Request(area="drop", caller="root", method="DELETE", path=path))

    def _mend(self, world: World) -> bool:
        """Delete on both sides what differs; whether the states are equal then."""
        self._state_differs = False
        for shape in (world.shapes[name] for name in ("gamma", "kit", "beta", PEOPLE)):
            seen = self._pair.ask(_dump(shape))
            for one in _apart(_items(seen.oracle), _items(seen.ours)) - CALLER_IDS:
                path = f"{shape.path}/{one}"
                self._pair.ask(Request(area="mend", caller="root", method="DELETE", path=path))
        dumps = [_dump(world.shapes[name]) for name in ("gamma", "kit", "beta", PEOPLE)]
        return all(difference(one, self._pair.ask(one)) is None for one in dumps)

    def _build(self, world: World) -> None:
        view: Json = None
        for body in draw_round(world):
            if body["type"] == "view":
                view = body
                continue
            self._root("POST", "/api/collections", body)
        for name in ("beta", "kit", "gamma"):
            for request in seed_requests(world, world.shapes[name], records=RECORDS_PER_COLLECTION):
                self.compare(request)
        assert isinstance(view, dict)
        self._root("POST", "/api/collections", view)
        for name in ("beta", "kit", "gamma"):
            for key, rule in draw_rules(world, world.shapes[name]).items():
                self._root("PATCH", f"/api/collections/{name}", {key: rule})

    def _root(self, method: str, path: str, body: dict[str, Json]) -> Answers:
        return self.compare(
            Request(area="schema", caller="root", method=method, path=path, json=body, writes=True)
        )


@contextmanager
def prepared(*, seed: int) -> Iterator[Differential]:
    """Both servers started, a run ready."""
    with running("oracle") as oracle, running("ours") as ours:
        pair = Pair(oracle=oracle, ours=ours)
        try:
            yield Differential(pair, seed=seed)
        finally:
            pair.close()


def main() -> int:
    """Run from the command line; 1 when something differs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--cells", type=int, default=0, help="comparisons of each cell at least")
    parser.add_argument("--report", type=Path, default=REPORT)
    arguments = parser.parse_args()
    began = time.monotonic()
    with prepared(seed=arguments.seed) as differential:
        report = differential.run(requests=arguments.requests, cell_min=arguments.cells)
    arguments.report.parent.mkdir(parents=True, exist_ok=True)
    arguments.report.write_text(report.text(), encoding="utf-8")
    took_seconds = time.monotonic() - began
    sys.stdout.write(f"{report.summary()}\n  {took_seconds:.0f} s, written to {arguments.report}\n")
    return 1 if report.mismatches else 0


def _dump(shape: Shape) -> Request:
    tail = query(perPage=PER_PAGE, sort="id")
    return Request(area="state", caller="root", method="GET", path=shape.path + tail)


def _items(answer: Answer) -> dict[str, str]:
    """Records of a page by id, in the form that equal records share."""
    body = answer.json()
    items = body.get("items") if isinstance(body, dict) else None
    found: dict[str, str] = {}
    for item in items if isinstance(items, list) else []:
        if isinstance(item, dict):
            alone = Answer(status=200, body=json.dumps(item).encode(), headers=answer.headers)
            found[str(item["id"])] = canonical(_ALONE, alone)
    return found


def _total(answer: Answer) -> int:
    """How many records a list counts; 0 for a refusal."""
    body = answer.json()
    total = body.get("totalItems") if isinstance(body, dict) else None
    return total if isinstance(total, int) else 0


def _apart(oracle: dict[str, str], ours: dict[str, str]) -> set[str]:
    """Ids that only one side has, or that differ."""
    return {one for one in {**oracle, **ours} if oracle.get(one) != ours.get(one)}


if __name__ == "__main__":
    sys.exit(main())
