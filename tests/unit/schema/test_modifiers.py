"""Keys that add, remove and generate, in the order of the contract."""

import pytest

from tests.unit.schema.fakes import SeededDraw
from yadokari.schema.collection import Collection
from yadokari.schema.fields import (
    AutodateField,
    BoolField,
    NumberField,
    SelectField,
    TextField,
    Value,
)
from yadokari.schema.modifiers import apply_submitted

COLLECTION = Collection(
    id="c",
    name="c",
    fields=(
        SelectField(id="1", name="one", values=("a", "b", "c")),
        SelectField(id="2", name="tags", values=("a", "b", "c"), max_select=5),
        NumberField(id="3", name="n"),
        TextField(id="4", name="code", autogenerate_pattern="z{3}"),
        TextField(id="5", name="plain"),
        BoolField(id="6", name="flag"),
        AutodateField(id="7", name="created"),
        NumberField(id="8", name="n2"),
    ),
)
CURRENT: dict[str, Value] = {"one": "a", "tags": ("a", "b"), "n": 5, "flag": True}


@pytest.mark.parametrize(
    ("submitted", "changed"),
    [
        ({"tags": ["a"], "tags+": "b"}, {"tags": ("a", "b")}),
        ({"tags+": ["c", "a"]}, {"tags": ("a", "b", "c")}),
        ({"+tags": "c"}, {"tags": ("c", "a", "b")}),
        ({"tags-": ["a", "x"]}, {"tags": ("b",)}),
        ({"tags-": "c", "+tags": "c"}, {"tags": ("a", "b")}),
        ({"tags+": "b", "tags": ["a"]}, {"tags": ("a", "b")}),
        ({"+one": "b"}, {"one": "a"}),
        ({"one+": "c"}, {"one": "c"}),
        ({"one-": "a"}, {"one": ""}),
        ({"one-": "b"}, {"one": "a"}),
        ({"n+": 2, "n-": "1.5"}, {"n": 5.5}),
        ({"n": 1, "n+": None}, {"n": 1}),
        ({"n2+": 3}, {"n2": 3}),
        ({"code:autogenerate": "x-"}, {"code": "x-zzz"}),
        ({"plain:autogenerate": 5}, {"plain": "5"}),
        ({"one:autogenerate": "x", "none:autogenerate": 1}, {}),
        ({"flag+": 1, "+flag": 1, "flag-": 1, "+n": 1, "plain+": "x"}, {}),
        ({"created": "2024-01-01", "unknown": 1, "Tags": ["a"]}, {}),
        ({"flag": 0}, {"flag": False}),
    ],
)
def test_modified_keys_give_new_values(
    submitted: dict[str, object], changed: dict[str, Value]
) -> None:
    """M1 to M3: plain keys first, the last item wins, junk is ignored."""
    assert apply_submitted(COLLECTION, CURRENT, submitted, draw=SeededDraw()) == changed
