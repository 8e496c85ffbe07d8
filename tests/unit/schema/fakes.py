"""What schema tests share: seeded choices, and collections in short words."""

import random

from yadokari.schema.collection import Collection, Schema
from yadokari.schema.collection_check import collection_problems
from yadokari.schema.collection_json import merge_collection
from yadokari.schema.system import system_collections, users_collection

NOW = "2024-01-02 03:04:05.678Z"
INVALID_RULE = "no rule"


class SeededDraw:
    """Choices that repeat themselves."""

    def __init__(self, seed: int = 1) -> None:
        self._random = random.Random(seed)

    def below(self, bound: int) -> int:
        return self._random.randrange(bound)

    def text(self, length: int, *, alphabet: str) -> str:
        return "".join(self._random.choices(alphabet, k=length))


def rule_problem(collection: Collection, text: str) -> bool:
    """Stands for the rule language: one known text is wrong."""
    return text == INVALID_RULE


def built_in() -> Schema:
    """The schema of a first start."""
    draw = SeededDraw()
    collections = (*system_collections(draw=draw, now=NOW), users_collection(draw=draw, now=NOW))
    return Schema(collections=collections)


def made(wire: dict[str, object], old: Collection | None = None) -> Collection:
    """What merging gives."""
    return merge_collection(old, wire, draw=SeededDraw())


def codes(wire: dict[str, object], old: Collection | None = None, **more: object) -> object:
    """Codes and params of what is wrong after merging, nested as problems are."""
    schema = built_in()
    if old is not None:
        schema = schema.with_collections([*schema.collections, old])
    problems = collection_problems(
        made({**wire, **more}, old),
        old,
        schema=schema,
        rule_problem=rule_problem,
        draw=SeededDraw(),
    )
    return plain(problems)


def plain(problem: object) -> object:
    """A code, a code with params, or a dict of such."""
    if isinstance(problem, dict):
        return {key: plain(item) for key, item in problem.items()}
    code = getattr(problem, "code", None)
    params = getattr(problem, "params", None)
    return code if params is None else (code, dict(params))
