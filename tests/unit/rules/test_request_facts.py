"""What a request sent, asked about in rules: presence as a truth, and how many values came."""

import pytest

from yadokari.rules.bind import JsonText, RequestContext, bind
from yadokari.rules.errors import RuleError
from yadokari.rules.evaluate import holds as judged
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
    course = judged(plan, bind(plan, RequestContext(body=body or {})), row)
    with pytest.raises(StopIteration) as end:
        next(course)
    return end.value.value


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


def test_json_of_the_body_is_text_that_can_be_looked_into():
    """B3: PocketBase binds its text, so the number 5 is the text '5'."""
    body: dict[str, object] = {"meta": JsonText('{"k":[1,2]}')}

    assert holds("@request.body.meta = '{\"k\":[1,2]}'", {}, body)
    assert holds("@request.body.meta.k.1 = 2 && @request.body.meta.k.1:isset = true", {}, body)
    assert holds("@request.body.meta:lower ~ 'k'", {}, body)
    assert holds("@request.body.meta.k = null", {}, {"meta": JsonText('{"k":1,')})


def test_what_a_single_field_was_not_sent_differs_from_blank():
    """PocketBase takes the list that it binds for the item, and the list is not blank."""
    assert holds("@request.body.boss:each != ''", {}, {})
    assert holds("@request.body.boss:each != null", {}, {})
    assert not holds("@request.body.boss:each = ''", {}, {})


def test_a_path_with_an_empty_name_fails_where_it_is_met():
    """So a rule that holds without it holds."""
    assert holds("id = 'a' || meta..k = 1", {"meta": "{}"})
    with pytest.raises(RuleError):
        holds("meta..k = 1 || id = 'a'", {"meta": "{}"})
    assert holds("meta..0 = 7", {"meta": "[7]"})
    assert holds("boss.meta..k = null", {"meta": "{}"})
