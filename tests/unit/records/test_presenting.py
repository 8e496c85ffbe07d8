"""Rows as clients see them."""

from collections.abc import Sequence

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from yadokari.ports.store import Columns, Row, Rows
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


_VALUES = st.fixed_dictionaries(
    {
        "id": st.text(max_size=3),
        "secret": st.text(max_size=3),
        "amount": st.one_of(
            st.integers(-(2**53), 2**53), st.floats(allow_nan=False, allow_infinity=False)
        ),
        "data": st.sampled_from(("null", "[1]", '{"a":"\u00e9"}')),
        "Done": st.booleans(),
    }
)


@given(each=st.lists(_VALUES, max_size=6), hidden=st.booleans(), are_columns=st.booleans())
def test_a_page_encodes_as_its_records_do(
    each: list[dict[str, Value]], hidden: bool, are_columns: bool
) -> None:
    """V1 and V2 hold by columns, too."""
    listed = [Row("n", values, 1, 1) for values in each]
    columns: dict[str, Sequence[Value]] = {
        name: [values[name] for values in each] for name in VALUES
    }
    ones = (1,) * len(each)
    rows = Rows.by_columns(Columns("n", columns, ones, ones)) if are_columns else Rows(listed)
    presenter = Presenter(NOTES, hidden=hidden)

    page = msgspec.json.encode(presenter.page(rows))

    assert page == msgspec.json.encode([presenter.present(row, email=True) for row in listed])
    assert list(rows) == listed
    assert len(rows) == len(listed)
