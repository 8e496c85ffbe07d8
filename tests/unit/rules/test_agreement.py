"""Random filters: the compiled SQL and the evaluator find the same rows."""

import random

import pytest

from tests.unit.rules.questions import World, operators_world

FILTERS = 300
FILTERS_PROOF = 10_000
MORE_OPERANDS = (
    "child_via_owner.tag.name", "child_via_owner.tag.item_via_r1.t", "rm.boss.name",
    "rm.item_via_rm.t", "child_via_owner.tag.labels:each", "r1.item_via_rm.sm:each",
    "@collection.item.rm.name", "@collection.child.tag.name", "rm.boss.labels:each",
    "@request.body.rm.boss.labels:each", "@request.body.rm:each", "@request.body.rm.item_via_rm.n",
    "@request.body.sm:length", "rm.boss.info.k", "r1.boss.boss.info", "@request.body.t:lower",
    "g.lon:lower", "@request.auth.verified:lower", "only_via_owner.on",
    "only_via_owner.owner.rm.name", "geoDistance(rm.at.lon,rm.at.lat,g.lon,g.lat)",
    "strftime('%Y-%m',child_via_owner.cd,'+1 month')", "geoDistance(n,n2,0,t)", "'a_'", "'\\%'",
    "'%a'", "'x y'", "100", "2", "'[\"a\"'",
)  # fmt: skip
SHARED_PATHS = (
    "rm.name", "rm.budget", "rm:each", "rm.labels:each", "child_via_owner.ct",
    "child_via_owner.tag.name", "@collection.team.name", "@collection.team:x.budget",
    "rm.boss.name", "r1.labels:each", "sm:each",
)  # fmt: skip
ASIDE = ("t", "n", "5", "'a'", "null", "j.k", "true")
CLOCK = ("@now", "@year")


class Filters:
    """Filters drawn from a seed."""

    def __init__(self, world: World, seed: int) -> None:
        self.dice = random.Random(seed)
        operators, operands = world.document["operators"], world.document["operands"]
        assert isinstance(operators, list)
        assert isinstance(operands, list)
        self.operators = [str(one) for one in operators]
        self.operands = [str(one) for one in operands if one not in CLOCK] + [*MORE_OPERANDS]

    def draw(self) -> str:
        """A filter: of any operands, or of few paths that share their elements."""
        if self.dice.random() < 0.5:
            return self._tree(2, self.operands, self.operands)
        paths = self.dice.sample(SHARED_PATHS, 2)
        return self._tree(3, paths, [*paths, *ASIDE])

    def _tree(self, depth: int, lefts: list[str], rights: list[str]) -> str:
        dice = self.dice
        if depth == 0 or dice.random() < 0.3:
            return f"{dice.choice(lefts)} {dice.choice(self.operators)} {dice.choice(rights)}"
        join = dice.choice((" && ", " || "))
        parts = [self._tree(depth - 1, lefts, rights) for _ in range(dice.choice((2, 2, 3)))]
        return f"({join.join(parts)})"


def disagreements(seed: int, *, count: int) -> list[str]:
    """Filters that are not answered alike."""
    world = operators_world()
    filters = Filters(world, seed)
    found: list[str] = []
    for _ in range(count):
        text = filters.draw()
        answers = world.answers(text)
        if len({tuple(ids) for ids in answers.values()}) > 1:
            found.append(f"{text}: {answers}")
    return found


def test_random_filters_find_the_same_rows_on_every_way(seed: int):
    """The evaluator is the oracle of every store, so it must say what SQLite says."""
    assert disagreements(seed, count=FILTERS) == []


@pytest.mark.proof
@pytest.mark.timeout(1_800)
def test_many_random_filters_find_the_same_rows_on_every_way(seed: int):
    """The same with more luck."""
    assert disagreements(seed, count=FILTERS_PROOF) == []
