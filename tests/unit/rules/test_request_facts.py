"""What a request sent, asked about in rules: presence as a truth, and how many values came."""

import pytest

from yadokari.rules.bind import RequestContext, bind
from yadokari.rules.evaluate import decide
from yadokari.rules.resolve import Query, resolve
from yadokari.schema.collection import Collection, Schema
from yadokari.schema.fields import JsonField, RelationField, TextField, Value

NOTE = Collection(
    id="note_id",
    name="note",
    fields=(
        TextField(id="id", name="id", primary_key=True),
        JsonField(id="meta", name="meta"),
        RelationField(id="boss", name="boss", collection_id="note_id"),
    ),
)
SCHEMA = Schema(collections=(NOTE,))


def holds(rule: str, values: dict[str, Value], body: dict[str, object] | None = None) -> bool:
    """Whether a rule holds for a row and a body."""
    plan = resolve(Query(collection=NOTE, rules=(rule,)), SCHEMA)
    row: dict[str, Value] = {"id": "a", "meta": "null", "boss": "", **values}
    return decide(plan, bind(plan, RequestContext(body=body or {})), row)


@pytest.mark.parametrize(
    ("meta", "is_false"),
    [("0", True), ("1", False), ("null", False), ('"a"', True), ('""', True), ("2", False)],
)
def test_an_absent_key_is_asked_for_as_a_truth(meta: str, is_false: bool):
    """SQLite's IS FALSE: text counts as the number it begins with, NULL is neither."""
    assert holds("meta = @request.body.x:isset", {"meta": meta}) is is_false
    assert holds("meta != @request.body.x:isset", {"meta": meta}) is not is_false


@pytest.mark.parametrize(("body", "length"), [({}, 0), ({"boss": ""}, 1), ({"boss": "abc"}, 1)])
def test_a_submitted_blank_counts_as_one_value(body: dict[str, object], length: int):
    """PocketBase counts what a single field was sent, blank or not."""
    assert holds(f"@request.body.boss:length = {length}", {}, body)
