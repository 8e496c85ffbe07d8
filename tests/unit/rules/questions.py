"""The golden fixture in memory, and filters asked of it every way there is."""

import json
from dataclasses import dataclass
from functools import cache

from tests.oracle.client import Json
from tests.oracle.measure_operators import GOLDEN
from tests.unit.rules.judged import judged
from tests.unit.rules.small_database import SUPERUSERS, SmallDatabase, database_from
from yadokari.rules.bind import Binding, RequestContext, bind
from yadokari.rules.parse import parse
from yadokari.rules.plan import Plan
from yadokari.rules.resolve import Query, resolve
from yadokari.rules.tokens import tokenize
from yadokari.schema.collection import Collection

NOW_MS = 1_790_000_000_000
AUTH: dict[str, object] = {
    "id": "root",
    "email": "root@example.com",
    "emailVisibility": False,
    "verified": True,
    "collectionId": SUPERUSERS.id,
    "collectionName": SUPERUSERS.name,
}


@dataclass(frozen=True)
class World:
    """A fixture and who asks. Not slotted: nothing depends on it."""

    document: dict[str, Json]
    database: SmallDatabase
    collection: Collection
    context: RequestContext

    def plan(self, filter_text: str, *, sort: str = "") -> tuple[Plan, Binding]:
        """The plan of a superuser's filter, bound."""
        tokens = tokenize(filter_text)
        query = Query(
            collection=self.collection,
            filter=parse(tokens) if filter_text else None,
            sort=sort,
            caller=SUPERUSERS,
            restricted=False,
        )
        plan = resolve(query, self.database.schema)
        return plan, bind(plan, self.context, tokens.literals)

    def answers(self, filter_text: str) -> dict[str, list[str]]:
        """Ids found by a scan, by looking each up, and by the evaluator."""
        plan, binding = self.plan(filter_text)
        ids = sorted(self.database.rows[self.collection.id])
        return {
            "scan": sorted(self.database.scanned(plan, binding)),
            "look-up": self.database.looked_up(plan, binding, ids),
            "evaluator": judged(self.database, plan, binding),
        }


@cache
def operators_world() -> World:
    """The fixture of the operator matrix."""
    document: dict[str, Json] = json.loads(GOLDEN.read_text(encoding="utf-8"))
    return _world(document, "item")


@cache
def appendix_world() -> World:
    """The fixture of the contract's golden filters and sorts."""
    path = GOLDEN.with_name("appendix_b.json")
    return _world(json.loads(path.read_text(encoding="utf-8")), "person")


def _world(document: dict[str, Json], name: str) -> World:
    database = database_from(document["fixture"])
    database.put(SUPERUSERS.name, {"id": "root", "email": "root@example.com", "verified": True})
    collection = database.schema.find(name)
    assert collection is not None
    sent = document.get("body", {})
    assert isinstance(sent, dict)
    context = RequestContext(
        query={"qt": "5", "qa": "a"},
        headers={"x_five": "5"},
        body=dict[str, object](sent),
        auth=AUTH,
        now_ms=NOW_MS,
    )
    return World(document, database, collection, context)
