"""Rows as clients see them."""

from yadokari.ports.store import Row
from yadokari.records.presenting import Presenter
from yadokari.schema.collection import Collection
from yadokari.schema.fields import BoolField, JsonField, NumberField, TextField, Value

NOTES = Collection(
    id="n",
    name="notes",
    fields=(
        TextField(id="1", name="id", primary_key=True),
        TextField(id="2", name="secret", hidden=True),
        NumberField(id="3", name="amount"),
        JsonField(id="4", name="data"),
        BoolField(id="5", name="Done"),
    ),
)
VALUES: dict[str, Value] = {"id": "a", "secret": "x", "amount": 1e21, "data": "[1]", "Done": True}


def test_keys_are_sorted_and_hidden_ones_left_out() -> None:
    """V1, V2."""
    keys = ["Done", "amount", "collectionId", "collectionName", "data", "id"]

    shown = Presenter(NOTES, hidden=False).present(Row("n", VALUES), email=True)
    all_shown = Presenter(NOTES, hidden=True).present(Row("n", VALUES), email=True)

    assert list(shown) == keys
    assert list(all_shown) == [*keys, "secret"]
    assert bytes(shown["data"]) == b"[1]"  # type: ignore[arg-type]
    assert bytes(shown["amount"]) == b"1e+21"  # type: ignore[arg-type]


def test_a_row_of_another_shape_shows_nothing_unknown() -> None:
    """A field that came meanwhile may be hidden: it is not ours to show."""
    row = Row("n", {**VALUES, "new": "x"})

    assert "new" not in Presenter(NOTES, hidden=True).present(row, email=True)
