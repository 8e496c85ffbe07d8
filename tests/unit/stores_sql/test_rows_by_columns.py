"""Rows are the same whether they are made one by one or by columns."""

import json

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.rules.small_database import collection_from
from yadokari.stores.sqlite.table import BY_COLUMNS_MIN, Table

THING = collection_from(
    {
        "id": "t",
        "name": "thing",
        "fields": [
            {"name": "n", "type": "number"},
            {"name": "on", "type": "bool"},
            {"name": "j", "type": "json"},
            {"name": "tags", "type": "select", "maxSelect": 3, "values": ["a", "b"]},
        ],
    }
)
NUMBERS = st.one_of(st.integers(-(2**63), 2**63 - 1), st.floats(), st.just("5"), st.just(""))
FLAGS = st.one_of(st.integers(0, 2), st.sampled_from(("true", "", 0.5)))
JSON_TEXTS = st.one_of(st.none(), st.just('{"a":1}'), st.just("no json"))
LISTS = st.lists(st.sampled_from("ab"), max_size=3).map(json.dumps)
RAWS = st.tuples(st.text(max_size=3), NUMBERS, FLAGS, JSON_TEXTS, LISTS, st.just(7), st.just(8))


@given(raws=st.lists(RAWS, max_size=BY_COLUMNS_MIN * 2))
def test_many_rows_are_read_as_each_of_them_is(raws: list[tuple[str, ...]]):
    """B1: whatever plain SQL put into a column, a list shows a record as its view does."""
    table = Table(THING)

    assert list(table.rows(raws)) == [table.row(raw) for raw in raws]
